"""The picture itself: what of it is the comment, and is there ink where its words should be?

Runs in the capture process only: the daemon decodes no picture.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

Box = Sequence[float]
MARGIN = 8
_LEAST_INK = 30  # of 255 between the lightest and darkest point of a line, in any colour: less, nobody reads
_MOST_LINES = 80


def cropped(png: bytes, box: Box) -> bytes:
    """The part of a picture that is this box (x, y, width, height) with a margin, as PNG."""
    with Image.open(io.BytesIO(png)) as image:
        x, y, width, height = box
        left, top = corner(box)
        right, bottom = min(x + width + MARGIN, image.width), min(y + height + MARGIN, image.height)
        part = image.convert("RGB").crop((left, top, max(round(right), left + 1), max(round(bottom), top + 1)))
        out = io.BytesIO()
        part.save(out, "PNG", compress_level=3)
        return out.getvalue()


def corner(box: Box) -> tuple[int, int]:
    """Where the part begins that ``cropped`` cuts out."""
    return max(int(box[0]) - MARGIN, 0), max(int(box[1]) - MARGIN, 0)


def inked(png: bytes, lines: Sequence[Box]) -> bool:
    """Whether something is drawn in each of these lines: words in the colour of their ground are not."""
    with Image.open(io.BytesIO(png)) as image:
        whole = image.convert("RGB")
    every = -(-len(lines) // _MOST_LINES) or 1
    return bool(lines) and all(_spread(whole, line) >= _LEAST_INK for line in lines[::every])


def _spread(image: Image.Image, line: Box) -> int:
    x, y, width, height = line
    left, top = max(int(x), 0), max(int(y), 0)
    right, bottom = min(int(x + width) + 1, image.width), min(int(y + height) + 1, image.height)
    if right <= left or bottom <= top:
        return 0
    bands = image.crop((left, top, right, bottom)).getextrema()
    return max(int(high) - int(low) for low, high in bands)  # type: ignore[misc]
