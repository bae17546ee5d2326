"""A YAML file keeps the line of everything in it, and says in one sentence why it can't be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot import plainyaml, yamlfile
from bot.errors import ConfigError

CONFIG = Path(__file__).parents[1] / "config"


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "a.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_place_has_its_line(tmp_path: Path) -> None:
    """Keys, positions in lists, and for what isn't there the nearest place that is."""
    file = yamlfile.read(written(tmp_path, "a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n"))

    assert [file.line("a"), file.line("b"), file.line("b", 0), file.line("b", 1, "d")] == [1, 2, 3, 5]
    assert [file.line("b", 1, "nothing"), file.line("b", 7), file.line("nothing", 1), file.line()] == [4, 2, 1, 1]


def test_a_key_that_came_by_a_merge_points_at_the_merging_entry(tmp_path: Path) -> None:
    """It has no line of its own there."""
    file = yamlfile.read(written(tmp_path, "base: &base\n  a: 1\nb:\n  <<: *base\n  c: 2\n"))

    assert file.get("b", "a") == 1
    assert file.line("b", "a") in (2, 3)


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    """Whether a key, a position or the way to it is missing."""
    file = yamlfile.read(written(tmp_path, "a: [1]\n"))

    assert [file.get("b"), file.get("a", 5), file.get("a", 0, "x"), file.get("a", "x")] == [None] * 4


def test_words_that_older_yaml_bent_stay_words(tmp_path: Path) -> None:
    """Norway is no boolean and half past seven no number of minutes."""
    file = yamlfile.read(written(tmp_path, "a: no\nb: 07:30\n"))

    assert (file.get("a"), file.get("b")) == ("no", "07:30")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ":1: the file must be written as keys with values, one a line."),
        ("- a\n", ":1: the file must be written as keys with values, one a line."),
        ("a: 1\nb: {}\na: 2\n", ':3: "a" stands twice; keep one.'),
        (
            "a: 1\n---\nb: 2\n",
            ":2: this can't be read as YAML (but found another document); look for a lost quote, colon or space.",
        ),
        (b"a: \xff\n", ":1: this is not UTF-8; save the file as UTF-8."),
        ("a: \x00\n", ":1: a control character stands here; take it out."),
        ("x" * 2_000_001, " is larger than 2 MB; that is no configuration file."),
        ("a: " + "[" * 500, ": this can't be read as YAML; compare it with the one in config/."),
    ],
    ids=["empty", "a list", "a key twice", "two documents", "not UTF-8", "a null byte", "too large", "too deep"],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str | bytes, expected: str) -> None:
    """With the line where a person should look."""
    path = written(tmp_path, text)

    with pytest.raises(ConfigError) as raised:
        yamlfile.read(path)

    assert raised.value.sentence == f"{path}{expected}"


def test_a_folder_in_place_of_the_file_is_one_sentence(tmp_path: Path) -> None:
    """An error of the operating system says what to mend."""
    with pytest.raises(ConfigError) as raised:
        yamlfile.read(tmp_path)

    assert raised.value.sentence == f"{tmp_path} can't be read (Is a directory); mend its permissions."


def test_a_value_that_would_build_an_object_stays_text(tmp_path: Path) -> None:
    """No tag of YAML makes Python run anything."""
    file = yamlfile.read(written(tmp_path, "a: !!python/object/apply:os.getcwd []\n"))

    assert file.get("a") == []


@pytest.mark.parametrize("path", sorted(CONFIG.glob("**/*.yaml")), ids=lambda path: path.name)
def test_the_quick_reader_says_what_the_thorough_one_says(path: Path) -> None:
    """Every shipped file: the same values of the same types, and the same line for every place."""
    file = yamlfile.read(path)
    thorough = YAML(typ="rt").load(path.read_text("utf-8"))
    assert plainyaml.load(file.source) == thorough
    for steps in _places(file.values):
        assert file.line(*steps) == _thorough_line(thorough, steps), steps


@pytest.mark.parametrize("value", ["0x1f", "1e3", "1_000", "2024-01-01 10:00:00", ".5", "0o17", ".inf", "&a b"])
def test_what_is_seldom_written_is_left_to_the_thorough_reader(tmp_path: Path, value: str) -> None:
    """A value that the two might read otherwise is read by the one that is trusted."""
    text = f"a: {value}\nb: *a\n" if value.startswith("&") else f"a: {value}\n"
    assert yamlfile.read(written(tmp_path, text)).get("a") == YAML(typ="rt").load(text)["a"]


def _places(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield steps
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inside:
        yield from _places(each, (*steps, step))


def _thorough_line(here: Any, steps: tuple[str | int, ...]) -> int:
    line: Any = here.lc.line
    for step in steps:
        try:
            line = (here.lc.key if isinstance(step, str) else here.lc.item)(step)[0]
        except KeyError:  # a merged key has no line of its own
            break
        here = here[step]
    return int(line) + 1
