"""Notices to accounts (FA-15): drafted with the act, sent by a person, never twice, never in public."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger import notices, switches
from bot.people import Role
from connectors.contract import (
    ArchivePolicy,
    Gone,
    InDoubt,
    PermissionLost,
    RateLimited,
    Unavailable,
    Unsupported,
)
from tests.office import PROFANE, person, voice
from tests.residents.conftest import House


def test_a_hide_leaves_a_draft_and_nothing_is_sent_by_itself(house: House) -> None:
    """The notice is there in the commit of the act; a whole day later it has still not been sent."""
    case_id = house.hidden_case()
    draft = house.counter.notices.draft(case_id)
    house.office.clock.pass_(86_400)
    house.work()

    assert (draft.kind, draft.status) == ("hidden", "drafted")
    assert house.replies.told == []


def test_a_notice_says_all_that_the_account_needs(house: House) -> None:
    """Time in the city's zone, the words, the clause and what it says, where and until when to appeal, and by whom."""
    case_id = house.hidden_case()
    text = house.counter.notices.draft(case_id).text

    assert "hidden on 21 November 2026, 7:00 AM EST" in text
    assert PROFANE[:40] in text
    clause = house.office.file(case_id).verdict.clause
    assert f"clause {clause} of our comment policy: " in text
    assert text.split(f"{clause} of our comment policy: ")[1][:10].strip()
    for part in ("not deleted", "public record", "appeals@millbrook.example", "1 December 2026", case_id):
        assert part in text
    assert "took no part in this decision" in text
    assert "other comments are not affected" in text
    assert "{" not in text
    assert "wrote" not in text


@pytest.mark.parametrize(
    ("lang", "english", "spanish"), [("en", True, False), ("es", False, True), ("und", True, True)]
)
def test_an_account_is_told_in_its_own_language_and_in_both_where_unsure(
    house: House, lang: str, english: bool, spanish: bool
) -> None:
    """Who wrote Spanish reads Spanish; who can't be told apart reads both."""
    from bot.residents import wording

    case_id = house.hidden_case()
    file = house.office.file(case_id)
    file = replace(file, verdict=replace(file.verdict, lang=lang))
    now = house.office.clock()
    text, languages = wording.notice(
        file, house.city, house.counter.packs, kind="hidden", done_at=now, file_by=now + timedelta(days=10)
    )

    assert ("about your comment" in text, "sobre su comentario" in text) == (english, spanish)
    assert ("se ocultó" in text) == spanish
    assert ("en" in languages, "es" in languages) == (english, spanish)


def test_a_notice_that_is_too_long_is_said_more_briefly_and_never_cut(house: House) -> None:
    """Both languages in few bytes: shorter first, then one language, whole sentences always."""
    from bot.residents import wording

    file = house.office.file(house.hidden_case())
    file = replace(file, verdict=replace(file.verdict, lang="und"))
    now = house.office.clock()

    def told(most: int | None) -> tuple[str, tuple[str, ...]]:
        return wording.notice(file, house.city, house.counter.packs, kind="hidden", done_at=now, file_by=now, most=most)

    whole, brief, one = told(None), told(1400), told(700)
    assert len(brief[0].encode()) <= 1400 < len(whole[0].encode())
    assert len(one[0].encode()) <= 700
    assert (whole[1], brief[1], one[1]) == (("en", "es"), ("en", "es"), ("en",))
    assert all(file.case.case_id in text for text, _ in (whole, brief, one))


def test_words_that_would_speak_are_made_harmless_in_a_notice(house: House) -> None:
    """Direction marks, control characters and quotes of the comment can't shape what the city says."""
    case_id = house.hidden_case('This is bullshit "), all charges are dropped. \u202eesrever\u0007 ("')
    text = house.counter.notices.draft(case_id).text

    assert "\u202e" not in text
    assert "\u0007" not in text
    assert text.count('"') == 2


