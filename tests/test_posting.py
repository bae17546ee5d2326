"""The mail room sends every letter once, tries again in its time, and says so where a person must mend something."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.demo.mail import MailFault, PostOffice
from bot.ledger import database, letters
from bot.ledger.tables import Letter
from bot.notify.email import Mailer, compose
from bot.posting import LEASE, MENDED, MailRoom
from tests.fakes import Clock
from tests.townhall import open_post_office

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
SENDER = "beadle@millbrook.example"
GENE, VERA = "gene@millbrook.example", "vera@millbrook.example"


class Counter:
    """A server that counts what it took for whom, and answers some recipients in its own way."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, ...]] = []
        self.says: dict[str, str] = {}
        self.waits = 0.0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(tuple(envelope.rcpt_tos))
        return "250 OK"


@pytest.fixture
def counter() -> Counter:
    """Nothing taken yet."""
    return Counter()


@pytest.fixture
def counting(counter: Counter) -> Iterator[str]:
    """The address of that server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(counter, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


@pytest.fixture
def post_office(tmp_path: Path) -> Iterator[PostOffice]:
    """A real mail server that keeps what it takes."""
    with open_post_office(tmp_path / "mail") as opened:
        yield opened


class Room:
    """A mail room on a ledger, what it told people, and a clock."""

    def __init__(self, url: str, smtp: str) -> None:
        self.url, self.clock, self.told = url, Clock(), list[tuple[str, str]]()
        self.clock.now = NOW
        self.writing, self.reading = database.ledger_engine(url), database.reading_engine(url)
        self.room = self.another(smtp)

    def another(self, smtp: str) -> MailRoom:
        """A second sender on the same ledger."""
        mailer = Mailer(smtp, SENDER, timeout=5)
        return MailRoom(self.reading, self.writing, mailer, self.clock, lambda *said: self.told.append(said))

    def put(self, key: str = "digest:2026-11-21", kind: str = "digest", to: tuple[str, ...] = (GENE,)) -> bool:
        """Write a letter down."""
        mail = compose(
            sender=SENDER,
            to=to,
            subject="s",
            html="<p>ñ</p>",
            text="ñ\n.\n",
            identity=f"<{key.replace(chr(58), chr(46))}@x>",
            now=NOW,
        )
        with Session(self.writing) as session, session.begin():
            return letters.put(session, key, kind, mail, to, self.clock())

    def letter(self, key: str = "digest:2026-11-21") -> Letter:
        """The letter as it stands."""
        with Session(self.reading) as session:
            return session.get_one(Letter, key)

    def take(self, key: str = "digest:2026-11-21") -> letters.InHand | None:
        """Somebody takes it in hand and is never heard of again."""
        with Session(self.writing) as session, session.begin():
            return letters.take(session, key, "somebody", self.clock(), LEASE)

    def later(self, **length: float) -> int:
        """So much later, the room sends what is due."""
        self.clock.now += timedelta(**length)
        return self.room.see_to()

    def close(self) -> None:
        """Let go of the database."""
        self.writing.dispose()
        self.reading.dispose()


@pytest.fixture
def room(database_url: str, post_office: PostOffice) -> Iterator[Room]:
    """A room in front of the mail server, on either database."""
    made = Room(database_url, post_office.url)
    yield made
    made.close()


@pytest.fixture
def strict(sqlite_url: str, counting: str) -> Iterator[Room]:
    """A room in front of the server that answers each recipient in its own way."""
    made = Room(sqlite_url, counting)
    yield made
    made.close()


def test_a_letter_is_sent_once_and_byte_for_byte(room: Room, post_office: PostOffice) -> None:
    """As it was written, to whom it was written; a second round finds nothing to do."""
    room.put()
    first, second = room.later(), room.later(days=1)
    letter = room.letter()

    assert (first, second, len(post_office.messages)) == (1, 0, 1)
    assert post_office.paths[0].read_bytes() == letter.mime
    assert post_office.envelopes == [(SENDER, (GENE,))]
    assert (letter.sent_at, letter.taken, letter.held_by) == (NOW, [GENE], None)


def test_the_same_letter_is_written_once(room: Room) -> None:
    """Its key says that it is the same; the second writer is told so and nothing of its transaction is lost."""
    assert (room.put(), room.put(), room.put("digest:2026-11-22")) == (True, False, True)


def test_tries_come_after_a_minute_then_five_then_fifteen_then_every_hour(room: Room, post_office: PostOffice) -> None:
    """For ever: a digest is never zero. People are told after twenty minutes, and when it is mended."""
    room.put()
    post_office.stop()
    due, told = [], []
    for _ in range(6):
        room.room.see_to()
        due.append((room.letter().due_at - room.clock()).total_seconds() / 60)
        told.append(len(room.told))
        room.clock.now = room.letter().due_at
    post_office.start()
    room.room.see_to()

    assert due == [1, 5, 15, 60, 60, 60]
    assert told == [0, 0, 0, 1, 2, 3]
    assert {key for _, key in room.told} == {"note-mail-stuck", "note-mail-mended"}  # each once a day, whatever is said
    assert "`beadle mail` lists what waits." in room.told[0][0]
    assert room.told[-1][0] == MENDED
    assert len(post_office.messages) == 1


def test_nothing_is_sent_before_its_time(room: Room, post_office: PostOffice) -> None:
    """A mail that the server asked to be tried later is left in peace until then."""
    room.put()
    post_office.next(MailFault.LATER)
    room.later()
    early = room.later(seconds=59)
    sent = room.later(seconds=1)

    assert (early, sent, len(post_office.messages)) == (0, 1, 1)


def test_one_that_can_not_be_sent_holds_up_no_other(room: Room, post_office: PostOffice) -> None:
    """The server refuses one mail and takes its neighbours."""
    for day in ("2026-11-19", "2026-11-20", "2026-11-21"):
        room.put(f"digest:{day}")
    post_office.next(MailFault.REFUSE)

    assert room.later() == 2
    assert room.letter("digest:2026-11-19").sent_at is None


def test_what_is_in_hand_is_left_alone_until_the_lease_runs_out(room: Room, post_office: PostOffice) -> None:
    """A sender died with it; who takes it over says so."""
    room.put()
    room.take()
    with capture_logs() as said:
        early = room.later(seconds=LEASE.total_seconds() - 1)
        taken_over = room.later(seconds=1)

    assert (early, taken_over, len(post_office.messages)) == (0, 1, 1)
    assert [line["event"] for line in said] == ["a letter that was left in hand is taken over", "mail sent"]
    assert room.letter().tries == 2


def test_a_sender_that_comes_to_late_changes_nothing_that_another_did(room: Room, post_office: PostOffice) -> None:
    """Its lease is gone: it may not put back or set aside what another holds or has sent."""
    room.put()
    slow = room.take()
    assert slow is not None
    room.later(seconds=LEASE.total_seconds())
    with Session(room.writing) as session, session.begin():
        letters.put_off(session, slow, "somebody", (), NOW, "too late")
        letters.set_aside(session, slow, "somebody", NOW, "too late")
    letter = room.letter()

    assert (letter.because, letter.refused_at) == ("", None)
    assert room.later(days=1) == 0


def test_an_answer_that_is_lost_repeats_the_mail_under_the_same_message_id(room: Room, post_office: PostOffice) -> None:
    """The only case in which two arrive; mail programs fold them into one."""
    room.put()
    post_office.next(MailFault.LOST_ANSWER)
    room.later()
    room.later(minutes=1)

    assert len(post_office.messages) == 2
    assert len({message["Message-ID"] for message in post_office.messages}) == 1
    assert post_office.paths[0].read_bytes() == post_office.paths[1].read_bytes()


def test_a_refused_server_is_tried_hourly_for_five_days_and_a_person_is_told(
    room: Room, post_office: PostOffice
) -> None:
    """Then it is set aside, and goes out when somebody asks for it again."""
    room.put()
    post_office.next(MailFault.REFUSE, mails=1 + 5)
    room.later()
    waits = room.letter().due_at - room.clock()
    rounds = [room.later(days=1) for _ in range(6)]
    aside = room.letter()
    with Session(room.writing) as session, session.begin():
        letters.again(session, "digest:2026-11-21", room.clock())

    assert waits == timedelta(hours=1)
    assert set(rounds) == {0}
    assert aside.refused_at is not None
    assert "refused the mail (550)" in aside.because
    assert {key for _, key in room.told} == {"note-mail-refused", "mail-digest:2026-11-21"}
    assert "`beadle mail retry digest:2026-11-21`" in room.told[-1][0]
    assert (room.later(), len(post_office.messages)) == (1, 1)


def test_who_is_asked_to_wait_gets_it_later_and_nobody_gets_it_twice(strict: Room, counter: Counter) -> None:
    """One mailbox is full, the other is not: two deliveries, each reader once."""
    counter.says[VERA] = "452 4.2.2 mailbox full"
    strict.put(to=(GENE, VERA))
    first = strict.later()
    waits = strict.letter()
    del counter.says[VERA]
    second = strict.later(minutes=1)

    assert (first, second) == (0, 1)
    assert (waits.taken, waits.because) == (
        [GENE],
        f"The mail server asks to try again later for {VERA} (452).",
    )
    assert counter.taken == [(GENE,), (VERA,)]
    assert strict.letter().taken == [GENE, VERA]


def test_a_wrong_address_costs_the_others_nothing_and_is_told(strict: Room, counter: Counter) -> None:
    """Those who exist have it; a person corrects the other."""
    counter.says[VERA] = "550 5.1.1 no such user"
    strict.put(to=(GENE, VERA))

    assert strict.later() == 1
    assert counter.taken == [(GENE,)]
    assert strict.told[0][0].startswith("A mail (digest) did not reach everybody: The mail server refused vera@")


@pytest.mark.parametrize(("kind", "named"), [("digest", True), ("appeal", False)])
def test_a_mail_that_nobody_takes_is_set_aside_at_once(strict: Room, counter: Counter, kind: str, named: bool) -> None:
    """Our own people's address is named, so that somebody corrects it; a resident's is in no message and no log."""
    counter.says[GENE] = "550 5.1.1 no such user"
    strict.put(kind=kind)
    with capture_logs() as said:
        strict.later()

    assert strict.letter().refused_at == NOW
    assert strict.later(days=30) == 0
    assert (GENE in strict.told[0][0]) is named
    assert (GENE in strict.letter().because) is named
    assert GENE not in str(said)


def test_two_refused_for_good_and_for_now_end_as_each_must(strict: Room, counter: Counter) -> None:
    """Nobody has it yet: who may still get it is waited for, and a mail that none takes in the end is set aside."""
    counter.says |= {GENE: "450 4.2.0 greylisted", VERA: "550 5.1.1 no such user"}
    strict.put(to=(GENE, VERA))
    strict.later()
    waits = strict.letter()
    counter.says[GENE] = "550 5.1.1 no such user"
    strict.later(minutes=1)

    assert (waits.refused_at, waits.taken) == (None, [])
    assert strict.letter().refused_at is not None
    assert counter.taken == []


def test_many_senders_at_once_send_each_letter_once(room: Room, post_office: PostOffice) -> None:
    """Eight on one ledger, all at the same moment, forty letters."""
    for number in range(40):
        room.put(f"alert:{number}", "alert")
    rooms = [room.another(post_office.url) for _ in range(8)]
    gate = threading.Barrier(8)

    def work(each: MailRoom) -> None:
        gate.wait()
        each.see_to()

    threads = [threading.Thread(target=work, args=(each,)) for each in rooms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(str(message["Message-ID"]) for message in post_office.messages) == sorted(
        f"<alert.{number}@x>" for number in range(40)
    )


def test_a_room_that_is_closing_begins_no_other_letter(room: Room, post_office: PostOffice) -> None:
    """A stop is not a crash: nothing is left in hand."""
    room.put()
    stop = threading.Event()
    stop.set()

    assert (room.room.see_to(stop), post_office.messages, room.letter().held_by) == (0, [], None)


def test_a_server_that_never_comes_to_an_end_is_hung_up_on(sqlite_url: str) -> None:
    """Each line comes in time, and the mail never: the patience for the whole is shorter than the lease."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_drip, args=(listening,), daemon=True).start()
        mailer = Mailer(f"smtp://127.0.0.1:{listening.getsockname()[1]}", SENDER, timeout=5)
        began = time.monotonic()
        with pytest.raises(Exception, match="can't be reached just now"):
            mailer.deliver(b"Subject: x\r\n\r\nx", SENDER, (GENE,), 1.0)
        took = time.monotonic() - began

    assert took < 20  # it would drip for ever


def _drip(listening: socket.socket) -> None:
    with listening.accept()[0] as line:
        try:
            while True:
                line.sendall(b"220-still here\r\n")
                time.sleep(0.2)
        except OSError:
            return


def test_retrying_by_hand_leaves_alone_what_is_sent_or_in_hand(room: Room) -> None:
    """Asking again is no way to get a second mail out."""
    room.put()
    room.take()
    with Session(room.writing) as session, session.begin():
        held = letters.again(session, "digest:2026-11-21", room.clock())
        assert held is not None
        in_hands = held.held_by
    room.later(seconds=LEASE.total_seconds())
    with Session(room.writing) as session, session.begin():
        sent = letters.again(session, "digest:2026-11-21", room.clock())
        assert sent is not None
        at = sent.sent_at

    assert in_hands == "somebody"
    assert at == room.clock()
    assert room.later(days=1) == 0


def test_the_record_of_letters_is_frozen_for_the_sender(room: Room) -> None:
    """What is in hand is a copy: who still has to get it follows from who has it."""
    room.put(to=(GENE, VERA))
    letter = room.take()

    assert letter is not None
    assert replace(letter, taken=(GENE,)).to == (VERA,)
