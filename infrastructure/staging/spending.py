"""What may be spent on providers a day, and what was: counted in PostgreSQL, where it survives and is exact."""

from dataclasses import dataclass
from datetime import date, timedelta

from infrastructure.postgres.database import Database

# The condition is checked under the row's lock, so simultaneous calls never pass the cap together.
_SET_ASIDE = """
INSERT INTO stage.provider_spending AS spent (day, micros)
SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date, %(micros)s WHERE %(micros)s <= %(cap)s
ON CONFLICT (day) DO UPDATE SET micros = spent.micros + excluded.micros
WHERE spent.micros + excluded.micros <= %(cap)s
RETURNING day
"""
_LEFT_TODAY = """
SELECT date_trunc('day', now AT TIME ZONE 'UTC') + interval '1 day' - now AT TIME ZONE 'UTC'
FROM clock_timestamp() now
"""


class SpendingCapReached(Exception):
    """Nothing more may be spent today; `delay` says when there is a new day, in UTC."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__(delay)
        self.delay = delay


@dataclass(frozen=True)
class SetAside:
    """Money for one call or batch."""

    day: date
    micros: int


class DailySpending:
    """All workers draw on one sum a day (UTC). What is set aside and not spent is given back."""

    def __init__(self, database: Database, *, cap_micros: int) -> None:
        self._database = database
        self._cap = cap_micros

    def set_aside(self, micros: int) -> SetAside:
        """Before a call: its price, in millionths of a US dollar. Raises SpendingCapReached."""
        row = self._database.one(_SET_ASIDE, {"micros": micros, "cap": self._cap})
        if row is None:
            left = self._database.one(_LEFT_TODAY)
            raise SpendingCapReached(left[0] if left else timedelta(hours=1))
        return SetAside(row[0], micros)

    def give_back(self, aside: SetAside) -> None:
        """After a call that was not billed."""
        self._database.execute(
            "UPDATE stage.provider_spending SET micros = micros - %s WHERE day = %s",
            [aside.micros, aside.day],
        )
