"""Parts of an answer, for clients that have the rest already (RFC 9110, 14)."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter

from interfaces.rest.errors.faults import RangeNotSatisfiable

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

ACCEPTED: Final = {"Accept-Ranges": "bytes"}


def partial(media_type: str) -> dict[int, ResponseSpec]:
    """How a part of an answer is documented."""
    return {
        206: ResponseSpec(bytes, generate_examples=False, media_type=media_type, description="A part of it")
    }


_ONE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


@dataclass(frozen=True)
class Asked:
    """Bytes from `first` to `last`, or to the end; without `first`, the `last` so many."""

    first: int | None
    last: int | None

    def within(self, size: int) -> tuple[int, int]:
        """The first byte and the one after the last. Raises RangeNotSatisfiable."""
        if self.first is None:
            first, end = max(0, size - (self.last or 0)), size
        else:
            first, end = self.first, size if self.last is None else min(size, self.last + 1)
        if first >= end:
            raise RangeNotSatisfiable(size)
        return first, end


def asked_for(wanted: str | None, if_range: str | None, etag: str) -> Asked | None:
    """What the headers ask for; None for everything.

    That is what several ranges, units that are not bytes, and parts of another version are answered with.
    """
    found = _ONE.fullmatch(wanted) if wanted and if_range in (None, etag) else None
    if found is None or found[1] == found[2] == "":
        return None
    return Asked(*(int(number) if number else None for number in found.groups()))


def content_range(first: int, end: int, size: int) -> dict[str, str]:
    return {"Content-Range": f"bytes {first}-{end - 1}/{size}"}
