"""Writes bot/evidence/card/fonts.json: which fonts the card is set in. Once for each new release of a distribution.

    apt-get download fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji
    for each in *.deb; do dpkg-deb -x $each unpacked; done
    .venv/bin/python .ci/fonts.py unpacked another ...

Each folder is one release's packages, unpacked. What is pinned already stays; a font may have several digests. The
first folder names the families.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import typst
from fontTools.ttLib import TTFont

PINS = Path(__file__).parents[1] / "bot" / "evidence" / "card" / "fonts.json"
# Latin before emoji, which have digits; emoji before Chinese, or half of them would be black and white; Chinese before
# the rare scripts, some of which have its full stop.
FIRST = ("Noto Sans", "Noto Color Emoji", "Noto Sans CJK SC", "Noto Sans Arabic", "Noto Sans Hebrew")
LAST = ("Noto Sans Symbols", "Noto Sans Symbols2", "Noto Sans Math", "Noto Music", "Noto Looped Lao")
SERIF = ("Ahom", "Dogra", "Hmong Nyiakeng", "Tangut", "Tibetan", "Yezidi")
NOT_NEEDED = ("Display", "Unjoined", "CJK", "Tifinagh ")


def main(folders: list[Path]) -> None:
    """Add the fonts of each folder to the pins."""
    pinned: dict[str, Any] = json.loads(PINS.read_text()) if PINS.exists() else {}
    for folder in folders:
        there = _faces(folder)
        for family in _in_order(list(pinned) or sorted(there), there):
            faces = pinned.setdefault(family, {})
            for path in there[family]:
                faces.setdefault(path.name, {})[hashlib.sha256(path.read_bytes()).hexdigest()] = _version(path)
    PINS.write_text(json.dumps(pinned, indent=1) + "\n")


def _faces(folder: Path) -> dict[str, list[Path]]:
    """The upright, unstretched files of each family, regular before bold."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]).fonts()
    upright = [each for each in fonts if each.weight in (400, 700) and each.stretch == 1.0 and each.path]
    found: dict[str, list[Path]] = {}
    for each in sorted(upright, key=lambda face: face.weight):
        # The name of the family «Noto Sans Old Italic» reads as if it were slanted.
        if each.style == "normal" or each.family == "Noto Sans Old":
            found.setdefault(each.family, []).append(Path(str(each.path)))
    return found


def _in_order(families: list[str], there: dict[str, list[Path]]) -> list[str]:
    serif = [f"Noto Serif {name}" for name in SERIF]
    others = [
        name for name in families if name.startswith("Noto Sans ") and not any(part in name for part in NOT_NEEDED)
    ]
    wanted = dict.fromkeys([*FIRST, *(name for name in others if name not in LAST), *serif, *LAST])
    return [name for name in wanted if name in there]


def _version(path: Path) -> str:
    with TTFont(path, fontNumber=0, lazy=True) as font:
        return str(font["name"].getDebugName(5)).split(";")[0].removeprefix("Version ")


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
