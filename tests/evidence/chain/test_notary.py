"""The notary: signs what is new, refuses a log that isn't the one it signed, and never stamps as of earlier."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError, EvidenceError
from bot.evidence.chain.checkpoint import Note, signed
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.keys import evidence_key, make_evidence_key
from bot.evidence.chain.log import Log
from bot.evidence.chain.merkle import read_tree
from bot.evidence.chain.notary import Notary
from bot.evidence.chain.places import FilePlace, place_of
from tests.evidence.chain.authority import Stamper
from tests.evidence.chain.conftest import OpenDesk

MINUTE = timedelta(seconds=60)


class Office:
    """An archive with a log, a clock that is set by hand, and a notary who tells us what it has to say."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "archive"
        self.key = folder / "keys" / "evidence.pem"
        self.now = datetime.now(UTC)
        self.told: list[str] = []
        self.log = Log(self.root / "log")
        self.folder = CheckpointFolder(self.root)

    def notary(self, *urls: str, roots: Path | None = None, key: str = "") -> Notary:
        """A notary of this archive, as another process would have one."""
        log = Log(self.root / "log")
        source = key or str(self.key)
        return Notary(
            self.root,
            log,
            source,
            urls,
            roots,
            clock=lambda: self.now,
            tell=lambda sentence, _: self.told.append(sentence),
        )

    def write(self, lines: int = 1) -> None:
        """So many lines more."""
        for number in range(lines):
            self.log.append("action", {"number": number}, self.now)

    def later(self, length: timedelta = MINUTE) -> datetime:
        """Let time pass."""
        self.now += length
        return self.now

    @property
    def entries(self) -> Path:
        """The file of the log."""
        return self.root / "log" / "entries.jsonl"

    def rewrite(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Write the log anew."""
        self.entries.write_bytes(b"".join(change(self.entries.read_bytes().splitlines(keepends=True))))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An archive with nothing in it."""
    return Office(tmp_path)


def test_an_empty_archive_has_no_checkpoint(office: Office) -> None:
    """Nothing to sign: no key is made, no file is written."""
    notary = office.notary()

    notary.tick(office.now)
    notary.close()

    assert office.folder.sizes() == []
    assert not office.key.exists()
    assert office.told == []


def test_the_first_checkpoint_names_the_key_in_the_log_and_covers_it(office: Office) -> None:
    """So a checkpoint is never signed by a key that its own lines don't name."""
    office.write(3)

    office.notary().tick(office.now)

    note = office.folder.read(4)
    last = json.loads(office.entries.read_bytes().splitlines()[-1])
    assert (last["type"], last["previous"]) == ("key", None)
    assert note.checkpoint.root == read_tree(office.entries).root()
    key = evidence_key(FilePlace(office.key))
    assert key is not None
    assert note.signed_by(key.public)
    assert (office.root / "log" / "keys" / f"{last['key_id']}.pub.pem").read_text() == last["public_pem"]
    assert oct(office.folder.note(4).stat().st_mode)[-3:] == "444"


def test_at_the_start_the_key_is_named_before_anything_is_sealed(office: Office) -> None:
    """So that the first package can say which key will vouch for it."""
    with office.notary().on_duty(), office.notary().on_duty():
        known = office.notary().standing().key
        lines = Log(office.root / "log").head().lines

    assert known is not None
    assert known.line == 0
    assert lines == 1
    assert (office.root / "log" / "keys" / f"{known.key_id}.pub.pem").exists()


def test_what_is_new_is_signed_after_a_minute_or_a_hundred_lines(office: Office) -> None:
    """Not for each line, and not again while nothing is new."""
    notary = office.notary()
    office.write(3)
    notary.tick(office.now)
    office.write(99)

    notary.tick(office.later(timedelta(seconds=59)))
    before_either = office.folder.sizes()
    office.write()
    notary.tick(office.now)
    after_a_hundred = office.folder.sizes()
    office.write()
    notary.tick(office.later())
    notary.tick(office.later(timedelta(days=1)))

    assert before_either == [4]
    assert after_a_hundred == [4, 104]
    assert office.folder.sizes() == [4, 104, 105]


def test_at_exit_what_is_new_is_signed(office: Office) -> None:
    """A daemon that is stopped leaves no line uncovered."""
    notary = office.notary()
    office.write(3)
    notary.tick(office.now)
    office.write()

    notary.close()

    assert office.folder.sizes() == [4, 5]


def _cut(lines: list[bytes]) -> list[bytes]:
    return lines[:2]


def _rewritten(lines: list[bytes]) -> list[bytes]:
    """The first line changed and every link after it made good again: the chain by itself is sound."""
    import hashlib

    done: list[bytes] = []
    before = "0" * 64
    for number, line in enumerate(lines):
        facts = {**json.loads(line), "prev": before}
        if number == 0:
            facts["number"] = 99
        done.append(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        before = hashlib.sha256(done[-1][:-1]).hexdigest()
    return done


@pytest.mark.parametrize(("change", "sentence"), [(_cut, "were cut off"), (_rewritten, "lines were changed")])
def test_a_log_that_is_not_the_one_that_was_signed_gets_no_checkpoint(
    office: Office, change: Callable[[list[bytes]], list[bytes]], sentence: str
) -> None:
    """Even one whose own chain is sound again. Told once; with the true log back, it goes on."""
    office.write(3)
    office.notary().tick(office.now)
    whole = office.entries.read_bytes()
    office.rewrite(change)
    Log(office.root / "log").append("action", {"number": 7}, office.now)
    notary = office.notary()

    for _ in range(5):
        notary.tick(office.later())
    broken = list(office.told)
    with pytest.raises(EvidenceError, match=sentence):
        notary.checkpoint(office.now)
    office.entries.write_bytes(whole)
    mended = office.notary()
    mended.tick(office.later())

    assert office.folder.sizes() == [4]
    assert len(broken) == 1
    assert sentence in broken[0]


def test_nothing_is_done_on_the_strength_of_a_log_that_is_not_the_one_that_was_signed(office: Office) -> None:
    """Whoever acts asks; a key that lies open is no such reason, and the true log put back is none any more."""
    office.write(3)
    notary = office.notary()
    notary.tick(office.now)
    whole = office.entries.read_bytes()
    before = notary.why_not()
    other = office.notary()
    office.rewrite(_cut)
    other.tick(office.later())
    Log(office.root / "log").append("action", {"number": 7}, office.now)
    other.tick(office.later())
    cut = other.why_not()
    office.entries.write_bytes(whole)
    mended = office.notary()
    office.key.chmod(0o644)
    office.write()
    mended.tick(office.later())

    assert before is None
    assert cut is not None
    assert "were cut off" in cut
    assert "chmod 600" in office.told[-1]
    assert mended.why_not() is None


def test_a_log_that_stays_rewritten_stays_so_while_nothing_new_comes(office: Office) -> None:
    """Nothing to sign is no proof that all is well again: it is looked at anew, until the true log is back."""
    office.write(3)
    office.notary().tick(office.now)
    whole = office.entries.read_bytes()
    office.rewrite(_rewritten)
    notary = office.notary()
    reasons = []
    with notary.on_duty():
        for _ in range(3):
            notary.tick(office.later())
            reasons.append(notary.why_not() is not None)
        office.entries.write_bytes(whole)
        notary.tick(office.later())
        reasons.append(notary.why_not() is not None)

    assert reasons == [True, True, True, False]
    assert len(office.told) == 2


def test_a_daemon_does_not_start_with_a_key_that_lies_open(office: Office) -> None:
    """Nor with one that is lost: one sentence, and nothing was begun."""
    with office.notary().on_duty():
        office.write()
    office.key.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"), office.notary().on_duty():
        pass
    office.key.unlink()
    with pytest.raises(ConfigError, match="put it back from a copy"), office.notary().on_duty():
        pass

    assert office.folder.sizes() == [2]


def test_a_disk_that_fails_is_told_by_who_seals_and_not_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarm about the disk is raised where nothing can be sealed; here it is only logged."""
    office.write()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("bot.evidence.storage.durable.append", full)
        office.notary().tick(office.now)

    assert office.told == []
    assert office.folder.sizes() == []


def test_trouble_is_told_once_and_so_is_its_end(office: Office) -> None:
    """A key that lies open for a night is two sentences, not five hundred."""
    office.write(3)
    notary = office.notary()
    notary.tick(office.now)
    office.key.chmod(0o644)
    office.write()
    for _ in range(10):
        notary.tick(office.later())

    office.key.chmod(0o600)
    for _ in range(3):
        notary.tick(office.later())

    assert len(office.told) == 2
    assert "chmod 600" in office.told[0]
    assert office.told[1] == "Checkpoints of the evidence log are signed again."
    assert office.folder.sizes() == [4, 5]


def test_a_checkpoint_that_was_taken_away_is_missed(office: Office) -> None:
    """Whoever cuts the log must take the checkpoint, too; a running notary remembers it."""
    office.write(3)
    notary = office.notary()
    notary.tick(office.now)
    office.write()
    office.folder.note(4).unlink()

    notary.tick(office.later())

    assert "The checkpoint of 4 lines is gone" in office.told[0]
    assert office.folder.sizes() == []


def test_a_checkpoint_by_a_stranger_is_not_built_upon(office: Office, tmp_path: Path) -> None:
    """Signed by a key that the log doesn't name: nothing is signed on top of it."""
    office.write(3)
    office.notary().tick(office.now)
    stranger = make_evidence_key(FilePlace(tmp_path / "stranger.pem"))
    forged = signed(office.folder.read(4).checkpoint, stranger)
    office.folder.note(4).unlink()
    office.folder.put(forged)
    office.write()

    office.notary().tick(office.later())

    assert "not signed by the key that the log names" in office.told[0]
    assert office.folder.sizes() == [4]


def test_a_line_changed_on_the_disk_is_noticed_within_the_hour(office: Office) -> None:
    """What the notary remembers of old lines is read again from the disk every hour."""
    office.write(3)
    notary = office.notary()
    notary.tick(office.now)
    office.write()
    office.rewrite(lambda lines: [lines[0].replace(b'"number":0', b'"number":9'), *lines[1:]])

    notary.tick(office.later(timedelta(hours=1)))

    assert "lines were changed" in office.told[0]
    assert office.folder.sizes() == [4]


def test_many_processes_make_one_series_of_checkpoints(office: Office) -> None:
    """Each is of the same log, signed by the same key, and follows from the one before."""
    program = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from bot.evidence.chain.log import Log; from bot.evidence.chain.notary import Notary\n"
        "root = Path(sys.argv[1]); log = Log(root / 'log'); notary = Notary(root, log, sys.argv[2])\n"
        "for number in range(12):\n"
        "    log.append('action', {'number': number}, datetime.now(UTC))\n"
        "    notary.checkpoint(datetime.now(UTC))\n"
    )
    command = [sys.executable, "-c", program, str(office.root), str(office.key)]
    children = [subprocess.Popen(command) for _ in range(3)]

    assert [child.wait(60) for child in children] == [0, 0, 0]

    tree = read_tree(office.entries)
    (known,) = office.notary().keys()
    assert tree.size == 37
    sizes = office.folder.sizes()
    assert sizes[-1] == 37
    for size in sizes:
        note = office.folder.read(size)
        assert note.checkpoint.root == tree.root(size)
        assert note.signed_by(known.public)


def test_openssl_checks_a_checkpoint_on_the_disk(office: Office) -> None:
    """The commands of the documentation, run in the archive."""
    office.write(3)
    office.notary().tick(office.now)
    commands = (
        "sed '/^$/,$d' log/checkpoints/000000000004.note > /tmp/body.$$;"
        " tail -n 1 log/checkpoints/000000000004.note | awk '{print $3}' | base64 -d | tail -c 64 > /tmp/sig.$$;"
        " openssl pkeyutl -verify -pubin -inkey log/keys/*.pub.pem -rawin -in /tmp/body.$$ -sigfile /tmp/sig.$$;"
        " code=$?; rm /tmp/body.$$ /tmp/sig.$$; exit $code"
    )

    done = subprocess.run(["bash", "-c", commands], cwd=office.root, capture_output=True, text=True)

    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully")


# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_handed_on_and_the_old_one_still_vouches_for_its_time(office: Office) -> None:
    """What was there is signed by the old key, the rest by the new; both public keys stay."""
    office.write(3)
    notary = office.notary()
    notary.tick(office.now)
    office.write()

    new = notary.rotate(office.later())

    first, second = office.notary().keys()
    assert second == new
    assert office.folder.sizes() == [4, 5, 6]
    assert [office.folder.read(size).signed_by(first.public) for size in (4, 5, 6)] == [True, True, False]
    assert office.folder.read(6).signed_by(second.public)
    assert {note.checkpoint.origin for note in map(office.folder.read, (4, 6))} == {
        office.folder.read(4).checkpoint.origin
    }
    kept = evidence_key(FilePlace(office.key))
    assert kept is not None
    assert kept.public == second.public
    assert len(list((office.root / "log" / "keys").iterdir())) == 2
    assert list(office.key.parent.iterdir()) == [office.key]
    office.write()
    office.notary().tick(office.later())
    assert office.told == []
    assert office.folder.sizes() == [4, 5, 6, 7]


def test_the_first_key_of_an_archive_may_be_handed_on_at_once(office: Office) -> None:
    """Rotation before anything was sealed names both keys."""
    office.notary().rotate(office.now)

    assert len(office.notary().keys()) == 2
    assert office.folder.sizes() == [2]


class Crash(Exception):
    """The process dies here."""


@pytest.mark.parametrize("step", ["before the line", "after the line", "before the old one is dropped"])
def test_a_crash_while_handing_on_leaves_an_archive_that_goes_on(
    office: Office, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever step it dies at: the next use finds the right key, or finishes putting it in place."""
    office.write(3)
    office.notary().tick(office.now)

    def die(*_: object) -> Any:
        raise Crash

    with monkeypatch.context() as patch:
        if step == "before the line":
            patch.setattr("bot.evidence.chain.keys.KeyHistory.line_for", die)
        elif step == "after the line":
            patch.setattr(FilePlace, "replace", die)
        else:
            replace = FilePlace.replace
            patch.setattr(FilePlace, "replace", lambda place, pem: (replace(place, pem), die()))
        with pytest.raises(Crash):
            office.notary().rotate(office.now)
    office.write()
    notary = office.notary()
    notary.tick(office.later())

    keys = notary.keys()
    assert office.told == []
    assert len(keys) == (1 if step == "before the line" else 2)
    assert office.folder.read(office.folder.sizes()[-1]).signed_by(keys[-1].public)
    notary.rotate(office.later())
    assert list(office.key.parent.iterdir()) == [office.key]
    assert len(notary.keys()) == len(keys) + 1


def test_a_lost_key_is_not_replaced_by_a_new_one(office: Office) -> None:
    """A new key that nobody signed for would look like an intruder's; the sentence says what can be done."""
    office.write(3)
    office.notary().tick(office.now)
    office.key.unlink()
    office.write()

    office.notary().tick(office.later())

    assert "put it back from a copy" in office.told[0]
    assert not office.key.exists()
    assert office.folder.sizes() == [4]


def test_another_key_in_its_place_signs_nothing(office: Office) -> None:
    """It is held against the log before it is used."""
    office.write(3)
    office.notary().tick(office.now)
    office.key.unlink()
    make_evidence_key(place_of(str(office.key)))
    office.write()

    office.notary().tick(office.later())

    assert "another key than the evidence log names" in office.told[0]
    assert office.folder.sizes() == [4]


def test_a_keyring_without_the_entry_is_a_sentence(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made in a keyring unasked: it may only be the wrong one."""
    monkeypatch.setattr("bot.evidence.chain.places.KeyringPlace.read", lambda _: None)
    office.write()

    with pytest.raises(ConfigError, match="`beadle evidence key make`"):
        office.notary(key="keyring:city").checkpoint(office.now)


# ── time stamps ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_is_stamped_by_both_authorities(
    office: Office, alpha: Stamper, beta: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """Question, whole answer and roots lie beside it, and openssl agrees with the commands of the documentation."""
    office.write(3)

    office.notary(open_desk(alpha).url, open_desk(beta).url, roots=roots).tick(office.now)

    names = sorted(path.name for path in office.folder.directory.iterdir())
    assert names == [f"000000000004.{end}" for end in ("1.tsq", "1.tsr", "2.tsq", "2.tsr", "note")]
    for place in (1, 2):
        command = f"openssl ts -verify -in checkpoints/000000000004.{place}.tsr -CAfile tsa-roots.pem -data"
        done = subprocess.run(
            [*command.split(), "checkpoints/000000000004.note"], cwd=office.root / "log", capture_output=True, text=True
        )
        assert done.stdout.strip() == "Verification: OK"
        query = office.folder.query(4, place).read_bytes()
        assert office.folder.reply(4, place).stat().st_mode & 0o777 == 0o444
        assert len(query) > 50


def test_at_most_one_checkpoint_a_minute_is_stamped_and_it_is_the_newest(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """A busy minute makes many checkpoints; one stamp over the newest covers them all."""
    desk = open_desk(alpha)
    notary = office.notary(desk.url, roots=roots)
    office.write()
    notary.tick(office.now)
    for _ in range(3):
        office.write(100)
        notary.tick(office.later(timedelta(seconds=10)))
    after_half_a_minute = len(desk.asked)

    notary.tick(office.later())
    notary.tick(office.later())

    assert office.folder.sizes() == [2, 102, 202, 302]
    assert after_half_a_minute == 1
    assert [(reply.size, reply.place) for reply in office.folder.replies()] == [(2, 1), (302, 1)]
    assert len(desk.asked) == 2


def test_what_an_outage_delayed_is_stamped_with_the_time_that_it_then_is(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """Pending, retried less and less often, told once after six hours, then stamped: never as of earlier."""
    desk = open_desk(alpha)
    desk.instead = lambda handler: handler.connection.close()
    notary = office.notary(desk.url, roots=roots)
    office.write()
    asked = 0
    begun = office.now - timedelta(hours=7)
    office.now = begun
    notary.tick(office.now)
    os.utime(office.folder.note(2), (begun.timestamp(), begun.timestamp()))
    (pending,) = notary.standing().owed
    while office.now < begun + timedelta(hours=7):
        before = len(office.told)
        notary.tick(office.later())
        asked += len(office.told) - before
    silent = list(office.told)
    desk.instead = None
    notary.tick(office.later(timedelta(minutes=31)))

    (owed,) = notary.standing().owed
    assert (pending.stamped, pending.waiting_since) == (None, begun)
    assert asked == 1
    assert "127.0.0.1 has given no time stamp for 6 h" in silent[0]
    assert "gives time stamps again" in office.told[1]
    assert owed.stamped == 2
    assert owed.waiting_since is None
    assert owed.at is not None
    assert abs(owed.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert owed.at - begun > timedelta(hours=6)


def test_a_failing_authority_is_asked_less_and_less_often(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """After 1, 2, 4, 8, 16 and then every 30 minutes."""
    desk = open_desk(alpha)
    tries: list[timedelta] = []
    begun = office.now
    notary = office.notary(desk.url, roots=roots)

    def fail(query: bytes) -> bytes:
        tries.append(office.now - begun)
        return b"no"

    desk.answer = fail
    office.write()
    notary.tick(office.now)
    for _ in range(120):
        notary.tick(office.later())

    assert [round(each / MINUTE) for each in tries] == [0, 1, 3, 7, 15, 31, 61, 91]


def test_one_authority_that_fails_does_not_stop_the_other(
    office: Office, alpha: Stamper, beta: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """That is why there are two."""
    dead = open_desk(alpha)
    dead.answer = lambda query: b"\x30\x03\x02\x01\x00"

    office.write()
    notary = office.notary(dead.url, open_desk(beta).url, roots=roots)
    notary.tick(office.now)

    first, second = notary.standing().owed
    assert (first.stamped, second.stamped) == (None, 2)
    assert "does not hold" in first.why or "no time stamp" in first.why
    assert not office.folder.reply(2, 1).exists()


def test_an_answer_that_does_not_hold_is_not_kept_as_a_stamp(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk, tmp_path: Path
) -> None:
    """Whoever intercepts plain http can withhold a stamp, and forge none."""
    impostor = Stamper(tmp_path / "impostor", "Alpha")
    desk = open_desk(impostor)

    office.write()
    notary = office.notary(desk.url, roots=roots)
    notary.tick(office.now)

    assert len(desk.asked) == 1
    assert office.folder.replies() == []
    assert "none of the roots" in notary.standing().owed[0].why


def test_a_crash_between_checkpoint_and_stamp_is_taken_up_again(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """The next process stamps what the last one only signed, in its own name and with nothing lost."""
    office.write()
    office.notary().tick(office.now)
    assert office.folder.replies() == []

    office.notary(open_desk(alpha).url, roots=roots).tick(office.later())

    assert [(reply.size, reply.place) for reply in office.folder.replies()] == [(2, 1)]


def test_a_crash_between_question_and_answer_asks_the_same_question(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question that was kept stays the one that the kept answer answers."""
    desk = open_desk(alpha)
    office.write()
    keep = CheckpointFolder.keep

    def die(folder: CheckpointFolder, path: Path, data: bytes) -> None:
        if path.suffix == ".tsr":
            raise Crash
        keep(folder, path, data)

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointFolder, "keep", die)
        with pytest.raises(Crash):
            office.notary(desk.url, roots=roots).tick(office.now)
    office.notary(desk.url, roots=roots).tick(office.later())

    assert desk.asked[0] == desk.asked[1] == office.folder.query(2, 1).read_bytes()
    assert office.notary(desk.url, roots=roots).standing().owed[0].at is not None


def test_two_processes_do_not_stamp_the_same_checkpoint_twice(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """While one asks, the other lets it be; afterwards it finds the stamp."""
    desk = open_desk(alpha)
    office.write()
    other = office.notary(desk.url, roots=roots)

    def meanwhile(query: bytes) -> bytes:
        other.tick(office.now)
        return alpha.answer(query)

    desk.answer = meanwhile
    office.notary(desk.url, roots=roots).tick(office.now)
    other.tick(office.later())

    assert len(desk.asked) == 1
    assert len(office.folder.replies()) == 1


def test_the_copy_of_the_roots_grows_and_loses_none(
    office: Office, alpha: Stamper, beta: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """An authority that is left later must still be checkable with what lies in the archive."""
    roots.write_bytes(alpha.root)
    office.write()
    office.notary(open_desk(alpha).url, roots=roots).tick(office.now)
    roots.write_bytes(beta.root)
    office.write()
    office.notary(open_desk(beta).url, roots=roots).tick(office.later())

    assert office.folder.roots.read_bytes() == alpha.root + beta.root


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_roots_that_are_none_stamp_nothing_and_say_why(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk, content: bytes | None
) -> None:
    """A missing file, an empty one, and one of something else."""
    roots.unlink()
    if content is not None:
        roots.write_bytes(content)
    office.write()
    notary = office.notary(open_desk(alpha).url, roots=roots)

    notary.tick(office.now)

    assert "roots.pem" in notary.standing().owed[0].why
    assert office.folder.sizes() == [2]


def test_authorities_without_roots_say_which_setting_is_missing(
    office: Office, alpha: Stamper, open_desk: OpenDesk
) -> None:
    """Checkpoints are made all the same."""
    office.write()
    notary = office.notary(open_desk(alpha).url)

    notary.tick(office.now)

    assert "BEADLE_TIMESTAMP_ROOTS" in notary.standing().owed[0].why


def test_clocks_that_differ_are_told_once(office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk) -> None:
    """The stamp counts with its own time; this machine's clock is what a person should look at."""
    notary = office.notary(open_desk(alpha).url, roots=roots)
    office.later(timedelta(minutes=10))
    for _ in range(3):
        office.write()
        notary.tick(office.later())

    assert len(office.told) == 1
    assert "NTP" in office.told[0]
    assert len(office.folder.replies()) == 3


def test_how_the_proof_stands_is_read_from_the_disk(
    office: Office, alpha: Stamper, roots: Path, open_desk: OpenDesk
) -> None:
    """For the digest and the doctor: newest checkpoint, lines that it does not cover, what is owed."""
    notary = office.notary(open_desk(alpha).url, roots=roots)
    office.write(3)
    notary.tick(office.now)
    office.write(2)

    standing = office.notary(open_desk(alpha).url, roots=roots).standing()

    assert isinstance(standing.note, Note)
    assert (standing.note.checkpoint.size, standing.lines, standing.uncovered, standing.trouble) == (4, 6, 2, None)
    assert standing.owed[0].stamped == 4
