"""Words in pictures, set in the typeface that ships with the project: a machine may have no fonts at all."""

import os
from html import escape
from pathlib import Path
from typing import Any

import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

LINE = 1.3
"""Height of a line, as a multiple of the size of its letters; all lines share their baseline."""
_FONTS = Path(__file__).parent / "fonts"

if not Path(
    "/etc/fonts/fonts.conf"
).exists():  # fontconfig would complain on the terminal of whoever runs this
    os.environ.setdefault("FONTCONFIG_FILE", str(_FONTS / "fonts.conf"))


def lettering(words: str, size: int, ink: Colour, paper: Colour, *, bold: bool = False, widest: int) -> Any:
    """One line of words as a libvips image, `size` pixels to the em, cut off at `widest` with an ellipsis."""
    shown = "".join(character for character in words if character.isprintable()).strip() or "untitled"
    shown = shown[: max(1, 5 * widest // size)]  # no letter is narrower than a fifth of its height
    while (letters := mask(shown, size, bold=bold)).width > widest and len(shown) > 1:
        shown = shown[: min(len(shown) - 2, len(shown) * widest // letters.width)].rstrip(" …") + "…"
    line = letters.embed(0, max(0, letters.yoffset), letters.width, round(size * LINE))
    return line.ifthenelse(ink, paper, blend=True).copy(interpretation="srgb")


def mask(words: str, size: int, *, bold: bool) -> Any:
    """The letters in white on black, `size` pixels to the em, cut to where there is ink."""
    face = "Bold" if bold else "Regular"
    return pyvips.Image.text(
        escape(words, quote=False),
        font=f"Lato {'Bold ' if bold else ''}{size}",
        fontfile=str(_FONTS / f"Lato-{face}.ttf"),
        dpi=72,  # a point is a pixel
    )
