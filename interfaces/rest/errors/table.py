"""The one table of everything that can go wrong, put together from its subjects."""

from collections.abc import Mapping
from typing import Final

from eventsourcing.persistence import OperationalError as EventStoreAway
from obstore.exceptions import GenericError as ObjectStoreFailed
from psycopg import OperationalError
from redis import RedisError

from application.stagers import RetryLater
from infrastructure.event_store.keyring import KeyDestroyed
from infrastructure.imaging.sandbox.sandbox import SandboxBusy, SandboxClosed
from interfaces.rest.errors import (
    accounts,
    concurrency,
    jobs,
    ledgers,
    operations,
    photos,
    programs,
    purchases,
    requests,
    sign_in,
)
from interfaces.rest.errors.answer import Answer
from interfaces.rest.errors.faults import NotSignedIn, Unavailable, Unexpected

SUBJECTS: Final = (
    requests.ANSWERS,
    sign_in.ANSWERS,
    programs.ANSWERS,
    operations.ANSWERS,
    accounts.ANSWERS,
    photos.ANSWERS,
    jobs.ANSWERS,
    ledgers.ANSWERS,
    purchases.ANSWERS,
    concurrency.ANSWERS,
)
ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    kind: told for subject in SUBJECTS for kind, told in subject.items()
}

UNAVAILABLE: Final = (
    OperationalError,
    EventStoreAway,
    ObjectStoreFailed,
    RedisError,
    RetryLater,
    SandboxBusy,
    SandboxClosed,
)
"""What is raised when a server that we talk to is away or its disk is full, or when all hands are."""


def told_as(error: Exception) -> Exception:
    """The error itself if the table knows it, or a class it derives from; else the fault it amounts to."""
    if isinstance(error, UNAVAILABLE):
        return Unavailable()
    if isinstance(error, KeyDestroyed):  # whoever asked was erased meanwhile
        return NotSignedIn()
    if any(kind in ANSWERS for kind in type(error).__mro__):
        return error
    return Unexpected()


def answer(kind: type[BaseException]) -> Answer:
    """How errors of this class, or of the nearest one it derives from, are told. Raises KeyError."""
    return next(ANSWERS[one] for one in kind.__mro__ if one in ANSWERS)
