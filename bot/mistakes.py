"""A mistake in the configuration, said in one sentence: what is wrong and what would be right.

The models of the configuration carry what these sentences need: ``noun`` names the thing that a model describes, the
``description`` and ``examples`` of a field say what may be written there. A validator raises ``ValueError`` with what
follows the name of the key: ``is not a zone of the IANA database; ...``.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

_SHOWN = 60


class Shape(BaseModel):
    """A part of a configuration file: no key but those named, and no value repeated in an error's text."""

    # Without hide_input_in_errors a token in the wrong place would stand in the chained exception, and so in a log.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    noun: ClassVar[str] = "the file"

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        # A key with nothing behind it is no default: "slack_channel: #town" is a key and a remark.
        if value is None:
            raise PydanticCustomError("empty", "empty")
        return value


def details(error: ValidationError) -> list[ErrorDetails]:
    """The mistakes that pydantic found; a missing key that is only mistyped is one mistake, not two."""
    found = error.errors(include_url=False)
    places = [each["loc"] for each in found if each["type"] == "extra_forbidden"]
    return [each for each in found if each["type"] != "missing" or not _mistyped(each["loc"], places)]


def sentence(detail: ErrorDetails, model: type[BaseModel], *, named: str | None = None) -> str:
    """One mistake that pydantic found in ``model``, as a sentence. ``named`` replaces ``"key" of a page``.

    A value of a field marked ``json_schema_extra={"secret": True}`` is never repeated.
    """
    owner, key, field = _place(detail["loc"], model)
    noun = getattr(owner, "noun", "the file")
    if detail["type"] == "extra_forbidden":
        return f'"{printable(key)}" is not a key of {noun}; {_nearest_key(key, owner)}'
    if detail["type"] == "missing":
        return f'{noun} needs "{key}": {_right(f"{key}: ", field)}.'
    if named:
        return f"{named} {_predicate(detail, f'{named}=', field)}"
    subject = f'"{key}" of {noun}' if key else noun
    return f"{subject} {_predicate(detail, f'{key}: ', field)}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word that is nearest to a mistyped one, if any is near."""
    by_lower = {name.lower(): name for name in sorted(known)}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None


def or_list(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def printable(value: str) -> str:
    """A value to be shown in a sentence: cut, and without anything that a terminal would obey or reorder."""
    cut = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in cut)


def _mistyped(missing: tuple[int | str, ...], unknown: list[tuple[int | str, ...]]) -> bool:
    beside = [str(place[-1]) for place in unknown if place[:-1] == missing[:-1]]
    return any(did_you_mean(word, [str(missing[-1])]) for word in beside)


def _predicate(detail: ErrorDetails, lead: str, field: FieldInfo | None) -> str:
    own = detail.get("ctx", {}).get("error")
    if isinstance(own, ValueError):
        return str(own)
    value = detail["input"]
    if _is_secret(field):
        return f"can't be used; write {_right(lead, field)}."
    verb = "holds" if isinstance(detail["loc"][-1], int) else "is"
    if detail["type"] in ("literal_error", "enum"):
        return f"{verb} {_shown(value)}; write {_choices(value, detail)}."
    if detail["type"] == "string_type" and isinstance(value, int | float):
        return f"{verb} a bare number; write {_right(lead, field)}."
    return f"{verb} {_shown(value)}; write {_right(lead, field)}."


def _choices(value: object, detail: ErrorDetails) -> str:
    choices = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
    near = did_you_mean(value, choices) if isinstance(value, str) else None
    return or_list(choices) + (f' (did you mean "{near}"?)' if near else "")


def _nearest_key(key: str, owner: type[BaseModel]) -> str:
    near = did_you_mean(key, owner.model_fields)
    if near:
        return f'did you mean "{near}"?'
    return f"the keys are {', '.join(owner.model_fields)}."


def _right(lead: str, field: FieldInfo | None) -> str:
    """What would be right, from the field itself; ``lead`` is what stands before the value where it is written."""
    if field is None or not field.description:
        return "something else"
    example = f", for example {lead}{field.examples[0]}" if field.examples else ""
    return f"{field.description}{example}"


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f'"{printable(value)}"'
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return "a mapping" if isinstance(value, dict) else printable(str(value))


def _is_secret(field: FieldInfo | None) -> bool:
    extra = field.json_schema_extra if field else None
    return isinstance(extra, dict) and bool(extra.get("secret"))


def _place(loc: tuple[int | str, ...], model: type[BaseModel]) -> tuple[type[BaseModel], str, FieldInfo | None]:
    """The innermost model on the way, the last key named, and its field (``None`` for an unknown key)."""
    owner, key, field, inner = model, "", None, model
    for step in loc:
        if isinstance(step, str):
            owner, key = inner, step
            field = owner.model_fields.get(step)
            inner = _model_in(field.annotation if field else None) or owner
    return owner, key, field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple, list):
        return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
    return None
