"""``beadle init``: asks what Beadle must know of a city and writes its first configuration. It overwrites nothing.

The files teach: ``config/pages.yaml``, ``config/people.yaml`` and ``config/env.example`` are what it writes for the
example town.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import connectors
from bot.answers import QUESTIONS, Answers, Bounds, Question
from bot.errors import ConfigError
from bot.fields import as_duration
from bot.pages import Known, load_pages
from bot.people import load_people
from bot.settings import Variable, documented
from bot.tokens import Token

PAGES, PEOPLE, ENV = "pages.yaml", "people.yaml", "beadle.env"
EXISTS = "already there: {paths}; nothing was written. Mend what is there, or give `beadle init` another folder."
UNWRITABLE = "{folder} can't be written ({why}); give this account the right, or give `beadle init` another folder."
AGAIN = "That {why}"
WRONG = "{option} {why}"
NEEDED = "{option} is needed: {question}"
WROTE = "Wrote {path}."
NEXT_POLICY = "Put the policy into {path}."
NEXT_ENV = "Put the page's token behind {name}= in {path}."
NEXT_FILE = "Put the page's token into {path} and `chmod 600` it."
NEXT_DOCTOR = "Then run `set -a; . {path}; set +a` and `beadle doctor`."
OBSERVES = "The page is in observe: Beadle watches and tells, and changes nothing."

_TEMPLATES = Path(__file__).parent / "setup_templates"


class Ask(Protocol):
    """Puts one question to a person. ``default`` is the answer for an empty line; ``None`` when there is none."""

    def __call__(self, question: str, default: str | None) -> str: ...


def init(
    folder: Path,
    *,
    bounds: Bounds,
    now: datetime,
    ask: Ask | None,
    echo: Callable[[str], None],
    given: Mapping[str, str] | None = None,
) -> tuple[Path, ...]:
    """Ask for what isn't ``given`` (by key of ``Answers``) and write the three files; their paths come back.

    ``ask=None`` asks nobody: a missing answer is its default. Raises ``ConfigError`` when a file is there already or
    a given answer is wrong.
    """
    refuse_existing(folder)
    answers = gather(bounds, ask, echo, given or {})
    written = write(folder, answers, bounds, now)
    for path in written:
        echo(WROTE.format(path=path))
    for line in _next(folder, answers, bounds):
        echo(line)
    return written


def refuse_existing(folder: Path) -> None:
    """Raises ``ConfigError`` naming each of the three files that is there."""
    there = [str(folder / name) for name in (PAGES, PEOPLE, ENV) if os.path.lexists(folder / name)]
    if there:
        raise ConfigError(EXISTS.format(paths=", ".join(there)))


def gather(bounds: Bounds, ask: Ask | None, echo: Callable[[str], None], given: Mapping[str, str]) -> Answers:
    """Every answer: the one given, else the one asked for until it is right, else the default."""
    answers: dict[str, str] = {}
    for question in QUESTIONS:
        default = question.default(answers, bounds)
        if not question.applies(answers):
            answers[question.key] = ""
        elif question.key in given:
            answers[question.key] = _given(question, given[question.key], bounds)
        elif ask is None:
            answers[question.key] = _silent(question, default)
        else:
            answers[question.key] = _asked(question, default, bounds, ask, echo)
    return Answers(**answers)


def write(folder: Path, answers: Answers, bounds: Bounds, now: datetime) -> tuple[Path, ...]:
    """Write the three files, all or none, after reading them as Beadle will. Raises ``ConfigError``."""
    folder = folder.absolute()
    texts = {PAGES: render_pages(answers), PEOPLE: render_people(answers), ENV: render_env(answers, folder)}
    _read_back(texts, answers, bounds, now)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write_all(folder, texts)
    except FileExistsError as error:
        raise ConfigError(EXISTS.format(paths=error.filename)) from error
    except OSError as error:
        raise ConfigError(UNWRITABLE.format(folder=folder, why=error.strerror)) from error


def render_pages(answers: Answers) -> str:
    """The text of ``pages.yaml``."""
    pace = as_duration(connectors.capabilities(answers.platform).poll_every.total_seconds())
    return _render("pages.yaml.j2", answers=answers, poll_every=pace)


def render_people(answers: Answers) -> str:
    """The text of ``people.yaml``."""
    return _render("people.yaml.j2", answers=answers)


def render_env(answers: Answers | None, folder: Path | None) -> str:
    """The text of ``beadle.env``; without answers that of ``env.example``."""
    values: dict[str, str] = {}
    if folder is not None:
        state = os.environ.get("BEADLE_STATE") or str(folder.parent / "state")
        values = {"BEADLE_CONFIG": str(folder), "BEADLE_STATE": state}
    token = answers.token if answers else "env:CLINTON_CITY_TOKEN"
    page_token = token.removeprefix("env:") if token.startswith("env:") else None
    lines = [_line(variable, values) for variable in documented()]
    return _render("beadle.env.j2", lines=lines, page_token=page_token, example=answers is None)


@dataclass(frozen=True, slots=True)
class _EnvLine:
    says: str
    name: str
    value: str | None
    example: str


def _line(variable: Variable, values: Mapping[str, str]) -> _EnvLine:
    value = values.get(variable.name)
    return _EnvLine(variable.says, variable.name, shlex.quote(value) if value else None, shlex.quote(variable.example))


def _given(question: Question, answer: str, bounds: Bounds) -> str:
    try:
        return question.check(answer, bounds)
    except ValueError as error:
        raise ConfigError(WRONG.format(option=question.option, why=error)) from error


def _silent(question: Question, default: str | None) -> str:
    if default is None:
        raise ConfigError(NEEDED.format(option=question.option, question=question.words))
    return default


def _asked(question: Question, default: str | None, bounds: Bounds, ask: Ask, echo: Callable[[str], None]) -> str:
    while True:
        answer = ask(question.words, default).strip() or default or ""
        try:
            return question.check(answer, bounds)
        except ValueError as error:
            echo(AGAIN.format(why=error))


def _render(template: str, **values: object) -> str:
    # Not HTML: every value goes through the filter "quoted", which writes any text as one YAML string.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(quoted=_quoted, in_quotes=_in_quotes)
    return environment.get_template(template).render(**values)


def _quoted(value: str) -> str:
    """A text as YAML: bare where every reader takes it for the same text, else in double quotes."""
    bare = re.fullmatch(r"[A-Za-z](?:[A-Za-z0-9_./@-]|:(?=[A-Za-z0-9/])| (?=[A-Za-z0-9]))*", value)
    words = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
    return value if bare and value.lower() not in words else _in_quotes(value)


def _in_quotes(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read_back(texts: Mapping[str, str], answers: Answers, bounds: Bounds, now: datetime) -> None:
    policies = bounds.policies or (answers.policy,)
    known = Known(bounds.platforms, policies, now=now)
    with tempfile.TemporaryDirectory() as drawn:
        for name, text in texts.items():
            (Path(drawn) / name).write_text(text, encoding="utf-8")
        pages = load_pages(Path(drawn) / PAGES, known, read_tokens=False)
        load_people(Path(drawn) / PEOPLE, pages.listed)
    if pages.refused:
        raise pages.refused[0]


def _write_all(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    with ExitStack() as undo:
        for name, text in texts.items():
            _write_new(folder / name, text, 0o600 if name == ENV else 0o644)
            undo.callback((folder / name).unlink)
        undo.pop_all()
    return tuple(folder / name for name in texts)


def _write_new(path: Path, text: str, mode: int) -> None:
    # O_EXCL: somebody else may have made the file since we looked, and theirs stays.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _next(folder: Path, answers: Answers, bounds: Bounds) -> list[str]:
    env = folder / ENV
    lines = []
    if answers.policy not in bounds.policies:
        lines.append(NEXT_POLICY.format(path=folder / "policies" / f"{answers.policy}.yaml"))
    token = Token.at(answers.token, folder.absolute())
    if token.kind == "env":
        lines.append(NEXT_ENV.format(name=token.place, path=env))
    else:
        lines.append(NEXT_FILE.format(path=token.place))
    return [*lines, NEXT_DOCTOR.format(path=shlex.quote(str(env))), OBSERVES]
