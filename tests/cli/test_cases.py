"""The commands about cases: what they print, what they record, what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session

from bot.demo.home import Home
from bot.ledger import database, switches
from bot.people import this_account
from connectors.contract import Attachment, Author
from tests.cli.conftest import Beadle
from tests.office import COARSE, PROFANE, SLUG, Office, voice

HOSTILE = "\x1b[31mwhat a bitch\x1b[0m \u202egnirts\u202c \x00 [bold]x[/bold] \x07"


def test_without_a_case_it_says_so(office: Office, beadle: Beadle) -> None:
    """An empty list is a sentence, not an empty screen."""
    assert beadle("cases").out == "No case waits for a person.\n"
    assert beadle("cases", "--all").out == "There is no case yet.\n"


def test_the_list_shows_what_waits_and_all_shows_the_rest(office: Office, beadle: Beadle) -> None:
    """A hidden case waits for nobody; --all finds it."""
    waiting, hidden = office.settled_case(COARSE), office.settled_case()
    listed, everything = beadle("cases").out, beadle("cases", "--all").out

    assert waiting in listed
    assert hidden not in listed
    assert waiting in everything
    assert hidden in everything
    assert "3.4.3.A  displayed as Mallory Reyes" in listed


def test_the_list_can_be_of_one_page_and_short(office: Office, beadle: Beadle) -> None:
    """Another page's list is empty; a limit cuts."""
    for number in range(3):
        office.settled_case(f"{COARSE} number {number}")

    assert beadle("cases", "--page", "library").out == "No case waits for a person.\n"
    assert beadle("cases", "--limit", "2").out.count("3.4.3.A") == 2


def test_private_words_are_in_no_list(office: Office, beadle: Beadle) -> None:
    """A list is read over shoulders; the case itself shows them."""
    office.rearrange(auto_hide=None)
    case_id = office.settled_case("his ssn 219-09-9999")
    listed = beadle("cases").out

    assert "219-09-9999" not in listed
    assert "(not shown in a list" in listed
    assert "urgent" in listed
    assert "219-09-9999" in beadle("show", case_id).out


def test_show_tells_everything_about_a_case(office: Office, beadle: Beadle, tmp_path: Path) -> None:
    """Words, clause, version, evidence, history, strike; the card is put where it is asked for."""
    case_id = office.settled_case()
    said = beadle("show", case_id, "--pictures", str(tmp_path / "pictures"))

    for piece in (
        PROFANE,
        "displayed as Mallory Reyes (id a1)",
        "Snow routes are out.",
        "clinton-city, version 2024-01",
        "3.4.3.A",
        "rule obscene-words",
        "verified just now",
        "hide by rule, clause 3.4.3.A",
        "provisional, clause 3.4.3.A",
        "hidden by city",
    ):
        assert piece in said.out
    assert (tmp_path / "pictures" / "card.pdf").read_bytes().startswith(b"%PDF")
    assert "wrote" not in said.out


def test_a_strangers_text_cannot_touch_the_terminal(office: Office, beadle: Beadle) -> None:
    """Escape sequences, bells, direction overrides and markup are written out, in the case and in the list."""
    case_id = office.settled_case(HOSTILE)
    for said in (beadle("show", case_id).out, beadle("cases").out):
        assert not {"\x1b", "\x07", "\x00", "\u202e", "\u202c"} & set(said)
    assert "[bold]x[/bold]" in beadle("show", case_id).out


def test_a_strangers_name_and_address_cannot_touch_the_terminal_either(office: Office, beadle: Beadle) -> None:
    """Whatever a platform delivers beside the words: name, id, link, attachment, and why there is no name."""
    office.settled_case(
        COARSE,
        author=Author("a\x1b[2J1", HOSTILE, HOSTILE),
        permalink=f"https://social.example/{HOSTILE}",
        attachments=(Attachment("photo", f"https://x.example/{HOSTILE}", HOSTILE),),
    )
    nameless = office.settled_case("what a bitch, again", author=Author(unavailable_reason=HOSTILE))
    listed = beadle("cases").out

    for said in (listed, *(beadle("show", case_id).out for case_id in office.all_cases())):
        assert not {"\x1b", "\x07", "\x00", "\u202e", "\u202c"} & set(said)
    assert nameless in listed
    assert listed.count("\n") == 4, "a name can't make a line of its own in a list"


def test_a_comment_of_sixty_thousand_characters_is_cut_for_the_terminal(office: Office, beadle: Beadle) -> None:
    """And how much more there is, is said."""
    case_id = office.settled_case(PROFANE + " and more" * 7_000)
    said = beadle("show", case_id).out

    assert "more characters)" in said
    assert len(said) < 6_000


