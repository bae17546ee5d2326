"""Tokens: the vectorised vocabulary says what the plain one says, for any text."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moderation.text import fold
from bot.moderation.tokens import LINE_END, LONGEST, Vocabulary


class Seen:
    """A column that remembers what it was shown."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def learn(self, tokens: Sequence[str]) -> None:
        self.tokens += tokens

    def forget(self) -> None:
        self.tokens.clear()


def plainly(text: str) -> list[str]:
    """The tokens of one text, as they are defined: folded, cut at blanks, each line end a token."""
    marked = fold(text).text.replace("\n", " \x00 ")
    return [LINE_END if token == "\x00" else token[:LONGEST] for token in marked.split()]


def read(vocabulary: Vocabulary, seen: Seen, texts: Sequence[str]) -> list[list[str]]:
    """The tokens of each text, as the vocabulary numbers them."""
    batch = vocabulary.batch(texts)
    return [[seen.tokens[i] for i in batch.ids[a:b]] for a, b in zip(batch.starts, batch.starts[1:], strict=False)]


SEEN = Seen()
VOCABULARY = Vocabulary([SEEN])
ODD = st.sampled_from(
    "nN ñÑ~\u0303\u0301\u200b…½ßªµ’“”🇺🇸🖕ＦｕçÇ中ю\u2028\u2029\u1680\x85\x00\x1c\x7f\t\n\r\ud800\U0010ffff \x1f"
)
TEXTS = st.lists(
    st.text(alphabet=st.one_of(ODD, st.characters(), st.sampled_from("abc 12.,!'")), max_size=60), max_size=8
)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_a_batch_has_the_tokens_that_folding_and_cutting_give(texts: list[str]) -> None:
    """Whatever the characters and whatever stands beside it in the batch, a text gives the same tokens."""
    assert read(VOCABULARY, SEEN, texts) == [plainly(text) for text in texts]


def test_every_code_point_gives_the_token_that_folding_gives() -> None:
    """The table of code points agrees with the folding of one character, for all of Unicode."""
    points = [chr(code) for code in range(0x110000)]
    texts = ["n" + "a ".join(points[at : at + 64]) for at in range(0, len(points), 64)][:2500]
    seen = Seen()
    assert read(Vocabulary([seen]), seen, texts) == [plainly(text) for text in texts]


def test_a_token_keeps_its_number_and_is_shown_once() -> None:
    """What was met before is looked up, not learnt again."""
    seen = Seen()
    vocabulary = Vocabulary([seen])
    first = vocabulary.batch(["fix the road", "the Road, now"])
    again = vocabulary.batch(["THE ROAD"])
    assert seen.tokens == ["fix", "the", "road", "road,", "now"]
    assert first.ids.tolist() == [0, 1, 2, 1, 3, 4]
    assert (again.ids.tolist(), again.starts.tolist()) == ([1, 2], [0, 2])


def test_tokens_of_every_length_are_told_apart() -> None:
    """Eight bytes at a time or more than sixty-four: one letter more, less or other is another token."""
    words = (
        ["a" * n for n in range(1, 200)]
        + ["a" * n + "b" for n in range(1, 200)]
        + ["b" + "a" * n for n in range(1, 200)]
    )
    vocabulary = Vocabulary([])
    ids = vocabulary.batch([" ".join(words)]).ids
    assert len(set(ids.tolist())) == len(words)
    assert vocabulary.batch([" ".join(reversed(words))]).ids[::-1].tolist() == ids.tolist()


def test_very_many_tokens_keep_their_numbers() -> None:
    """The table grows, and nothing in it changes its number."""
    vocabulary = Vocabulary([])
    words = [f"w{n}" for n in range(60_000)]
    ids = [vocabulary.batch([" ".join(words[at : at + 7_000])]).ids for at in range(0, 60_000, 7_000)]
    assert [int(i) for part in ids for i in part] == list(range(60_000))
    assert vocabulary.batch([" ".join(words)]).ids.tolist() == list(range(60_000))


def test_a_vocabulary_that_met_too_much_begins_again() -> None:
    """A daemon runs for years: the memory is bounded, and the columns forget together with the numbers."""
    seen = Seen()
    vocabulary = Vocabulary([seen], most=100)
    for round_ in range(20):
        texts = [f"a{round_}x{n} b{n}" for n in range(40)]
        assert read(vocabulary, seen, texts) == [plainly(text) for text in texts]
    assert len(seen.tokens) == len(vocabulary) < 200


def test_empty_texts_have_their_places() -> None:
    """Nothing in, nothing out, and the others are not moved."""
    vocabulary = Vocabulary([])
    assert vocabulary.batch([]).starts.tolist() == [0]
    batch = vocabulary.batch(["", " \t", "a", "\u200b", "b\n"])
    assert (batch.starts.tolist(), batch.ids.tolist()) == ([0, 0, 0, 1, 1, 3], [0, 1, 2])


def test_a_megabyte_without_a_blank_is_one_token() -> None:
    """A wall of text is no trap."""
    seen = Seen()
    assert read(Vocabulary([seen]), seen, ["x" * 1_000_000 + "y", "x" * 1_000_000]) == [["x" * LONGEST]] * 2
    assert len(seen.tokens) == 2
