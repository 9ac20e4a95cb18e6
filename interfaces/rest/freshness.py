"""Reading one's own writes: a query waits until its read models know what a command has recorded."""

from typing import Annotated

from litestar.params import HeaderParameter

from infrastructure.following.checkpoints import wait_until
from infrastructure.queries import progress
from infrastructure.queries.reader import Reader
from interfaces.rest.errors.faults import PositionUnknown, ReadModelBehind
from interfaces.rest.headers import EVENT_POSITION

WAIT_FOR_POSITION = "Wait-For-Position"

LONGEST_WAIT = 2.0
"""In seconds (docs/domain.md, The API)."""

WaitForPosition = Annotated[
    int | None,
    HeaderParameter(
        name=WAIT_FOR_POSITION,
        gt=-1,  # the framework's description leaves out `ge=0`
        le=2**63 - 1,
        description=f"`{EVENT_POSITION}` of an earlier answer: this one waits up to 2 s until it knows that.",
    ),
]


async def wait_for(reader: Reader, position: int | None, *read_models: str) -> None:
    """Return once these read models have come to the position.

    Raises ReadModelBehind after LONGEST_WAIT, and PositionUnknown at once if no answer can have told it.
    """
    if not position or await wait_until(reader.pool, read_models, position, timeout=0):
        return
    if position > await progress.head(reader):
        raise PositionUnknown(position)
    if not await wait_until(reader.pool, read_models, position, timeout=LONGEST_WAIT):
        raise ReadModelBehind
