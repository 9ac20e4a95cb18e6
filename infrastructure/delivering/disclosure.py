"""The disclosure of altered pictures: each beside its unaltered original, with a code that leads to it.

California's AB 723 (Business and Professions Code, section 10140.8, from 2026) and MLS rules want whoever
advertises a home with altered pictures to say so next to them, and to show or link the unaltered ones.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Final

import segno
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from domain.brief import Label, Preset

_DID: Final = {
    Preset.STAGE: "Furniture and decoration were added by software.",
    Preset.DECLUTTER: "Things lying about were removed by software.",
    Preset.DAY_TO_DUSK: "Daylight was turned into dusk by software.",
    Preset.BLUE_SKY: "The sky was replaced by software.",
    Preset.REMOVE_OBJECTS: "Objects were removed by software.",
    Preset.CUSTOM: "The picture was altered by software.",
}
"""What buyers are told was done."""

_HERE: Final = files(__package__)
_STYLE: Final = _HERE.joinpath("disclosure.css").read_text()
_PAGE: Final = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).from_string(_HERE.joinpath("disclosure.html").read_text())
CSP: Final = (
    "default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
"""The page's Content-Security-Policy: our pictures and our style, no script, no frame."""


@dataclass(frozen=True)
class Disclosed:
    """One altered picture. Pictures are addresses that the page can load, absolute or beside it."""

    title: str
    altered: str
    original: str | None
    """None when the original is no longer kept."""
    original_url: str
    """Absolute: where anybody finds the unaltered original."""
    altered_at: datetime

    @property
    def code(self) -> Markup:
        """A QR code of `original_url`, as SVG. A tenth of it may be dirty and it can still be read."""
        code = segno.make_qr(self.original_url, error="m")
        title = f"QR code of the unaltered original of {self.title}"
        svg = code.svg_inline(scale=3, border=4, dark="#111", light="#fff", omitsize=True, title=title)
        return Markup(svg)  # noqa: S704 - made of squares, none of its text is anybody's


def page(preset: Preset, label: Label, photos: Sequence[Disclosed], *, until: datetime) -> str:
    """The whole page in HTML; its links are good until then."""
    return _PAGE.render(label=label.value, did=_DID[preset], photos=photos, until=until, style=Markup(_STYLE))  # noqa: S704 - ours