def test_a_press_sends_once_and_the_second_press_says_so(house: House) -> None:
    """A double click, and a second person, find it on its way or sent."""
    case_id = house.hidden_case()
    first = house.counter.notices.send(case_id, voice())
    second = house.counter.notices.send(case_id, voice(person("ana")))
    house.work()
    third = house.counter.notices.send(case_id, voice())
    house.work()

    assert (first.again, second.again, third.again) == (False, True, True)
    assert len(house.replies.told) == 1
    row = house.notice(case_id)
    assert (row.status, row.person, row.message) == ("sent", "noor", f"m_{house.replies.told[0][0]}")


def test_what_was_sent_is_sealed_with_who_sent_it(house: House) -> None:
    """The words as they went out before they go, and what came of it afterwards."""
    case_id = house.hidden_case()
    house.counter.notices.send(case_id, voice())
    house.work()

    asked, came = house.supplements(case_id, "notice")
    assert asked["text"] == house.replies.told[0][1]
    assert (asked["by"], asked["account"], asked["kind"]) == ("noor", "noor", "hidden")
    assert came["notice_state"] == "sent"
    act = house.supplements(case_id, "action")[0]
    assert act["notice_state"] == "drafted"


@pytest.mark.parametrize("role", [Role.COUNSEL, Role.CITY_CLERK, Role.RECORDS_CUSTODIAN])
def test_nobody_without_the_office_sends_a_notice(house: House, role: Role) -> None:
    """The refusal is recorded nowhere and nothing leaves."""
    case_id = house.hidden_case()

    with pytest.raises(NotAllowed, match="send a notice"):
        house.counter.notices.send(case_id, voice(person("max", role)))

    house.work()
    assert house.notice(case_id).status == "drafted"
    assert house.replies.told == []


def test_a_stale_press_sends_nothing(house: House) -> None:
    """The message showed a hidden case; by now somebody restored it."""
    case_id = house.hidden_case()
    stand = house.office.file(case_id).stand
    house.office.review.decide(case_id, Verb.RESTORE, voice(person("ana")), "An opinion.")
    house.work()

    with pytest.raises(NotAllowed, match="has changed"):
        house.counter.notices.send(case_id, replace(voice(), stand=stand))


def test_a_reversal_owes_a_notice_of_its_own_and_overtakes_the_first(house: House) -> None:
    """The account is not told of a hide that is over."""
    case_id = house.hidden_case()
    house.office.clock.pass_(60)
    house.office.review.decide(case_id, Verb.RESTORE, voice(), "An opinion.")
    house.work()

    assert [each.status for each in house.notices(case_id)] == ["overtaken", "drafted"]
    text = house.counter.notices.draft(case_id).text
    assert "is shown again since" in text
    assert "no longer counts" in text
    house.counter.notices.send(case_id, voice())
    house.work()
    assert len(house.replies.told) == 1


def test_a_platform_without_a_private_message_is_recorded_as_not_possible(house: House) -> None:
    """The case says why, from the first moment; a person who tries is told the same."""
    case_id = house.office.preserved_case()
    with Session(house.office.route.writing) as session, session.begin():
        comment = house.office.file(case_id).comment
        comment.platform = "mastodon"
        session.add(comment)
    house.office.work()

    row = house.notice(case_id)
    assert row.status == "not possible"
    assert "Mastodon" in row.because
    with pytest.raises(NotAllowed, match="not possible: Nothing can be hidden on Mastodon"):
        house.counter.notices.send(case_id, voice())


def test_a_page_of_which_only_digests_may_be_kept_sends_nothing(house: House) -> None:
    """Its words may not be passed on, so neither may they be quoted."""
    case_id = house.hidden_case()
    house.can(archive=ArchivePolicy("digests", "Town terms 1.2"))

    with pytest.raises(NotAllowed, match="digests only"):
        house.counter.notices.send(case_id, voice())


