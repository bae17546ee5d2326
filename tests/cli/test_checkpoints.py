"""`beadle evidence key`, `checkpoint` and `stamps`, with the real command."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.configuration import utc_now
from bot.demo.home import Home
from bot.evidence.chain.checkpoint import read_note
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.log import Log
from tests.cli.conftest import Beadle
from tests.evidence.chain.authority import Desk, Stamper
from tests.evidence.chain.conftest import OpenDesk, alpha, open_desk

__all__ = ["alpha", "open_desk"]


@pytest.fixture
def log(home: Home) -> Log:
    """The log of the archive, with three lines in it."""
    made = Log(home.archive / "log")
    for number in range(3):
        made.append("action", {"number": number}, utc_now())
    return made


@pytest.fixture
def desk(alpha: Stamper, open_desk: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An authority that the environment names."""
    (tmp_path / "roots.pem").write_bytes(alpha.root)
    opened = open_desk(alpha)
    monkeypatch.setenv("BEADLE_TIMESTAMP_URLS", opened.url)
    monkeypatch.setenv("BEADLE_TIMESTAMP_ROOTS", str(tmp_path / "roots.pem"))
    return opened


def test_an_empty_archive_has_nothing_to_sign(home: Home, beadle: Beadle) -> None:
    """Said in a sentence each, and nothing is made."""
    checkpoint, key, stamps = (beadle("evidence", what) for what in ("checkpoint", "key", "stamps"))

    assert (checkpoint.code, checkpoint.out) == (1, "")
    assert "nothing to sign" in checkpoint.err
    assert "names no key yet" in key.out
    assert "no checkpoint yet" in stamps.out
    assert not Path(os.environ["BEADLE_EVIDENCE_KEY"]).exists()


def test_a_checkpoint_can_be_made_at_once_and_printed(log: Log, home: Home, beadle: Beadle) -> None:
    """What is printed is the note, byte for byte, to be piped into a file; the remarks go to the other stream."""
    said = beadle("evidence", "checkpoint")

    note = read_note(said.out.encode())
    assert note.checkpoint.size == 4
    assert note.data == CheckpointFolder(home.archive).read(4).data
    assert "No time stamp authority is named" in said.err


def test_the_key_is_shown_with_its_public_half_alone(log: Log, home: Home, beadle: Beadle) -> None:
    """Id, since when, and what a city keeps elsewhere; never the private key."""
    beadle("evidence", "checkpoint")

    said = beadle("evidence", "key")

    assert "signs now, since" in said.out
    assert "(line 4 of the log)" in said.out
    assert said.out.endswith("-----END PUBLIC KEY-----\n")
    assert "PRIVATE" not in said.out
    assert os.environ["BEADLE_EVIDENCE_KEY"] in said.out


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_a_key_is_handed_on_only_when_somebody_says_yes(
    log: Log, home: Home, beadle: Beadle, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No, no word, nobody there: nothing is changed. With --yes both keys stand in the list."""
    beadle("evidence", "checkpoint")
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    refused = beadle("evidence", "key", "rotate")
    between = CheckpointFolder(home.archive).sizes()

    done = beadle("evidence", "key", "rotate", "--yes")
    listed = beadle("evidence", "key").out

    assert refused.code == 1
    assert between == [4]
    assert "signs from line 5 of the log on, instead of" in done.out
    assert listed.count("signed before") == listed.count("signs now") == 1
    assert CheckpointFolder(home.archive).sizes() == [4, 5]


def test_a_first_key_is_made_once(home: Home, beadle: Beadle) -> None:
    """A second time it says what replaces it."""
    first, second = beadle("evidence", "key", "make"), beadle("evidence", "key", "make")

    assert first.code == 0
    assert second.code == 1
    assert "`beadle evidence key rotate`" in second.err


def test_a_log_that_was_cut_is_not_signed(log: Log, home: Home, beadle: Beadle) -> None:
    """One sentence, exit status 1, no note on the standard output."""
    beadle("evidence", "checkpoint")
    path = home.archive / "log" / "entries.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    said = beadle("evidence", "checkpoint")

    assert (said.code, said.out) == (1, "")
    assert "lines were cut off" in said.err


def test_stamps_are_listed_with_what_they_are_worth(log: Log, home: Home, beadle: Beadle, desk: Desk) -> None:
    """Stamped, covered by a later one, pending, late and false, each in its row; a false one is exit status 1."""
    folder = CheckpointFolder(home.archive)
    beadle("evidence", "checkpoint")
    early = (utc_now() - timedelta(hours=2)).timestamp()
    os.utime(folder.note(4), (early, early))
    desk.instead = lambda handler: handler.connection.close()
    log.append("action", {}, utc_now())
    beadle("evidence", "checkpoint")
    pending = beadle("evidence", "stamps")
    desk.instead = None
    log.append("action", {}, utc_now())
    beadle("evidence", "checkpoint")
    done = beadle("evidence", "stamps")
    folder.reply(6, 1).chmod(0o644)
    folder.reply(6, 1).write_bytes(folder.reply(4, 1).read_bytes())
    false = beadle("evidence", "stamps")

    assert [row.split()[0] for row in done.out.splitlines()[1:4]] == ["4", "5", "6"]
    assert "stamped late" in pending.out.splitlines()[1]
    assert "pending" in pending.out.splitlines()[2]
    assert "covered" in done.out.splitlines()[2]
    assert "Alpha" in done.out.splitlines()[3]
    assert "stamped the checkpoint of 6 lines" in done.out
    assert (done.code, false.code) == (0, 1)
    assert "invalid" in false.out
