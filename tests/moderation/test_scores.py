"""The scorer: what it promises of any text, shown with the shipped weights."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.errors import PolicyError
from bot.moderation.pack import CATEGORIES
from bot.moderation.scores import Scorer
from bot.moderation.scores.calibration import score
from bot.moderation.scores.segments import WHOLE, cut, sentences_of
from bot.moderation.scores.weights import write
from bot.moderation.text import fold

WEIGHTS = Path(__file__).parents[2] / "config" / "models" / "plain@1.npz"
CIVIC = "The plow came at noon and the side streets were clear by two. Thank you to the crew. When is the next hearing?"
THREAT = "I know where you live and I will come and kill you tonight."


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """The shipped weights."""
    return Scorer.load(WEIGHTS)


class Seen:
    """A column that keeps the tokens it was shown."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def learn(self, tokens: Sequence[str]) -> None:
        self.tokens += tokens

    def forget(self) -> None:
        self.tokens.clear()


def of(scorer: Scorer, category: str, *texts: str) -> list[float]:
    """The scores of one category."""
    return [float(each) for each in scorer.scores(texts)[:, CATEGORIES.index(category)]]


def test_every_text_gets_nine_scores_between_nought_and_one(scorer: Scorer) -> None:
    """The array has a row for each text and a column for each category, and stays within the scale."""
    scores = scorer.scores([CIVIC, THREAT, "", "   ", "\n\n", "🦃"])
    assert scores.shape == (6, len(CATEGORIES))
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()


def test_no_texts_give_no_scores(scorer: Scorer) -> None:
    """An empty batch is no error."""
    assert scorer.scores([]).shape == (0, len(CATEGORIES))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_company_changes_no_score(texts: list[str]) -> None:
    """A comment's scores are the same alone and in a batch, whatever is in the batch."""
    fresh = _shared()
    together = fresh.scores(texts)
    alone = np.concatenate([fresh.scores([text]) for text in texts])
    assert np.array_equal(together, alone)


_KEPT: list[Scorer] = []


def _shared() -> Scorer:
    if not _KEPT:
        _KEPT.append(Scorer.load(WEIGHTS))
    return _KEPT[0]


def test_a_plain_threat_is_found_and_civic_speech_is_not(scorer: Scorer) -> None:
    """The two ends of the scale."""
    assert of(scorer, "threat", THREAT)[0] >= 0.5
    assert (scorer.scores([CIVIC]) < 0.5).all()


def test_a_threat_is_found_among_civic_sentences(scorer: Scorer) -> None:
    """A long letter hides nothing: the bad sentence is scored by itself."""
    letter = f"{CIVIC} {CIVIC} {THREAT} {CIVIC} {CIVIC}"
    assert of(scorer, "threat", letter)[0] >= 0.5


def test_a_threat_is_found_in_a_letter_without_a_full_stop(scorer: Scorer) -> None:
    """Windows find what no sentence end sets apart."""
    running = CIVIC.replace(".", "").replace("?", "").lower()
    letter = f"{running} {running} {THREAT[:-1].lower()} {running} {running}"
    assert of(scorer, "threat", letter)[0] >= 0.5


@pytest.mark.parametrize(
    "form",
    [
        "{} people are ruining this town and nobody says so.",
        "I am glad that {} families feel at home on our street.",
        "All {} people are vermin and should be driven out.",
        "The {} community center opens on Friday.",
    ],
)
def test_which_group_is_named_makes_no_difference(scorer: Scorer, form: str) -> None:
    """Groups have no names for the model: the same sentence gets the same scores with each."""
    texts = [form.format(group) for group in ("black", "white", "Muslim", "Christian", "Jewish", "gay", "Mexican")]
    scores = scorer.scores(texts)
    assert all(np.array_equal(scores[0], other) for other in scores[1:])


@pytest.mark.parametrize(
    ("form", "twins"),
    [
        (
            "{} are liars and thieves and they sold this town.",
            ("Democrats", "Republicans", "Liberals", "Conservatives"),
        ),
        ("I will never vote for {} again.", ("Democrats", "Republicans")),
        ("This {} is a disgrace and should resign.", ("mayor", "councilman", "sheriff", "teacher")),
        ("Los {} nos han robado y encima se ríen.", ("comunistas", "fachas", "socialistas")),
        ("Os {} acabaram com a cidade.", ("petistas", "bolsonaristas")),
    ],
)
def test_which_side_or_official_is_named_makes_no_difference(scorer: Scorer, form: str, twins: tuple[str, ...]) -> None:
    """Parties and officials have no names either."""
    scores = scorer.scores([form.format(twin) for twin in twins])
    assert all(np.array_equal(scores[0], other) for other in scores[1:])


