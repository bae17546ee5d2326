"""A real SMTP server on loopback that keeps every mail it takes as a file, and an HTML view beside it."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import threading
from collections import deque
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"


class MailFault(StrEnum):
    """``REFUSE`` is for good (550), ``LATER`` for now (451); ``LOST_ANSWER`` keeps the mail and hangs up."""

    REFUSE = "refuse"
    LATER = "later"
    LOST_ANSWER = "lost_answer"


class PostOffice:
    """The server, from ``start`` to ``stop``. ``messages`` and ``paths`` are in the order taken.

    ``envelopes`` holds sender and recipients as said on the wire, which headers needn't agree with.
    """

    def __init__(self, folder: Path) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[tuple[str, tuple[str, ...]]] = []
        self.paths: list[Path] = []
        self.port = 0
        self._folder = folder
        self._faults: deque[MailFault] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """``smtp://127.0.0.1:<port>``."""
        return f"smtp://{LOOPBACK}:{self.port}"

    def next(self, fault: MailFault, *, mails: int = 1) -> None:
        """Give ``fault`` to the next ``mails`` mails."""
        self._faults.extend([fault] * mails)

    def start(self) -> None:
        """Listen; a second start uses the same port, as after an outage."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((LOOPBACK, self.port))
        self.port = sock.getsockname()[1]
        loop = self._loop = asyncio.new_event_loop()
        self._server = loop.run_until_complete(loop.create_server(self._conversation, sock=sock))
        self._thread = threading.Thread(target=loop.run_forever, daemon=True, name=f"millbrook-{self.port}")
        self._thread.start()

    def stop(self) -> None:
        """Hang up and stop listening. Stopping twice is harmless."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
        self._loop = self._thread = self._server = None

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """What aiosmtpd calls with a whole mail; the answer goes to the sender."""
        fault = self._faults.popleft() if self._faults else None
        if fault is MailFault.REFUSE:
            return "550 5.7.1 Message refused by policy"
        if fault is MailFault.LATER:
            return "451 4.3.2 System not accepting messages, try again later"
        self._keep(envelope)
        if fault is MailFault.LOST_ANSWER and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 OK: kept"

    def _conversation(self) -> SMTP:
        return SMTP(self, hostname="mail.millbrook.example", ident="Millbrook", loop=self._loop, enable_SMTPUTF8=True)

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, policy=policy.default)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{len(self.paths) + 1:04d}-{_slug(str(message['subject'] or 'no subject'))}.eml"
        path.write_bytes(raw)
        if page := html_view(message):
            path.with_suffix(".html").write_text(page, "utf-8")
        self.envelopes.append((envelope.mail_from or "", tuple(envelope.rcpt_tos)))
        self.paths.append(path)
        self.messages.append(message)

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def html_view(message: EmailMessage) -> str | None:
    """The mail's HTML part with its ``cid:`` pictures put in as ``data:`` addresses; ``None`` when it has no HTML."""
    body = message.get_body(preferencelist=("html",))
    if body is None:
        return None
    pictures = {str(part["content-id"]).strip("<>"): _data_address(part) for part in _pictures(message)}
    return re.sub(r"cid:([^\"'\s)>]+)", lambda found: pictures.get(found[1], found[0]), body.get_content())


def _pictures(message: EmailMessage) -> list[EmailMessage]:
    return [
        part
        for part in message.walk()
        if isinstance(part, EmailMessage) and part["content-id"] and part.get_content_maintype() == "image"
    ]


def _data_address(part: EmailMessage) -> str:
    return f"data:{part.get_content_type()};base64,{base64.b64encode(part.get_content()).decode()}"


def _slug(subject: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:60] or "mail"
