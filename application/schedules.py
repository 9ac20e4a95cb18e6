"""What must happen because time has passed: the whole list, in one place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from application.rules import (
    EXPIRE_CREDITS,
    FORGET_NOTICES,
    GIVE_UP_PICTURES,
    RECONCILE,
    REMOVE_INCOMING,
    REMOVE_LEFTOVERS,
    REMOVE_UPLOADS,
)

_SCHEDULES = UUID("7c1d5c0e-4f43-4d0e-9a53-0f6b8c2f3a11")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Schedule:
    """A kind of reaction that is due again and again, whatever happens."""

    kind: str
    every: timedelta

    def latest(self, now: datetime) -> datetime:
        """When it was due last, at a multiple of `every` since 1970. What was missed is not made up for."""
        return now - (now - _BEGINNING) % self.every

    def reaction_id(self, due: datetime) -> UUID:
        """However often it is asked for at one time, it is one."""
        return uuid5(_SCHEDULES, f"{self.kind}/{due.astimezone(UTC).isoformat()}")


SCHEDULES = (
    Schedule(REMOVE_UPLOADS, timedelta(minutes=15)),
    Schedule(EXPIRE_CREDITS, timedelta(minutes=15)),
    Schedule(REMOVE_INCOMING, timedelta(hours=1)),
    Schedule(GIVE_UP_PICTURES, timedelta(hours=1)),
    Schedule(REMOVE_LEFTOVERS, timedelta(hours=1)),
    Schedule(RECONCILE, timedelta(days=1)),
    Schedule(FORGET_NOTICES, timedelta(days=1)),
)
