"""Records of a web archive (WARC 1.1, ISO 28500:2017), and one file of them. Same calls, same bytes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from bot import __version__
from bot.evidence.canonical import sha256, utc
from bot.evidence.wacz.address import archived
from bot.evidence.wacz.message import Headers, request_head, response_head

SOFTWARE = f"Beadle {__version__}"
_FORMAT = "WARC File Format 1.1"
_CONFORMS_TO = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
_ORDINARY = frozenset({"HTTP/1.1", "http/1.1", ""})


@dataclass(frozen=True, slots=True)
class Call:
    """One request and the answer, whoever made it. ``status`` 0: there was none, and ``error`` says why.

    ``body`` is decoded. ``facts`` are further fields of the response's record (``WARC-Truncated`` and the like).
    """

    method: str
    url: str
    request_headers: Headers = field(repr=False)
    status: int
    response_headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime
    http_version: str = "HTTP/1.1"
    facts: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. ``content``: its block, in pieces (the head of a message and its body). ``url`` is ``None`` for the
    one that describes the file."""

    kind: str
    name: str
    at: datetime
    url: str | None
    content: tuple[bytes, ...] = field(repr=False)
    facts: Mapping[str, str]

    @property
    def payload_digest(self) -> str:
        """SHA-256 of the body, as WARC writes it."""
        return f"sha256:{sha256(self.content[-1])}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file a record lies, in bytes."""

    record: Record
    offset: int
    length: int


def records(calls: Iterable[Call], package_id: str, file_name: str, at: datetime) -> Iterator[Record]:
    """The records of these calls, after one that describes the file. What no server was asked for is left out and
    counted there."""
    every = [(archived(call.url), call) for call in calls]
    kept = [(url, call) for url, call in every if url is not None]
    root = f"{package_id}/{file_name}"
    yield _described(root, file_name, at, len(every) - len(kept))
    for number, (url, call) in enumerate(kept, start=1):
        yield from _of_call(f"{root}/{number}", url, call)


def packed(found: Iterable[Record]) -> tuple[bytes, list[Place]]:
    """The file, each record a gzip member of its own, and where each lies."""
    out = io.BytesIO()
    places = []
    for record in found:
        member = _compressed(_written(record))
        places.append(Place(record, out.tell(), len(member)))
        out.write(member)
    return out.getvalue(), places


def _described(root: str, file_name: str, at: datetime, left_out: int) -> Record:
    lines = {"software": SOFTWARE, "format": _FORMAT, "conformsTo": _CONFORMS_TO, "left-out": str(left_out)}
    return Record("warcinfo", root, at, None, (_fields(lines),), {"WARC-Filename": file_name})


def _of_call(name: str, url: str, call: Call) -> Iterator[Record]:
    if call.status == 0:
        # No request record: what was blocked never left this machine.
        lines = {"method": call.method, "error": call.error or "no answer"}
        yield Record("metadata", f"{name}/metadata", call.at, url, (_fields(lines),), call.facts)
        return
    spoken = {} if call.http_version in _ORDINARY else {"WARC-Protocol": call.http_version.lower()}
    answer = response_head(call.status, call.response_headers, len(call.body), asked_by=call.method)
    asked = request_head(call.method, url, call.request_headers)
    yield Record("response", f"{name}/response", call.at, url, (answer, call.body), {**spoken, **call.facts})
    yield Record(
        "request", f"{name}/request", call.at, url, (asked, b""), {"WARC-Concurrent-To": _id(f"{name}/response")}
    )


class _Head(StatusAndHeaders):  # type: ignore[misc]
    """A head that is written as it stands: warcio would rewrite what isn't ASCII."""

    def __init__(self, head: bytes) -> None:
        super().__init__("as it stands", [])  # never empty: an empty one counts as none
        self._head = head

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self._head


def _written(record: Record) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False, warc_version="1.1")
    more: dict[str, Any] = {"http_headers": _Head(record.content[0])} if len(record.content) == 2 else {}
    body = record.content[-1]
    writer.write_record(
        writer.create_warc_record(
            record.url,
            record.kind,
            payload=io.BytesIO(body),
            length=len(body),
            warc_headers_dict=_fields_of(record),
            **more,
        )
    )
    return out.getvalue()


def _fields_of(record: Record) -> dict[str, str]:
    # warcio would count by SHA-1; both digests are ours.
    digests = {"WARC-Block-Digest": f"sha256:{sha256(b''.join(record.content))}"}
    if len(record.content) == 2:
        digests["WARC-Payload-Digest"] = record.payload_digest
    own = {"WARC-Record-ID": _id(record.name), "WARC-Date": utc(record.at)}
    return {**own, **{name: _one_line(value) for name, value in record.facts.items()}, **digests}


def _id(name: str) -> str:
    return f"<urn:uuid:{uuid5(NAMESPACE_URL, f'beadle:{name}')}>"


def _fields(lines: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {_one_line(value)}\r\n" for name, value in lines.items()).encode(
        "utf-8", "backslashreplace"
    )


def _one_line(value: str) -> str:
    return "".join(each if each.isprintable() else " " for each in value).strip()


def _compressed(data: bytes) -> bytes:
    member = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS + 16)  # no name and no time in its head
    return member.compress(data) + member.flush()
