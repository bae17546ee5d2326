"""The page as a WACZ: valid to other people's tools, the same each time, and signed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bot.evidence.capture import Capture
from bot.evidence.wacz.page import page_wacz, scannable
from tests.evidence.wacz import reading
from tests.evidence.wacz.pages import NOW, PACKAGE, PAGE, captured, fetched, page, sign

ROOT = Path(__file__).parents[3]


def made(capture: Capture) -> dict[str, bytes]:
    """The files of the archive of this capture."""
    return reading.parts(page_wacz(capture, PACKAGE, sign, NOW))


def records(capture: Capture) -> list[Any]:
    """The records of its WARC."""
    return reading.read(made(capture)["archive/data.warc.gz"])


def test_other_peoples_tools_find_it_valid(tmp_path: Path) -> None:
    """py-wacz validates the package; warcio finds every digest right."""
    wacz = page_wacz(page(), PACKAGE, sign, NOW)
    assert wacz is not None

    code, said = reading.wacz_validate(wacz, tmp_path)
    checked = reading.warcio_check(made(page())["archive/data.warc.gz"], tmp_path)

    assert (code, "is valid" in said) == (0, True), said
    assert checked.count("digest pass") == 1 + 4 * 2 + 1


def test_one_changed_character_is_found_by_py_wacz(tmp_path: Path) -> None:
    """The digests of the files are in the package, and the digest of that beside the signature."""
    files = made(page())
    in_pages = {**files, "pages/pages.jsonl": files["pages/pages.jsonl"].replace(b"comment", b"Comment")}
    in_package = {**files, "datapackage.json": files["datapackage.json"].replace(b"comment", b"Comment")}

    codes = [reading.wacz_validate(reading.put_together(each), tmp_path)[0] for each in (files, in_pages, in_package)]

    assert codes == [0, 1, 1]


def test_the_index_is_what_an_indexer_would_write(tmp_path: Path) -> None:
    """Line by line as cdxj-indexer makes it from the same WARC: keys, times, digests, offsets."""
    capture = captured(
        fetched("https://www.Example.org/Post/?b=2&a=1#x"),
        fetched("https://example.org:8443/x y", response_headers=()),
        fetched("http://127.0.0.1:8080/a/b/", response_headers=(("content-type", "image/png"),)),
        fetched("https://social.example/héé?ü=1"),
        fetched("https://social.example/ask?", b"", method="HEAD"),
        fetched(),
        fetched("https://social.example/no", b"", status=0, error="blocked"),
    )

    files = made(capture)

    assert files["indexes/index.cdxj"].decode() == reading.cdxj_index(files["archive/data.warc.gz"], tmp_path)
    assert files["indexes/index.cdxj"].count(b"\n") == 6


def test_the_same_capture_gives_the_same_bytes_anywhere() -> None:
    """Twice in this process, and in two others with other time zones, locales and hash seeds."""
    here = [hashlib.sha256(page_wacz(page(), PACKAGE, sign, NOW) or b"").hexdigest() for _ in range(2)]
    there = []
    for zone, seed, language in (("Pacific/Kiritimati", "1", "C"), ("America/New_York", "2", "C.UTF-8")):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": language}
        command = [sys.executable, "-m", "tests.evidence.wacz.pages"]
        said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        there.append(said.stdout.strip())

    assert {*here, *there} == {here[0]}


def test_another_package_has_other_record_ids() -> None:
    """The ids of records are unique in the world, as WARC wants it, though they are the same each time."""
    ids = [
        {
            record.rec_headers.get_header("WARC-Record-ID")
            for record in reading.read(reading.parts(wacz)["archive/data.warc.gz"])
        }
        for wacz in (page_wacz(page(), PACKAGE, sign, NOW), page_wacz(page(), PACKAGE[:-1] + "a", sign, NOW))
    ]

    assert len(ids[0]) == len(ids[1]) == 10
    assert not ids[0] & ids[1]


def test_the_signature_is_over_the_digest_of_the_package() -> None:
    """Checked here as any verifier would: with the key in the file, over the text of the digest."""
    files = made(page())
    digest = json.loads(files["datapackage-digest.json"])
    signed = digest["signedData"]

    assert digest["hash"] == f"sha256:{hashlib.sha256(files['datapackage.json']).hexdigest()}" == signed["hash"]
    assert signed["created"] == json.loads(files["datapackage.json"])["created"] == "2026-11-20T11:02:14Z"
    verify(signed, signed["hash"])
    changed = files["datapackage.json"].replace(b"comment", b"Comment")
    with pytest.raises(InvalidSignature):
        verify(signed, f"sha256:{hashlib.sha256(changed).hexdigest()}")


def verify(signed: dict[str, str], text: str) -> None:
    """Raises ``InvalidSignature``."""
    raw = base64.b64decode(signed["signature"])
    assert len(raw) == 96
    key = load_der_public_key(base64.b64decode(signed["publicKey"]))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    der = encode_dss_signature(int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    key.verify(der, text.encode(), ec.ECDSA(hashes.SHA256()))


def test_without_a_key_there_are_digests_and_no_signature(tmp_path: Path) -> None:
    """A city that has no key yet still gets a valid archive, which claims nothing."""
    wacz = page_wacz(page(), PACKAGE, None, NOW)
    assert wacz is not None

    assert "signedData" not in json.loads(reading.parts(wacz)["datapackage-digest.json"])
    assert reading.wacz_validate(wacz, tmp_path)[0] == 0


def test_a_look_that_fetched_nothing_has_no_archive() -> None:
    """A refused address or a page made of data alone: there is nothing to archive."""
    assert page_wacz(captured(), PACKAGE, sign, NOW) is None
    assert page_wacz(captured(fetched("data:text/html,hello")), PACKAGE, sign, NOW) is None


def test_the_page_that_opens_is_the_one_in_the_picture() -> None:
    """After redirects the document where the browser ended is the page; when nothing answered, the first asked for."""
    first = [json.loads(made(capture)["pages/pages.jsonl"].splitlines()[1])["url"] for capture in (page(),)]
    silent = captured(fetched("https://social.example/x", b"", status=0, error="failed"))

    assert first == [PAGE]
    assert json.loads(made(silent)["pages/pages.jsonl"].splitlines()[1])["url"] == "https://social.example/x"


def test_a_body_is_stored_decoded_and_says_so() -> None:
    """The browser hands out decoded bodies: the headers of the wire are renamed, else readers would decode again."""
    response = records(page())[3]
    headers = response.http_headers

    assert response.body.startswith(b"<!doctype html>")
    assert headers.get_header("Content-Encoding") is None
    assert headers.get_header("x-orig-Content-Encoding") == "gzip"
    assert headers.get_header("x-orig-Content-Length") == "58"
    assert [value for name, value in headers.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert response.rec_headers.get_header("WARC-Protocol") == "h2"
    assert response.rec_headers.get_header("WARC-IP-Address") == "192.0.2.7"
    assert response.rec_headers.get_header("WARC-Date") == "2026-11-20T11:02:14.123456Z"


def test_what_never_left_the_machine_is_no_request_record() -> None:
    """A blocked request is noted as metadata with the reason: a request record would say that it was sent."""
    found = [
        record
        for record in records(page())
        if "ads.example" in (record.rec_headers.get_header("WARC-Target-URI") or "")
    ]

    assert [record.rec_type for record in found] == ["metadata"]
    assert b"error: blocked" in found[0].body


def test_a_cut_body_is_marked() -> None:
    """More came than we keep: the record says that it was cut."""
    response = records(captured(fetched(truncated=True)))[1]

    assert response.rec_headers.get_header("WARC-Truncated") == "length"


def test_a_body_that_is_not_the_servers_bytes_is_marked() -> None:
    """Where the browser could give its text alone, the record says so."""
    response = records(captured(fetched(error="the body is the browser's text")))[1]

    assert response.rec_headers.get_header("Beadle-Note") == "the body is the browser's text"


def test_what_no_server_was_asked_for_is_counted() -> None:
    """Data and blobs are left out, and the archive says how many."""
    found = records(captured(fetched(), fetched("data:,x"), fetched("blob:https://social.example/1")))

    assert b"left-out: 2" in found[0].body
    assert len(found) == 3


@pytest.mark.parametrize(
    "hostile",
    [
        fetched(
            response_headers=(("Content-Type", "text/html\r\nSet-Cookie: evil=1"), ("X\r\nEvil", "1\x00\x7f\x1b[2J"))
        ),
        fetched(response_headers=(("", "no name"), (":status", "200"), ("Ünï", "señor \ud83d \U0001f621"))),
        fetched(response_headers=(("X-Big", "y" * 1_000_000),)),
        fetched(response_headers=tuple((f"X-{number}", "v") for number in range(5_000))),
        fetched(response_headers=(("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip, br"))),
        fetched(method="FOO BAR\r\nX: y"),
        fetched(method="PROPFIND"),
        fetched("https://social.example/" + "a" * 10_000),
        fetched("https://u:p@social.example/\r\nHost: evil#x\ny"),
        fetched(body=b""),
        fetched(body=b"", status=304),
        fetched(body=b"", method="HEAD", response_headers=(("Content-Length", "5"),)),
        fetched(body=b"HTTP/1.1 200 OK\r\n\r\nWARC/1.1\r\n\r\n"),
        fetched(body=bytes(20_000_000)),
        fetched(status=999),
        fetched(status=0, body=b"", error="net::ERR\r\nWARC-Type: x"),
        fetched(remote_ip="2001:db8::1", resource_type="x\r\ny", http_version="h3\r\n-29"),
    ],
)
def test_no_page_can_break_the_archive(hostile: Any, tmp_path: Path) -> None:
    """Line breaks in headers, endless values, odd methods, empty and huge bodies: the archive stays valid, has exactly
    the records it should, and no header that the server didn't send."""
    capture = captured(fetched("https://social.example/first"), hostile, fetched("https://social.example/last"))

    warc = made(capture)["archive/data.warc.gz"]

    reading.warcio_check(warc, tmp_path)
    found = reading.read(warc)
    assert len(found) == 1 + 2 + (2 if hostile.status else 1) + 2
    assert [record.rec_type for record in found[-2:]] == ["response", "request"]
    for record in found:
        assert record.rec_headers.get_header("Set-Cookie") is None
        if record.http_headers is not None:
            names = {name.lower() for name, _ in record.http_headers.headers}
            assert not names & {"set-cookie", "evil", "x", ":status", ""}
            assert sum(name == "host" for name, _ in record.http_headers.headers) <= 1
    if hostile.status:
        assert found[3].body == hostile.body


