"""The read models that queries read: each by the version that this release's projections fill."""

from typing import Final, LiteralString

from psycopg import sql

from application.projections.credit_lots import CreditLots
from application.projections.holds import Holds
from application.projections.jobs import Jobs
from application.projections.money_movements import MoneyMovements
from application.projections.photos import Photos
from application.projections.purchases import Purchases
from application.projections.statement import Statement
from application.projections.stripe_events import StripeEvents
from application.projections.users import Users

USERS: Final = Users.table.versioned_name
JOBS: Final = Jobs.table.versioned_name
PHOTOS: Final = Photos.table.versioned_name
CREDIT_LOTS: Final = CreditLots.table.versioned_name
STATEMENT: Final = Statement.table.versioned_name
HOLDS: Final = Holds.table.versioned_name
PURCHASES: Final = Purchases.table.versioned_name
MONEY_MOVEMENTS: Final = MoneyMovements.table.versioned_name
STRIPE_EVENTS: Final = StripeEvents.table.versioned_name

READ_MODELS: Final = (
    USERS,
    JOBS,
    PHOTOS,
    CREDIT_LOTS,
    STATEMENT,
    HOLDS,
    PURCHASES,
    MONEY_MOVEMENTS,
    STRIPE_EVENTS,
)


def statement(text: LiteralString) -> bytes:
    """SQL in which `{jobs}` and the like stand for today's tables, made once and sent as it is."""
    return (
        sql.SQL(text)
        .format(
            users=sql.Identifier("read_models", USERS),
            jobs=sql.Identifier("read_models", JOBS),
            photos=sql.Identifier("read_models", PHOTOS),
            credit_lots=sql.Identifier("read_models", CREDIT_LOTS),
            statement=sql.Identifier("read_models", STATEMENT),
            holds=sql.Identifier("read_models", HOLDS),
            purchases=sql.Identifier("read_models", PURCHASES),
            money_movements=sql.Identifier("read_models", MONEY_MOVEMENTS),
            stripe_events=sql.Identifier("read_models", STRIPE_EVENTS),
        )
        .as_bytes()
    )
