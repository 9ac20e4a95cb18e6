"""Credits that expire: recorded when it is due. They cannot be used from then on, recorded or not."""

from dataclasses import dataclass
from datetime import timedelta

from application.credits import Credits
from application.ports import Clock, ExpiringLots
from application.reactions import Answer
from application.stagers import RetryLater

AT_ONCE = 500
"""How many ledgers one attempt takes on; the next one goes on from there."""
PAUSE = timedelta(seconds=5)
"""Until it does, and until the read models know what it has recorded."""


@dataclass(frozen=True)
class Expiry:
    credits: Credits
    clock: Clock
    lots: ExpiringLots

    def record_due(self) -> Answer:
        """Record what has expired on every ledger. Raises RetryLater while there may be more."""
        users = self.lots.owners_of_expired(self.clock.now(), limit=AT_ONCE)
        for user_id in users:
            self.credits.expire(user_id)
        if len(users) == AT_ONCE:
            raise RetryLater(PAUSE)
        return {"ledgers": len(users)}
