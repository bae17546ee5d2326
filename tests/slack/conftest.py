"""People in Slack, over the real wire: the stand-in's sockets, bolt, the real route and a real worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.demo.slack import Channel, Slack, SlackUser
from bot.ledger.tables import Decision, Press
from bot.notify.slack import SlackNotifier
from bot.people import People, Person, Role
from bot.reporting import Reporting
from bot.slack.door import Door
from bot.slack.hall import Doing, Hall
from bot.slack.link import Link
from bot.slack.wire import Wire, web_client
from bot.telling import Alerts
from bot.worker import Outbox
from tests.engine import for_office
from tests.office import PROFANE, Office, open_office, person, shelf

TOKEN, CHANNEL, ELSEWHERE = "xoxb-730021-slacktest", "C0MAIN", "C0PARKS"
NOOR, GENE, CORA, KAI, ZED = (
    SlackUser(f"U0{name.upper()}", name.title(), f"{name}@millbrook.example")
    for name in ("noor", "gene", "cora", "kai", "zed")
)
FOREIGN = SlackUser("U0NOOR2", "Noor Elsewhere", "noor@elsewhere.example", team_id="T0ELSEWHERE")
ROBOT = SlackUser("U0ROBOT", "Robot", "robot@millbrook.example", is_bot=True)
PATIENCE_S = 20.0


def _listed(name: str, *roles: Role, pages: frozenset[str] | None = None, member: str = "") -> Person:
    return replace(person(name, *roles, pages=pages), slack_id=member or f"U0{name.upper()}")


PEOPLE = People(
    (
        _listed("noor"),
        _listed("gene", Role.SUPERVISOR),
        _listed("cora", Role.CITY_CLERK),
        _listed("kai", pages=frozenset({"parks"})),
        _listed("ghost", member=FOREIGN.id),
        _listed("robot", member=ROBOT.id),
    )
)
"""Zed is in the workspace and in no file. Ghost is in the file, and a member of another workspace."""


@dataclass(repr=False)
class Scene:
    """One town, its Slack, and everything between them."""

    office: Office
    slack: Slack
    door: Door
    link: Link
    hall: Hall
    outbox: Outbox | None
    url: str

    def case(self, text: str = PROFANE) -> str:
        """A visitor writes; the case is sealed, acted upon and told of."""
        case_id = self.office.open_case(text)
        self.until(lambda: self.message(case_id) is not None)
        self.settle()
        return case_id

    def settle(self) -> None:
        """Until nothing that is ordered is left to do."""
        if self.outbox is None:
            self.office.work()
        else:
            outbox = self.outbox
            self.until(lambda: outbox.under_way() == 0)

    def message(self, case_id: str) -> dict[str, Any] | None:
        """The one message of a case."""
        found = [each for each in self.slack.messages(CHANNEL) if case_id in _payload(each).values()]
        assert len(found) <= 1, "one message a case"
        return found[0] if found else None

    def ts(self, case_id: str) -> str:
        """Where that message stands."""
        message = self.message(case_id)
        assert message is not None
        return str(message["ts"])

    def press(self, user: SlackUser, case_id: str, verb: str, **more: Any) -> Any:
        """Press a button under a case."""
        return self.slack.press(user, CHANNEL, self.ts(case_id), f"case_{verb}", **more)

    def window(self, user: SlackUser) -> dict[str, Any]:
        """The window that this member has before them, once there is one."""
        self.until(lambda: self.slack.views(user))
        return self.slack.views(user)[-1]

    def fill_in(self, user: SlackUser, **values: str) -> Any:
        """Fill in that window and send it."""
        return self.slack.submit(user, self.window(user)["id"], values)

    def decide(self, user: SlackUser, case_id: str, verb: str, **values: str) -> Any:
        """Press, fill in and send."""
        self.press(user, case_id, verb)
        return self.fill_in(user, **values)

    def said(self, user: SlackUser) -> str:
        """The last that this member alone was told, once there is something."""
        self.until(lambda: self.slack.ephemerals(user))
        return words(self.slack.ephemerals(user)[-1])

    def told(self, user: SlackUser, part: str) -> str:
        """What this member was told that has this part in it."""
        self.until(lambda: any(part in words(each) for each in self.slack.ephemerals(user)), part)
        return next(words(each) for each in self.slack.ephemerals(user) if part in words(each))

    def typed(self, user: SlackUser, text: str, channel: str = CHANNEL) -> str:
        """Type a slash command; what it answers."""
        before = len(self.slack.ephemerals(user))
        delivered = self.slack.command(user, "/beadle", text, channel)
        assert delivered.acknowledged
        self.until(lambda: len(self.slack.ephemerals(user)) > before, text)
        return words(self.slack.ephemerals(user)[-1])

    def presses(self) -> list[Press]:
        """What was written down, in order of time."""
        with Session(self.office.route.reading) as session:
            return list(session.exec(select(Press)).all())

    def decisions(self) -> list[Decision]:
        """What people decided, in order."""
        with Session(self.office.route.reading) as session:
            return list(session.exec(select(Decision).order_by(Decision.id)).all())  # type: ignore[arg-type]

    def status(self, case_id: str) -> str:
        """How a case stands."""
        return self.office.case(case_id).status

    def until(self, what: Callable[[], object], sentence: str = "") -> None:
        """Wait until it is so; a hang fails."""
        until = time.monotonic() + PATIENCE_S
        while not what():
            if self.outbox is None:
                self.office.work()
            assert time.monotonic() < until, f"waited in vain: {sentence or what}"
            time.sleep(0.02)


def words(thing: Any) -> str:
    """Every word in a message or view, in order."""
    if isinstance(thing, dict):
        own = thing["text"] if isinstance(thing.get("text"), str) and thing.get("type") != "message" else ""
        return own + "".join(words(value) for key, value in thing.items() if key not in _NOT_READ)
    return "".join(words(each) for each in thing) if isinstance(thing, list) else ""


_NOT_READ = frozenset({"state", "metadata", "confirm", "bot_profile"})


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    return (message.get("metadata") or {}).get("event_payload") or {}


MakeScene = Callable[..., Scene]


@pytest.fixture
def slack() -> Iterator[Slack]:
    """The workspace, serving."""
    users = (NOOR, GENE, CORA, KAI, ZED, FOREIGN, ROBOT)
    found = Slack(TOKEN, Channel(CHANNEL, "social-media"), Channel(ELSEWHERE, "parks"), users=users)
    found.listener.start()
    yield found
    found.listener.stop()


@pytest.fixture
def make_scene(slack: Slack, tmp_path: Path) -> Iterator[MakeScene]:
    """Scenes on a database. Without ``works`` there is no engine: what is ordered is done while a test waits."""
    with ExitStack() as undo:

        def make(url: str, *, works: bool = True, links: bool = True, **doings: Doing) -> Scene:
            office = undo.enter_context(open_office(url, tmp_path))
            outbox = undo.enter_context(closing(Outbox(url))) if works else None
            base = f"{slack.listener.url}/api/"
            alerts = Alerts("Millbrook", shelf().version, office.route.archive.restricted, people=PEOPLE, answers=True)
            notifier = SlackNotifier(TOKEN, base_url=base, channel=CHANNEL)
            office.route = replace(office.route, notifier=notifier, orders=outbox or office.pad, alert=alerts)
            reporting = Reporting(office.review)
            hall = Hall(
                PEOPLE,
                office.review,
                office.route.archive.restricted,
                report=reporting.report,
                own_post=reporting.own_post,
                doings=doings,
            )
            door = Door(hall, Wire(web_client(TOKEN, base)))
            undo.callback(door.close)
            link = Link(door.app, slack.app_token, look_every_s=0.05)
            if links:
                link.start()
                undo.callback(link.stop)
                assert slack.sockets.wait_for(1)
            if outbox is not None:
                undo.enter_context(for_office(office, url, outbox))
            return Scene(office, slack, door, link, hall, outbox, url)

        yield make


@pytest.fixture
def scene(make_scene: MakeScene, sqlite_url: str) -> Scene:
    """A town on SQLite, whose orders are done while the test waits."""
    return make_scene(sqlite_url, works=False)


@pytest.fixture
def at_work(make_scene: MakeScene, sqlite_url: str) -> Scene:
    """The same with the real engine at work."""
    return make_scene(sqlite_url)
