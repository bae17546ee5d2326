"""Single posts of X, asked for by id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors._values import an_id
from connectors._x.api import XApi, kind_of, problems_of, rows_of
from connectors._x.objects import PLATFORM, SNOWFLAKE, comment_of, post_of, row_id, versions_of
from connectors.contract import Comment, CommentRef, Malformed, Post, Unsupported

ANOTHER_PAGE = "This connection speaks for one account on X; the comment belongs to another page."
NOT_SHOWN = "X doesn't show this post to the city's account (protected, suspended or blocking); look at it at x.com."
NEITHER = "X answered neither with the post nor with a reason; the answer is kept, tell the maintainers."


class Posts:
    """Reads comments and the posts that began their conversations."""

    def __init__(self, api: XApi) -> None:
        self.api = api

    def checked(self, ref: CommentRef) -> None:
        """Raise for another page's comments (``Unsupported``) and for what is no id (``Malformed``)."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.api.page_id):
            raise Unsupported(ANOTHER_PAGE)
        an_id(ref.comment_id, PLATFORM, SNOWFLAKE)

    def comment(self, ref: CommentRef) -> Comment | None:
        """The comment in its latest version; ``None`` when X says that there is none."""
        row = self._row(ref.comment_id)
        if row is not None and versions_of(row)[-1] != row["id"]:
            # An older version can be asked for by its id: what is shown is the last one.
            row = self._row(versions_of(row)[-1])
        if row is None:
            return None
        found = comment_of(row, self.api.page_id)
        # Where X names no earlier versions, the id that was asked for still stands for the comment.
        return found if found.ref == ref else replace(found, ref=ref)

    def root(self, post_id: str) -> Post | None:
        """The post that began a conversation; ``None`` where it is gone or not shown."""
        try:
            row = self._row(post_id)
        except Unsupported:
            return None
        return None if row is None else post_of(row, self.api.page_id)

    def _row(self, post_id: str) -> Any:
        """The post; ``None`` where X says that there is none. ``Unsupported`` where it only doesn't show it to us."""
        answer = self.api.posts("/2/tweets", {"ids": post_id}, bucket="lookup")
        for row in rows_of(answer):
            if isinstance(row, dict) and (row.get("id") == post_id or row_id(row) == post_id):
                return row
        kinds = {kind_of(problem) for problem in problems_of(answer)}
        if "resource-not-found" in kinds:
            return None
        if "not-authorized-for-resource" in kinds:
            raise Unsupported(NOT_SHOWN, exchange=answer.exchange)
        raise Malformed(NEITHER, exchange=answer.exchange)
