"""The picture of the page, as the typesetter takes it: from memory, so that no scratch file is left by a kill."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

LARGEST_PIXELS = 40_000_000
UNREADABLE = "The picture can't be read, so it isn't shown here; the file is in the package as it was taken."
TOO_LARGE = "The picture is too large to be shown here; it is in the package."
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    '<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture inside a drawing: the only form of bytes that the typesetter takes as text. ``svg`` is empty when
    there is none, or when it can't be shown: then ``why`` says so. Sizes in pixels."""

    svg: str = ""
    width: int = 0
    height: int = 0
    why: str = ""


def drawing_of(png: bytes | None) -> Drawing:
    """The drawing of a picture, pixel for pixel. Looks at its structure and checksums, never decodes it."""
    if png is None:
        return Drawing()
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    if width * height > LARGEST_PIXELS:
        return Drawing(why=TOO_LARGE)
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return Drawing(why=UNREADABLE)
    return Drawing(_SVG.format(width=width, height=height, data=b64encode(png).decode()), width, height)
