"""The hash-linked log: appended to by anybody, broken by nobody unseen."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import EvidenceError
from bot.evidence.chain.log import BEGINNING, Log

NOW = datetime(2026, 11, 20, 11, 2, 14, tzinfo=UTC)


def test_every_line_carries_the_digest_of_the_line_before_it(tmp_path: Path) -> None:
    """A shell with sha256sum can follow the chain: no library of ours is needed."""
    log = Log(tmp_path)

    for number in range(3):
        log.append("action", {"number": number}, NOW)

    before = BEGINNING
    for number, line in enumerate((tmp_path / "entries.jsonl").read_bytes().split(b"\n")[:-1]):
        facts = json.loads(line)
        assert (facts["prev"], facts["seq"], facts["type"]) == (before, number, "action")
        before = hashlib.sha256(line).hexdigest()
    assert str(log.head()) == f"3:{before}"


def test_several_writers_make_one_chain(tmp_path: Path) -> None:
    """Threads with logs of their own, as the daemon and the command line have, never fork the chain."""
    threads = [threading.Thread(target=_append_ten, args=(tmp_path, name)) for name in "abcd"]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Log(tmp_path).head().lines == 40


def test_another_process_may_append_at_the_same_time(tmp_path: Path) -> None:
    """The lock holds between processes, too."""
    program = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from bot.evidence.chain.log import Log\n"
        "log = Log(Path(sys.argv[1]))\n"
        "for number in range(20): log.append('action', {'number': number}, datetime.now(UTC))\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(2)]
    _append_ten(tmp_path, "here")

    assert [child.wait(60) for child in children] == [0, 0]
    assert Log(tmp_path).head().lines == 50


def test_a_torn_last_line_is_kept_aside_and_reported(tmp_path: Path) -> None:
    """A crash in the middle of a line loses nothing: the piece is kept, a line says so, and the chain goes on."""
    log = Log(tmp_path)
    log.append("action", {"number": 1}, NOW)
    with (tmp_path / "entries.jsonl").open("ab") as file:
        file.write(b'{"half":')

    log.append("action", {"number": 2}, NOW)

    lines = [json.loads(line) for line in (tmp_path / "entries.jsonl").read_bytes().splitlines()]
    assert [line["type"] for line in lines] == ["action", "torn-line", "action"]
    assert (tmp_path.parent / tmp_path.name / "torn" / Path(lines[1]["kept_as"]).name).read_bytes() == b'{"half":'
    assert lines[1]["sha256"] == hashlib.sha256(b'{"half":').hexdigest()
    assert Log(tmp_path).head().lines == 3


def test_a_torn_line_does_not_hide_the_head(tmp_path: Path) -> None:
    """Whoever only reads sees the whole lines."""
    log = Log(tmp_path)
    line = log.append("action", {}, NOW)
    with (tmp_path / "entries.jsonl").open("ab") as file:
        file.write(b'{"half":')

    assert Log(tmp_path).head().sha256 == line.sha256


@pytest.mark.parametrize("old", [b'"number":1', b'"seq":1', b'"type"'])
def test_nothing_is_added_to_a_broken_chain(tmp_path: Path, old: bytes) -> None:
    """A log that can't be trusted stops the sealing, and with it every act."""
    log = Log(tmp_path)
    for number in range(3):
        log.append("action", {"number": number}, NOW)
    path = tmp_path / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(old, old.swapcase().replace(b"1", b"7"), 1))

    with pytest.raises(EvidenceError, match="broken at line"):
        Log(tmp_path).append("action", {}, NOW)


def test_a_log_that_was_cut_while_we_run_is_noticed(tmp_path: Path) -> None:
    """The end that we remember must still be there."""
    log = Log(tmp_path)
    for number in range(3):
        log.append("action", {"number": number}, NOW)
    path = tmp_path / "entries.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))

    with pytest.raises(EvidenceError, match="cut or changed"):
        log.append("action", {}, NOW)


def test_a_key_makes_a_second_line_the_first(tmp_path: Path) -> None:
    """The same kind and key twice is one line, whoever writes it."""
    first = Log(tmp_path).append("export", {"of": 1}, NOW, key="k")

    assert Log(tmp_path).append("export", {"of": 2}, NOW, key="k") == first
    assert Log(tmp_path).head().lines == 1


def test_the_fields_of_the_chain_cannot_be_given_from_outside(tmp_path: Path) -> None:
    """Nobody sets ``prev`` or ``seq`` by passing a fact of that name."""
    with pytest.raises(ValueError, match="prev"):
        Log(tmp_path).append("action", {"prev": "0" * 64}, NOW)


def _append_ten(directory: Path, name: str) -> None:
    log = Log(directory)
    for number in range(10):
        log.append("action", {"by": name, "number": number}, NOW)
