"""All projections: what the followers keep up to date. A new one is its file, a migration and a line here."""

from typing import Any

from application.projections.credit_lots import CreditLots
from application.projections.holds import Holds
from application.projections.jobs import Jobs
from application.projections.money_movements import MoneyMovements
from application.projections.photos import Photos
from application.projections.projection import Projection
from application.projections.purchases import Purchases
from application.projections.statement import Statement
from application.projections.stripe_events import StripeEvents
from application.projections.users import Users

PROJECTIONS: tuple[Projection[Any], ...] = (
    Users(),
    Jobs(),
    Photos(),
    CreditLots(),
    Statement(),
    Holds(),
    Purchases(),
    MoneyMovements(),
    StripeEvents(),
)
