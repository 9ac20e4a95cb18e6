"""Headers that several routes share, as they are described, and what they mean."""

from typing import Annotated, Any, Final

from litestar import MediaType, Response
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter

EVENT_POSITION: Final = "Event-Position"

RECORDED: Final = ResponseHeader(
    name=EVENT_POSITION,
    value="42",
    documentation_only=True,
    description="Where in the log this was recorded, if it was; queries take it as `Wait-For-Position`.",
)
REPLAYED: Final = ResponseHeader(
    name="Idempotent-Replayed",
    value="true",
    documentation_only=True,
    description="There when this is the answer to an earlier request with the same `Idempotency-Key`.",
)
LOCATION: Final = ResponseHeader(
    name="Location", value="/api/v1/jobs/…", documentation_only=True, description="Where it is."
)
ETAG: Final = ResponseHeader(
    name="ETag",
    value='"7"',
    documentation_only=True,
    description="The version of this answer; sent as `If-None-Match`, it asks only for news.",
)
DISPOSITION: Final = ResponseHeader(
    name="Content-Disposition", value="inline", documentation_only=True, description="The file's name."
)

NOT_MODIFIED: Final = {304: ResponseSpec(None, generate_examples=False, description="The client has it.")}

IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", description="The ETag of what the client has.")
]


def not_modified(headers: dict[str, str]) -> Response[Any]:
    return Response(None, status_code=304, media_type=MediaType.TEXT, headers=headers)


def has(if_none_match: str | None, etag: str) -> bool:
    """Whether the client says that it has this version already (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    known = (one.strip().removeprefix("W/") for one in if_none_match.split(","))
    return any(one in (etag, "*") for one in known)
