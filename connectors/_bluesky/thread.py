"""Threads of Bluesky, and the record with which their beginner hides replies (lexicon app.bsky.feed.threadgate)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors._bluesky.objects import parts_of, uri_of
from connectors._bluesky.xrpc import CHANGED_MEANWHILE, UPDATE, InvalidSwap, Xrpc
from connectors._values import a_count
from connectors.contract import Gone, Malformed, Unavailable, Unsupported

GATE = "app.bsky.feed.threadgate"
MOST_HIDDEN = 300
# Bluesky gives ten levels, whatever is asked for; what is below is asked for anew.
LEVELS = 10
MOST_CALLS_FOR_A_THREAD = 50
# getPosts takes so many addresses.
AT_ONCE = 25

FULL = (
    "Bluesky hides at most {most} replies in one thread, and this one has as many; block the account, or restrict who "
    "may reply to the post at bsky.app."
)


@dataclass
class Thread:
    """What is below a post. ``whole``: as many replies were delivered as Bluesky counts."""

    views: list[Any] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    count: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Gate:
    """The record as it stands. ``cid`` names this version of it; ``None`` where there is none yet."""

    record: dict[str, Any]
    cid: str | None

    @property
    def hidden(self) -> frozenset[str]:
        """The addresses of the hidden replies."""
        return frozenset(self._listed())

    def _listed(self) -> list[str]:
        told = self.record.get("hiddenReplies")
        return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []

    def with_reply(self, uri: str, hidden: bool) -> dict[str, Any]:
        """The record with one reply hidden or shown; who may reply, and what else stands in it, is kept."""
        kept = [each for each in self._listed() if each != uri]
        if hidden and len(kept) >= MOST_HIDDEN:
            raise Unsupported(FULL.format(most=MOST_HIDDEN))
        return {**self.record, "hiddenReplies": [*kept, uri] if hidden else kept}


class Threads:
    """Reads threads and posts, and writes what is hidden in the city's own."""

    def __init__(self, xrpc: Xrpc) -> None:
        self._xrpc = xrpc

    def views(self, uris: list[str], *, poll: bool = False) -> list[Any]:
        """The posts that Bluesky shows to the city's account, of those asked for."""
        found: list[Any] = []
        for start in range(0, len(uris), AT_ONCE):
            asked = uris[start : start + AT_ONCE]
            answer = self._xrpc.get("app.bsky.feed.getPosts", *(("uris", uri) for uri in asked), poll=poll)
            told = answer.data.get("posts")
            if not isinstance(told, list):
                raise Malformed("Bluesky delivered no list of posts.", exchange=answer.exchange)
            found += told
        return found

    def thread(self, root: str) -> Thread:
        """All replies below a post. ``Gone`` where the post is."""
        thread, waiting, calls = Thread(), [root], 0
        while waiting and calls < MOST_CALLS_FOR_A_THREAD:
            calls += 1
            waiting += self._branch(waiting.pop(), thread, is_root=calls == 1)
        thread.whole = thread.whole and not waiting
        return thread

    def gate(self, root: str) -> Gate:
        """What the city hid in its thread, from its own account's record, which is never late."""
        rkey = parts_of(root).rkey
        params = (("repo", self._xrpc.did), ("collection", GATE), ("rkey", rkey))
        try:
            answer = self._xrpc.get("com.atproto.repo.getRecord", *params)
        except Gone:
            made = self._xrpc.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
            return Gate({"$type": GATE, "post": root, "createdAt": made}, None)
        record, cid = answer.data.get("value"), answer.data.get("cid")
        if not isinstance(record, dict) or not isinstance(cid, str):
            raise Malformed("Bluesky delivered no record.", exchange=answer.exchange)
        return Gate(record, cid)

    def hide(self, root: str, uri: str, hidden: bool) -> None:
        """Hide or show one reply in the city's thread. One write; a second where somebody wrote at the same moment."""
        try:
            self._write(root, uri, hidden)
        except InvalidSwap:
            try:
                self._write(root, uri, hidden)
            except InvalidSwap as error:
                raise Unavailable(CHANGED_MEANWHILE, exchange=error.exchange, **error.facts) from error

    def is_blocked(self, uri: str) -> bool:
        """Whether a post that is not delivered is only kept from us. ``False``: it is gone."""
        params = (("uri", uri), ("depth", 0), ("parentHeight", 0))
        try:
            answer = self._xrpc.get("app.bsky.feed.getPostThread", *params)
        except Gone:
            return False
        return not _kind(answer.data.get("thread")).endswith("notFoundPost")

    def _write(self, root: str, uri: str, hidden: bool) -> None:
        gate = self.gate(root)
        body = {
            "repo": self._xrpc.did,
            "collection": GATE,
            "rkey": parts_of(root).rkey,
            "record": gate.with_reply(uri, hidden),
            # null: only if there is none yet.
            "swapRecord": gate.cid,
        }
        self._xrpc.post("com.atproto.repo.putRecord", body, points=UPDATE)

    def _branch(self, uri: str, thread: Thread, *, is_root: bool) -> list[str]:
        """Take up the replies below ``uri``; returns the addresses below which there is more."""
        params = (("uri", uri), ("depth", LEVELS), ("parentHeight", 0))
        try:
            answer = self._xrpc.get("app.bsky.feed.getPostThread", *params, poll=True)
        except Gone:
            if is_root:
                raise
            thread.whole = False
            return []
        node = answer.data.get("thread")
        if not isinstance(node, dict) or "post" not in node:
            if is_root and not _kind(node).endswith(("notFoundPost", "blockedPost")):
                raise Malformed("Bluesky delivered no thread.", exchange=answer.exchange)
            thread.whole = False
            return []
        return list(_below(node, thread))


def _below(top: dict[str, Any], thread: Thread) -> Iterator[str]:
    nodes: list[tuple[Any, int]] = [(top, 0)]
    while nodes:
        node, level = nodes.pop()
        if not isinstance(node, dict) or "post" not in node:
            _unseen(node, thread)
            continue
        if level:
            thread.views.append(node["post"])
        told = node.get("replies")
        replies = told if isinstance(told, list) else []
        count = a_count(node["post"].get("replyCount")) if isinstance(node["post"], dict) else None
        uri = uri_of(node["post"])
        if level >= LEVELS and count and not replies and uri:
            yield uri
            continue
        thread.count += max(count or 0, len(replies))
        thread.whole = thread.whole and len(replies) >= (count or 0)
        nodes += [(each, level + 1) for each in replies]


def _unseen(node: Any, thread: Thread) -> None:
    """A reply of an account that blocks, or is blocked: it is there, but its words are kept from us."""
    uri = uri_of(node)
    if _kind(node).endswith("blockedPost") and uri:
        thread.unseen.append(uri)
    elif not _kind(node).endswith("notFoundPost"):
        thread.whole = False


def _kind(node: Any) -> str:
    return str(node.get("$type") or "") if isinstance(node, dict) else ""
