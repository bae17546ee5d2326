"""A YAML file that remembers on which line everything stood, so that every mistake can be pointed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from bot import plainyaml
from bot.errors import ConfigError, at_line
from bot.mistakes import Shape, details, printable, sentence

_Model = TypeVar("_Model", bound=BaseModel)
_LARGEST = 2_000_000


@dataclass(frozen=True)
class YamlFile:
    """A mapping read from ``path``. Steps (keys and positions) lead to any place in it."""

    path: Path
    source: str = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)

    @cached_property
    def data(self) -> CommentedMap:
        """The same with lines and remarks. Read when it is first asked for: a file without mistakes needs no lines."""
        return _thoroughly(self.path, self.source)

    @cached_property
    def _tree(self) -> plainyaml.Tree | None:
        try:
            return plainyaml.tree(self.source)
        except plainyaml.Unsure:
            return None

    def get(self, *steps: str | int) -> Any:
        """What stands at a place, as plain values; ``None`` when nothing does."""
        found: Any = self.values
        for step in steps:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def line(self, *steps: str | int) -> int:
        """The line, counted from 1, of the deepest place on this way that exists."""
        if self._tree is not None:
            return plainyaml.line(self._tree, *steps)
        here: Any = self.data
        line = here.lc.line
        for step in steps:
            found = _line_of(here, step)
            if found is None:
                break
            line, here = found, here[step]
        return int(line) + 1

    def error(self, what: str, *steps: str | int, **facts: object) -> ConfigError:
        """The error for a mistake at a place: ``path:line: what``."""
        return ConfigError(at_line(self.path, self.line(*steps), what), **facts)

    def fit(self, model: type[_Model], *steps: str | int, context: object = None) -> _Model | tuple[ConfigError, ...]:
        """What stands at a place as a ``model``, or every mistake in it."""
        found = self.get(*steps)
        if not isinstance(found, dict):
            noun = model.noun if issubclass(model, Shape) else "this"
            return (self.error(f"{noun} must be written as keys with values, one a line.", *steps),)
        try:
            return model.model_validate(found, context=context)
        except ValidationError as error:
            return tuple(self.error(sentence(detail, model), *steps, *detail["loc"]) for detail in details(error))


def read(path: Path) -> YamlFile:
    """Read a YAML mapping. Raises ``ConfigError`` naming the line for anything else, duplicate keys included."""
    text = _text(path)
    try:
        values = plainyaml.load(text)
    except plainyaml.Unsure:
        values = _plain(_thoroughly(path, text))
    return YamlFile(path, text, values)


def _thoroughly(path: Path, text: str) -> CommentedMap:
    try:
        data = YAML(typ="rt").load(text)
    # Not chained: these errors quote the lines around the mistake, and a token may stand in them.
    except DuplicateKeyError as error:
        raise ConfigError(_at_mark(path, error, f"{_key_at(text, error)} stands twice; keep one.")) from None
    except MarkedYAMLError as error:
        raise ConfigError(_at_mark(path, error, _unreadable(error))) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = "a control character stands here; take it out."
        raise ConfigError(at_line(path, line, what)) from None
    except (YAMLError, RecursionError):
        raise ConfigError(f"{path}: this can't be read as YAML; compare it with the one in config/.") from None
    if not isinstance(data, CommentedMap):
        raise ConfigError(f"{path}:1: the file must be written as keys with values, one a line.")
    return data


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is not there; make it with `beadle init`, or set BEADLE_CONFIG to its folder."
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}); mend its permissions.") from error
    if len(raw) > _LARGEST:
        raise ConfigError(f"{path} is larger than {_LARGEST // 1_000_000} MB; that is no configuration file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(at_line(path, line, "this is not UTF-8; save the file as UTF-8.")) from None


def _unreadable(error: MarkedYAMLError) -> str:
    if _open_quote(error):
        return "a quote opens here and is never closed."
    problem = printable(error.problem or "not YAML")
    return f"this can't be read as YAML ({problem}); look for a lost quote, colon or space."


def _at_mark(path: Path, error: MarkedYAMLError, what: str) -> str:
    # The parser notices a lost quote at the end of the file; a person looks for it where it was opened.
    mark = error.context_mark if _open_quote(error) else error.problem_mark
    return at_line(path, mark.line + 1 if mark else None, what)


def _open_quote(error: MarkedYAMLError) -> bool:
    return "quoted" in (error.context or "") and "end of stream" in (error.problem or "")


def _key_at(text: str, error: MarkedYAMLError) -> str:
    mark = error.problem_mark
    if mark is None:
        return "a key"
    key = text.splitlines()[mark.line][mark.column :].partition(":")[0]
    return '"' + printable(key.strip(" '\"")) + '"'


def _line_of(here: Any, step: str | int) -> int | None:
    """The line of one step, counted from 0. A key that came by a merge (``<<``) has none of its own."""
    try:
        if isinstance(here, CommentedMap) and step in here:
            return int(here.lc.key(step)[0])
        if isinstance(here, CommentedSeq) and isinstance(step, int) and step < len(here):
            return int(here.lc.item(step)[0])
    except (KeyError, TypeError):
        return None
    return None


def _plain(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {str(key): _plain(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_plain(value) for value in found]
    return found
