"""What everybody does who knows whose credits have expired."""

from datetime import timedelta
from uuid import UUID, uuid5

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from tests.contracts.ports import StatefulPorts

ANN, BOB, EVE = UUID(int=1), UUID(int=2), UUID(int=3)


def a_ledger(ports: StatefulPorts, user: UUID, *, hours: int, frozen: bool = False) -> CreditLedger:
    """With credits that expire so many hours from now, and some that never do."""
    ledger = CreditLedger.open(user)
    expires_at = ports.clock.now() + timedelta(hours=hours)
    ledger.grant(uuid5(user, "a"), Source.PURCHASE, 5, expires_at=expires_at, reference="a present")
    ledger.grant_trial()
    if frozen:
        ledger.freeze(uuid5(user, "a"), "dp_1")
    ports.store.save(ledger)
    return ledger


def test_those_whose_credits_have_expired_are_told_the_longest_overdue_first(ports: StatefulPorts) -> None:
    a_ledger(ports, ANN, hours=-1)
    a_ledger(ports, BOB, hours=-2, frozen=True)
    a_ledger(ports, EVE, hours=1)
    ports.catch_up()
    now = ports.clock.now()
    assert ports.expiring.owners_of_expired(now, limit=10) == [BOB, ANN]
    assert ports.expiring.owners_of_expired(now, limit=1) == [BOB]


def test_what_is_recorded_is_not_told_again(ports: StatefulPorts) -> None:
    ledger = a_ledger(ports, ANN, hours=-1)
    ledger.expire(ports.clock.now())
    ports.store.save(ledger)
    ports.catch_up()
    assert ports.expiring.owners_of_expired(ports.clock.now(), limit=10) == []
