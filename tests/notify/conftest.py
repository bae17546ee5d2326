"""A Slack that speaks the Web API over a socket, the facts of an alert, and words that mean harm."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.moderation.verdict import Span
from bot.notify.alerts import Alert, Standing

TOKEN = "xoxb-test-0123456789"
HOSTILE = {
    "mentions": "<!channel> <!here> <@U0123ABCD> <#C0123ABCD> @everyone @here <!subteam^S0123|x>",
    "mrkdwn": "*bold* _slant_ ~gone~ `code` ```block``` > quote <https://evil.example|your bank> :skull:",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;</td></table>",
    "templates": "{{ 7*7 }} {% raw %} ${7*7} #{7*7} %s {0} {case_id}",
    "header": "Hello\r\nBcc: everybody@evil.example\r\n\r\nbody",
    "null": "a\0b\0\0c \x1b[31mred\x1b[0m \x07",
    "direction": "\u202egnp.exe\u202c \u2066hidden\u2069 \u200f\u061c",
    "invisible": "f\u200bu\u2060n\ufeff \u00ad \U000e0041 \ud83d lone",
    "zalgo": "Z" + "\u0335\u0321\u0322\u0327\u0328" * 40,
    "emoji": "😀" * 3000,
    "long": "abcdefghi " * 6000,
    "one word": "x" * 60_000,
    "lines": "\n" * 5000 + "end",
    "nothing": "",
    "blanks": " \n\t ",
}


@pytest.fixture(params=list(HOSTILE.values()), ids=list(HOSTILE))
def hostile(request: pytest.FixtureRequest) -> str:
    """Words that try to speak, hide, overflow or break out, one at a time."""
    return str(request.param)


@pytest.fixture
def alert() -> Alert:
    """The facts of a plain case: an obscene word under clause 3.4.3.A, hidden."""
    return Alert(
        case_id="fa-abcdefghijkl",
        city="Town of Millbrook",
        page="Town of Millbrook",
        platform="Facebook",
        clauses=(("3.4.3.A", "Profane language or content"),),
        policy="Social Media Use Policy",
        policy_version="2026-01",
        reasons=("an obscene word of the list",),
        categories=frozenset({"profanity"}),
        text="Plow my street, you f*ck",
        posted_at=datetime(2026, 11, 21, 12, 4, tzinfo=UTC),
        standing=Standing.HIDDEN,
        because="Hidden under the page's signed list.",
        effect="Its author and their friends still see it.",
        spans=(Span(20, 24),),
        author="Rusty Nail",
        author_id="1002",
        post_text="Snow routes for tonight",
        permalink="https://www.facebook.com/1/posts/2?comment_id=3",
        digest="ab" * 32,
        picture="proof",
        strikes=1,
        strikes_provisional=2,
    )


class Slack:
    """Channels, files and a journal. ``faults[method]`` is a list of faults, one for each coming call.

    A fault: an error code, ``429``, ``500``, ``html``, ``lost`` (done, but the connection closes before the answer),
    or ``reset`` (not done).
    """

    def __init__(self) -> None:
        self.url = ""
        self.journal: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[str]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {"C0123ABCD": [], "C0BIGBIGB": []}
        self.files: dict[str, bytes] = {}
        self.threads: dict[str, list[dict[str, Any]]] = {}
        self.clock = 0
        self.lock = threading.Lock()

    def called(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        return [arguments for name, arguments in self.journal if name == method]

    def answer(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What Slack would answer."""
        handle: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "auth.test": lambda _: {},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": lambda a: {"messages": self.threads.get(a["ts"], [])},
            "files.delete": self._delete,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete,
        }
        if arguments.get("channel", "C0123ABCD") not in self.messages:
            return {"ok": False, "error": "channel_not_found"}
        return {"ok": True, **handle[method](arguments)}

    def _post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        room = self.messages[arguments["channel"]]
        self.clock += 1
        message = {**arguments, "ts": f"{1700000000 + self.clock}.000100"}
        room.append(message)
        return {"channel": arguments["channel"], "ts": message["ts"], "message": message}

    def _update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        for message in self.messages[arguments["channel"]]:
            if message["ts"] == arguments["ts"]:
                message.update(arguments)
                return {"channel": arguments["channel"], "ts": arguments["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        oldest, latest = arguments.get("oldest", "0"), arguments.get("latest", "9")
        inclusive = str(arguments.get("inclusive", "")).lower() in {"1", "true"}
        found = [
            message
            for message in reversed(self.messages[arguments["channel"]])
            if oldest < message["ts"] < latest or (inclusive and message["ts"] in {oldest, latest})
        ]
        start, size = int(arguments.get("cursor", 0)), int(arguments["limit"])
        more = str(start + size) if len(found) > start + size else ""
        return {"messages": found[start : start + size], "response_metadata": {"next_cursor": more}}

    def _complete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("thread_ts"):
            named = [{"id": each["id"], "name": "evidence.png"} for each in arguments["files"]]
            self.threads.setdefault(arguments["thread_ts"], []).append({"ts": "9", "files": named})
        return {"files": arguments["files"]}

    def _delete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        known = self.files.pop(arguments["file"], None)
        return {} if known is not None else {"ok": False, "error": "file_not_found"}

    def _upload_url(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = f"F{len(self.files) + 1:09d}"
        self.files[name] = b""
        return {"upload_url": f"{self.url}upload/{name}", "file_id": name}


class _Handler(BaseHTTPRequestHandler):
    slack: Slack

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        method = self.path.removeprefix("/api/")
        with self.slack.lock:
            if method.startswith("upload/"):
                self.slack.files[method.removeprefix("upload/")] = body
                self._send(200, b"OK", "text/plain")
                return
            form = self.headers["Content-Type"].startswith("application/x-www-form")
            arguments = dict(parse_qsl(body.decode())) if form else json.loads(body or b"{}")
            arguments["files"] = json.loads(arguments["files"]) if form and "files" in arguments else None
            self.slack.journal.append((method, arguments))
            pending = self.slack.faults.get(method, [])
            self._respond(method, arguments, pending.pop(0) if pending else "")

    def _respond(self, method: str, arguments: dict[str, Any], fault: str) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            fault = "invalid_auth"
        if fault in {"", "lost"}:
            content = self.slack.answer(method, arguments)
        else:
            content = {"ok": False, "error": fault, "needed": "files:write"}
        if fault in {"lost", "reset"}:
            self.connection.close()
        elif fault == "429":
            self._send(429, b'{"ok":false,"error":"ratelimited"}', retry_after="7")
        elif fault in {"500", "html"}:
            self._send(500 if fault == "500" else 200, b"<html>oops</html>", "text/html")
        else:
            self._send(200, json.dumps(content).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json", retry_after: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A Slack on a loopback port."""
    slack = Slack()
    handler = type("Handler", (_Handler,), {"slack": slack})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    slack.url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield slack
    server.shutdown()
    server.server_close()
    thread.join()
