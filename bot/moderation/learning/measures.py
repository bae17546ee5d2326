"""Measures: the figures of the model card, on rows that the weights were not learned from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.moderation.learning.rows import OWN, TALK, Rows
from bot.moderation.pack import CATEGORIES
from bot.moderation.scores.scorer import Scorer

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
REVIEW, STRICT = 0.5, 0.9
_WHOLE = frozenset({"vicomtech_stormfront"})
_DEV = ("offendes", "toldbr", "edos", "hatemojibuild", "sms_spam_uci", "paradetox", "synthetic_dev")
_TWELFTHS = {"polis_civic": 6, "decide_madrid": 6, TALK: 3, OWN: 3, "propublica_fb_ads": 2, "davidson": 3}
_TWELFTHS |= {"toxic_spans_civil": 4}
_FEWEST = 8
_AT_ONCE = 2048


def held_out(rows: Rows) -> Mask:
    """The rows that a report keeps from learning: a part of each source by the text alone, and one source whole."""
    part = np.array([zlib.crc32(b"x" + text.encode("utf-8", "replace")) % 12 for text in rows.texts])
    mask = np.isin(rows.sources, list(_WHOLE)) | ((rows.splits == "dev") & np.isin(rows.sources, _DEV))
    for source, share in _TWELFTHS.items():
        mask |= (rows.sources == source) & (part < share)
    return np.asarray(mask, np.bool_)


def scores(scorer: Scorer, texts: tuple[str, ...] | list[str]) -> Floats:
    """The scores of many texts."""
    return np.concatenate([scorer.scores(texts[i : i + _AT_ONCE]) for i in range(0, len(texts), _AT_ONCE)])


def report(scorer: Scorer, rows: Rows, frames: Path) -> Iterator[str]:
    """The figures as lines of Markdown."""
    given = scores(scorer, rows.texts)
    yield from _alarms(rows, given)
    yield from _recall(rows, given)
    yield from _functional(scorer, frames)
    yield from _buried(scorer, rows, given)


def _alarms(rows: Rows, given: Floats) -> Iterator[str]:
    yield "| lawful speech | rows | any at 0.5 | any at 0.9 | by category at 0.5 |"
    yield "|---|---|---|---|---|"
    for name, mask in _lawful(rows):
        for lang in sorted(set(rows.langs[mask])):
            mine = given[mask & (rows.langs == lang)]
            if len(mine) >= _FEWEST:
                shares = (mine >= REVIEW).mean(axis=0)
                by = ", ".join(f"{c} {s:.2%}" for c, s in zip(CATEGORIES, shares, strict=True) if s)
                high = [(mine >= mark).any(axis=1).mean() for mark in (REVIEW, STRICT)]
                yield f"| {name} {lang} | {len(mine)} | {high[0]:.2%} | {high[1]:.2%} | {by} |"
    yield ""


def _lawful(rows: Rows) -> Iterator[tuple[str, Mask]]:
    own = rows.civic & (rows.sources == OWN)
    yield "Polis", rows.civic & (rows.sources == "polis_civic")
    yield "Decide Madrid", rows.civic & (rows.sources == "decide_madrid")
    yield "angry, ours", own & (rows.kinds == "civic-angry")
    yield "plain, ours", own & (rows.kinds == "civic-plain")
    yield "protected, ours", own & (rows.kinds == "protected")
    yield "near misses, ours", own & np.char.endswith(rows.kinds.astype(np.str_), "-near")
    yield "editors' talk", rows.talk


def _recall(rows: Rows, given: Floats) -> Iterator[str]:
    yield "| category | source | lang | rows | found at 0.5 | found at 0.9 |"
    yield "|---|---|---|---|---|---|"
    for place, category in enumerate(CATEGORIES):
        wrong = rows.label(category) == 1
        for source in sorted(set(rows.sources[wrong])):
            for lang in sorted(set(rows.langs[wrong & (rows.sources == source)])):
                mine = given[wrong & (rows.sources == source) & (rows.langs == lang), place]
                if len(mine) >= _FEWEST and category != "pii":
                    found = f"{(mine >= REVIEW).mean():.3f} | {(mine >= STRICT).mean():.3f}"
                    yield f"| {category} | {source} | {lang} | {len(mine)} | {found} |"
    yield ""


@dataclass(frozen=True, slots=True)
class Case:
    """One functional test: a sentence, and whether it is hateful."""

    text: str
    hateful: bool


def cases(frames: Path, lang: str) -> list[Case]:
    """The functional tests of a language: every frame with every group, and sentences that are not about groups."""
    of = json.loads(frames.read_text("utf-8"))[lang]
    made = [
        Case(_sentence(frame, group), kind == "hateful")
        for kind in ("hateful", "harmless")
        for frame in of[kind]
        for group in of["groups"]
    ]
    return made + [Case(text, False) for text in of["elsewhere"]]


def _sentence(frame: str, group: str) -> str:
    text = frame.replace("GROUP", group)
    return text[0].upper() + text[1:]


def _functional(scorer: Scorer, frames: Path) -> Iterator[str]:
    yield "| hate frames | tests | right | hateful found | harmless left |"
    yield "|---|---|---|---|---|"
    for lang in ("en", "es", "pt"):
        tests = cases(frames, lang)
        flagged = scores(scorer, [case.text for case in tests])[:, CATEGORIES.index("hate")] >= REVIEW
        hateful = np.array([case.hateful for case in tests])
        right = (flagged == hateful).mean()
        found, left = flagged[hateful].mean(), (~flagged[~hateful]).mean()
        yield f"| {lang} | {len(tests)} | {right:.3f} | {found:.3f} | {left:.3f} |"
    yield ""


def _buried(scorer: Scorer, rows: Rows, given: Floats, most: int = 400) -> Iterator[str]:
    """Each flagged comment once more with four civic comments of its language before and four after it."""
    yield "| kept when buried | rows | at 0.5 |"
    yield "|---|---|---|"
    civic = {lang: [rows.texts[i] for i in np.flatnonzero(rows.civic & (rows.langs == lang))] for lang in ("en", "es")}
    for place, category in enumerate(CATEGORIES):
        flagged = np.flatnonzero(
            (rows.label(category) == 1) & (given[:, place] >= REVIEW) & np.isin(rows.langs, ["en", "es"])
        )
        flagged = flagged[:: max(1, len(flagged) // most)]
        if len(flagged) >= _FEWEST:
            letters = [_letter(rows.texts[i], civic[rows.langs[i]], int(i)) for i in flagged]
            kept = (scores(scorer, letters)[:, place] >= REVIEW).mean()
            yield f"| {category} | {len(letters)} | {kept:.3f} |"
    yield ""


def _letter(text: str, civic: list[str], seed: int) -> str:
    around = [civic[(seed * 7 + i * 13) % len(civic)].rstrip(".") + "." for i in range(8)]
    ended = text if text.rstrip().endswith((".", "!", "?", "…")) else text + "."
    return " ".join([*around[:4], ended, *around[4:]])
