"""Parts of an answer, for clients that have the rest already (RFC 9110, 14)."""

import re
from typing import Annotated, Any, Final

from litestar import Response
from litestar.params import HeaderParameter

from interfaces.rest.faults import RangeNotSatisfiable

Range = Annotated[
    str | None,
    HeaderParameter(name="Range", max_length=200, description="One range of bytes, such as `bytes=0-1023`."),
]
IfRange = Annotated[
    str | None,
    HeaderParameter(
        name="If-Range", max_length=200, description="The ETag that the parts must be of; else all is sent."
    ),
]

_ONE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


def part(
    content: bytes, wanted: str | None, if_range: str | None, media_type: str, headers: dict[str, str]
) -> Response[bytes]:
    """The range of the content that is wanted, or all of it. `headers` has its ETag.

    Several ranges, and units that are not bytes, are answered with everything, as servers may. Raises
    RangeNotSatisfiable.
    """
    headers = {**headers, "Accept-Ranges": "bytes"}
    found = _ONE.fullmatch(wanted) if wanted and if_range in (None, headers["ETag"]) else None
    if found is None or found[1] == found[2] == "":
        return Response(content, media_type=media_type, headers=headers)
    first, last = _bounds(found, len(content))
    return _partial(content, first, last, media_type, headers)


def _bounds(found: "re.Match[str]", size: int) -> tuple[int, int]:
    if found[1] == "":  # the last so many
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(size - 1, int(found[2] or size))
        if found[2] and int(found[2]) < first:
            raise RangeNotSatisfiable(size)
    if first >= size:
        raise RangeNotSatisfiable(size)
    return first, last


def _partial(content: bytes, first: int, last: int, media_type: str, headers: Any) -> Response[bytes]:
    return Response(
        content[first : last + 1],
        status_code=206,
        media_type=media_type,
        headers={**headers, "Content-Range": f"bytes {first}-{last}/{len(content)}"},
    )
