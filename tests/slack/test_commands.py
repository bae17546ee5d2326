"""`/beadle`: one table of verbs, answered to the one who asked, under the same rules as everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.errors import NotAllowed
from bot.ledger.tables import CaseStatus
from bot.slack.hall import Doing
from bot.voice import Voice
from tests.office import COARSE
from tests.slack.conftest import CORA, GENE, KAI, NOOR, ZED, MakeScene, Scene, words

PII = "Her number is 860-555-0143, call her at home."


def test_the_queue_lists_what_waits_and_turns_its_pages(scene: Scene) -> None:
    """Ten wait: eight are listed, and a button shows the other two in place of the first."""
    waiting = [scene.office.settled_case(f"{COARSE} number {number}") for number in range(10)]

    first = scene.typed(NOOR, "queue")

    assert "Waiting for a person: 10." in first
    assert [case_id for case_id in waiting if case_id in first] == waiting[:8]
    shown = scene.slack.ephemerals(NOOR)[-1]
    assert scene.slack.press(NOOR, shown["channel"], shown["ts"], "listing_more").acknowledged
    scene.until(lambda: waiting[9] in words(scene.slack.ephemerals(NOOR)[-1]))
    after = words(scene.slack.ephemerals(NOOR)[-1])
    assert [case_id for case_id in waiting if case_id in after] == waiting[8:]


def test_a_list_quotes_nothing_private(scene: Scene) -> None:
    """Private data stands in the case alone; the list says that it is there."""
    case_id = scene.office.settled_case(PII)
    listed = scene.typed(NOOR, "search call her at home")

    assert case_id in listed
    assert "860-555-0143" not in listed
    assert "not shown in a list" in listed


def test_a_search_finds_words_as_they_stand(scene: Scene) -> None:
    """Wildcards of the database are characters like others; capitals don't matter."""
    scene.office.settled_case(f"{COARSE}, 100% of them")

    assert "hold these words" in scene.typed(NOOR, "search WHAT A BITCH")
    assert "hold these words" in scene.typed(NOOR, "search 100% of")
    assert "No comment" in scene.typed(NOOR, "search 100_ of")
    assert "No comment" in scene.typed(NOOR, "search % nothing like it %")


def test_nobody_sees_pages_that_are_not_theirs(scene: Scene) -> None:
    """Queue, case and search know the member's pages alone."""
    case_id = scene.office.settled_case(COARSE)

    assert "No case waits" in scene.typed(KAI, "queue")
    assert "No comment" in scene.typed(KAI, "search bitch")
    assert "not among yours" in scene.typed(KAI, f"case {case_id}")
    assert 'no page "main"' in scene.typed(KAI, "queue main")


def test_a_case_comes_as_its_message_shows_it_with_its_buttons(scene: Scene) -> None:
    """What /beadle case shows can be pressed like the alert."""
    case_id = scene.case()
    scene.typed(GENE, f"case {case_id}")
    shown = scene.slack.ephemerals(GENE)[-1]
    assert "3.4.3.A" in words(shown)

    scene.slack.press(GENE, shown["channel"], shown["ts"], "case_approve")

    scene.until(lambda: scene.decisions())
    assert [(each.verb, each.door) for each in scene.decisions()] == [("approve", "slack")]


def test_the_verbs_of_the_command_line_are_all_there(scene: Scene) -> None:
    """Typed, they decide like pressed ones, and are written down like them."""
    case_id = scene.case()

    assert "say why" in scene.typed(NOOR, f"remove {case_id}")
    assert "Recorded for case" in scene.typed(NOOR, f"undo {case_id} it is satire")
    scene.until(lambda: scene.status(case_id) == CaseStatus.RESTORED)
    assert "Recorded for case" in scene.typed(NOOR, f"contest {case_id} the word is a name here")
    assert "has no role" in scene.typed(CORA, f"hide {case_id} because")
    assert "there is no case" in scene.typed(NOOR, "keep fa-nothing because")

    assert [(each.verb, each.reason) for each in scene.decisions()] == [
        ("restore", "it is satire"),
        ("contest", "the word is a name here"),
    ]
    assert [(each.action, each.outcome) for each in scene.presses()] == [
        ("/beadle remove", "refused"),
        ("/beadle undo", "taken"),
        ("/beadle contest", "taken"),
        ("/beadle hide", "refused"),
        ("/beadle keep", "refused"),
    ]


