"""Single comments and posts of one Instagram account: what reading, hiding and removing share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors._graph.api import Graph
from connectors._graph.usage import ACT_CEILING, POLL_CEILING
from connectors._instagram.objects import ALONE_FIELDS, PLATFORM, POST_FIELDS, comment_from, post_from
from connectors._meta_tokens import Renewal
from connectors._values import DIGITS, an_id
from connectors.contract import Comment, CommentRef, Gone, Malformed, PermissionLost, Post, Unsupported

OTHER_PAGE = "{ref} is not a comment of the Instagram account {page_id}; use the connection of its own account."
NO_MEDIA = "Instagram delivered a comment without its post."
BLIND = (
    "The comment can't be seen, but neither can this token be trusted to see it: it can't read the comments of the "
    "account's newest post. Give the app instagram_manage_comments (or instagram_business_manage_comments) again."
)


@dataclass(frozen=True, slots=True)
class Account:
    """One account, read with one token. ``renewal``: where the token is one that the platform renews."""

    page_id: str
    graph: Graph
    renewal: Renewal | None = None

    def comment(self, ref: CommentRef) -> Comment | None:
        """The comment now; ``None`` when it is gone. ``PermissionLost`` when the token can't tell."""
        path = self.path(ref)
        try:
            return self.comment_alone(path)
        except Gone as gone:
            self._make_sure(gone)
            return None

    def comment_alone(self, comment_id: str, *, poll: bool = False) -> Comment:
        """The comment with this id. ``Gone`` when Graph says that there is none."""
        ceiling = POLL_CEILING if poll else ACT_CEILING
        data = self.graph.get(comment_id, {"fields": ALONE_FIELDS}, ceiling=ceiling).data
        media = data.get("media")
        if not isinstance(media, Mapping):
            raise Malformed(NO_MEDIA)
        post_id = an_id(media.get("id"), PLATFORM, DIGITS)
        return comment_from(_without_media(data), page_id=self.page_id, post_id=post_id, media=media)

    def post(self, post_id: str) -> Post | None:
        """The post now; ``None`` when it is gone or closed to the token."""
        try:
            answer = self.graph.get(an_id(post_id, PLATFORM, DIGITS), {"fields": POST_FIELDS})
            return post_from(answer.data, page_id=self.page_id)
        except (Gone, Malformed, PermissionLost, Unsupported):
            return None

    def path(self, ref: CommentRef) -> str:
        """The comment's path. ``Unsupported`` for a comment of another account or platform."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(OTHER_PAGE.format(ref=ref, page_id=self.page_id))
        return an_id(ref.comment_id, PLATFORM, DIGITS)

    def _make_sure(self, gone: Gone) -> None:
        # Graph says "no such object" (100/33) for a deleted comment and for a lost permission alike.
        try:
            self.graph.get(f"{self.page_id}/media", {"fields": "id,comments.limit(1){id}", "limit": "1"})
        except (Gone, PermissionLost) as error:
            raise PermissionLost(BLIND, exchange=gone.exchange, **gone.facts) from error


def _without_media(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "media"}
