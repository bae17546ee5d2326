"""The other commands: proof, digest, policy, judging, setting up, a run."""

from __future__ import annotations

import io
import json
import re
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import __version__
from bot.demo.faults import json_answer
from bot.demo.home import Home
from bot.demo.town import Town
from tests.cli.conftest import Beadle
from tests.office import PROFANE, SLUG, Office


def _with_input(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    stdin = io.TextIOWrapper(io.BytesIO("\n".join(lines).encode() + b"\n"))
    monkeypatch.setattr(sys, "stdin", stdin)


# ── proof ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_verify_says_that_everything_is_as_it_was_sealed(office: Office, beadle: Beadle) -> None:
    """One package or the whole archive: exit status 0."""
    package = office.package(office.settled_case())
    one, everything = beadle("verify", str(package)), beadle("verify", "--all")

    assert (one.code, everything.code) == (0, 0)
    assert everything.out.endswith("Everything is as it was sealed.\n")
    assert "1 package, 1 supplement" in everything.out


def test_verify_tells_altered_from_incomplete(office: Office, beadle: Beadle) -> None:
    """2 for a changed byte, 3 for what is not there any more; the sentence names the package."""
    altered, missing = office.package(office.settled_case()), office.package(office.settled_case(PROFANE + " Twice."))
    altered.chmod(0o644)
    altered.write_bytes(altered.read_bytes()[:-3] + b"!!!")
    said = beadle("verify", "--all")
    altered.unlink()
    missing.unlink()

    assert said.code == 2
    assert altered.stem in said.out
    assert beadle("verify", "--all").code == 3


def test_verify_prints_its_report_as_json(office: Office, beadle: Beadle) -> None:
    """For the records custodian's own tools."""
    office.settled_case()
    report = json.loads(beadle("verify", "--all", "--json").out)

    assert (report["exit_code"], report["packages"], report["flaws"]) == (0, 1, [])


@pytest.mark.parametrize("words", [(), ("x.zip", "--all")])
def test_verify_wants_one_package_or_all(beadle: Beadle, words: tuple[str, ...]) -> None:
    """Wrong usage is exit status 64, apart from every finding."""
    said = beadle("verify", *words)

    assert (said.code, said.err) == (64, "Name one package, or --all for the whole archive.\n")


# ── digest ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_digest_is_printed_written_and_sent(office: Office, town: Town, beadle: Beadle, tmp_path: Path) -> None:
    """As text in the terminal, as a page in a file, as a mail to those who get it."""
    office.settled_case()
    page = tmp_path / "digest.html"
    printed = beadle("digest", "--date", "today")
    written = beadle("digest", "--date", "2026-11-21", "--html", str(page))
    before = len(town.mail.messages)
    sent = beadle("digest", "--date", "today", "--send")

    assert printed.out.startswith("Town of Millbrook")
    assert written.out == f"Written to {page}.\n"
    assert page.read_text("utf-8").lower().startswith("<!doctype html")
    assert sent.out == "Sent to gene.kowalczyk@millbrook.example.\n"
    assert len(town.mail.messages) == before + 1


@pytest.mark.parametrize("opened", [True, False])
def test_a_preview_opens_the_browser_or_says_where_it_lies(
    office: Office, beadle: Beadle, monkeypatch: pytest.MonkeyPatch, opened: bool
) -> None:
    """On a server without a browser the file is named instead."""
    asked: list[str] = []

    def open_address(address: str) -> bool:
        asked.append(address)
        return opened

    monkeypatch.setattr(webbrowser, "open", open_address)
    said = beadle("digest", "--preview")

    assert Path(asked[0].removeprefix("file://")).read_text("utf-8").lower().startswith("<!doctype html")
    assert ("No web browser could be opened" in said.out) is not opened
    Path(asked[0].removeprefix("file://")).unlink()


# ── policy and judging ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_policy_is_printed_in_full(home: Home, beadle: Beadle) -> None:
    """The complete answer to "what exactly is blocked?": clauses, rules and every listed word."""
    said = beadle("policy", "print", "clinton-city")

    assert said.code == 0
    for piece in ("3.4.3.A", "obscene-words", "3.4.3.L", "bullshit"):
        assert piece in said.out


def test_the_policies_are_checked_by_their_own_examples(home: Home, beadle: Beadle) -> None:
    """One line a policy; a vague rule is refused by file and line, with exit status 1."""
    good = beadle("policy", "check")
    pack = home.config / "policies" / "clinton-city.yaml"
    lines = pack.read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip() == "measure: hide")
    lines[at] = lines[at].replace("hide", "vanish")
    pack.write_text("\n".join(lines) + "\n", "utf-8")
    bad = beadle("policy", "check")

    assert (good.code, bad.code) == (0, 1)
    assert "\nclinton-city 2024-01: " in f"\n{good.out}"
    assert bad.err.startswith(f"refused: {pack}:{at + 1}: ")
    assert beadle("judge", "--policy", "clinton-city").err.startswith(f"beadle: {pack}:{at + 1}: ")