def test_the_words_that_weighed_are_spans_of_the_original(scorer: Scorer) -> None:
    """At most eight words, in order, each the very characters of the comment, disguised as they are."""
    text = (
        "Thanks for the plows. I will k\u200bi\u200bl\u200bl y\u043eu and your family tonight, I know where you live."
    )
    spans = scorer.why(text, "threat")
    words = [text[span.start : span.end] for span in spans]
    assert 1 <= len(words) <= 8
    assert all(word.strip() and word in text for word in words)
    assert [span.start for span in spans] == sorted(span.start for span in spans)
    assert all(span.start >= text.index("I will") for span in spans)


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="abc ñ.!?\n\u200b❤é", max_size=40), st.sampled_from([c for c in CATEGORIES if c != "pii"]))
def test_a_text_with_words_always_has_one_that_weighed_most(text: str, category: str) -> None:
    """A finding never stands there without its words; what is marked is no blank."""
    spans = _shared().why(text, category)
    assert all(text[span.start : span.end].strip() for span in spans)
    assert bool(spans) == bool(fold(text).text.strip())


def test_nothing_weighs_for_private_data(scorer: Scorer) -> None:
    """Private data is the rules' business: no score, no words."""
    text = "My SSN is 123-45-6789."
    assert of(scorer, "pii", text) == [0.0]
    assert scorer.why(text, "pii") == ()


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00\ud800", "a" * 50_000, "ñ" * 3 + "\u202e.", "😡" * 2000])
def test_any_text_has_scores_and_words(scorer: Scorer, text: str) -> None:
    """Null bytes, lone surrogates, one endless word: scored, and explained without an error."""
    assert np.isfinite(scorer.scores([text])).all()
    for category in CATEGORIES:
        assert len(scorer.why(text, category)) <= 8


def test_a_shared_vocabulary_gives_the_same_scores(scorer: Scorer) -> None:
    """The screen and the scorer may read one batch of one vocabulary."""
    seen = Seen()
    other = scorer.beside([seen], most=1000)
    assert np.array_equal(other.scores_of(other.vocabulary.batch([CIVIC, THREAT])), scorer.scores([CIVIC, THREAT]))
    assert "plow" in seen.tokens


def test_forgetting_changes_no_score() -> None:
    """When the vocabulary is full it begins again; what was learned once is learned again."""
    scorer = _shared().beside([], most=10)
    vocabulary = scorer.vocabulary
    first = scorer.scores_of(vocabulary.batch([CIVIC, THREAT]))
    for _ in range(3):
        scorer.scores_of(vocabulary.batch([f"word{i}" for i in range(20)]))
    assert np.array_equal(first, scorer.scores_of(vocabulary.batch([CIVIC, THREAT])))


def test_the_shipped_file_is_small_and_named_by_its_digest(scorer: Scorer) -> None:
    """At most five megabytes; the digest is that of the file."""
    import hashlib

    content = WEIGHTS.read_bytes()
    assert len(content) <= 5_000_000
    assert scorer.digest == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("harm", ["missing", "cut", "empty", "other arrays", "objects"])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, harm: str) -> None:
    """Nothing of a damaged file is used, and nothing in it can run."""
    path = tmp_path / "bad@1.npz"
    if harm == "cut":
        path.write_bytes(WEIGHTS.read_bytes()[:100_000])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "other arrays":
        write(path, {"weights": np.zeros(3)})
    elif harm == "objects":
        np.savez(path, table=np.array([{"run": "me"}], dtype=object))
    with pytest.raises(PolicyError) as caught:
        Scorer.load(path)
    assert str(path) in caught.value.sentence
    assert caught.value.sentence.count("\n") == 0


def test_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    """The zip's own checksums see what was changed inside."""
    content = bytearray(WEIGHTS.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "bad@1.npz"
    path.write_bytes(bytes(content))
    with pytest.raises(PolicyError):
        Scorer.load(path)


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    """Neither the clock nor the order of the arrays gets into the file."""
    arrays: dict[str, NDArray[Any]] = {"a": np.arange(5), "b": np.ones((2, 3), np.float32)}
    write(tmp_path / "one", arrays)
    write(tmp_path / "two", {name: arrays[name] for name in ("b", "a")})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_the_scale_has_its_marks_at_the_stated_rates() -> None:
    """0.5 at the stated rarity, 0.9 where a tenth as many civic comments come, 0.1 where ten times as many do."""
    assert score(np.array([2, 3, 4], np.float32), np.full(3, 3, np.float32)) == pytest.approx([0.1, 0.5, 0.9], abs=1e-3)


@settings(deadline=None)
@given(st.lists(st.lists(st.booleans(), max_size=120), min_size=1, max_size=5))
def test_segments_cover_every_word_and_stay_short(texts: list[list[bool]]) -> None:
    """Every token is in some segment of its own text, none is longer than the longest allowed."""
    starts = np.array([0, *itertools.accumulate(map(len, texts))], np.intp)
    ends = np.array([each for text in texts for each in text], np.bool_)
    segments = cut(sentences_of(ends, starts), starts)
    assert set(segments.text.tolist()) == set(range(len(texts)))
    assert (segments.last - segments.first <= WHOLE).all()
    assert (starts[segments.text] <= segments.first).all()
    assert (segments.last <= starts[segments.text + 1]).all()
    covered = {i for first, last in zip(segments.first, segments.last, strict=True) for i in range(first, last)}
    assert covered == set(range(len(ends)))
