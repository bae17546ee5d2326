"""Listed words in every disguise, and innocent words that only look like a disguise."""

from __future__ import annotations

import pytest

from bot.moderation.judge import Judge
from bot.moderation.verdict import Item, Outcome

DISGUISES = """fuck FUCK f*ck f**k f***ing f@ck f#ck f-ck f_u_c_k f.u.c.k. f-u-c-k f~u~c~k fu.ck fuuuuuck ffffuck fuckkkk fvck
phuck fcuk fck ƒuck fùck f̶u̶c̶k̶ fu​ck fu­ck fυck ｆｕｃｋ 𝓯𝓾𝓬𝓴 🅵🆄🅲🅺 🇫🇺🇨🇰 FuCkInG motherf*cker m0therfucker clusterfuck
unfuckingbelievable sh1t 5h1t $hit sh!t s#it sh*t s**t shiiiit s.h.i.t shithole bullsh*t BULLSHIT!!! sh1tty ѕһіt a$$hole @sshole
a**hole assh0le ass-hole as$hole c*nt cvnt cocksucker c0cksucker mierda m1erda mi3rda m*erda mierdaaaa hijueputa p*ta c0ño c@bron
cabrón gilipollas c@ralho buceta bat-sh*t""".split()

SPACED = ["f u c k", "F  U  C  K you", "f / u / c / k", "you f u c k i n g clowns", "s h i t", "m i e r d a", "fu ck off", "f uck"]

NO_DISGUISES = """a$ap U$A 100% C++ at&t m&m's 5'10" b&b h&m s&p500 @shelly @classic_car 4ever m8 gr8 l8r b4 2nite 7eleven
e-mail x-ray t-shirt o'clock w*rk n*ght p.m. u.s.a. f.y.i. a.s.a.p. s-hit put.a sooo cooool hellooo gooood boooo ashole cooking
coon's coop pass-through class-action mass-hit top-ten hit-and-run""".split()


@pytest.mark.parametrize("word", DISGUISES + SPACED)
def test_a_listed_word_is_found_in_every_disguise(judge: Judge, word: str) -> None:
    """Whatever the disguise, a plain obscenity acts, and the span shows it exactly."""
    text = f"Well, {word} that!"
    verdict = judge.judge(Item(text))
    assert verdict.outcome is Outcome.ACT
    spans = [span for finding in verdict.findings if finding.rule_id == "obscene-words" for span in finding.spans]
    assert all(5 < span.start < span.end <= len(text) - 5 for span in spans)


@pytest.mark.parametrize("word", [w for w in NO_DISGUISES if w not in {"ashole", "coon's"}])
def test_odd_spelling_alone_is_no_disguise(judge: Judge, word: str) -> None:
    """Signs, digits and drawn-out letters in ordinary words flag nothing."""
    assert judge.judge(Item(f"Well, {word} that!")).outcome is Outcome.CLEAR


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What a f*ck, really", ["f*ck"]),
        ("oh SH1T and shit.", ["SH1T", "shit"]),
        ("a f u c k b", ["f u c k"]),
        ("¡Qué m̶i̶e̶r̶d̶a̶!", ["m̶i̶e̶r̶d̶a̶"]),
        ("😀 fuuuck 😀", ["fuuuck"]),
        ("Son.\nsons of bitches, all", ["sons of bitches"]),
    ],
)
def test_a_span_is_the_word_and_nothing_else(judge: Judge, text: str, words: list[str]) -> None:
    """Spans count characters of the original, emoji and marks included."""
    finding = next(f for f in judge.judge(Item(text)).findings if f.rule_id == "obscene-words")
    assert [text[span.start : span.end] for span in finding.spans] == words


def test_a_word_in_a_link_is_not_decoded(judge: Judge) -> None:
    """The letters of an address are no spelling of a word."""
    assert judge.judge(Item("See https://example.com/f.u.c.k-5h1t/a$$hole?x=s.h.i.t for it all")).outcome is Outcome.CLEAR


def test_a_phrase_does_not_reach_across_sentences(judge: Judge) -> None:
    """The end of one sentence and the beginning of the next are no phrase."""
    assert judge.judge(Item("He has a son. Of a bitch he knows nothing? No.")).outcome is not Outcome.ACT