def test_a_package_that_does_not_hold_is_shown_as_not_proven(office: Office, beadle: Beadle) -> None:
    """Nobody should take an altered package for evidence."""
    case_id = office.settled_case()
    office.package(case_id).unlink()

    assert "NOT PROVEN" in beadle("show", case_id).out


def test_a_case_that_is_not_sealed_yet_says_so(office: Office, beadle: Beadle) -> None:
    """And that nothing is done without it."""
    assert "not sealed yet; nothing is done without it" in beadle("show", office.open_case()).out


def test_a_decision_is_recorded_with_person_account_and_reason(office: Office, beadle: Beadle) -> None:
    """Without a daemon it says what carries it out."""
    case_id = office.settled_case(COARSE)
    said = beadle("keep", case_id, "--as", "noor", "--reason", "she means her dog")
    (decision,) = office.file(case_id).decisions

    assert said.code == 0
    assert said.out.startswith(f"{case_id}: Stays up.")
    assert "No daemon is running" in said.out
    assert (decision.person, decision.account, decision.reason) == ("noor", this_account(), "she means her dog")
    assert "keep by noor (sma; account" in beadle("show", case_id).out


def test_a_removal_asks_for_the_second_and_waits_for_nobody(office: Office, beadle: Beadle) -> None:
    """Nothing is ordered before another person approves."""
    case_id = office.settled_case(COARSE)
    said = beadle("remove", case_id, "--reason", "it must go")

    assert f"`beadle approve {case_id}`" in said.out
    assert "Recorded" not in said.out
    refused = beadle("approve", case_id, "--reason", "I agree with myself")
    assert refused.code == 1
    assert "another person must approve" in refused.err


def test_a_decision_is_reported_as_done_when_the_daemon_has_done_it(office: Office, home: Home, beadle: Beadle) -> None:
    """With a daemon at work the command tells how it came out."""
    case_id = office.settled_case(COARSE)
    with Session(office.route.writing) as session, session.begin():
        session.connection().exec_driver_sql(
            "create trigger at_once after insert on decision begin "
            "update decision set carried_out_at = '2026-11-21 12:00:00' where id = new.id; end"
        )
    with database.one_daemon(database.normalise(home.database_url)):
        said = beadle("keep", case_id, "--reason", "fine")

    assert "Done: waiting." in said.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("show", "fa-nothere"),
            'beadle: there is no case "fa-nothere"; `beadle cases --all` lists those there are.\n',
        ),
        (("keep", "fa-nothere", "--reason", "x"), 'beadle: there is no case "fa-nothere"; `beadle cases --all` lists'),
        (
            ("keep", "x", "--as", "nore", "--reason", "x"),
            'beadle: there is no "nore" in people.yaml; did you mean "noor"?',
        ),
        (("keep", "x", "--as", "gene", "--reason", "x"), "beadle: the account "),
        (("pause", "libary"), 'beadle: there is no page "libary" in pages.yaml; there are: main.'),
        (("digest", "--date", "someday"), 'beadle: --date "someday" is not a day; write it as '),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_one(
    office: Office, beadle: Beadle, words: tuple[str, ...], sentence: str
) -> None:
    """No traceback, nothing on standard output."""
    said = beadle(*words)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(sentence)
    assert said.err.count("\n") == 1


def test_a_reason_is_not_optional(office: Office, beadle: Beadle) -> None:
    """A decision without a why is refused before anything is opened."""
    said = beadle("keep", "fa-x")

    assert said.code == 2
    assert "--reason" in said.err


def test_pausing_and_resuming_tell_what_happened(office: Office, beadle: Beadle) -> None:
    """One page or all; twice is said; what was held back is counted."""
    case_id = office.preserved_case()
    words = [beadle("pause", SLUG, "--reason", "audit").out, beadle("pause", SLUG).out, beadle("pause").out]
    office.work()
    words += [beadle("resume").out, beadle("resume", SLUG).out, beadle("resume", SLUG).out]
    office.review.pause(switches.ALL, voice(), "")

    assert office.case(case_id).status == "paused"
    assert words == [
        "Acts are paused on main.\n",
        "Acts were paused on main already.\n",
        "Acts are paused on every page.\n",
        "Acts go on. 1 held-back cases ask for permission again.\n",
        "Acts go on. 1 held-back cases ask for permission again.\n",
        "Nothing was paused there.\n",
    ]


def test_without_a_database_it_says_what_makes_one(home: Home, beadle: Beadle) -> None:
    """A fresh machine is told the next command."""
    (home.folder / "beadle.db").unlink()
    said = beadle("cases")

    assert (
        said.err == "beadle: there is no database yet; `beadle migrate` makes it, and so does the first `beadle run`.\n"
    )
    assert beadle("migrate").out.endswith("The database is up to date.\n")
    assert beadle("cases").code == 0
