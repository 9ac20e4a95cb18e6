"""Ledgers and what has happened to them, for the tests of credits."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from tests.domain.history import Fact, fact, given

ANN = UUID(int=1)
JOB, OTHER_JOB = UUID(int=11), UUID(int=12)
LOT, OTHER_LOT, THIRD_LOT = UUID(int=21), UUID(int=22), UUID(int=23)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


def ledger_with(*since: Fact) -> CreditLedger:
    return given(CreditLedger, CreditLedger.id_for(ANN), fact(CreditLedger.Opened, user_id=ANN), *since)


def granted(
    credits: int,
    lot: UUID = LOT,
    source: Source = Source.PURCHASE,
    expires: datetime | None = None,
    restores: UUID | None = None,
) -> Fact:
    return fact(
        CreditLedger.Granted,
        lot_id=lot,
        source=source.value,
        credits=credits,
        expires_at=expires,
        reference="a receipt",
        restores=restores,
    )


def held(lots: dict[UUID, int], job: UUID = JOB) -> Fact:
    return fact(CreditLedger.Held, job_id=job, lots=lots)


def settled(delivered: dict[UUID, int], returned: dict[UUID, int]) -> Fact:
    return fact(CreditLedger.Settled, job_id=JOB, delivered=delivered, returned=returned)


def expired(lot: UUID, credits: int, frozen: int = 0) -> Fact:
    return fact(CreditLedger.Expired, lot_id=lot, credits=credits, frozen=frozen)
