"""A world of our own in each frame of a page: our questions are asked where the page's scripts can't reach.

A page may redefine what every function of its own world answers. An isolated world (as browsers give to extensions)
sees the same document and has functions of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import CDPSession, Error

_NAME = "beadle"
_MOST_FRAMES = 20
_ANSWERED = "Protocol error"  # the browser is there and says no: the frame or world that was asked for is gone


class Moved(Exception):
    """The page went elsewhere while it was asked."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the page; ``parent`` is the id of the one around it, ``None`` for the page itself."""

    frame_id: str
    parent: str | None
    url: str


class Worlds:
    """Our worlds in the frames of one page. ``cdp`` is a session of that page."""

    def __init__(self, cdp: CDPSession) -> None:
        self._cdp = cdp
        self._contexts: dict[str, int] = {}

    def frames(self) -> tuple[Frame, ...]:
        """The page itself first, then the frames within it, the outer before the inner."""
        found: list[Frame] = []
        waiting = [(self.send("Page.getFrameTree")["frameTree"], None)]
        while waiting and len(found) < _MOST_FRAMES:
            tree, parent = waiting.pop(0)
            frame = tree["frame"]
            found.append(Frame(frame["id"], parent, frame["url"][:500]))
            waiting += [(each, frame["id"]) for each in tree.get("childFrames", ())]
        return tuple(found)

    def ask(self, frame: Frame, function: str, asked: Mapping[str, object]) -> Any:
        """What a function of ours answers in a frame. Raises ``Moved``."""
        arguments = [{"value": json.loads(json.dumps(asked))}]
        return self._call(frame, function, arguments)

    def ask_around(self, frame: Frame, function: str, asked: Mapping[str, object]) -> Any:
        """The same in the frame around it, with the element that holds it as the first argument. Raises ``Moved``."""
        around = Frame(frame.parent or "", None, "")
        owner = self.send("DOM.getFrameOwner", frameId=frame.frame_id)
        place = {"backendNodeId": owner["backendNodeId"], "executionContextId": self._context(around)}
        element = self.send("DOM.resolveNode", **place)["object"]["objectId"]
        return self._call(around, function, [{"objectId": element}, {"value": dict(asked)}])

    def _call(self, frame: Frame, function: str, arguments: list[dict[str, object]]) -> Any:
        answer = self.send(
            "Runtime.callFunctionOn",
            functionDeclaration=function,
            executionContextId=self._context(frame),
            arguments=arguments,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in answer:
            raise Moved(str(answer["exceptionDetails"].get("exception", {}).get("description", ""))[:300])
        return answer["result"].get("value")

    def _context(self, frame: Frame) -> int:
        if frame.frame_id not in self._contexts:
            made = self.send("Page.createIsolatedWorld", frameId=frame.frame_id, worldName=_NAME)
            self._contexts[frame.frame_id] = made["executionContextId"]
        return self._contexts[frame.frame_id]

    def send(self, method: str, **arguments: object) -> dict[str, Any]:
        """What the browser answers to a command. Raises ``Moved`` where it can't, and ``Error`` when it is gone."""
        try:
            return dict(self._cdp.send(method, arguments))
        except Error as error:
            if _ANSWERED not in error.message:
                raise
            self._contexts.clear()
            raise Moved(error.message) from error
