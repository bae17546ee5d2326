"""Keeps accounts away by a moderation list that the city blocks (lexicons app.bsky.graph.list, listitem, listblock)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from connectors._bluesky.objects import DID, PLATFORM
from connectors._bluesky.xrpc import CREATE, DELETE, Xrpc
from connectors._paging import PagingBroken
from connectors._values import an_id, perhaps_id
from connectors.contract import Author, CommentRef, Exchange, Unavailable

LIST, ITEM, BLOCK = "app.bsky.graph.list", "app.bsky.graph.listitem", "app.bsky.graph.listblock"
PURPOSE = "app.bsky.graph.defs#modlist"
NAME = "Kept away by the city"
DESCRIPTION = "Accounts that the city blocks after decisions under its published social media policy."

UNREADABLE = "The city's list of blocked accounts can't be read to its end: {why}"


class ListHand:
    """The single calls of the city's block list. All of it is public: the records lie in the city's own account."""

    platform = PLATFORM

    def __init__(self, xrpc: Xrpc) -> None:
        self._xrpc = xrpc

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._xrpc.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._xrpc.now()

    def kept_away(self, author_id: str, way: str) -> bool:
        """Whether the account is on the list, and the list is blocked."""
        an_id(author_id, PLATFORM, DID)
        blocked = self._list()
        return blocked is not None and self._is_blocked(blocked) and bool(self._items(blocked, author_id))

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        """Make the list and block it, where that was never done; the account comes last, so that half is none."""
        blocked = self._list() or self._create(LIST, purpose=PURPOSE, name=NAME, description=DESCRIPTION)
        if not self._is_blocked(blocked):
            self._create(BLOCK, subject=blocked)
        if not self._items(blocked, author_id):
            self._create(ITEM, subject=author_id, list=blocked)

    def let_back(self, author_id: str, way: str) -> None:
        """Take the account from the list."""
        blocked = self._list()
        for rkey in self._items(blocked, author_id) if blocked else ():
            body = {"repo": self._xrpc.did, "collection": ITEM, "rkey": rkey}
            self._xrpc.post("com.atproto.repo.deleteRecord", body, points=DELETE)

    def list_kept_away(self) -> Iterator[Author]:
        """The accounts on the list, by their numbers; their names may change."""
        blocked = self._list()
        for _, value in self._records(ITEM):
            did = perhaps_id(value.get("subject"), PLATFORM, DID)
            if did and value.get("list") == blocked:
                yield Author(did, profile_url=f"https://bsky.app/profile/{did}")

    def _list(self) -> str | None:
        lists = self._records(LIST)
        return next((uri for uri, each in lists if (each.get("purpose"), each.get("name")) == (PURPOSE, NAME)), None)

    def _is_blocked(self, uri: str) -> bool:
        return any(value.get("subject") == uri for _, value in self._records(BLOCK))

    def _items(self, uri: str, author_id: str) -> list[str]:
        records = self._records(ITEM)
        return [
            at.rpartition("/")[2]
            for at, value in records
            if (value.get("list"), value.get("subject")) == (uri, author_id)
        ]

    def _records(self, collection: str) -> Iterator[tuple[str, dict[str, Any]]]:
        params = (("repo", self._xrpc.did), ("collection", collection), ("limit", 100))
        try:
            for rows in self._xrpc.pages("com.atproto.repo.listRecords", "records", *params):
                for row in rows:
                    if isinstance(row, dict) and isinstance(row.get("uri"), str) and isinstance(row.get("value"), dict):
                        yield row["uri"], row["value"]
        except PagingBroken as error:
            raise Unavailable(UNREADABLE.format(why=error)) from error

    def _create(self, collection: str, **record: str) -> str:
        made = self._xrpc.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        body = {
            "repo": self._xrpc.did,
            "collection": collection,
            "record": {"$type": collection, **record, "createdAt": made},
        }
        answer = self._xrpc.post("com.atproto.repo.createRecord", body, points=CREATE)
        return str(answer.data.get("uri"))
