"""Single comments and posts of one Facebook page: what reading, hiding and removing share."""

from __future__ import annotations

from dataclasses import dataclass

from connectors._facebook.objects import (
    COMMENT_FIELDS,
    PHOTO_FIELDS,
    PLATFORM,
    POST_FIELDS,
    VIDEO_FIELDS,
    VISITOR_FIELDS,
    comment_from,
    post_from,
    post_id_of,
    words_of_visitor,
)
from connectors._facebook.token import NO_LONGER_VALID, SEEING, missing, token_facts
from connectors._graph.api import Graph, checked_id
from connectors.contract import (
    AuthFailed,
    Comment,
    CommentRef,
    Gone,
    Kind,
    Malformed,
    PermissionLost,
    Post,
    Unsupported,
)

OTHER_PAGE = "{ref} is not a comment of the Facebook page {page_id}; use the connection of its own page."
BLIND = "The comment can't be seen, but neither can this token be trusted to see it: {why}"
NO_PAGE = "The page itself can't be read with this token any more."

# A number alone may be a photo or a video, and Graph refuses fields that the one of them doesn't have.
_MEDIA = ((PHOTO_FIELDS, Kind.PHOTO), (VIDEO_FIELDS, Kind.VIDEO))


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read with one token."""

    page_id: str
    graph: Graph

    def comment(self, ref: CommentRef) -> Comment:
        """The comment now. ``Gone`` when it isn't there; ``PermissionLost`` when the token can't tell."""
        path = self.path(ref)
        try:
            return self._visitors(path) if self.is_post(path) else self._comment(path)
        except Gone as gone:
            self._make_sure(gone)
            raise

    def post(self, post_id: str) -> Post | None:
        """The post now; ``None`` when it is gone, closed to the token or not a post of the usual kind."""
        ways = ((POST_FIELDS, None),) if "_" in post_id else _MEDIA
        for fields, kind in ways:
            try:
                answer = self.graph.get(checked_id(post_id), {"fields": fields})
                return post_from(answer.data, page_id=self.page_id, kind=kind)
            except Malformed:
                continue
            except (Gone, PermissionLost, Unsupported):
                return None
        return None

    def path(self, ref: CommentRef) -> str:
        """The comment's path. ``Unsupported`` for a comment of another page or platform."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(OTHER_PAGE.format(ref=ref, page_id=self.page_id))
        return checked_id(ref.comment_id)

    def is_post(self, object_id: str) -> bool:
        """Whether an id is a post's of this page: a visitor's, whose words are judged like a comment's."""
        return object_id.startswith(f"{self.page_id}_")

    def is_gone(self, post_id: str) -> bool:
        """Whether a visitor's post is certainly gone."""
        try:
            self.comment(CommentRef(PLATFORM, self.page_id, post_id))
        except Gone:
            return True
        return False

    def _comment(self, path: str) -> Comment:
        data = self.graph.get(path, {"fields": f"{COMMENT_FIELDS},object{{id}}"}).data
        return comment_from(data, page_id=self.page_id, post_id=post_id_of(data, page_id=self.page_id))

    def _visitors(self, path: str) -> Comment:
        return words_of_visitor(self.graph.get(path, {"fields": VISITOR_FIELDS}).data, page_id=self.page_id)

    def _make_sure(self, gone: Gone) -> None:
        # Graph says "no such object" (100/33) for a deleted comment and for a lost permission alike.
        facts = token_facts(self.graph)
        if facts is None:
            self._see_the_page(gone)
        elif not facts.is_valid:
            raise AuthFailed(NO_LONGER_VALID, exchange=gone.exchange) from gone
        elif why := missing(facts, SEEING):
            raise PermissionLost(BLIND.format(why=" ".join(why)), exchange=gone.exchange, **gone.facts) from gone

    def _see_the_page(self, gone: Gone) -> None:
        try:
            self.graph.get(self.page_id, {"fields": "id"})
        except (Gone, PermissionLost) as error:
            raise PermissionLost(BLIND.format(why=NO_PAGE), exchange=gone.exchange, **gone.facts) from error
