"""The functional tests for hate are what their README says: complete, alike for every group, made from frames."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FOLDER = BENCHMARKS / "functional"
LANGUAGES = ("en", "es", "pt")
ROWS: list[dict[str, Any]] = [
    json.loads(line) for lang in LANGUAGES for line in (FOLDER / f"hate.{lang}.jsonl").read_text("utf-8").splitlines()
]
FRAMES: dict[str, Any] = {lang: YAML(typ="safe").load(FOLDER / f"frames.{lang}.yaml") for lang in LANGUAGES}
ASKED = {"en": 700, "es": 450, "pt": 350}
FEWEST_FRAMES = {"en": 6, "es": 4, "pt": 4}
EVERYWHERE = {
    *("women", "men", "trans people", "gay people", "Black people", "white people", "Muslims", "Jews", "Christians"),
    *("immigrants", "disabled people", "Latinos", "Asians", "Indigenous people"),
}


def _program(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A program of the benchmarks, with the folders on the path that it is started from."""
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), str(FOLDER), *sys.path])
    return importlib.import_module(name)


def _frames(lang: str) -> list[tuple[str, int, str, str]]:
    """Functionality, place, key and text of each frame that is filled as it stands."""
    return [
        (functionality, place, key, text)
        for kind in ("hateful", "harmless")
        for functionality, frames in FRAMES[lang][kind].items()
        for place, frame in enumerate(frames, start=1)
        for key, text in frame.items()
    ]


def test_each_language_has_about_as_many_rows_as_asked_and_seven_of_ten_are_hateful() -> None:
    """Within an eighth of the size; the share as is usual in such sets."""
    sizes = Counter(row["lang"] for row in ROWS)
    hateful = Counter(row["lang"] for row in ROWS if row["hateful"])
    assert sizes.keys() == ASKED.keys()
    for lang, asked in ASKED.items():
        assert abs(sizes[lang] - asked) <= asked / 8
        assert 0.66 <= hateful[lang] / sizes[lang] <= 0.74


def test_the_readme_names_the_counts() -> None:
    """The table there is the set's."""
    readme = (FOLDER / "README.md").read_text("utf-8")
    table = {name: cells.split("|") for name, cells in re.findall(r"^\| ([a-z ,]+) \| (.+) \|$", readme, re.MULTILINE)}
    for place, lang in enumerate(LANGUAGES):
        rows = [row for row in ROWS if row["lang"] == lang]
        assert int(table["rows"][place]) == len(rows)
        assert int(table["of them hateful"][place]) == sum(row["hateful"] for row in rows)
        assert int(table["groups"][place]) == len(FRAMES[lang]["groups"])


def test_every_row_has_the_five_fields_and_a_clean_text() -> None:
    """Nothing left of a frame, no blank at an end, no control character."""
    for row in ROWS:
        assert list(row) == ["text", "lang", "functionality", "group", "hateful"]
        assert row["hateful"] in (0, 1)
        assert row["text"] == row["text"].strip()
        assert row["text"].isprintable()
        assert not set("{}[]") & set(row["text"]), row["text"]


def test_no_text_stands_twice() -> None:
    """Not in another case or language either."""
    texts = Counter(row["text"].casefold() for row in ROWS)
    assert [text for text, times in texts.items() if times > 1] == []


def test_the_twenty_nine_functionalities_stand_in_every_language() -> None:
    """Eighteen hateful, eleven not, and none is both."""
    for lang in LANGUAGES:
        kinds = {(row["functionality"], row["hateful"]) for row in ROWS if row["lang"] == lang}
        assert kinds == {(row["functionality"], row["hateful"]) for row in ROWS}
        assert Counter(hateful for _, hateful in kinds) == {1: 18, 0: 11}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_functionality_has_several_frames(lang: str) -> None:
    """Six in English, four in the others."""
    frames = Counter(functionality for functionality, _, _, _ in _frames(lang))
    assert min(*frames.values(), len(FRAMES[lang]["spelled"])) >= FEWEST_FRAMES[lang]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_group_stands_in_every_frame_that_it_fits(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a family, men and white people like the others; without a slur only where the frame needs one."""
    groups = FRAMES[lang]["groups"]
    assert groups.keys() >= EVERYWHERE
    written: dict[str, set[str]] = defaultdict(set)
    for case in _program("frames", monkeypatch).cases(lang):
        written[case.frame].add(case.group)
    for functionality, place, key, text in _frames(lang):
        if "{" in text and key not in {"unprotected", "money", "stage"}:
            needed = "slurs" if "{slur" in text.lower() else "pl"
            fitting = {name for name, words in groups.items() if key in ("all", *words["families"]) and needed in words}
            assert written[f"{functionality}/{place}"] == fitting, text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_rows_are_what_the_frames_make(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changes a frame writes the rows anew."""
    made = [case.row for case in _program("frames", monkeypatch).cases(lang)]
    assert made == [row for row in ROWS if row["lang"] == lang]


def test_each_misspelling_changes_the_text_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five ways, told apart on one sentence."""
    spellings = _program("frames", monkeypatch).SPELLINGS
    assert {name: spell("I hate them") for name, spell in spellings.items()} == {
        "spelling_swap": "I htae tehm",
        "spelling_missing_letter": "I hae thm",
        "spelling_missing_space": "Ihatethem",
        "spelling_added_spaces": "I h a t e t h e m",
        "spelling_leet": "1 h4t3 th3m",
    }


def test_a_judge_that_finds_all_hate_but_one_groups_is_shown_to_leave_it_unprotected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The spread between groups, the share of each kind, and nothing wrongly flagged."""
    program = _program("functional", monkeypatch)
    rows = [row for row in program.read_rows() if row.lang == "en"]
    judged = [(row, bool(row.hateful) and row.group != "men") for row in rows]
    figures = program.counted("a-city", "1", judged)
    men = [row for row in rows if row.hateful and row.group == "men"]
    assert figures.right["en"].hateful == program.Count(500 - len(men), 500)
    assert figures.right["en"].harmless == program.Count(216, 216)
    assert (figures.recall["en"].points, figures.recall["en"].least) == (100.0, ("men",))
    assert figures.recall["en"].groups["men"] == program.Count(0, 17)
    assert figures.wrongly["en"].points == 0.0


def test_the_command_prints_every_count(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the city's policy finds: each row counts once, and each group stands in as many frames."""
    assert _program("functional", monkeypatch).main(["--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["rows"] == len(ROWS)
    for lang in LANGUAGES:
        functionalities = figures["functionalities"][lang].values()
        assert sum(count["whole"] for count in functionalities) == figures["right"][lang]["total"]["whole"]
        assert len({count["whole"] for count in figures["recall"][lang]["groups"].values()}) == 1
        assert figures["recall"][lang]["groups"].keys() == FRAMES[lang]["groups"].keys()
