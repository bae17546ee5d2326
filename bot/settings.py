"""What the environment says: where things lie and how to reach Slack, the mail server and the database.

Every variable begins with ``BEADLE_``; ``config/env.example`` lists them. A secret may also lie in a file that
``BEADLE_<NAME>_FILE`` names. Nothing is read from a ``.env`` by itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from bot.errors import ConfigError
from bot.mistakes import did_you_mean, or_list, printable, sentence
from bot.settings_shape import IN_FILES, PREFIX, Settings
from bot.tokens import read_secret

__all__ = ["IN_FILES", "PREFIX", "Settings", "Variable", "documented", "load_settings", "variables"]


def load_settings() -> Settings:
    """Read the environment. Raises ``ConfigError`` with one sentence for the first mistake."""
    _refuse_unknown(os.environ)
    try:
        settings = Settings(**_from_files(os.environ))
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise ConfigError(sentence(detail, Settings, named=_variable(str(detail["loc"][0])))) from error
    _check_opinion(settings)
    return settings


def _check_opinion(settings: Settings) -> None:
    """Whoever switches second opinions on says which model, at what price, and where the ceiling is."""
    if settings.opinion_url is None:
        return
    needed = ["opinion_model", "opinion_dollars_a_day"]
    if settings.opinion_kind == "chat":
        needed.append("opinion_dollars_per_million")
    for name in needed:
        if getattr(settings, name) is None:
            field = Settings.model_fields[name]
            what = f"{_variable(name)} is not set, and BEADLE_OPINION_URL is; write {field.description}"
            raise ConfigError(f"{what}, for example {_variable(name)}={(field.examples or [''])[0]}.")
    if settings.opinion_dollars_per_million and not settings.opinion_dollars_a_day:
        raise ConfigError(
            "BEADLE_OPINION_DOLLARS_A_DAY is 0, so nothing could be asked; write more, or take BEADLE_OPINION_URL out."
        )


def variables() -> tuple[str, ...]:
    """The name of every variable that Beadle reads."""
    return tuple(variable.name for variable in documented())


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: what it ``says`` in a sentence, and an ``example`` of its value."""

    name: str
    says: str
    example: str


def documented() -> tuple[Variable, ...]:
    """Every variable with its meaning, in the order of ``Settings``; a secret's file comes after the secret."""
    found: list[Variable] = []
    for name, field in Settings.model_fields.items():
        says, example = field.description or "", str((field.examples or [""])[0])
        found.append(Variable(_variable(name), f"{says[:1].upper()}{says[1:]}.", example))
        if name in IN_FILES:
            file = f"/run/secrets/beadle-{name.replace('_', '-')}"
            says = f"Or a private file (chmod 600) that holds {_variable(name)}."
            found.append(Variable(f"{_variable(name)}_FILE", says, file))
    return tuple(found)


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = variables()
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = did_you_mean(name.removeprefix(PREFIX), [other.removeprefix(PREFIX) for other in known])
            hint = f'did you mean "{PREFIX}{near}"?' if near else "config/env.example lists those there are."
            raise ConfigError(f'"{printable(name)}" is not a variable of Beadle; {hint}')


def _from_files(environ: Mapping[str, str]) -> dict[str, Any]:
    """The secrets that lie in files. One that lies in both places is refused: nobody could say which was used."""
    found: dict[str, Any] = {}
    for name in IN_FILES:
        path = environ.get(f"{_variable(name)}_FILE")
        if not path:
            continue
        if environ.get(_variable(name)):
            both = or_list((_variable(name), f"{_variable(name)}_FILE"))
            raise ConfigError(f"set {both}, not both of them.")
        found[name] = _secret_in(f"{_variable(name)}_FILE", Path(path))
    return found


def _secret_in(variable: str, path: Path) -> SecretStr:
    try:
        return SecretStr(read_secret(path.expanduser()))
    except ConfigError as error:
        raise ConfigError(f"{variable}: {error.sentence}") from error
