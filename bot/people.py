"""Who works with Beadle, and in which office: ``config/people.yaml``.

A decision is always a named person's. The operating system says who sits at the keyboard; the file says which person
that account belongs to.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot import fields, yamlfile
from bot.errors import NotAllowed
from bot.fields import Identifier, Line, Mailbox, Slug
from bot.mistakes import Shape, did_you_mean, printable
from bot.yamlfile import YamlFile

NOBODY = 'there is no "{as_id}" in people.yaml; {hint}'
NO_ACCOUNT = 'the account "{account}" of this machine belongs to nobody in people.yaml; add it under "accounts".'
NOT_YOURS = (
    'the account "{account}" of this machine is not among those of "{as_id}" in people.yaml; '
    "sign in with your own account, or have it added there."
)


class Role(StrEnum):
    """The offices that the policies name."""

    SMA = "sma"
    SUPERVISOR = "supervisor"
    RECORDS_CUSTODIAN = "records_custodian"
    CHIEF_OF_STAFF = "chief_of_staff"
    COUNSEL = "counsel"
    CITY_CLERK = "city_clerk"
    COORDINATOR = "coordinator"


class Capability(StrEnum):
    """What a person is cleared for on the city's pages (Clinton City 3.2.1). Only ``MODERATE`` decides cases."""

    PUBLISH = "publish"
    EDIT = "edit"
    COMMENT = "comment"
    VIEW_ONLY = "view_only"
    MODERATE = "moderate"


@dataclass(frozen=True, slots=True)
class Training:
    """A topic that a person was trained in, and when (Glastonbury 1.d, 702.8)."""

    topic: str
    on: date


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A version of a policy that a person acknowledged, and when (Hartford II, Clinton City 3.2.2)."""

    policy: str
    version: str
    on: date


# Who decides on cases: keeps, hides, restores, removes, restricts.
DECIDERS = frozenset({Role.SMA, Role.SUPERVISOR, Role.COORDINATOR, Role.CHIEF_OF_STAFF})
# Hartford Policy 012 iv has the chief of staff watch over the sites; Clinton City 2.2 has the coordinator do it.
GET_DIGEST = frozenset({Role.CHIEF_OF_STAFF, Role.COORDINATOR})
# Whose files outlive the machine that Beadle runs on.
KEEP_RECORDS = frozenset({Role.RECORDS_CUSTODIAN, Role.CITY_CLERK})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works for the city. ``pages`` are slugs; ``None`` is all of them. ``purpose``: why the city needs
    this person on its pages. ``on_call``: is told of what is urgent at any hour."""

    id: str
    name: str
    email: str
    roles: frozenset[Role]
    pages: frozenset[str] | None
    accounts: frozenset[str] = frozenset()
    slack_id: str | None = None
    digest: bool = False
    purpose: str = ""
    capabilities: frozenset[Capability] = frozenset()
    trained: tuple[Training, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] = ()
    on_call: bool = False

    def has(self, page: str) -> bool:
        """Whether this person looks after the page of this slug."""
        return self.pages is None or page in self.pages


@dataclass(frozen=True, slots=True)
class People:
    """Everybody in the file, in its order."""

    people: tuple[Person, ...]

    def find(self, person_id: str) -> Person | None:
        """The person of this id."""
        return next((person for person in self.people if person.id == person_id), None)

    def by_account(self, account: str) -> Person | None:
        """The one person that an account of the operating system belongs to."""
        return next((person for person in self.people if account in person.accounts), None)

    def by_slack(self, member: str) -> Person | None:
        """The one person that a member of the Slack workspace is."""
        return next((person for person in self.people if person.slack_id == member), None)

    def on_call(self) -> tuple[Person, ...]:
        """Who is told of what is urgent, whatever the hour."""
        return tuple(person for person in self.people if person.on_call)

    def keepers(self) -> tuple[Person, ...]:
        """Who keeps the city's records and gets no digest: they are mailed the checkpoint of the log alone."""
        return tuple(person for person in self.people if person.roles & KEEP_RECORDS and not person.digest)

    def digest_recipients(self) -> tuple[Person, ...]:
        """Who is mailed the daily digest."""
        return tuple(person for person in self.people if person.digest)


def this_account() -> str:
    """The account of the operating system that this process runs under: the kernel's word, not the environment's.

    ``LOGNAME`` and ``USER``, which ``getpass.getuser`` believes, are whatever the caller says that they are.
    """
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def who_acts(people: People, as_id: str | None, account: str) -> Person:
    """The person who acts from this account, named by ``as_id`` or by the account alone.

    Raises ``NotAllowed`` when the account isn't listed for that person: nobody decides in another's name.
    """
    if as_id is None:
        person = people.by_account(account)
        if person is None:
            raise NotAllowed(NO_ACCOUNT.format(account=printable(account)), account=account)
        return person
    person = people.find(as_id)
    if person is None:
        raise NotAllowed(NOBODY.format(as_id=printable(as_id), hint=_hint(as_id, people)), account=account)
    if account not in person.accounts:
        raise NotAllowed(NOT_YOURS.format(account=printable(account), as_id=as_id), account=account, person=as_id)
    return person


def load_people(path: Path, pages: Collection[str]) -> People:
    """Read ``people.yaml``; ``pages`` are the slugs there are. Raises ``ConfigError`` for the first mistake."""
    file = yamlfile.read(path)
    people: list[Person] = []
    for position in range(_count(file)):
        person = _person(file, position, pages)
        _refuse_twin(file, position, person, people)
        people.append(person)
    return People(tuple(people))


