"""From the hide to the answered appeal: every step by its own door, nothing by itself that people must decide."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

from sqlmodel import Session

from bot.ledger import residents
from bot.residents.mailbox import Mailbox
from connectors.contract import Visibility
from tests.office import open_office, voice
from tests.residents.conftest import RESIDENT, PostBox, clerk, counsel, furnished, mail


def test_a_hidden_comment_is_told_of_appealed_upheld_and_shown_again(
    database_url: str, tmp_path: Path, post_box: PostBox
) -> None:
    """Hide, notice by a press, appeal by mail, another reviewer, restored and read back, strike void, answer mailed,
    hold released, all of it sealed."""
    with open_office(database_url, tmp_path) as office:
        house = furnished(office, tmp_path)
        case_id = house.hidden_case()
        assert house.notice(case_id).status == "drafted"
        house.counter.notices.send(case_id, voice())
        house.work()
        ((_, told),) = house.replies.told
        assert case_id in told

        post_box.put(mail(f"That was unfair. Your message says case {case_id}.").as_bytes())
        assert house.counter.appeals.look(Mailbox(post_box.url())) == 1
        with Session(office.route.reading) as session:
            (waiting,) = residents.open_appeals(session, office.clock())
            assert residents.held(session, case_id) == (waiting.number,)
            assert residents.under_appeal(session) == {case_id}
        office.clock.pass_(3600)

        answered = house.counter.deciding.decide(
            waiting.number, uphold=True, voice=voice(counsel()), reason="Said of the phone line, not of Dana."
        )
        assert "Upheld" in answered.sentence
        assert len(house.letters()) == 1, "the answer waits until the comment is seen"
        house.work()

        file = office.file(case_id)
        assert file.case.status == "restored"
        assert file.comment.visibility == Visibility.VISIBLE
        assert file.strike is not None
        assert file.strike.status == "void"
        answer, received = house.letters()
        assert (answer.recipients, received.recipients) == ([RESIDENT], [RESIDENT])
        words = message_from_bytes(answer.mime, policy=policy.default).get_content()
        assert "was upheld" in words
        assert "restored on" in words
        with Session(office.route.reading) as session:
            assert residents.held(session, case_id) == ()
            assert residents.open_appeals(session, office.clock()) == []
        steps = [each.get("appeal") for each in house.supplements(case_id, "appeal")]
        assert steps == ["filed", "matched", "upheld", "answered"]
        assert [each["hold"] for each in house.supplements(case_id, "hold")] == ["placed", "released"]
        assert house.notice(case_id).kind == "restored"
        assert "told privately" in office.journal


def test_nothing_of_the_resident_is_sealed_logged_or_told_of(
    sqlite_url: str, tmp_path: Path, post_box: PostBox
) -> None:
    """Who appeals stands in the ledger and in the letters, and nowhere else."""
    with open_office(sqlite_url, tmp_path) as office:
        house = furnished(office, tmp_path)
        case_id = house.hidden_case()
        post_box.put(mail(f"Case {case_id}: my neighbour Zbigniew can witness.").as_bytes())
        house.counter.appeals.look(Mailbox(post_box.url()))
        house.work()

        assert house.supplements(case_id, "appeal")
        everything = b"".join(data for package in house.packages() for data in package.members.values())
        assert b"Zbigniew" not in everything
        assert RESIDENT.encode() not in everything
        assert all(RESIDENT not in repr(each) for each in office.channel.messages.values())
        assert RESIDENT not in repr(house.counter.appeals.waiting())


def test_a_clerks_entry_takes_the_same_way_without_an_address(sqlite_url: str, tmp_path: Path) -> None:
    """A letter on paper is an appeal like any other; nobody is mailed."""
    from bot.residents.forms import by_clerk

    with open_office(sqlite_url, tmp_path) as office:
        house = furnished(office, tmp_path)
        case_id = house.hidden_case()
        entry = by_clerk(case_id, "12 Elm Street", office.clock(), "Please look again.")
        taken = house.counter.appeals.take_in(entry, voice(clerk()))

        answered = house.counter.deciding.decide(
            taken.number, uphold=False, voice=voice(counsel()), reason="It is on the list."
        )
        house.work()

        assert "tell the person" in answered.sentence
        assert house.letters() == []
        assert office.case(case_id).status == "hidden"
