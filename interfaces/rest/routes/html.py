"""Pages for people: templates beside one style sheet, which is all that a browser may load or run."""

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_PAGES: Final = Path(__file__).with_name("pages")
_STYLE: Final = (_PAGES / "page.css").read_text(encoding="utf-8")
CSP: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
"""They may show that style sheet and send forms to us."""

templates: Final = Environment(
    loader=FileSystemLoader(_PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, **shown: Any) -> str:
    """The page `name` with what it shows."""
    return templates.get_template(f"{name}.html").render(style=_STYLE, **shown)
