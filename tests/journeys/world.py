"""The world of a journey: a town, the real command as real processes, and what an onlooker can see of both."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from dbos import DBOSClient
from sqlmodel import Session, col, select

from bot.demo.home import Home, furnish
from bot.demo.town import Town
from bot.demo.wall import Masthead, Write
from bot.demo.witness import Witness
from bot.evidence.store import Archive
from bot.ledger import cases, database
from bot.ledger.tables import Act, Case, CommentRow, Evidence, GapRow, InHand, PageRow, Revision, Strike
from bot.worker import Outbox
from tests.journeys.births import Deadly, Nursery

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and all that it printed."""

    status: int
    printed: str


class World:
    """One town and one Beadle. ``say`` and the like are the town's; everything else is seen from outside."""

    def __init__(self, town: Town, home: Home, nursery: Nursery) -> None:
        self.town, self.home = town, home
        self.log = home.folder / "daemon.log"
        self.proofs: list[tuple[datetime, str]] = []
        self._nursery = nursery
        self._daemon: int | None = None
        self._errands = 0
        self._guests = ExitStack()
        self.url = database.normalise(home.database_url)
        self._reading = database.reading_engine(self.url)
        self.archive = Archive(home.archive, _NoPrinter())
        self.witness = Witness(self._reading, self.archive)
        town.wall.before_write = self._look

    def add_page(self, slug: str) -> Town:
        """A second page, with a town hall of its own; Slack and mail stay the first one's. It ends with the world."""
        town = Town(self.town.script, self.home.folder / slug, seed=1, masthead=Masthead(name=slug.title(), slug=slug))
        self._guests.enter_context(town)
        path = self.home.config / "pages.yaml"
        head, block = path.read_text("utf-8").split("pages:\n")
        changes = {
            self.town.page_slug: slug,
            self.town.page_id: town.page_id,
            self.town.graph_url: town.graph_url,
            self.town.page_url.removeprefix("http://"): town.page_url.removeprefix("http://"),
            "MILLBROOK_TOKEN": "GUEST_TOKEN",
        }
        guest = block
        for old, new in changes.items():
            guest = guest.replace(old, new)
        path.write_text(f"{head}pages:\n{block}{guest}", "utf-8")
        self.home = replace(self.home, environment={**self.home.environment, "GUEST_TOKEN": town.page_token})
        return town

    # ── processes ────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, *, dies: Deadly | None = None) -> None:
        """Start ``beadle run`` and return at once."""
        assert self._daemon is None, "one daemon at a time"
        self._daemon = self._nursery.bear(("run",), self.home.environment, self.log, dies)

    def once(self, *, dies: Deadly | None = None) -> Said:
        """``beadle run --once``, to its end."""
        return self.beadle("run", "--once", dies=dies)

    def beadle(self, *words: str, dies: Deadly | None = None, environment: Mapping[str, str] | None = None) -> Said:
        """Any command, to its end; ``environment`` is added to that of the town."""
        self._errands += 1
        out = self.home.folder / f"errand-{self._errands}.txt"
        pid = self._nursery.bear(words, {**self.home.environment, **(environment or {})}, out, dies)
        return Said(self._await(pid), out.read_text("utf-8"))

    def kill(self) -> None:
        """SIGKILL, with the word of the kernel that it is dead."""
        assert self._daemon is not None
        os.kill(self._daemon, signal.SIGKILL)
        status = self._await(self._daemon)
        self._daemon = None
        assert status == -signal.SIGKILL, f"it had ended by itself with {status}: {self.last_words()}"

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._daemon is not None
        os.kill(self._daemon, signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait until the daemon ends by itself; its exit status."""
        assert self._daemon is not None
        status, self._daemon = self._await(self._daemon), None
        return status

    @contextmanager
    def held(self) -> Iterator[None]:
        """The daemon stands still for as long as somebody looks."""
        assert self._daemon is not None
        os.kill(self._daemon, signal.SIGSTOP)
        try:
            yield
        finally:
            if self._daemon is not None:
                os.kill(self._daemon, signal.SIGCONT)

    def children(self) -> list[int]:
        """Every process that descends from the daemon: the capture processes and their browsers."""
        assert self._daemon is not None
        return _descendants(self._daemon)

    def close(self) -> None:
        """End what still runs."""
        if self._daemon is not None:
            self.kill()
        if "outbox" in self.__dict__:
            self.outbox.close()
        self._reading.dispose()
        self._guests.close()

    def last_words(self) -> str:
        """The end of the daemon's log."""
        return self.log.read_text("utf-8", "replace")[-1500:] if self.log.exists() else "(nothing)"

    def events(self) -> list[str]:
        """What the daemon logged, by the name of the event."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line)["event"] for line in lines if line.startswith("{")]

    def _await(self, pid: int) -> int:
        until = time.monotonic() + PATIENCE_S
        while (status := self._nursery.status(pid)) is None:
            assert time.monotonic() < until, f"the process did not end: {self.last_words()}"
            time.sleep(0.02)
        return status

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def until(self, what: Callable[[], object], sentence: str, within: float = PATIENCE_S) -> None:
        """Wait until something is so; else fail with the sentence, how the cases stand, and the daemon's last words."""
        until = time.monotonic() + within
        while not what():
            if time.monotonic() > until:
                raise AssertionError(f"waited for: {sentence}\nstanding: {self.standing()}\n{self.last_words()}")
            time.sleep(0.05)

    def until_polled(self, times: int = 1) -> None:
        """Wait for whole polls that begin from now on."""
        seen = self.polls()
        self.until(lambda: self.polls() > seen + times, f"{times} more polls")

    def until_settled(self) -> None:
        """Wait until the page was read anew and no order is under way."""
        self.until_polled()
        self.until(lambda: not self.outbox.under_way(), "all orders carried out")

    def until_delayed(self) -> None:
        """Wait until one order is put off, and nothing else is under way."""
        self.until(lambda: self.polls() and self.outbox.delayed() == 1, "an order waits for its time")

    def skip_delays(self) -> int:
        """Let all the time pass that orders for later wait for; how many there were, looks after an act left out."""
        client = DBOSClient(system_database_url=self.url)
        try:
            delayed = client.list_workflows(status="DELAYED", load_input=False, load_output=False)
            waiting = [each for each in delayed if each.name != "look"]
            for each in waiting:
                client.set_workflow_delay(each.workflow_id, delay_seconds=0.0)
        finally:
            client.destroy()
        return len(waiting)

    # ── what stands in the ledger ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def outbox(self) -> Outbox:
        """Counts orders."""
        return Outbox(self.url)

    @contextmanager
    def ledger(self) -> Iterator[Session]:
        """Read what is recorded."""
        with Session(self._reading) as session:
            yield session

    def is_ready(self) -> bool:
        """Whether there is a ledger yet."""
        return database.is_ready(self.url)

    def polls(self) -> int:
        """How often pages were looked at."""
        if not self.is_ready():
            return 0
        with self.ledger() as session:
            return sum(session.exec(select(PageRow.polls)).all())

    def case(self, comment_id: str) -> Case:
        """The newest case of a comment."""
        with self.ledger() as session:
            return self._cases(session, comment_id)[-1]

    def cases(self, comment_id: str) -> list[Case]:
        """Every case of a comment, the oldest first."""
        if not self.is_ready():
            return []
        with self.ledger() as session:
            return self._cases(session, comment_id)

    def status(self, comment_id: str) -> str | None:
        """How the newest case of a comment stands; ``None`` where there is none."""
        found = self.cases(comment_id)
        return found[-1].status if found else None

    def is_kept(self, comment_id: str) -> bool:
        """Whether the comment is in the archive of all comments."""
        if not self.is_ready():
            return False
        with self.ledger() as session:
            return session.exec(select(CommentRow.id).where(CommentRow.comment_id == comment_id)).first() is not None

    def standing(self) -> dict[str, int]:
        """How many cases stand where."""
        if not self.is_ready():
            return {}
        with self.ledger() as session:
            return cases.counts(session)

    def rows(self, table: type[Any]) -> list[Any]:
        """Every row of one table."""
        with self.ledger() as session:
            return list(session.exec(select(table)).all())

    def evidence(self, comment_id: str) -> Evidence | None:
        """The seal of the newest case of a comment."""
        with self.ledger() as session:
            return session.get(Evidence, self._cases(session, comment_id)[-1].case_id)

    def sealed_text(self, comment_id: str) -> str:
        """The record inside the sealed package, as JSON text."""
        seal = self.evidence(comment_id)
        assert seal is not None
        return json.dumps(self.archive.read(seal.package_id).record)

    def gaps(self) -> list[GapRow]:
        """The blind times."""
        return self.rows(GapRow)

    def strikes(self, comment_id: str) -> list[str]:
        """The strikes that a comment brought, by their status."""
        ids = {case.case_id for case in self.cases(comment_id)}
        return [row.status for row in self.rows(Strike) if row.case_id in ids]

    def acts(self, comment_id: str) -> list[str]:
        """What is recorded as done to a comment, in order."""
        ids = {case.case_id for case in self.cases(comment_id)}
        rows = sorted((row for row in self.rows(Act) if row.case_id in ids), key=lambda row: row.done_at)
        return [row.action for row in rows]

    def charged(self, crashes: int) -> bool:
        """Whether a case is in hand now that was in hand at so many crashes already."""
        if not self.is_ready():
            return False
        with self.ledger() as session:
            query = select(InHand.workflow).where(InHand.working, col(InHand.crashes) >= crashes)
            return session.exec(query).first() is not None

    def _cases(self, session: Session, comment_id: str) -> list[Case]:
        query = (
            select(Case)
            .join(Revision, col(Revision.id) == col(Case.revision))
            .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
            .where(CommentRow.comment_id == comment_id)
            .order_by(col(Revision.id))
        )
        return list(session.exec(query).all())

    # ── what the platform and Slack saw ──────────────────────────────────────────────────────────────────────────

    def writes(self, comment_id: str) -> list[Write]:
        """Every write about one comment that came over the wire."""
        return [write for write in self.town.wall.journal if write.comment_id == comment_id]

    def alerts(self, case_id: str) -> list[dict[str, Any]]:
        """The messages about one case in the channel."""
        return [each for each in self.town.slack.messages() if _payload(each).get("case_id") == case_id]

    def notices(self) -> list[str]:
        """The plain sentences in the channel that are about no case."""
        return [str(each.get("text", "")) for each in self.town.slack.messages() if "key" in _payload(each)]

    def journal(self, comment_id: str) -> list[str]:
        """What happened to a comment, in the order of the clock: preserved, verified, hidden, alerted …"""
        found: list[tuple[datetime, str]] = [(at, "verified") for at, each in self.proofs if each == comment_id]
        found += [(write.at, _PAST[write.verb]) for write in self.writes(comment_id)]
        with self.ledger() as session:
            for case in self._cases(session, comment_id):
                seal = session.get(Evidence, case.case_id)
                found += [(seal.sealed_at, "preserved")] if seal else []
                found += [(_moment(each["ts"]), "alerted") for each in self.alerts(case.case_id)]
        return [what for _, what in sorted(found)]

    def _look(self, verb: str, comment_id: str) -> None:
        before = len(self.witness.unproven)
        self.witness(verb, comment_id)
        if len(self.witness.unproven) == before:
            self.proofs.append((datetime.now(UTC), comment_id))


class _NoPrinter:
    def pdf(self, record: Mapping[str, Any], picture: bytes | None = None) -> bytes:
        raise AssertionError("an onlooker seals nothing")


_PAST = {"hide": "hidden", "unhide": "shown", "delete": "removed"}


def settle(town: Town, folder: Path, nursery: Nursery, *, url: str | None = None, **settings: str) -> World:
    """Furnish a Beadle for a town, with a database and an archive of its own. ``settings``: see ``furnish``."""
    url = url or f"sqlite:///{folder}/beadle.db"
    settings = {"BEADLE_DATABASE_URL": url, "BEADLE_ARCHIVE": f"{folder}/archive", **settings}
    furnished = furnish(town, folder, **settings)
    home = replace(furnished, archive=Path(settings["BEADLE_ARCHIVE"]), database_url=url)
    return World(town, home, nursery)


def _payload(message: Mapping[str, Any]) -> dict[str, Any]:
    return (message.get("metadata") or {}).get("event_payload") or {}


def _moment(stamp: str) -> datetime:
    return datetime.fromtimestamp(float(stamp), UTC)


def _descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended while we looked
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]
