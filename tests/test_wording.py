"""An account is not an author (EV-18): wherever a name is shown to people, it is what an account is displayed as."""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.notify.alerts import Alert, render
from bot.notify.digest import render as render_digest
from bot.notify.facts import DigestFacts, Offender
from tests.notify.conftest import alert

__all__ = ["alert"]  # a fixture

REPOSITORY = Path(__file__).resolve().parent.parent
NAME = "Zaphod Quill"

_SAID = r"(?:wrote|writes|written|posted|posts|said|says|commented|comments|authored)"
_BLANK = r"(?:author|account|display_?name|displayed_as|handle|name)"
# A verb beside a blank that a name is filled into, on either side; and a verb beside a name as people write them.
_CLAIMS = (
    re.compile(rf"\{{[^{{}}]*\b{_BLANK}\b[^{{}}]*\}}\}}?[*_\"'”’<>/a-z ]{{0,12}}\b{_SAID}\b", re.IGNORECASE),
    re.compile(rf"\b{_SAID} by\b[*_\"'“‘<>/a-z ]{{0,12}}(?:\{{+|#name)[^{{}}]*\b{_BLANK}\b", re.IGNORECASE),
    re.compile(rf"\b[A-Z][a-z]+ (?!Beadle)[A-Z][a-z]+ {_SAID}\b(?! (?:by|to|that the))"),
    re.compile(r"\b(?:written|said|comment|posted) by(?: the)?(?: user| author| account)? [A-Z][a-z]+ [A-Z][a-z]+\b"),
    re.compile(r"\bauthor: ?\{", re.IGNORECASE),
)


@pytest.mark.parametrize(
    "claim",
    [
        "{{ account.display_name }} wrote:",
        "{author} said",
        "<b>{{ each.displayed_as|line }}</b> posted",
        "posted by {{ name }}",
        "Written by #name(sheet.account.name)",
        "Mallory Reyes wrote this.",
        "A comment by Mallory Reyes",
        "Author: {author}",
    ],
)
def test_the_search_finds_a_claim_of_authorship(claim: str) -> None:
    """A search that finds nothing proves nothing."""
    assert _claims(claim)


@pytest.mark.parametrize(
    "honest",
    ["Account displayed as {{ account.display_name }}", "displayed as {author}, posted {posted_at}", "who wrote it"],
)
def test_the_search_leaves_honest_words_alone(honest: str) -> None:
    """When a comment was posted may be said."""
    assert not _claims(honest)


def test_no_words_that_people_read_name_an_author() -> None:
    """Templates, the strings of alerts, digest, card, record and commands, the README and the documentation."""
    found = [f"{file}: {claim}" for file, words in _words() for claim in _claims(words)]

    assert found == []


def test_the_search_looks_at_every_place_where_a_name_is_shown() -> None:
    """A template that is added tomorrow is read as well."""
    seen = {file for file, _ in _words()}

    assert {
        "README.md",
        "docs/evidence.md",
        "bot/notify/templates/digest.html.j2",
        "bot/evidence/card/templates/card.typ",
        "bot/evidence/packing/templates/README.txt",
        "bot/notify/alerts.py",
        "bot/cli/casefile.py",
    } <= seen


def test_in_an_alert_the_name_follows_displayed_as(alert: Alert) -> None:
    """In each place where it stands."""
    said = _read_aloud(render(replace(alert, author=NAME)).blocks)

    assert _unexplained(said) == []
    assert NAME in said


def test_in_the_digest_the_name_follows_displayed_as() -> None:
    """In both forms; in the table by its head."""
    facts = DigestFacts(
        city="Millbrook",
        day=date(2026, 11, 21),
        timezone="UTC",
        pages=(),
        polled=1,
        judged=1,
        kept=1,
        hidden=0,
        left_up=1,
        waiting=0,
        urgent_waiting=0,
        offenders=(Offender(NAME, 1, 2),),
    )
    made = render_digest(facts)

    for form in (made.text, html.unescape(re.sub(r"<[^>]+>", " ", made.html))):
        assert NAME in form
        assert _unexplained(form) == []


def _read_aloud(blocks: object) -> str:
    return " ".join(re.findall(r'"text": "((?:[^"\\]|\\.)*)"', json.dumps(blocks, ensure_ascii=False)))


def _unexplained(text: str) -> list[str]:
    """Where the name stands without the two words within the hundred characters before it."""
    flat = " ".join(text.split())
    before = [flat[max(found.start() - 100, 0) : found.start()] for found in re.finditer(NAME, flat)]
    return [each for each in before if "displayed as" not in each]


def _claims(words: str) -> list[str]:
    return [found.group() for claim in _CLAIMS for found in claim.finditer(words)]


def _words() -> Iterator[tuple[str, str]]:
    """What people read: files of words whole, of programs the strings alone, without the docstrings."""
    files = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    files += [path for path in (REPOSITORY / "bot").rglob("templates/*") if path.suffix not in {".js", ".py", ".css"}]
    for path in sorted(path for path in files if path.is_file()):
        yield str(path.relative_to(REPOSITORY)), path.read_text("utf-8")
    for room in ("notify", "cli", "evidence"):
        for path in sorted((REPOSITORY / "bot" / room).rglob("*.py")):
            yield str(path.relative_to(REPOSITORY)), "\n".join(_strings(ast.parse(path.read_text("utf-8"))))


def _strings(tree: ast.Module) -> Iterator[str]:
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in docstrings:
            yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node.value