def test_the_same_address_twice_is_two_records() -> None:
    """A page that asks again may get another answer; both are kept, and both are in the index."""
    files = made(captured(fetched(body=b"one"), fetched(body=b"two")))
    found = reading.read(files["archive/data.warc.gz"])

    assert [record.body for record in found if record.rec_type == "response"] == [b"one", b"two"]
    assert files["indexes/index.cdxj"].count(b"\n") == 2


def test_every_byte_is_shown_to_the_search_for_secrets() -> None:
    """A secret in a body, a header, an address, an error: each is found before it is compressed."""
    places = {
        "body": fetched(body=b"...SECRET-1..."),
        "answer": fetched(response_headers=(("X-Token", "SECRET-2"),)),
        "request": fetched(request_headers=(("Cookie", "SECRET-3"),)),
        "address": fetched("https://social.example/?token=SECRET-4"),
        "error": fetched(status=0, error="SECRET-5", url="https://social.example/SECRET-6"),
        "kind": fetched(resource_type="SECRET-7"),
    }

    seen = b"\n".join(piece for _, piece in scannable(captured(*places.values())))

    assert [number for number in range(1, 8) if f"SECRET-{number}".encode() not in seen] == []
    assert all(name.startswith("data/capture/page.wacz, ") for name, _ in scannable(captured(*places.values())))
    assert list(scannable(captured())) == []
