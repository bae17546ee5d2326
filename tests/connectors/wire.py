"""What every platform's wire offers to the questions of the contract: a page on which things happen, and HTTP.

A platform's own is ``tests/connectors/wires/<platform>.py`` with a class ``Wire(BaseWire)``. It keeps the page in
plain dictionaries in the platform's own shape and answers requests as the platform does: same paths, parameters,
paging, errors. It must refuse what the platform refuses (wrong paths, missing credentials): a connector that asks for
something that does not exist has to fail here.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx

from connectors.contract import CommentRef

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AN_HOUR_AGO = NOW - timedelta(hours=1)
FIXTURES = Path(__file__).parent / "fixtures"

Resident = tuple[str, str]
ANN: Resident = ("2477001", "Ann Roe")

READS = ("GET", "HEAD")
Damage = Literal["no id", "bad id", "no time", "bad time"]


@dataclass
class BaseWire(ABC):
    """A page of one platform. ``journal`` has one line for each write that took effect: ``hide 1_10``."""

    platform: ClassVar[str]
    base_url: ClassVar[str]
    page_id: ClassVar[str]
    # What the city would store as the token; the parts that must never show are in `secrets`.
    token: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]]
    # Options of `connectors.connect`, such as base_url=... or options={...}.
    connect: ClassVar[Mapping[str, Any]] = {}
    # Other hosts that the connector may ask, such as the one that renews tokens.
    also: ClassVar[tuple[str, ...]] = ()
    # Questions of the suite that make no sense on this platform, each with the reason; keys are test names.
    unable: ClassVar[Mapping[str, str]] = {}
    # With which statuses the platform says "there is none" to a question that is part of a reading.
    none_there: ClassVar[frozenset[int]] = frozenset()
    # The platform delivers accounts without their names, which are billed apart or not given at all.
    nameless: ClassVar[bool] = False

    asked: list[httpx.Request] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    # The private messages that were taken: the comment's id, and the words.
    told: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, Callable[[], httpx.Response]]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    after_write: Callable[[], None] | None = None
    # The next lists begin with so many empty pages that say that more follows.
    empty_pages: int = 0
    # Lists give the same page mark again and again.
    same_mark: bool = False
    # Called after each page of a list was answered: things happen while somebody pages.
    between_pages: Callable[[], None] | None = None
    clock: Callable[[], datetime] = lambda: NOW

    # What happens on the page.

    @abstractmethod
    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        """The city posts something; returns the id of the post as the connector will call it."""

    @abstractmethod
    def say(
        self,
        post_id: str,
        number: int,
        text: str = "plow my street!!",
        *,
        at: datetime = AN_HOUR_AGO,
        author: Resident | None = ANN,
        by_city: bool = False,
        parent: CommentRef | None = None,
    ) -> CommentRef:
        """A comment, by a resident (``author=None``: whom the platform doesn't name) or by the city's own account.

        ``number`` is unique on the page. ``author`` is an id and a name: the wire makes of the id what the platform
        would (the same id gives the same account)."""

    @abstractmethod
    def edit(self, ref: CommentRef, text: str) -> None:
        """The author changes the words."""

    @abstractmethod
    def vanish(self, ref: CommentRef) -> None:
        """The comment goes, nobody says why."""

    @abstractmethod
    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        """Somebody hides or shows it on the platform itself. No line in the journal."""

    @abstractmethod
    def is_hidden(self, ref: CommentRef) -> bool:
        """Whether the public does not see it: the truth, whatever the platform tells."""

    def damage(self, ref: CommentRef, how: Damage) -> None:
        """The comment is delivered in a shape that can't be read."""
        raise NotImplementedError

    # The wire.

    @abstractmethod
    def serve(self, request: httpx.Request) -> httpx.Response:
        """The platform's answer to one request."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The answer, or the fault that was ordered for such a request."""
        self.asked.append(request)
        kind = "read" if self.is_read(request) else "write"
        told = f"{kind} {request.method} {request.url.path}"
        for position, (at, fault) in enumerate(self.faults):
            if at in told:
                del self.faults[position]
                return fault()
        return self.serve(request)

    def is_read(self, request: httpx.Request) -> bool:
        """Whether a request only reads. Platforms that read by POST say so here."""
        return request.method in READS

    def fail(self, response: Callable[[], httpx.Response], *, at: str = "", times: int = 1) -> None:
        """The next ``times`` requests whose ``read|write METHOD /path`` contains ``at`` get this answer."""
        self.faults += [(at, response)] * times

    def wrote(self, line: str) -> None:
        """To be called by ``serve`` after each write that took effect."""
        self.journal.append(line)
        if self.after_write:
            self.after_write()

    def json(self, body: Any, status: int = 200, **headers: str) -> httpx.Response:
        """A JSON answer: ASCII only, slashes escaped, as many platforms write it."""
        text = json.dumps(body).replace("/", "\\/")
        return httpx.Response(
            status, text=text, headers={"content-type": "application/json", **self.headers, **headers}
        )

    def writes(self) -> list[httpx.Request]:
        """The requests that were no reads."""
        return [request for request in self.asked if not self.is_read(request)]


def load(platform: str, name: str) -> Any:
    """A recorded answer."""
    return json.loads((FIXTURES / platform / f"{name}.json").read_text())


def wire_of(platform: str) -> BaseWire:
    """The platform's wire."""
    made: BaseWire = import_module(f"tests.connectors.wires.{platform}").Wire()
    return made
