"""A model server that speaks the OpenAI wire over a socket, terms to ask it on, and a judge that is in doubt."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from bot.ledger import database
from bot.ledger.keep import Judged
from bot.moderation.judge import Judge
from bot.moderation.pack import CATEGORIES, PolicyPack, Rule
from bot.moderation.verdict import Item, Span
from bot.opinion.second import SecondOpinions
from bot.opinion.terms import Kind, Terms
from connectors.contract import Author, Comment, CommentRef
from tests.fakes import NOW, Clock
from tests.office import shelf

KEY = "sk-test-0123456789abcdef"
CHAT = ("profanity", "hate", "sexual", "threat", "spam", "political", "illegal", "attack")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Model:
    """A model behind ``/v1/moderations`` and ``/v1/chat/completions``.

    ``thinks`` gives its scores for what it was sent, by our categories; ``faults`` are taken one a call before that:
    a status, ``slow`` (answers when the test is over), ``broken`` (half a JSON), ``reset``, or a body to be sent.
    ``usage`` is what it says that a call took.
    """

    thinks: Callable[[str], Mapping[str, float]] = lambda _: {}
    usage: int | None = None
    retry_after: str | None = None
    always: object = None
    faults: list[object] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def sent(self) -> list[str]:
        """The words of each comment that came in, whichever the endpoint."""
        return [_words(asked) for asked in self.asked]


_THEIRS = {"attack": "harassment", "threat": "violence", "illegal": "illicit"}


def _words(asked: Asked) -> str:
    if asked.path.endswith("/moderations"):
        return str(asked.body["input"])
    return str(json.loads(asked.body["messages"][1]["content"])["comment"])


def moderation(scores: Mapping[str, float], flagged: Sequence[str] = ()) -> dict[str, Any]:
    """An answer of ``/moderations``, with the categories that OpenAI's has."""
    known = ("attack", "hate", "sexual", "threat", "illegal")
    given = {_THEIRS.get(category, category): scores.get(category, 0.001) for category in known}
    more = {"self-harm": 0.9, "violence/graphic": 0.9, "harassment/threatening": 0.0, "illicit/violent": None}
    flags: dict[str, bool | None] = {name: name in flagged for name in given}
    result = {"flagged": False, "categories": flags, "category_scores": {**given, **more}}
    return {"id": "modr-1", "model": "m", "results": [result]}


def completion(content: str, **choice: Any) -> dict[str, Any]:
    """An answer of ``/chat/completions``."""
    message = {"role": "assistant", "content": content, "refusal": None}
    return {"id": "c1", "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}]}


def scores(**given: float) -> str:
    """What a chat model that keeps to the schema writes."""
    return json.dumps({"scores": {category: given.get(category, 0.01) for category in CHAT}})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: Model

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = Asked(self.path, dict(self.headers.items()), body)
        self.model.asked.append(asked)
        fault = self.model.faults.pop(0) if self.model.faults else self.model.always
        if fault is not None:
            self._fail(fault)
            return
        thought = self.model.thinks(_words(asked))
        said = moderation(thought) if self.path == "/v1/moderations" else completion(scores(**thought))
        if self.model.usage is not None:
            said["usage"] = {"prompt_tokens": 0, "total_tokens": self.model.usage}
        self._send(200, json.dumps(said).encode())

    def _fail(self, fault: object) -> None:
        if fault == "slow":
            self.model.over.wait(20)
        elif fault == "reset":
            self.close_connection = True
        elif fault == "broken":
            self._send(200, b'{"results": [{"categ')
        elif isinstance(fault, int):
            self._send(fault, b'{"error": {"message": "no"}}')
        else:
            self._send(200, json.dumps(fault).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if self.model.retry_after is not None:
            self.send_header("retry-after", self.model.retry_after)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def model() -> Iterator[Model]:
    """A model server on loopback."""
    made = Model()
    handler = type("Handler", (_Handler,), {"model": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        made.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        made.over.set()
        server.shutdown()


def terms(url: str, **other: Any) -> Terms:
    """Terms with a free moderation endpoint, unless told otherwise."""
    given: dict[str, Any] = {
        "key": KEY,
        "kind": "moderation",
        "model": "omni-1",
        "timeout_s": 5.0,
        "ask_from": 0.2,
        "dollars_a_day": Decimal(1),
        "dollars_per_million": Decimal(0),
        "calls_a_day": 1_000,
    }
    return Terms(url, **{**given, **other})


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The ledger's engine, on each kind of database."""
    made = database.ledger_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[sa.Engine]:
    """The ledger's engine, on SQLite."""
    made = database.ledger_engine(sqlite_url)
    yield made
    made.dispose()


Opening = Callable[..., SecondOpinions]


@pytest.fixture
def ask(model: Model, ledger: sa.Engine, clock: Clock) -> Iterator[Opening]:
    """Opens second opinions on the model's server, on other terms if told so; closed at the end."""
    opened: list[SecondOpinions] = []

    def open_(kind: Kind = "moderation", **other: Any) -> SecondOpinions:
        opened.append(SecondOpinions(terms(model.url, kind=kind, **other), ledger, clock))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that a test sets."""
    return Clock()


class Unsure:
    """A scorer that gives every text the same scores."""

    digest = "0" * 64

    def __init__(self, **scores: float) -> None:
        self._row = [scores.get(category, 0.0) for category in CATEGORIES]

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self._row] * len(texts), dtype=np.float32)

    def why(self, text: str, category: str) -> tuple[Span, ...]:
        return ()


def pack(*more: Rule) -> PolicyPack:
    """The shipped policy with its listed rules on threats, hate and selling alone, and ``more``."""
    whole = shelf().in_force("clinton-city", NOW)
    kept = [rule for rule in whole.rules if rule.category in {"threat", "hate", "spam"} and not rule.reads_scores]
    return replace(whole, rules=(*kept, *more))


def judge(**scores: float) -> Judge:
    """A judge by that policy, with a model that is so unsure of everything."""
    return Judge(pack(), shelf().wordlists, Unsure(**scores))


def said(text: str, **more: Any) -> Comment:
    """A visitor's comment."""
    made = Comment(CommentRef("facebook", "1", "1_2"), "1", Author("a1", "Mallory Reyes"), text, NOW)
    return replace(made, **more)


def judged(by: Judge, *texts: str, **more: Any) -> list[Judged]:
    """Comments with the verdicts that the judge gives."""
    comments = [said(text, **more) for text in texts]
    return [Judged(each, by.judge(Item(each.text, by_page=each.by_page)), "") for each in comments]