def test_a_first_word_that_is_a_reason_code_is_taken_as_one(scene: Scene) -> None:
    """Where the policy lists reasons, the code stands before the words."""
    scene.office.rearrange(policy="hartford-city-012")
    hall = replace(scene.hall, review=scene.office.review)
    for part in (scene.door._commands, scene.door._deciding):
        object.__setattr__(part, "_hall" if part is scene.door._commands else "hall", hall)
    case_id = scene.case()

    assert "treated-unlike" in scene.typed(NOOR, f"restore {case_id} it is satire")
    assert "Recorded" in scene.typed(NOOR, f"restore {case_id} treated-unlike two like it stand")

    assert [(each.code, each.reason) for each in scene.decisions()] == [("treated-unlike", "two like it stand")]


def test_acts_are_stopped_and_let_go_on_by_words(scene: Scene) -> None:
    """On a page, everywhere, and never on a page that was mistyped."""
    assert "/beadle pause main" in scene.typed(NOOR, "pause mian odd things")
    assert "stopped on main" in scene.typed(NOOR, "pause main odd things")
    assert "stopped on main already" in scene.typed(GENE, "pause main")
    assert "go on" in scene.typed(NOOR, "resume main")
    assert "on every page" in scene.typed(CORA, "pause all odd things")
    assert "has no role" in scene.typed(CORA, "resume")
    assert "go on" in scene.typed(GENE, "resume")
    assert "Nothing was stopped" in scene.typed(GENE, "resume")


def test_an_unknown_word_gets_the_nearest_that_there_is(scene: Scene) -> None:
    """A mistype is met with what was probably meant, and help lists all."""
    assert 'did you mean "/beadle queue"' in scene.typed(NOOR, "quue")
    assert "/beadle help" in scene.typed(NOOR, "xyzzy")
    for words_there in (scene.typed(NOOR, ""), scene.typed(NOOR, "help")):
        assert all(verb in words_there for verb in ("queue", "case", "search", "undo", "pause", "by-hand", "contest"))


def test_an_unlisted_member_learns_how_to_be_listed_and_no_more(scene: Scene) -> None:
    """What is asked is refused; what is ordered is refused and written down."""
    case_id = scene.office.settled_case(COARSE)

    assert "U0ZED" in scene.typed(ZED, "queue")
    assert "people.yaml" in scene.typed(ZED, f"hide {case_id} because")

    assert [(each.member, each.action, each.outcome) for each in scene.presses()] == [
        ("U0ZED", "/beadle hide", "refused")
    ]


def test_a_command_that_comes_again_is_done_once(scene: Scene) -> None:
    """Slack delivers a command again whose acknowledgement was lost."""
    case_id = scene.office.settled_case(COARSE)
    sent = scene.slack.command(NOOR, "/beadle", f"escalate {case_id} counsel should see it")
    scene.until(lambda: scene.decisions())

    assert scene.slack.replay(sent).acknowledged

    scene.typed(NOOR, "help")
    assert len(scene.decisions()) == len(scene.presses()) == 1


def test_other_parts_add_their_verbs(make_scene: MakeScene, sqlite_url: str) -> None:
    """A verb of another part is listed, done with the voice and the words, and refused in its own sentence."""

    def block(voice: Voice, asked: Sequence[str]) -> str:
        if not asked:
            raise NotAllowed("whom? Write an account.")
        return f"{voice.person.id} asks to block {asked[0]}."

    scene = make_scene(sqlite_url, works=False, block=Doing("block ACCOUNT why", "ask for a block", block))

    assert "block ACCOUNT why" in scene.typed(NOOR, "help")
    assert "noor asks to block a7" in scene.typed(NOOR, "block a7 three strikes")
    assert "whom?" in scene.typed(NOOR, "block")
    assert [each.outcome for each in scene.presses()] == ["taken", "refused"]


@pytest.mark.parametrize(
    "hostile", ["<!channel> *x* <https://evil.example|bank>", "\u202efdp.exe \x1b[31m", "💥" * 900]
)
def test_what_is_typed_cannot_speak_in_the_answer(scene: Scene, hostile: str) -> None:
    """Words that call, link or turn around come back as harmless characters, within Slack's limits."""
    scene.typed(NOOR, hostile)

    (answer,) = scene.slack.ephemerals(NOOR)
    assert "<!" not in answer["text"]
    assert "\u202e" not in words(answer) + answer["text"]
    assert "\x1b" not in words(answer)
    assert {block["type"] for block in answer["blocks"]} == {"rich_text"}
