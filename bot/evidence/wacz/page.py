"""The public page as a WACZ 1.1.1: what the browser fetched, indexed, and signed so that it can be played back."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from bot.evidence.canonical import canonical, sha256
from bot.evidence.capture import Capture, PageExchange
from bot.evidence.wacz.address import archived, sort_key
from bot.evidence.wacz.warc import SOFTWARE, Call, Place, packed, records

Signer = Callable[[bytes], tuple[bytes, bytes]]
"""Takes a text; gives its ECDSA P-384/SHA-256 signature (r, then s, 48 bytes each) and the public key (SPKI, DER)."""

_VERSION = "1.1.1"
# 1.2.0 of the specification names the profile "wacz", which players don't know yet.
_PROFILE = "data-package"
_WARC = "data.warc.gz"
_TITLE = "The public page of a comment, as a visitor's browser fetched it"


def page_wacz(capture: Capture, package_id: str, signer: Signer | None, at: datetime) -> bytes | None:
    """``data/capture/page.wacz``; ``None`` when the browser fetched nothing. ``at``: when it is archived (aware).

    The signature (anonymous form of WACZ Auth 0.1.0) says which key archived this and when, by our clock; not what the
    server sent. Without a signer there are digests alone.
    """
    if not any(archived(exchange.url) for exchange in capture.exchanges):
        return None
    begun = capture.exchanges[0].started_at
    warc, places = packed(records(map(_call, capture.exchanges), package_id, _WARC, begun))
    main = _main_page(capture)
    members = {
        f"archive/{_WARC}": warc,
        "indexes/index.cdxj": _index(places),
        "pages/pages.jsonl": _pages(main, package_id),
    }
    package = _datapackage(members, main, at)
    return _zipped(
        {**members, "datapackage.json": package, "datapackage-digest.json": _digest(package, signer, at)}, at
    )


def scannable(capture: Capture) -> Iterator[tuple[str, bytes]]:
    """Every byte that ``page_wacz`` would store, before compression, with a name of ours for each piece: for the search
    for secrets."""
    if not capture.exchanges:
        return
    begun = capture.exchanges[0].started_at
    for number, record in enumerate(records(map(_call, capture.exchanges), "", _WARC, begun)):
        name = f"data/capture/page.wacz, {record.kind} {number}"
        yield name, "\n".join([record.url or "", *record.facts.values()]).encode("utf-8", "backslashreplace")
        yield from ((name, piece) for piece in record.content)


def _call(exchange: PageExchange) -> Call:
    return Call(
        exchange.method,
        exchange.url,
        exchange.request_headers,
        exchange.status,
        exchange.response_headers,
        exchange.body,
        exchange.started_at,
        exchange.http_version,
        _facts(exchange),
        exchange.error,
    )


def _facts(exchange: PageExchange) -> dict[str, str]:
    facts = {
        "WARC-IP-Address": exchange.remote_ip or "",
        "WARC-Truncated": "length" if exchange.truncated else "",
        "WARC-Resource-Type": exchange.resource_type,
        "Beadle-Note": exchange.error if exchange.status else "",
    }
    return {name: value for name, value in facts.items() if value}


def _main_page(capture: Capture) -> PageExchange:
    """The document that the picture shows: where the browser ended, else the first that answered, else the first."""
    fetched = [exchange for exchange in capture.exchanges if archived(exchange.url)]
    final = archived(capture.url_final or "")
    answered = [exchange for exchange in fetched if exchange.status]
    return next((each for each in answered if archived(each.url) == final), (answered or fetched)[0])


def _index(places: Sequence[Place]) -> bytes:
    """CDXJ: one sorted line for each response."""
    lines = sorted(_index_line(place) for place in places if place.record.kind == "response")
    return b"".join(lines)


def _index_line(place: Place) -> bytes:
    record = place.record
    assert record.url is not None
    head = record.content[0]
    mime = _mime(head)
    line = {
        "url": record.url,
        **({"mime": mime} if mime else {}),
        "status": head[9:12].decode("ascii"),
        "digest": record.payload_digest,
        "length": str(place.length),
        "offset": str(place.offset),
        "filename": _WARC,
    }
    moment = record.at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    return f"{sort_key(record.url)} {moment} {json.dumps(line)}\n".encode("ascii")


def _mime(head: bytes) -> str:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b": ")
        if name.lower() == b"content-type":
            words = value.replace(b";", b" ").split()
            return words[0].decode("utf-8", "replace") if words else ""
    return ""


def _pages(main: PageExchange, package_id: str) -> bytes:
    page = {
        "id": str(uuid5(NAMESPACE_URL, f"beadle:{package_id}/page")),
        "url": archived(main.url),
        "ts": _seconds(main.started_at),
        "title": _TITLE,
    }
    return b"\n".join(
        [canonical({"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}), canonical(page), b""]
    )


def _datapackage(members: Mapping[str, bytes], main: PageExchange, at: datetime) -> bytes:
    resources = [
        {"name": path.rpartition("/")[2], "path": path, "hash": f"sha256:{sha256(data)}", "bytes": len(data)}
        for path, data in members.items()
    ]
    about = {"title": _TITLE, "mainPageUrl": archived(main.url), "mainPageDate": _seconds(main.started_at)}
    return canonical(
        {
            **about,
            "profile": _PROFILE,
            "wacz_version": _VERSION,
            "software": SOFTWARE,
            "created": _seconds(at),
            "resources": resources,
        }
    )


def _digest(package: bytes, signer: Signer | None, at: datetime) -> bytes:
    found = f"sha256:{sha256(package)}"
    digest: dict[str, object] = {"path": "datapackage.json", "hash": found}
    if signer is not None:
        signature, public_key = signer(found.encode("ascii"))
        digest["signedData"] = {
            "hash": found,
            "signature": base64.b64encode(signature).decode(),
            "publicKey": base64.b64encode(public_key).decode(),
            "created": _seconds(at),
            "software": SOFTWARE,
        }
    return canonical(digest)


def _zipped(members: Mapping[str, bytes], at: datetime) -> bytes:
    moment = at.astimezone(UTC)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.create_system = 3
            entry.external_attr = 0o100444 << 16
            archive.writestr(entry, data)
    return out.getvalue()


def _seconds(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
