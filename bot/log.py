"""The log: events with facts, JSON for machines, readable on a terminal. Never a secret, never what somebody said.

Four things stand between an event and the stream, in this order: the facts of the case at hand are added, facts that
would hold a comment's words are withheld, what a terminal would obey is spelled out, and secrets are masked in the
finished line, whatever way they came into it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TextIO
from urllib.parse import quote, quote_plus

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

WITHHELD = "[withheld]"
MASK = "[masked]"

_CONTENT = frozenset(
    {"text", "comment", "body", "content", "html", "raw", "excerpt"}
    | {"token", "access_token", "password", "secret", "authorization", "cookie"}
)
# Their own INFO and DEBUG lines hold addresses with tokens in them, statements with parameters, or whole messages.
_QUIET = (
    "httpx",
    "httpcore",
    "slack_sdk",
    "slack_bolt",
    "sqlalchemy",
    "urllib3",
    "facebook",
    "tweepy",
    "asyncio",
    "mail.log",
)
_SECRET_SHAPES = re.compile(
    r"""(?ix)
    (?P<before> (?:access_token|client_secret|appsecret_proof|input_token|fb_exchange_token)
                (?: %3D | [\\"'\s]* [:=] [\\"'\s]* )
              | bearer \s+
              | :// [^\s/:@]* : (?=[^\s/@]+@) )
    (?!\[(?:masked|withheld)\]) [^\s&"'\\@]+
    | \b xox[a-z]-[\w-]{8,} | \b xapp-[\w-]{8,} | \b EAA[a-z0-9]{24,}
    """
)
_LEAST_SECRET = 4
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def configure(
    *,
    level: str = "info",
    form: Literal["auto", "json", "console"] = "auto",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every log line of this process, ours and the libraries', to ``stream`` (standard error) in one form.

    May be called again, for instance when the pages' tokens are known.
    """
    out = stream or sys.stderr
    readable = form == "console" or (form == "auto" and out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(_MaskingFormatter(_renderers(readable, out.isatty()), secret_pattern(secrets)))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h.formatter, _MaskingFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    _quieten(root.level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def withhold_content(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace every fact, at any depth, whose name says that it holds a comment's words or a secret."""
    return {key: WITHHELD if key.lower() in _CONTENT else _inside(value) for key, value in event.items()}


def spell_out(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Spell out control, direction and invisible characters in every value: ``[U+001B]``."""
    return {key: _spelled(value) for key, value in event.items()}


def secret_pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds the given secrets as they are, in an address, in JSON or in a ``repr``."""
    forms = {form for secret in secrets if len(secret) >= _LEAST_SECRET for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if forms else None


def mask(line: str, secrets: re.Pattern[str] | None = None) -> str:
    """A text without the given secrets and without anything that has the shape of one."""
    known = secrets.sub(MASK, line) if secrets else line
    return _SECRET_SHAPES.sub(lambda found: f"{found['before'] or ''}{MASK}", known)


class _MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    def __init__(self, processors: list[Processor], secrets: re.Pattern[str] | None) -> None:
        super().__init__(processors=processors, foreign_pre_chain=[structlog.contextvars.merge_contextvars])
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        # Last of all, on the finished line: a secret inside an object shows itself only when the object is printed.
        return mask(super().format(record), self._secrets)


def _renderers(readable: bool, colours: bool) -> list[Processor]:
    plain = structlog.dev.plain_traceback
    ending: list[Processor] = (
        [spell_out, structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
        if readable
        else [structlog.processors.format_exc_info, spell_out, structlog.processors.JSONRenderer(default=str)]
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        withhold_content,
        *ending,
    ]


def _quieten(level: int) -> None:
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    # The durable engine puts a console of its own beside ours unless it finds a handler already there.
    engine = logging.getLogger("dbos")
    engine.propagate = True
    if not engine.handlers:
        engine.addHandler(logging.NullHandler())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "alembic"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: WITHHELD if str(key).lower() in _CONTENT else _inside(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_inside(inner) for inner in value]
    return value


def _spelled(value: Any) -> Any:
    if isinstance(value, str):
        return _INVISIBLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)
    if isinstance(value, Mapping):
        return {_spelled(key): _spelled(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(inner) for inner in value]
    return value


def _forms(secret: str) -> set[str]:
    """The secret in each dress: in an address, then in JSON or a ``repr``, and that in JSON or a ``repr`` again."""
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    for _ in range(2):
        forms |= {dressed[1:-1] for form in forms for dressed in (json.dumps(form), _json(form), repr(form))}
    return forms


def _json(form: str) -> str:
    return json.dumps(form, ensure_ascii=False)
