"""The contact sheet: photos before and after on one page that is worth showing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed

from infrastructure.imaging.decoding import decoding
from infrastructure.imaging.lettering import LINE, Colour, lettering
from infrastructure.imaging.pictures import fitted

PAPER: Colour = (247, 245, 241)
INK: Colour = (34, 32, 30)
FADED: Colour = (134, 128, 120)
RULE: Colour = (222, 217, 209)

MARGIN, GUTTER, HAIR = 72, 56, 10
"""Pixels around the page, between pairs, and between the two photos of a pair."""
TITLE, HEADING, CAPTION = 46, 19, 21
"""Sizes of letters in pixels."""
TALLEST = 0.75
"""Height of a photo as a part of its column's width; upright photos are made narrower to fit."""


@dataclass(frozen=True)
class _Layout:
    pairs_in_a_row: int
    photo_width: int

    @classmethod
    def for_pairs(cls, count: int) -> "_Layout":
        """The more photos, the smaller: 30 of them still make a page that can be opened and sent."""
        if count <= 4:
            return cls(1, 860)
        return cls(2, 520) if count <= 12 else cls(3, 380)

    @property
    def pair_width(self) -> int:
        return 2 * self.photo_width + HAIR

    @property
    def page_width(self) -> int:
        return 2 * MARGIN + self.pairs_in_a_row * (self.pair_width + GUTTER) - GUTTER


class _Page:
    """What goes where, put together at the end when the height is known."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._placed: list[tuple[Any, int, int]] = []

    def put(self, image: Any, left: int, top: int) -> None:
        self._placed.append((image, left, top))

    def rule(self, top: int) -> None:
        self.put(_plain(self.width - 2 * MARGIN, 1, RULE), MARGIN, top)

    def png(self, height: int) -> bytes:
        page = _plain(self.width, height, PAPER)
        for image, left, top in self._placed:
            page = page.insert(image, left, top)
        with decoding():
            return bytes(page.pngsave_buffer(compression=7, keep="none"))


def contact_sheet(pairs: Sequence[tuple[str, bytes, bytes]], *, title: str, subtitle: str) -> bytes:
    """A PNG with a row or part of a row for each (caption, before, after), in their order.

    Raises what opening a photo raises: PhotoUnsupported, PhotoUnreadable and so on.
    """
    layout = _Layout.for_pairs(len(pairs))
    page = _Page(layout.page_width)
    top = _heading(page, layout, title, subtitle)
    for first in range(0, len(pairs), layout.pairs_in_a_row):
        row = pairs[first : first + layout.pairs_in_a_row]
        top = _row(page, layout, row, top)
    return page.png(top - GUTTER + MARGIN)


def _heading(page: _Page, layout: _Layout, title: str, subtitle: str) -> int:
    """Title, subtitle and the columns' names; gives the top of what follows."""
    inner = page.width - 2 * MARGIN
    name = lettering(title, TITLE, INK, PAPER, bold=True, widest=inner)
    line = lettering(subtitle, CAPTION, FADED, PAPER, widest=max(1, inner - name.width - GUTTER))
    baseline = MARGIN - 10 + round(TITLE * 0.98)
    page.put(name, MARGIN, MARGIN - 10)
    page.put(line, page.width - MARGIN - line.width, baseline - round(CAPTION * 0.98))
    top = MARGIN + round(TITLE * LINE) + 8
    page.rule(top)
    for pair in range(layout.pairs_in_a_row):
        left = MARGIN + pair * (layout.pair_width + GUTTER)
        for words, column in (("Before", left), ("After", left + layout.photo_width + HAIR)):
            page.put(
                lettering(words, HEADING, FADED, PAPER, bold=True, widest=layout.photo_width),
                column,
                top + 18,
            )
    return top + 18 + round(HEADING * LINE) + 12


def _row(page: _Page, layout: _Layout, row: Sequence[tuple[str, bytes, bytes]], top: int) -> int:
    box = (layout.photo_width, round(layout.photo_width * TALLEST))
    photos = [(caption, fitted(before, *box), fitted(after, *box)) for caption, before, after in row]
    height: int = max(photo.height for _, before, after in photos for photo in (before, after))
    for index, (caption, before, after) in enumerate(photos):
        left = MARGIN + index * (layout.pair_width + GUTTER)
        for photo, column in ((before, left), (after, left + layout.photo_width + HAIR)):
            page.put(photo, column, top + height - photo.height)  # smaller ones stand on their caption
        page.put(lettering(caption, CAPTION, INK, PAPER, widest=layout.pair_width), left, top + height + 12)
    return top + height + 12 + round(CAPTION * LINE) + GUTTER


def _plain(width: int, height: int, colour: Colour) -> Any:
    return (
        pyvips.Image.black(width, height, bands=3).linear(1, colour).cast("uchar").copy(interpretation="srgb")
    )
