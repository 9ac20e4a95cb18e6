"""What is wrong on our side."""

from collections.abc import Mapping
from typing import Final

from interfaces.rest.errors.answer import RETRY, Answer
from interfaces.rest.errors.faults import Busy, ReactionNotDead, Unavailable, Unexpected

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    ReactionNotDead: Answer(
        409,
        "reaction_not_dead",
        "Not given up",
        "Only a dead reaction can be begun again; this one is {found}.",
        {"found": "done"},
    ),
    Busy: Answer(
        503,
        "busy",
        "Busy",
        "More pictures are coming in or going out than there are hands for; ask again in a moment.",
        headers={"Retry-After": "5"},
    ),
    Unavailable: Answer(
        503,
        "unavailable",
        "Unavailable",
        "A part of the service is away; try again in a moment.",
        headers=RETRY,
    ),
    Unexpected: Answer(
        500, "internal_error", "Internal error", "Something broke on our side; `request_id` helps us find it."
    ),
}