def test_comments_are_judged_a_line_each(home: Home, beadle: Beadle, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON in, JSON out, in the same order; a line that can't be read is answered too, and the exit status is 1."""
    _with_input(monkeypatch, json.dumps({"text": PROFANE}), json.dumps({"text": "Thank you!"}))
    said = beadle("judge", "--policy", "clinton-city")
    answers = [json.loads(line) for line in said.out.splitlines()]
    _with_input(monkeypatch, "not json", json.dumps({"text": "Thank you!"}))
    broken = beadle("judge", "--policy", "clinton-city")

    assert ([answer["outcome"] for answer in answers], said.code) == (["act", "clear"], 0)
    assert broken.code == 1
    assert ["error" in json.loads(line) for line in broken.out.splitlines()] == [True, False]


def test_a_judgement_is_explained(home: Home, beadle: Beadle) -> None:
    """Which words, which clause, why."""
    said = beadle("explain", PROFANE, "--policy", "clinton-city")

    assert "3.4.3.A" in said.out
    assert "bullshit" in said.out


@pytest.mark.parametrize("platform", ["facebook", "x"])
def test_the_same_words_get_the_same_verdict_on_every_platform(
    home: Home, beadle: Beadle, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """The policy is one; where a comment stands changes nothing."""
    _with_input(monkeypatch, '{"text": "What bullshit"}')
    everywhere = beadle("judge", "--policy", "clinton-city").out
    _with_input(monkeypatch, '{"text": "What bullshit"}')
    assert beadle("judge", "--policy", "clinton-city", "--platform", platform).out == everywhere != ""


def test_a_name_that_is_no_platform_is_a_sentence(home: Home, beadle: Beadle) -> None:
    """What was wrong and what would be right."""
    said = beadle("judge", "--policy", "clinton-city", "--platform", "Face book")
    assert said.code == 1
    assert said.err.startswith('beadle: "Face book" is no platform; write its name in small letters')


def test_an_unknown_policy_is_a_sentence(home: Home, beadle: Beadle) -> None:
    """With those there are."""
    said = beadle("explain", "x", "--policy", "clinton-cty")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("beadle: ")
    assert "clinton-city" in said.err


def test_the_version_is_printed(beadle: Beadle) -> None:
    """And nothing else is done."""
    assert beadle("--version").out == f"beadle {__version__}\n"


# ── setting up ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_policy_pin_writes_the_digests_that_a_policy_needs(beadle: Beadle, home: Home) -> None:
    """A library entry that changed is refused until the new digest is written; a second time nothing is done."""
    entry = home.config / "rules" / "plates@2.yaml"
    entry.write_text(entry.read_text("utf-8").replace("reason: Gives", "reason: Shows"), "utf-8")
    packs = sorted(str(path) for path in (home.config / "policies").glob("*.yaml"))
    refused = beadle("policy", "check")
    pinned = [beadle("policy", "pin", pack).code for pack in packs]
    checked = beadle("policy", "check")
    again = beadle("policy", "pin", packs[0])

    assert (refused.code, 'library rule "plates@2" is not the one' in refused.err) == (1, True)
    assert (set(pinned), checked.code) == ({0}, 0), checked.err
    assert "names the right digests already" in again.out


ANSWERS = (
    "--city", "Millbrook", "--page", "main", "--page-id", "1012", "--name", "Noor Haddad",
    "--email", "noor@millbrook.example", "--policy", "clinton-city", "--account", "noor",
)  # fmt: skip


def test_init_writes_a_configuration_in_observe_and_overwrites_nothing(beadle: Beadle, tmp_path: Path) -> None:
    """With its policies; a second time it names what is there."""
    folder = tmp_path / "city"
    first = beadle("init", str(folder), "--yes", *ANSWERS)
    before = (folder / "pages.yaml").read_bytes()
    second = beadle("init", str(folder), "--yes", *ANSWERS)

    assert first.code == 0, first.err
    assert "mode: observe" in before.decode()
    assert {path.name for path in folder.iterdir()} == {
        "beadle.env", "models", "pages.yaml", "people.yaml", "policies", "rules", "wordlists",
    }  # fmt: skip
    assert (second.code, (folder / "pages.yaml").read_bytes()) == (1, before)
    assert second.err.startswith("beadle: already there: ")


def test_init_asks_for_what_is_missing_until_it_is_right(
    beadle: Beadle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong answer is told why and asked again; an empty one takes the default."""
    answers = ["Mars/Olympus", "Europe/Lisbon", *[""] * 9]
    _with_input(monkeypatch, *answers)
    said = beadle("init", str(tmp_path / "city"), *ANSWERS)

    assert said.code == 0, said.err
    assert "That " in said.out
    assert "Europe/Lisbon" in (tmp_path / "city" / "pages.yaml").read_text("utf-8")


def test_init_without_asking_names_the_option_that_is_missing(beadle: Beadle, tmp_path: Path) -> None:
    """In a script nobody can be asked; nothing is written."""
    said = beadle("init", str(tmp_path / "city"), "--yes", "--city", "Millbrook")

    assert (said.code, said.err.startswith("beadle: --")) == (1, True)
    assert not (tmp_path / "city" / "pages.yaml").exists()


# ── a run, and every mistake of the configuration ────────────────────────────────────────────────────────────────────


def test_one_run_takes_a_comment_the_whole_route(home: Home, town: Town, beadle: Beadle) -> None:
    """The real command on the real town: polled, preserved, hidden, told; and a person's word is carried out."""
    town.publish("Snow routes are out.")
    comment = town.say(PROFANE)
    first = beadle("run", "--once")
    listed = beadle("cases", "--all").out
    case_id = listed.split()[0]
    hidden = town.comment(comment).hidden
    beadle("restore", case_id, "--as", "noor", "--reason", "a quote from a film")
    second = beadle("run", "--once")
    shown = beadle("show", case_id).out

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "townofmillbrook: 1 new comments, 1 cases" in first.err
    assert (hidden, town.comment(comment).hidden) == (True, False)
    assert "Restored by noor." in shown
    assert beadle("verify", "--all").code == 0


def test_a_page_that_cannot_be_read_makes_the_run_fail_by_name(home: Home, town: Town, beadle: Beadle) -> None:
    """A dead token: which page, what to do, exit status 1."""
    dead = {"error": {"message": "Error validating access token", "type": "OAuthException", "code": 190}}
    town.graph.faults.always(json_answer(401, dead))
    try:
        said = beadle("run", "--once")
    finally:
        town.graph.faults.clear()

    assert said.code == 1
    assert "townofmillbrook: could not be read" in said.err
    assert "token" in said.err


def _replace(old: str, new: str) -> Callable[[Home], None]:
    def change(home: Home) -> None:
        path = home.config / "pages.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return change


@pytest.mark.parametrize(
    ("change", "line_of", "sentence"),
    [
        (_replace("    policy:", "    polcy:"), "polcy:", 'did you mean "policy"?'),
        (
            _replace("policy: clinton-city", "policy: clinton-cty"),
            "policy: clinton-cty",
            'did you mean "clinton-city"?',
        ),
        (_replace("env:MILLBROOK_TOKEN", "env:NO_SUCH_TOKEN"), "env:NO_SUCH_TOKEN", "NO_SUCH_TOKEN"),
        (_replace("env:MILLBROOK_TOKEN", "EAAKsecret"), 'token: "', "env:NAME_OF_A_VARIABLE"),
        (_replace("mode: enforce", "mode: enforced"), "mode: enforced", "enforce"),
    ],
    ids=["a wrong key", "an unknown policy", "no token", "a token itself", "a wrong mode"],
)
def test_each_mistake_of_a_page_is_a_sentence_with_file_and_line(
    home: Home, beadle: Beadle, change: Callable[[Home], None], line_of: str, sentence: str
) -> None:
    """The only page is refused, so nothing runs; the secret itself is never repeated."""
    change(home)
    path = home.config / "pages.yaml"
    lines = path.read_text("utf-8").splitlines()
    number = next(at for at, line in enumerate(lines, 1) if line_of in line)
    said = beadle("run", "--once")

    assert said.code == 1
    assert said.err.splitlines()[-1].startswith(f"beadle: {path}:{number}: ")
    assert sentence in said.err
    assert "EAAKsecret" not in said.err


def test_a_mistake_in_one_page_lets_the_others_go_on(home: Home, beadle: Beadle) -> None:
    """The good page is read; the bad one is named and makes the exit status 1."""
    path = home.config / "pages.yaml"
    page = path.read_text("utf-8").split("pages:\n")[1]
    broken = page.replace("townofmillbrook", "library").replace("policy: clinton-city", "policy: nowhere")
    path.write_text(path.read_text("utf-8") + broken, "utf-8")
    said = beadle("run", "--once")

    assert said.code == 1
    assert re.search(r"townofmillbrook: \d+ new comments", said.err)
    assert f"refused: {path}:" in said.err


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "BEADLE_ARCHIV",
            "/x",
            'beadle: "BEADLE_ARCHIV" is not a variable of Beadle; did you mean "BEADLE_ARCHIVE"?\n',
        ),
        ("BEADLE_DATABASE_URL", "mysql://u:secret@h/d", 'beadle: BEADLE_DATABASE_URL names a "mysql" database; '),
        ("BEADLE_CONFIG", "/nowhere", "beadle: /nowhere"),
    ],
)
def test_each_mistake_of_the_environment_is_a_sentence(
    home: Home, beadle: Beadle, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    """No password is repeated."""
    monkeypatch.setenv(name, value)
    said = beadle("run", "--once")

    assert said.code == 1
    assert said.err.lstrip().startswith(sentence)
    assert "secret" not in said.err


def test_a_database_that_is_lost_is_a_sentence(office: Office, beadle: Beadle, monkeypatch: pytest.MonkeyPatch) -> None:
    """No driver's traceback on the screen of a clerk."""
    monkeypatch.setenv("BEADLE_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/d")
    said = beadle("cases")

    assert said.code == 1
    assert "BEADLE_DATABASE_URL" in said.err
    assert "secret" not in said.err
    assert SLUG not in said.err