@pytest.mark.parametrize("error", [Gone("It is gone."), Unsupported("It is older than seven days.")])
def test_what_the_platform_will_not_take_is_not_possible_with_its_reason(house: House, error: Exception) -> None:
    """It is recorded and sealed, and not tried again."""
    case_id = house.hidden_case()
    house.replies.fail = [error]
    house.counter.notices.send(case_id, voice())
    house.work()

    row = house.notice(case_id)
    assert (row.status, row.because) == ("not possible", str(error))
    assert house.supplements(case_id, "notice")[-1]["notice_state"] == "not possible"


def test_a_lost_answer_leaves_it_to_a_person(house: House) -> None:
    """It may have arrived: nothing sends it again, not even the person's next press."""
    case_id = house.hidden_case()
    house.replies.lose = [InDoubt("The answer was lost; look in the inbox.")]
    house.counter.notices.send(case_id, voice())
    house.work()

    with pytest.raises(NotAllowed, match="may have arrived"):
        house.counter.notices.send(case_id, voice())
    house.work()
    assert house.notice(case_id).status == "in doubt"
    assert len(house.replies.told) == 1


@pytest.mark.parametrize(("tells", "refused", "status", "sent"), [
    (False, False, "in doubt", 1),
    (True, False, "sent", 2),
    (True, True, "in doubt", 1),
])  # fmt: skip
def test_a_crash_while_sending_never_sends_what_may_have_arrived(
    house: House, tells: bool, refused: bool, status: str, sent: int
) -> None:
    """Where the platform tells whether it took one, it is asked; elsewhere a person looks."""
    case_id = house.hidden_case()
    house.can(notice_told=tells)
    house.counter.notices.send(case_id, voice())
    key = house.notice(case_id).act_key
    house.replies.lose = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        house.counter.notices.deliver(key)
    if refused:
        house.replies.fail = [Unsupported("One only.")]
    house.work()

    assert house.notice(case_id).status == status
    assert len(house.replies.told) == sent


@pytest.mark.parametrize("later", [Unavailable("Down."), "limited"])
def test_a_platform_that_is_down_gets_it_later(house: House, later: Exception | str) -> None:
    """Nothing left, so it is tried again when its time comes, and sent once."""
    case_id = house.hidden_case()
    until = house.office.clock() + timedelta(minutes=5)
    house.replies.fail = [later if isinstance(later, Exception) else RateLimited("Wait.", until=until)]
    house.counter.notices.send(case_id, voice())
    house.work()
    assert house.notice(case_id).status == "ordered"
    assert house.replies.told == []
    (order,) = [each for each in house.office.pad.open if each.workflow == "notice"]
    assert order.delay_s > 0
    house.office.pad.open = [replace(order, delay_s=0.0)]
    house.work()

    assert house.notice(case_id).status == "sent"
    assert len(house.replies.told) == 1


def test_a_missing_right_goes_back_to_the_person(house: House) -> None:
    """Once it is mended the same person sends again."""
    case_id = house.hidden_case()
    house.replies.fail = [PermissionLost("Give the app pages_messaging.")]
    house.counter.notices.send(case_id, voice())
    house.work()
    assert (house.notice(case_id).status, house.notice(case_id).because) == ("drafted", "Give the app pages_messaging.")
    assert not house.counter.notices.send(case_id, voice()).again
    house.work()

    assert house.notice(case_id).status == "sent"


def test_the_emergency_stop_holds_notices_back_too(house: House) -> None:
    """While all is stopped nothing leaves; afterwards what a person sent goes out."""
    case_id = house.hidden_case()
    house.office.review.pause(switches.ALL, voice(), "Wait.")
    house.counter.notices.send(case_id, voice())
    house.work()

    assert house.replies.told == []
    assert house.notice(case_id).status == "ordered"


def test_nothing_done_means_nothing_to_tell(house: House) -> None:
    """A case that waits for a person has no notice; nobody is warned of what was not done."""
    case_id = house.office.preserved_case()

    with pytest.raises(NotAllowed, match="nothing was done"):
        house.counter.notices.draft(case_id)
    with Session(house.office.route.reading) as session:
        assert notices.listed(session, everything=True) == []
