"""The screen leaves out only rules that would find nothing: many at once are judged as each alone by every rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moderation.judge import Judge
from bot.moderation.needs import ALWAYS, needs_of
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Item

HERE = Path(__file__).parent
SHELF = PolicyShelf.load(HERE.parents[1] / "config" / "policies", examples=False)
JUDGES = {pack.slug: SHELF.judge(pack) for pack in SHELF.packs}
CORPORA = ("criticism.txt", "disguises.txt", "innocents.txt", "no_disguises.txt", "other_languages.txt", "twins.txt")
# Words that rules look for, and what disguises, dictation and other languages are made of.
_WORDS_TEXT = (
    'fuck you kill shit f.u.c.k fu ck f u c k sh1t sh!t f*ck fuuuck kcuf 🖕 (fuck) "shit" mierda puta porra hijos de '
    "i will ill gonna find you and your family tonight burn down city hall send nudes earn $5000 a week from home "
    "dm me whatsapp +1 203 555 0142 click bit.ly/3xyz www.free-gift.com/x ssn 219-09-9999 4111 1111 1111 1111 "
    "two zero three five five five oh one jo dot reader at gmail dot com jo@gmail.com (at) arroba d.o.b. 4/12/1971 "
    "she lives at 12 Elm Street the mayor is a corrupt liar thank you gracias obrigado não é así ¿qué? nie jest to "
    "的 улица и die nicht ist straße ɐ ʞɔnɟ \u202ekcuf\u202c i saw the shooting on Main my camera caught it 's don't "
    "\n \n\n . ... ! $ @ - … ½ 2nd 90% 0ff today only buy now go back to immigrants are vermin are rats"
)
WORDS = _WORDS_TEXT.split(" ")


def texts_of(name: str) -> list[str]:
    """The lines of one of the folder's collections."""
    return [line for line in (HERE / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def assert_same(judge: Judge, items: Sequence[Item]) -> None:
    """Judged together and each fully, the items get the same verdicts."""
    together = judge.judge_all(items)
    for item, verdict in zip(items, together, strict=True):
        assert verdict == judge.judge_fully(item), item.text


@pytest.mark.parametrize("slug", sorted(JUDGES))
def test_every_example_of_every_policy_is_judged_the_same_in_a_batch(slug: str) -> None:
    """What one rule is shown, all rules are asked about."""
    judge = JUDGES[slug]
    assert_same(judge, [item for rule in judge.pack.rules for item in (*rule.violates, *rule.allowed)])


@pytest.mark.parametrize("name", CORPORA)
def test_disguises_and_innocents_are_judged_the_same_in_a_batch(name: str) -> None:
    """Each as it is, in capitals, and with a platform's word on the language."""
    texts = texts_of(name)
    variants = [*texts, *(text.upper() for text in texts)]
    items = [Item(text, lang=lang) for text in variants for lang in (None, "es", "en-US", "fr")]
    assert_same(next(iter(JUDGES.values())), items)


@given(
    st.lists(
        st.builds(
            Item,
            st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join),
            lang=st.sampled_from((None, None, "en", "pt", "de")),
            copies=st.sampled_from((0, 0, 4)),
            has_media=st.booleans(),
            by_page=st.booleans(),
        ),
        max_size=5,
    )
)
@settings(max_examples=500, deadline=None)
def test_any_words_in_any_order_are_judged_the_same_in_a_batch(items: list[Item]) -> None:
    """Neighbours in a batch do not change a verdict, and nothing that a rule would find is left out."""
    assert_same(JUDGES["clinton-city"], items)


@given(st.lists(st.text(max_size=60), max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_text_is_judged_the_same_in_a_batch(texts: list[str]) -> None:
    """Null bytes, lone surrogates, other scripts."""
    assert_same(JUDGES["clinton-city"], [Item(text) for text in texts])


def test_letters_spelled_out_across_a_border_belong_to_no_text() -> None:
    """A run of single letters ends with its text, however the batch is laid out."""
    judge = JUDGES["clinton-city"]
    assert_same(judge, [Item("what the f u"), Item("c k off"), Item("f u c k"), Item("s h"), Item("i t")])


def test_a_long_text_is_screened_to_its_end() -> None:
    """What is said after thousands of words counts as what is said first."""
    long = "the city should fix the road and the bridge before winter comes " * 2_000
    judge = JUDGES["clinton-city"]
    (verdict,) = judge.judge_all([Item(long + "or I will kill you")])
    assert {finding.category for finding in verdict.findings} == {"threat"}
    assert_same(judge, [Item(long), Item("x" * 300_000), Item("kill you " * 7_000)])


def test_every_rule_of_the_shipped_policies_says_what_it_needs() -> None:
    """A rule that doesn't would be asked about every comment, and the whole judge would be as slow as that rule."""
    silent = {seat.rule.id for judge in JUDGES.values() for seat in judge.seats if ALWAYS[0] in needs_of(seat.detector)}
    assert silent == set()


def test_ordinary_comments_are_hardly_ever_looked_at() -> None:
    """The screen is of no use if it lets everything through."""
    judge = JUDGES["clinton-city"]
    items = [Item(text) for text in texts_of("criticism.txt")]
    assert judge.looked_at(items) < len(items) / 3


def test_a_judge_that_forgets_its_vocabulary_judges_on() -> None:
    """A daemon runs for years: new words without end change no verdict."""
    pack = JUDGES["clinton-city"].pack
    judge = Judge(pack, SHELF.wordlists, vocabulary=2_000)
    for round_ in range(4):
        items = [Item(f"word{round_}x{n} another{n}y{round_} and I will kill you") for n in range(900)]
        assert {len(verdict.findings) for verdict in judge.judge_all(items)} == {1}
