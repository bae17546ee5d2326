"""A town hall: the office of Beadle with everything that is done about accounts, and a hand that keeps them away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from bot.asking import Requests
from bot.authority import Verb
from bot.desk import Desk
from bot.ledger import blocks, offenders, proposals
from bot.ledger.offenders import Account
from bot.ledger.tables import AccountWord, Block, Proposal
from bot.ledger.tally import Standing as Tally
from bot.offenders.barring import Barring, kinds
from bot.offenders.grounds import Terms
from bot.offenders.ladder import Ladder
from bot.offenders.reconciling import Reconciling
from bot.offenders.sheet import Sheet, open_sheet
from bot.offenders.watching import Offenders
from bot.people import Person, Role
from bot.review import in_force
from bot.voice import Voice
from connectors.contract import Author, CommentRef, Exchange, Standing, Way
from tests.office import SLUG, Office, open_office, person, shelf, voice

MALLORY = Author("m1", "Mallory Reyes")
BAN = Way("ban", "The account can no longer comment on the page.", reversible=True)
STAIN = Way("report", "The platform is told; nobody can take that back.", reversible=False)
HOURS = 3600.0
DAY = 24 * HOURS
RUDE = (
    "This is complete bullshit, Dana. Nobody at town hall picks up the phone.",
    "More bullshit about the budget from the finance people this week.",
    "The plowing of Elm Street is bullshit and the whole road knows it.",
    "What bullshit, the library closes at four now and no one asked us.",
    "Bullshit again, where did the money for the playground go then.",
)


@dataclass(slots=True)
class Doorman:
    """Keeps accounts away, in memory. ``failures`` are raised by the next calls."""

    clock: Any
    away: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    over: CommentRef | None = None

    def block(
        self,
        author_id: str,
        *,
        way: str | None = None,
        over: CommentRef | None = None,
        accept_one_way: bool = False,
    ) -> Standing:
        self._fail()
        self.over = over
        already = author_id in self.away
        self.away[author_id] = way or ""
        self.asked.append(f"block {author_id} {way}{' one way' * accept_one_way}")
        return Standing(author_id, way or "", True, self.clock(), already, (_answer(self.clock()),))

    def unblock(self, author_id: str, *, way: str | None = None) -> Standing:
        self._fail()
        already = self.away.pop(author_id, None) is None
        self.asked.append(f"unblock {author_id} {way}")
        return Standing(author_id, way or "", False, self.clock(), already, (_answer(self.clock()),))

    def blocked(self) -> Iterator[Author]:
        self._fail()
        return iter([Author(each, f"Displayed {each}") for each in self.away])

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass(slots=True)
class Hall:
    """An office, and what people do about accounts in it."""

    office: Office
    doorman: Doorman
    appealed: set[str] = field(default_factory=set)
    told: list[tuple[str, str]] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)

    @property
    def offenders(self) -> Offenders:
        pack_of = in_force(shelf().in_force)
        clock, appealed = self.office.clock, self.appealed
        return Offenders(
            self.office.route,
            shelf().version,
            pack_of,
            lambda: clock().date(),
            self._tell,
            lambda _: frozenset(appealed),
        )

    @property
    def ladder(self) -> Ladder:
        return Ladder(self.offenders)

    @property
    def barring(self) -> Barring:
        return Barring(self.offenders, {SLUG: self.doorman})

    @property
    def reconciling(self) -> Reconciling:
        return Reconciling(self.offenders, {SLUG: self.doorman})

    @property
    def requests(self) -> Requests:
        return Requests(self.office.review, {**kinds(self.barring)})

    def violate(self, number: int = 0, author: Author = MALLORY, *, confirmed: bool = True) -> str:
        """An account writes what a rule hides, and a person confirms it. A day passes first."""
        self.office.clock.pass_(DAY)
        case_id = self.office.settled_case(RUDE[number], author=author)
        if confirmed:
            self.decide(case_id, Verb.APPROVE)
        return case_id

    def violate_thrice(self) -> list[str]:
        """What the policy asks people from."""
        return [self.violate(number) for number in range(3)]

    def decide(self, case_id: str, verb: Verb) -> None:
        """A person decides, and it is carried out."""
        self.office.review.decide(case_id, verb, voice(), "as the policy says", code_of(self.office, case_id, verb))
        self.office.work()

    def see_to(self) -> None:
        """What the daemon does each minute."""
        self.offenders.see_to(self.office.clock())

    def standing(self, author_id: str = "m1") -> Tally:
        with Session(self.office.route.reading) as session:
            return self.offenders.standing(session, "facebook", author_id)

    def proposals(self) -> list[Proposal]:
        with Session(self.office.route.reading) as session:
            return list(session.exec(select(Proposal).order_by(col(Proposal.id))).all())

    def blocks(self) -> list[Block]:
        with Session(self.office.route.reading) as session:
            return list(session.exec(select(Block).order_by(col(Block.id))).all())

    def words(self) -> list[AccountWord]:
        with Session(self.office.route.reading) as session:
            return list(proposals.words(session, "facebook", "m1"))

    def account(self, author_id: str = "m1") -> Account:
        with Session(self.office.route.reading) as session:
            return offenders.account(session, "facebook", author_id)

    def sheet(self) -> Sheet:
        with Session(self.office.route.reading) as session:
            return open_sheet(session, self.offenders.court, self.account(), self.office.clock())

    def warn(self, days_ago: int) -> str:
        """A person records a warning."""
        day = self.office.clock().date() - timedelta(days=days_ago)
        return self.ladder.warn(self.account(), SLUG, "direct message", day, "told them of 3.4.3.A", voice())

    def prepare(self) -> None:
        """Three warnings and counsel's word: all that a block takes after three strikes, but for two people."""
        self.see_to()
        for days_ago in (3, 2, 1):
            self.warn(days_ago)
        self.ladder.opine(self.account(), SLUG, "Proportionate, thirty days.", voice(counsel()))

    def ask(self, way: str = "ban", days: int = 30, *, one_way: bool = False) -> int:
        """A supervisor asks for a block; the number of the request."""
        seen = Voice(supervisor(), "sam", saw=self.sheet().mark)
        terms = Terms(way, days, one_way)
        said = self.ladder.ask_block(self.account(), SLUG, terms, "three strikes, three warnings", seen)
        return int(said.split("R-")[1].split(":")[0])

    def approve(self, number: int) -> str:
        """The chief of staff approves."""
        return self.requests.approve(number, Voice(chief(), "cleo"), "agreed")

    def bar(self, *, at_once: bool = True) -> dict[str, Any]:
        """The next order of this room, as the engine runs it."""
        orders = self.office.pad.open
        order = next(each for each in orders if each.workflow == "bar" and (not each.delay_s or not at_once))
        orders.remove(order)
        return self.run(order.key)

    def run(self, key: str) -> dict[str, Any]:
        """An order, once: the stage, its outcome as JSON, the transaction."""
        done: dict[str, Any] = json.loads(json.dumps(self.barring.bar(key)))
        self.office.record(self.barring.record, key, done)
        return done

    def block(self) -> Block:
        """Two people, up to the block that stands."""
        self.approve(self.ask())
        self.bar()
        return self.blocks()[-1]

    def listed(self) -> Any:
        """What is known of the platform's list."""
        with Session(self.office.route.reading) as session:
            return blocks.lists(session)[SLUG]

    def sentences(self) -> list[str]:
        """What people were told."""
        return [sentence for sentence, _ in self.told]

    def _tell(self, desk: Desk, sentence: str, key: str) -> None:
        self.told.append((sentence, key))


@contextmanager
def open_hall(url: str, folder: Path) -> Iterator[Hall]:
    """A town hall on a migrated database."""
    with open_office(url, folder) as office:
        ways = replace(office.platform.capabilities, block_ways=(BAN, STAIN))
        office.platform.capabilities = ways
        yield Hall(office, Doorman(office.clock))


def supervisor() -> Person:
    return person("sam", Role.SUPERVISOR)


def chief() -> Person:
    return person("cleo", Role.CHIEF_OF_STAFF)


def counsel() -> Person:
    return person("cora", Role.COUNSEL)


def code_of(office: Office, case_id: str, verb: Verb) -> str:
    """A reason code, where the policy wants one."""
    pack = in_force(shelf().in_force)(office.desk, office.clock())
    codes = pack.reasons.get(verb.value, ()) if pack is not None else ()
    return codes[0].id if codes else ""


def _answer(at: datetime) -> Exchange:
    said = b'{"success": true}'
    asked = (("accept", "application/json"),)
    told = (("content-type", "application/json"),)
    return Exchange("POST", "https://graph.example/blocked", asked, 200, told, said, at.astimezone(UTC), 3.0)
