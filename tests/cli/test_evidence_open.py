"""`beadle verify`, `beadle evidence open` and `beadle evidence export`: what they print, write and refuse."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.demo.home import Home
from bot.ledger import database
from bot.ledger.tables import DigestRow
from bot.people import this_account
from tests.cli.conftest import Beadle
from tests.office import PROFANE, Office


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keeps the addresses that a browser was asked to show."""
    shown: list[str] = []

    def show(address: str) -> bool:
        shown.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    return shown


def test_open_makes_the_page_of_a_case(office: Office, beadle: Beadle, tmp_path: Path) -> None:
    """By case, by package or by file; it lies where it was asked for, and the check is said."""
    case_id = office.settled_case()
    package = office.package(case_id)
    for number, what in enumerate((case_id, package.stem, str(package))):
        said = beadle("evidence", "open", what, "--to", str(tmp_path / str(number)), "--no-browser")

        assert said.out.splitlines() == [str(tmp_path / str(number) / "index.html"), "Everything is as it was sealed."]
        assert package.stem in (tmp_path / str(number) / "index.html").read_text("utf-8")


def test_open_shows_it_in_the_browser_from_a_private_folder(
    office: Office, beadle: Beadle, no_browser: list[str]
) -> None:
    """Nobody else on the machine may read what is laid open."""
    page = Path(beadle("evidence", "open", office.settled_case()).out.splitlines()[0])

    assert no_browser == [page.as_uri()]
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700


def test_show_opens_it_too(office: Office, beadle: Beadle, no_browser: list[str]) -> None:
    """`beadle show CASE --open`: the case in the terminal and its package in the browser."""
    case_id = office.settled_case()
    said = beadle("show", case_id, "--open")

    assert "verified just now" in said.out
    assert len(no_browser) == 1


def test_open_writes_over_nothing(office: Office, beadle: Beadle, tmp_path: Path) -> None:
    """A folder with something in it is refused, in a sentence."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine")
    said = beadle("evidence", "open", office.settled_case(), "--to", str(tmp_path / "mine"), "--no-browser")

    assert said.code == 1
    assert "is not empty" in said.err
    assert (tmp_path / "mine" / "index.html").read_text() == "mine"


def test_open_says_when_there_is_no_such_case(office: Office, beadle: Beadle) -> None:
    """One sentence, exit status 1."""
    office.settled_case()
    said = beadle("evidence", "open", "case-77", "--no-browser")

    assert (said.code, said.err) == (
        1,
        "beadle: No package has this name, and none was sealed for a case of this name.\n",
    )


def test_an_export_is_made_logged_and_sound(office: Office, beadle: Beadle, tmp_path: Path) -> None:
    """The whole way: signed first, logged with who and the digest, and checked by the program inside."""
    case_id, other = office.settled_case(), office.settled_case(PROFANE + " Twice.")
    said = beadle("evidence", "export", case_id, "--to", str(tmp_path / "out"))
    alone = subprocess.run([sys.executable, "-I", str(tmp_path / "out" / "verify.py")], capture_output=True, text=True)

    assert said.code == 0, said.err
    assert (alone.returncode, alone.stderr) == (0, "")
    assert beadle("verify", str(tmp_path / "out")).code == 0
    line = json.loads((office.route.archive.root / "log" / "entries.jsonl").read_bytes().splitlines()[-1])
    assert line["type"] == "export"
    assert office.package(case_id).stem in line["ids"]
    assert office.package(other).stem not in line["ids"]
    assert line["bag_sha256"] in said.out


def test_an_export_needs_somebody_who_answers_for_it(
    office: Office, home: Home, beadle: Beadle, tmp_path: Path
) -> None:
    """An account that belongs to nobody in people.yaml hands nothing out."""
    case_id = office.settled_case()
    people = home.config / "people.yaml"
    people.write_text(people.read_text("utf-8").replace(this_account(), "somebody-else"), "utf-8")
    said = beadle("evidence", "export", case_id, "--to", str(tmp_path / "out"))

    assert said.code == 1
    assert "belongs to nobody in people.yaml" in said.err
    assert not (tmp_path / "out").exists()


def test_verify_takes_whatever_lies_at_a_path(office: Office, beadle: Beadle) -> None:
    """A package, a supplement, the folder of the archive."""
    case_id = office.settled_case()
    root = office.route.archive.root
    supplement = next(path for path in root.glob("packages/*/*/*/*.zip") if path != office.package(case_id))

    assert "1 package, 0 supplements" in beadle("verify", str(office.package(case_id))).out
    assert "0 packages, 1 supplement" in beadle("verify", str(supplement)).out
    assert "1 package, 1 supplement" in beadle("verify", str(root)).out


def test_verify_holds_the_log_against_what_the_digests_published(office: Office, home: Home, beadle: Beadle) -> None:
    """A head that was mailed out and is in no line of the log any more: somebody cut or rewrote it."""
    office.settled_case()
    _publish(home, office, office.route.archive.head().sha256)
    assert beadle("verify", "--all").code == 0

    _publish(home, office, "ab" * 32)
    said = beadle("verify", "--all")
    assert said.code == 2
    assert "which the digest of 2026-11-20 published" in said.out


def test_verify_says_what_to_do_when_something_is_wrong(office: Office, beadle: Beadle) -> None:
    """A clerk who reads it knows what it means and what not to touch."""
    office.package(office.settled_case()).unlink()
    said = beadle("verify", "--all")

    assert said.code == 3
    assert "MISSING" in said.out
    assert "Leave everything as it is" in said.out


@pytest.mark.parametrize("words", [["--nonsense"], ["a", "b"], ["--all", "--key", "/nowhere"], ["/nowhere"]])
def test_a_mistake_in_the_command_is_64(office: Office, beadle: Beadle, words: list[str]) -> None:
    """The usual 2 of command lines would be taken for altered evidence."""
    assert beadle("verify", *words).code == 64


def test_a_file_of_a_hostile_name_cannot_touch_the_terminal(office: Office, beadle: Beadle) -> None:
    """Whoever may put a file among the packages may name it as they like."""
    office.settled_case()
    (office.route.archive.root / "packages" / "\x1b[31m\u202ex.zip").write_bytes(b"")
    said = beadle("verify", "--all")

    assert said.code == 3
    assert "[U+001B]" in said.out
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out


def _publish(home: Home, office: Office, head: str, text: str = "t") -> None:
    """Keep a digest as sent, with this head and this text in it."""
    engine = database.ledger_engine(database.normalise(home.database_url))
    row = DigestRow(
        day="2026-11-20",
        message_id="m",
        recipients=[],
        subject="s",
        html="h",
        text=text,
        chain_head=head,
        made_at=office.clock(),
    )
    with Session(engine) as session, session.begin():
        session.merge(row)
    engine.dispose()


def test_verify_holds_the_log_against_the_checkpoints_in_the_digests(
    office: Office, home: Home, beadle: Beadle
) -> None:
    """A mail carried a checkpoint of a log that isn't this one: the log was made anew since."""
    office.settled_case()
    assert beadle("evidence", "checkpoint").code == 0
    note = next((office.route.archive.root / "log" / "checkpoints").glob("*.note")).read_text("utf-8")
    _publish(home, office, "", f"Keep this mail.\n\n{note}\nTimes are of UTC.")
    assert beadle("verify", "--all").code == 0

    lines = note.split("\n")
    lines[2] = "A" * 43 + "="
    _publish(home, office, "", "\n".join(lines))
    said = beadle("verify", "--all")
    assert said.code == 2
    assert "kept outside (the digest of 2026-11-20) doesn't fit the log" in said.out
