"""A small picture of four weeks for a mail, and the same in words for who can't see it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from bot.notify.facts import TrendDay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

IN_WORDS = (
    "From {first} to {last}: {least:,} to {most:,} comments a day, {last_comments:,} on the last; {hidden:,} hidden in "
    "all, most on {peak} ({peak_hidden:,}); {again:,} shown again."
)
NONE_HIDDEN = (
    "From {first} to {last}: {least:,} to {most:,} comments a day, {last_comments:,} on the last; nothing hidden, "
    "{again:,} shown again."
)
ALL_COMMENTS, HIDDEN, AGAIN = "Comments a day", "Hidden", "Shown again"

WIDTH, HEIGHT = 420, 236  # as shown; on a telephone it shrinks to some 350, and its letters to 13
_FINER = 2  # pixels of the file for each that is shown
_DOTS = 100
_LETTERS = 15.8 * 72 / _DOTS
_PAPER, _INK, _PALE = "#f6f5f1", "#3d434c", "#c9ccd1"
_COMMENTS, _HIDDEN, _AGAIN = "#7d8590", "#22577a", "#b8570f"
_COLOURS = 48  # enough for soft edges; keeps the file small


def in_words(days: Sequence[TrendDay]) -> str:
    """What the picture shows."""
    peak = max(days, key=lambda each: each.hidden)
    said = NONE_HIDDEN if not peak.hidden else IN_WORDS
    return said.format(
        first=f"{days[0].day.day} {days[0].day:%B}",
        last=f"{days[-1].day.day} {days[-1].day:%B}",
        least=min(each.comments for each in days),
        most=max(each.comments for each in days),
        last_comments=days[-1].comments,
        hidden=sum(each.hidden for each in days),
        peak=f"{peak.day.day} {peak.day:%B}",
        peak_hidden=peak.hidden,
        again=sum(each.reversed for each in days),
    )


def draw(days: Sequence[TrendDay]) -> bytes:
    """The picture, a PNG. The same days give the same bytes: no date in it, and the font that matplotlib brings."""
    # Here, not above: it takes a second to load, and is needed once a day.
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    font = FontProperties(fname=str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"))
    font.set_size(_LETTERS)
    figure = Figure(figsize=(WIDTH / _DOTS, HEIGHT / _DOTS), dpi=_DOTS * _FINER, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (1, 1)})
    figure.subplots_adjust(left=0.035, right=0.965, top=0.87, bottom=0.115, hspace=0.62)
    places = range(len(days))
    above.bar(places, [each.comments for each in days], color=_COMMENTS, width=0.74)
    below.bar(places, [each.hidden for each in days], color=_HIDDEN, width=0.74)
    below.bar(places, [-each.reversed for each in days], color=_AGAIN, width=0.74)
    _name(above, font, ((0.0, ALL_COMMENTS, _INK), (1.0, _most(days, "comments"), _INK)))
    again = f"{AGAIN} ▾" if any(each.reversed for each in days) else ""
    _name(below, font, ((0.0, HIDDEN, _HIDDEN), (0.2, again, _AGAIN), (1.0, _most(days, "hidden"), _INK)))
    for axes in (above, below):
        _bare(axes, len(days))
    for place, side in ((0, "left"), (len(days) - 1, "right")):
        day = days[place].day
        below.annotate(
            f"{day.day} {day:%b}", (0.0 if side == "left" else 1.0, -0.08), xycoords="axes fraction", ha=side, va="top",
            color=_INK, fontproperties=font,
        )  # fmt: skip
    made = BytesIO()
    figure.savefig(made, format="png", facecolor=_PAPER, metadata={"Software": None})
    return _smaller(made.getvalue())


def _most(days: Sequence[TrendDay], what: str) -> str:
    return f"most {max(getattr(each, what) for each in days):,}"


def _name(axes: Axes, font: FontProperties, words: Sequence[tuple[float, str, str]]) -> None:
    for place, said, colour in words:
        side = "right" if place == 1.0 else "left"
        axes.annotate(
            said, (place, 1.08), xycoords="axes fraction", ha=side, va="bottom", color=colour, fontproperties=font
        )


def _bare(axes: Axes, days: int) -> None:
    """No frame and no scale: the figures stand beside it."""
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set(facecolor=_PAPER, yticks=[], xticks=[], xlim=(-0.6, days - 0.4))
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), max(high, 1.0))
    axes.axhline(0, color=_PALE, linewidth=1)


def _smaller(png: bytes) -> bytes:
    """In few colours: a third of the size."""
    made = BytesIO()
    drawn = Image.open(BytesIO(png)).convert("RGB")
    drawn.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return made.getvalue()
