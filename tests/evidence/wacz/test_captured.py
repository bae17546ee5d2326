"""From a real page in a real browser to an archive that other people's tools find valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.wacz.page import page_wacz
from tests.evidence.conftest import TEXT
from tests.evidence.wacz import reading
from tests.evidence.wacz.pages import NOW, PACKAGE, sign


def test_a_captured_page_becomes_a_valid_archive(capturer: BrowserCapturer, site: Any, tmp_path: Path) -> None:
    """The page with the comment's words is in it, under its address, with its part; nobody finds fault."""
    site.show("/style.css", "p { color: #222 }")
    url = site.show_comment("/post", before="<link rel=stylesheet href=/style.css>")

    capture = capturer.capture(url, TEXT, "c1")
    wacz = page_wacz(capture, PACKAGE, sign, NOW)

    assert capture.comment_text_visible
    assert wacz is not None
    code, said = reading.wacz_validate(wacz, tmp_path)
    assert code == 0, said
    warc = reading.parts(wacz)["archive/data.warc.gz"]
    reading.warcio_check(warc, tmp_path)
    bodies = {
        record.rec_headers.get_header("WARC-Target-URI"): record.body
        for record in reading.read(warc)
        if record.rec_type == "response"
    }
    assert TEXT.encode() in bodies[url]
    assert bodies[f"http://{site.host}/style.css"] == b"p { color: #222 }"
    assert page_wacz(capture, PACKAGE, sign, NOW) == wacz
