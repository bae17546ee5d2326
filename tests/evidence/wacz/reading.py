"""Reads archives with other people's tools, as whoever doubts ours would."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cdxj_indexer.main import write_cdx_index
from wacz.main import main as py_wacz
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker


def parts(wacz: bytes | None) -> dict[str, bytes]:
    """The files of a WACZ."""
    assert wacz is not None
    with zipfile.ZipFile(io.BytesIO(wacz)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def put_together(files: dict[str, bytes]) -> bytes:
    """A WACZ of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def warcio_check(warc: bytes, folder: Path) -> str:
    """What ``warcio check -v`` says; fails where it finds fault."""
    path = folder / "check.warc.gz"
    path.write_bytes(warc)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = Checker(SimpleNamespace(inputs=[str(path)], verbose=True)).process_all()
    assert not code, said.getvalue()
    return said.getvalue()


def wacz_validate(wacz: bytes, folder: Path) -> tuple[int, str]:
    """The exit code of ``wacz validate`` and what it says."""
    path = folder / "check.wacz"
    path.write_bytes(wacz)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = py_wacz(["validate", "-f", str(path)])
    return code, said.getvalue()


def cdxj_index(warc: bytes, folder: Path) -> str:
    """The index that cdxj-indexer makes of a WARC named ``data.warc.gz``."""
    path = folder / "data.warc.gz"
    path.write_bytes(warc)
    out = io.StringIO()
    write_cdx_index(out, str(path), {"sort": True, "records": "response"})
    return out.getvalue()


def read(warc: bytes) -> list[Any]:
    """Every record as warcio reads it, with its body as ``.body``."""
    found = []
    for record in ArchiveIterator(io.BytesIO(warc), check_digests="raise"):
        record.body = record.content_stream().read()
        found.append(record)
    return found
