"""The city's list of what must never be copied."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.evidence.media.hashes import NeverCopy, load

FILE = b"the bytes of a file"


def test_a_file_is_known_by_either_digest(tmp_path: Path) -> None:
    """SHA-256 and MD5, in either case, with comments and empty lines between."""
    md5 = hashlib.md5(FILE, usedforsecurity=False).hexdigest().upper()
    for digest in (hashlib.sha256(FILE).hexdigest(), md5):
        path = _list(tmp_path, f"# from the state police\n\n  {digest}  # case 12\r\n")

        assert load(path).names(FILE)
        assert not load(path).names(FILE + b"!")


@pytest.mark.parametrize("line", ["not a digest", "abc123", "f" * 40, "f" * 63, "g" * 64, "f" * 64 + " f", "f" * 1_200])
def test_a_line_that_is_no_digest_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    """A list that is read in part would protect nobody who is on the rest of it. SHA-1 is not read either."""
    path = _list(tmp_path, f"# two good lines\n{'0' * 64}\n{line}\n")

    with pytest.raises(ConfigError) as refused:
        load(path)

    assert refused.value.sentence.startswith(f"{path}:3: must be a SHA-256")
    assert line not in refused.value.sentence


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00binary"])
def test_a_list_that_cannot_be_read_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    """Without the list nobody would know that it is missing."""
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match="BEADLE_MEDIA_HASHES"):
        load(path)


def test_without_a_list_nothing_is_named(tmp_path: Path) -> None:
    """The list is the city's to bring."""
    assert load(None) == NeverCopy()
    assert not load(None).names(FILE)


def test_the_digests_are_not_printed(tmp_path: Path) -> None:
    """A log line that shows the list would hand it on."""
    digest = hashlib.sha256(FILE).hexdigest()

    assert digest not in repr(load(_list(tmp_path, digest)))
    assert len(load(_list(tmp_path, digest))) == 1


def _list(folder: Path, text: str) -> Path:
    path = folder / "list.txt"
    path.write_bytes(text.encode())
    return path
