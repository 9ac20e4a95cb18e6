"""What others did at the same time, or before."""

from collections.abc import Mapping
from typing import Final

from application.errors import ConcurrentChange, VersionMismatch
from domain.errors import Conflict
from interfaces.rest.errors.answer import RETRY, Answer
from interfaces.rest.errors.faults import PositionUnknown, ReadModelBehind

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    Conflict: Answer(
        409, "conflict", "Done differently before", "The same was asked before with other content."
    ),
    ConcurrentChange: Answer(
        409,
        "concurrent_change",
        "Changed at the same time",
        "Somebody else changed the same thing at this moment; try again.",
        headers=RETRY,
    ),
    VersionMismatch: Answer(
        412,
        "precondition_failed",
        "Changed meanwhile",
        "It is at version {actual} now, and not as If-Match says that you have seen it; look at it again.",
        {"expected": 3, "actual": 4},
    ),
    PositionUnknown: Answer(
        409,
        "position_unknown",
        "No such position",
        "Nothing was recorded at position {position} yet; send the Event-Position of an answer.",
        {"position": 999_999},
    ),
    ReadModelBehind: Answer(
        503,
        "read_model_behind",
        "Not to be read yet",
        "What was asked for is recorded, but not to be read yet; try again in a moment.",
        headers=RETRY,
    ),
}
