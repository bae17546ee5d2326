"""A disguised comment is read as it is meant; what is found through the disguise is for people."""

from __future__ import annotations

import pytest

from bot.moderation.judge import Judge
from bot.moderation.learning.words import TRAINING, WORDS, page_of, words_of
from bot.moderation.pack import PolicyPack
from bot.moderation.policy import PolicyShelf
from bot.moderation.reading import reading_of
from bot.moderation.verdict import Item, Measure, Outcome

THREAT = "We will burn your house down tonight"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("I w1ll burn y0ur house", "i will burn your house"),
        ("I will k i l l you", "i will kill  you"),
        ("k i l l y o u now", "kill you now"),
        ("we lliw nrub your house", "we will burn your house"),
        ("go b.u.r.n it d-o-w-n", "go burn  it down "),
        ("sooo niiice", "so nice"),
        ("th*y will bu*n it", "they will burn it"),
        ("phukk thiz sity", "fuck this city"),
        ("they\nw\ni\nl\nl\npay", "they will  pay"),
        ("\U0001f1fc \U0001f1ee \U0001f1f1 \U0001f1f1 you", "will    you"),
    ],
)
def test_a_disguised_word_is_read_as_it_is_meant(written: str, meant: str) -> None:
    """Digits and stars for letters, letters apart, backwards, drawn out, by sound, in a column, as flags."""
    reading = reading_of(written)
    assert reading is not None
    assert reading.text.split() == meant.split()


@pytest.mark.parametrize(
    "written",
    [
        "The library opens at 4pm on 2nd street, b2b, covid19!!!",
        "¿Cuándo arreglan la calle Mayor? ¡Gracias!",
        "Спасибо за ремонт дороги на нашей улице",
        "evil plans",  # one word that is another backwards proves nothing
        "See https://example.com/f.u.c.k-5h1t/a$$hole?x=s.h.i.t and m@example.com, @w1ll #k1ll",
        "",
        "A. B. and C.",
        "k i l l " * 5_000,  # too long to be read otherwise
    ],
)
def test_plain_writing_is_left_as_it_is(written: str) -> None:
    """Numbers, names, links, other languages and initials are no disguise."""
    assert reading_of(written) is None


def test_every_stretch_of_a_reading_leads_back_to_the_original() -> None:
    """The words that matched are shown as they stand in the comment."""
    written = "We  b u r n   \u0443\u043eur h0use"
    reading = reading_of(written)
    assert reading is not None
    originals = [written[each.start : each.end] for each in map(reading.original, reading.changed)]
    assert originals == ["b u r n", "h0use"]


@pytest.mark.parametrize(
    "disguise", ["We w*ll b*rn yo*r ho*se down t*night", "We  w i l l   b u r n   y o u r  house  d o w n"]
)
def test_what_is_found_through_a_disguise_is_for_people(disguise: str, clinton: Judge) -> None:
    """A phrase behind a disguise asks for a person, and says that it was disguised; it never hides by itself."""
    verdict = clinton.judge(Item(disguise))
    assert verdict.outcome is Outcome.REVIEW
    through = [finding for finding in verdict.findings if finding.reason.endswith("(disguised).")]
    assert through
    assert {finding.measure for finding in through} == {Measure.REVIEW}
    assert all(0 <= span.start < span.end <= len(disguise) for each in through for span in each.spans)
    assert verdict == clinton.judge_fully(Item(disguise))


def test_look_alikes_throughout_are_no_foreign_language(clinton: Judge) -> None:
    """An ordinary comment whose letters are Cyrillic look-alikes is read, and left."""
    ordinary = "The snow plow came at six and the street is clear, thank you all."
    written = ordinary.translate(str.maketrans("aceopxys", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0455"))
    assert clinton.judge(Item(written)).outcome is Outcome.CLEAR


def test_the_words_are_those_of_the_training_text() -> None:
    """``words.txt`` is what the command writes: nobody added to it by hand."""
    assert WORDS.read_text(encoding="utf-8") == page_of(words_of(TRAINING))


@pytest.fixture(scope="module")
def clinton(shelf: PolicyShelf, pack: PolicyPack) -> Judge:
    """The judge of Clinton City's policy, with the model."""
    return shelf.judge(pack)
