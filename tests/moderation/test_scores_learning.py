"""Learning: the same rows give the same bytes, and the scorer adds up what the weights were learned from."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from bot.moderation.learning.design import design
from bot.moderation.learning.fit import logistic
from bot.moderation.learning.measures import held_out, report
from bot.moderation.learning.rows import Rows, read_rows
from bot.moderation.learning.tails import calibrate
from bot.moderation.learning.thicket import grow
from bot.moderation.pack import CATEGORIES
from bot.moderation.scores import Scorer
from bot.moderation.scores.classes import Classes
from bot.moderation.scores.features import COLUMNS
from bot.moderation.scores.model import HEADS, LANES
from bot.moderation.train import main

TRAINING = Path(__file__).parents[2] / "training"
WORDS = ("plow", "street", "school", "library", "budget", "thanks", "hearing", "tree", "bus", "light", "mayor", "tax")
VILE = ("Muslims are vermin", "kill all immigrants", "black people are filth", "deport the dirty gypsies")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few hundred made rows: civic ones, hateful ones, and some of another source."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for number in range(360):
        words = [WORDS[(number * step + step) % len(WORDS)] for step in (1, 5, 7, 11)]
        kind = ("civic", "vile", "talk")[number % 3]
        text = " ".join(words) + (f" {VILE[number % len(VILE)]} {number}" if kind == "vile" else f" {number}.")
        labels = dict.fromkeys((*CATEGORIES, "toxic"), 0) | {"hate": int(kind == "vile"), "toxic": int(kind == "vile")}
        source = {"civic": "polis_civic", "vile": "davidson", "talk": "context_toxicity_wiki"}[kind]
        rows.append({"text": text, "lang": ("en", "es", "pt")[number % 7 % 3], "source": source, "labels": labels})
    with gzip.open(folder / "comments-train.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    (folder / "own").mkdir()
    (folder / "own" / "classes.txt").write_text((TRAINING / "classes.txt").read_text("utf-8"), "utf-8")
    return folder


@pytest.fixture(scope="module")
def weights(data: Path) -> Path:
    """A model learned from them by the command."""
    main(["--data", str(data), "--own", str(data / "own"), "--out", str(data / "small@1.npz")])
    return data / "small@1.npz"


@pytest.fixture(scope="module")
def rows(data: Path) -> Rows:
    """The rows as read."""
    return read_rows(data, data / "own")


def test_the_same_rows_give_the_same_bytes(data: Path, weights: Path) -> None:
    """Learning is deterministic: a second run writes the same file."""
    again = data / "again@1.npz"
    main(["--data", str(data), "--own", str(data / "own"), "--out", str(again)])
    assert again.read_bytes() == weights.read_bytes()


def test_what_was_learned_tells_the_two_kinds_apart(weights: Path) -> None:
    """Hate that it learned stands above civic speech."""
    scores = Scorer.load(weights).scores(["street light Muslims are vermin", "street light school tax."])
    assert scores[0, CATEGORIES.index("hate")] > scores[1, CATEGORIES.index("hate")]


def test_the_scorer_adds_up_the_features_that_were_learned_from(weights: Path, rows: Rows) -> None:
    """A short text's raw score is the product of its row of the design and the table, to a rounding."""
    scorer = Scorer.load(weights)
    texts = [text for text in rows.texts if "." not in text][:20]
    matrix = design(texts, scorer.model.classes)
    expected = (
        matrix @ scorer.model.table[:, : len(LANES)].astype(np.float32)
    ) * scorer.model.steps + scorer.model.bias
    seen = scorer.heaviest(texts)[:, : len(HEADS)]
    assert seen == pytest.approx(expected[:, : len(HEADS)], abs=0.02)


def test_the_forest_in_arrays_is_the_forest_that_grew(rows: Rows) -> None:
    """Our own walk through the trees gives what the learner gives."""
    rng = np.random.default_rng(1)
    hate = rows.label("hate")
    features = (rng.normal(size=(len(rows), 5)) + hate[:, None]).astype(np.float32)
    forest = grow(features, rows, "hate", hate == 1)
    worth = forest.worth(features)
    assert worth[hate == 1].mean() > worth[hate == 0].mean() + 1
    one = np.concatenate([forest.worth(features[i : i + 1]) for i in range(20)])
    assert one == pytest.approx(worth[:20], abs=1e-5)


def test_a_column_is_a_place_in_the_table() -> None:
    """Every feature of any text has its place."""
    classes = Classes.parse("[group]\nmuslim*\n[slur]\n[side]\n[office]\n")
    matrix = design(["Muslims are here", "", "a b c d e f\n\ng"], classes)
    assert matrix.shape == (3, COLUMNS)
    assert np.isfinite(matrix.data).all()
    assert matrix[1].nnz == 0


def test_a_logistic_fit_separates_what_can_be_separated() -> None:
    """Weights point to the side of the target."""
    matrix = design(["good plow", "good street", "bad plow", "bad street"], Classes.parse("[group]\n"))
    found, bias = logistic(matrix, np.array([0.0, 0, 1, 1]), np.ones(4))
    raw = matrix @ found + bias
    assert (raw[2:] > 0).all()
    assert (raw[:2] < 0).all()


def test_calibration_puts_one_in_a_thousand_at_the_middle() -> None:
    """On an exponential tail the knot at rarity three is the value that one in a thousand exceeds."""
    values = np.random.default_rng(2).exponential(size=(20_000, 1)).astype(np.float32)
    made = calibrate(values, np.zeros(20_000, np.intp))
    at = made.knots[0, 0, list(made.rarities).index(3.0)]
    assert (values > at).mean() == pytest.approx(0.001, abs=0.0006)
    rarity = made.rarity(np.array([[at]], np.float32), np.zeros(1, np.intp))
    assert rarity[0, 0] == pytest.approx(3, abs=1e-3)


def test_sources_can_be_left_out(data: Path) -> None:
    """A city whose counsel refuses a licence trains without it."""
    assert "davidson" not in read_rows(data, data / "own", without=frozenset({"davidson"})).sources


def test_a_broken_row_is_named(tmp_path: Path) -> None:
    """A line that is no row is refused with file and line."""
    (tmp_path / "kind.en.jsonl").write_text('{"text": "x", "lang": "en", "labels": {}}\n{"text": 1\n', "utf-8")
    with pytest.raises(ValueError, match=r"kind\.en\.jsonl:2: no row"):
        read_rows(tmp_path, tmp_path)


def test_our_own_rows_can_be_read() -> None:
    """Every row in training/ has a text, a language and nine labels, and no text stands there twice."""
    rows = read_rows(TRAINING / "none", TRAINING)
    assert set(rows.langs) <= {"en", "es", "pt"}
    assert not np.isnan(rows.labels[:, : len(CATEGORIES)]).any()
    assert all(text.strip() for text in rows.texts)


def test_the_report_prints_its_tables(weights: Path, rows: Rows) -> None:
    """The model card's figures come out as Markdown tables with a row for what was measured."""
    lines = list(report(Scorer.load(weights), rows, TRAINING / "frames.json"))
    assert any(line.startswith("| Polis en |") for line in lines)
    assert any(line.startswith("| hate | davidson | en |") for line in lines)
    assert sum(line.startswith("|---") for line in lines) == 4


def test_what_is_held_out_depends_on_the_text_alone(rows: Rows) -> None:
    """The cut is the same in every run and takes some rows, not all."""
    mask = held_out(rows)
    assert np.array_equal(mask, held_out(rows))
    assert 0 < mask.sum() < len(rows)