def _hint(as_id: str, people: People) -> str:
    ids = [person.id for person in people.people]
    near = did_you_mean(as_id, ids)
    return f'did you mean "{near}"?' if near else f"the ids are: {', '.join(ids)}."


def _slugs(value: object) -> object:
    """``all``, or a list; the word is kept as ``None``."""
    if value == "all":
        return None
    if not isinstance(value, list) or not value:
        raise ValueError("must be all, or a list of page slugs, for example pages: [main-page].")
    return value


class TrainingShape(Shape):
    """One training that a person had."""

    noun: ClassVar[str] = "a training"

    topic: Slug = Field(description="a topic in small letters", examples=["first-amendment"])
    on: date = Field(strict=True, description="the day", examples=["2026-01-12"])


class AcknowledgementShape(Shape):
    """One version of a policy that a person acknowledged."""

    noun: ClassVar[str] = "an acknowledgement"

    policy: Slug = Field(description="the slug of a policy", examples=["clinton-city"])
    version: Line = Field(description="its version, in quotes", examples=['"2015-01"'])
    on: date = Field(strict=True, description="the day", examples=["2026-01-12"])


class PersonShape(Shape):
    """One entry of ``people:``."""

    noun: ClassVar[str] = "a person"

    id: Slug = Field(description="a short name for commands", examples=["jlee"])
    name: Line = Field(description="the person's full name", examples=["Jo Lee"])
    email: Mailbox = Field(description="where mail reaches the person", examples=["jo.lee@town.gov"])
    roles: Annotated[
        tuple[
            Literal["sma", "supervisor", "records_custodian", "chief_of_staff", "counsel", "city_clerk", "coordinator"],
            ...,
        ],
        AfterValidator(fields.distinct),
    ] = Field(description="a list of roles", examples=["[sma]"])
    pages: Annotated[tuple[str, ...] | None, BeforeValidator(_slugs)] = Field(
        description="all, or a list of page slugs", examples=["all"]
    )
    accounts: tuple[Identifier, ...] = Field(
        default=(), description="a list of accounts of this machine", examples=["[jlee]"]
    )
    slack_id: Identifier | None = Field(default=None, description="the Slack member id", examples=["U012AB3CD"])
    digest: bool | None = Field(default=None, description="true or false", examples=["true"])
    purpose: Line | None = Field(
        default=None,
        description="why the city needs this person on its pages",
        examples=["answers residents for Public Works"],
    )
    capability: Annotated[
        tuple[Literal["publish", "edit", "comment", "view_only", "moderate"], ...], AfterValidator(fields.distinct)
    ] = Field(
        default=("view_only",),
        description="a list of publish, edit, comment, view_only and moderate",
        examples=["[comment, moderate]"],
    )
    training: tuple[TrainingShape, ...] = Field(default=(), description="a list of topics with their dates")
    acknowledged: tuple[AcknowledgementShape, ...] = Field(
        default=(), description="a list of policies with version and date"
    )
    on_call: bool = Field(default=False, description="true or false", examples=["true"])


def _count(file: YamlFile) -> int:
    unknown = [str(key) for key in file.data if key != "people"]
    if unknown:
        raise file.error(f'"{printable(unknown[0])}" is not a key of the file; the only key is people.', unknown[0])
    found = file.get("people")
    if not isinstance(found, list) or not found:
        raise file.error('"people" must be a list of at least one person, each begun by "- id: ...".', "people")
    return len(found)


def _person(file: YamlFile, position: int, pages: Collection[str]) -> Person:
    shape = file.fit(PersonShape, "people", position)
    if isinstance(shape, tuple):
        raise shape[0]
    for index, slug in enumerate(shape.pages or ()):
        if slug not in pages:
            near = did_you_mean(slug, pages)
            hint = f'did you mean "{near}"?' if near else f"the pages are: {', '.join(sorted(pages)) or 'none'}."
            what = f'there is no page "{printable(slug)}"; {hint}'
            raise file.error(what, "people", position, "pages", index)
    return _as_person(shape)


def _as_person(shape: PersonShape) -> Person:
    roles = frozenset(Role(role) for role in shape.roles)
    return Person(
        id=shape.id,
        name=shape.name,
        email=shape.email,
        roles=roles,
        pages=None if shape.pages is None else frozenset(shape.pages),
        accounts=frozenset(shape.accounts),
        slack_id=shape.slack_id,
        digest=bool(roles & GET_DIGEST) if shape.digest is None else shape.digest,
        purpose=shape.purpose or "",
        capabilities=frozenset(Capability(each) for each in shape.capability),
        trained=tuple(Training(each.topic, each.on) for each in shape.training),
        acknowledged=tuple(Acknowledgement(each.policy, each.version, each.on) for each in shape.acknowledged),
        on_call=shape.on_call,
    )


def _refuse_twin(file: YamlFile, position: int, person: Person, above: list[Person]) -> None:
    """Two people behind one account, id or Slack member would make it unclear whose decision it was."""
    for other in above:
        if other.id == person.id:
            what = f'a person "{person.id}" stands above already; give this one another id.'
            raise file.error(what, "people", position, "id")
        shared = sorted(other.accounts & person.accounts)
        if shared:
            what = f'the account "{shared[0]}" belongs to "{other.id}" already; an account is one person\'s.'
            raise file.error(what, "people", position, "accounts")
        if person.slack_id and person.slack_id == other.slack_id:
            what = f'the Slack member "{person.slack_id}" is "{other.id}" already; a member is one person.'
            raise file.error(what, "people", position, "slack_id")
