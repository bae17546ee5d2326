"""The challenge set is what its README says: complete, labelled, and with private data that a checksum can prove."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.es import dni, nie
from stdnum.mx import curp
from stdnum.us import ssn

from bot.moderation.pack import CATEGORIES
from bot.moderation.text import fold

FILES = sorted((Path(__file__).parents[1] / "benchmarks" / "challenge").glob("*.jsonl"))
ROWS: list[dict[str, Any]] = [json.loads(line) for path in FILES for line in path.read_text("utf-8").splitlines()]
LAWFUL = ("civic", "protected")
ASKED = {
    "civic": 350,
    "protected": 300,
    "profanity": 120,
    "threat": 120,
    "spam": 120,
    "pii": 100,
    "hate": 150,
    "sexual": 60,
    "political": 60,
    "illegal": 60,
    "attack": 60,
}
CHECKED = {
    r"\b\d{3}-\d{2}-\d{4}\b": ssn,
    r"(?<!\d[ -])\b(?:\d{4}[ -]){3}\d{4}\b(?![ -]\d)": luhn,
    r"\bES\d\d(?: \d{4}){5}\b": iban,
    r"\bPT50(?: \d{4}){5} \d\b": iban,
    r"\b\d{8}[A-Z]\b": dni,
    r"\b[XYZ]\d{7}[A-Z]\b": nie,
    r"\b[A-Z]{4}\d{6}[A-Z]{6}\d\d\b": curp,
    r"\b\d{3}\.\d{3}\.\d{3}-\d\d\b": cpf,
}


def test_the_set_holds_as_many_comments_of_each_kind_as_it_says() -> None:
    """Three languages of every kind, none short."""
    assert Counter(row["kind"] for row in ROWS) == ASKED
    assert {(row["kind"], row["lang"]) for row in ROWS} == {
        (kind, lang) for kind in ASKED for lang in ("en", "es", "pt")
    }


def test_lawful_comments_have_no_label_and_violations_their_own() -> None:
    """Nine labels a comment, 0 or 1; protected speech says which form it has."""
    for row in ROWS:
        assert tuple(row["labels"]) == CATEGORIES, row["text"]
        assert set(row["labels"].values()) <= {0, 1}, row["text"]
        assert any(row["labels"].values()) is (row["kind"] not in LAWFUL), row["text"]
        assert row["kind"] in LAWFUL or row["labels"][row["kind"]] == 1, row["text"]
        assert ("form" in row) is (row["kind"] == "protected"), row["text"]


def test_no_comment_stands_twice() -> None:
    """Not even with other capitals or accents: a copy would count double."""
    copies = [text for text, count in Counter(fold(row["text"]).text for row in ROWS).items() if count > 1]
    assert copies == []


@pytest.mark.parametrize("pattern", CHECKED)
def test_numbers_that_carry_a_checksum_are_valid(pattern: str) -> None:
    """A wrong number would blame the judge for knowing better."""
    found = [number for row in ROWS for number in re.findall(pattern, row["text"])]
    assert found
    assert [number for number in found if not CHECKED[pattern].is_valid(re.sub("[ .-]", "", number))] == []
