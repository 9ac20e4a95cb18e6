"""The doctor looks after the money: what does not balance, what is owed, and what is not anchored yet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.doctor import ledgers
from infrastructure.doctor.findings import Finding, Severity
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.wiring import Container, build
from tests.contracts.ports import on_postgres
from tests.interfaces.cli.test_seed import make_settings

ANN, LOT, JOB = UUID(int=1), UUID(int=21), UUID(int=11)


@pytest.fixture
def container(database: Any, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Container]:
    container = build(make_settings(database.app_url, valkey.url, tmp_path))
    container.open()
    yield container
    container.close()


def a_ledger(container: Container, *, refunded: bool = False) -> None:
    ledger = CreditLedger.open(ANN)
    now = container.database.now()
    ledger.grant(LOT, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.hold(JOB, 5, now)
    ledger.settle(JOB, delivered=5, now=now)
    if refunded:
        ledger.reverse(LOT, "re_1", amount=1800, paid=1800)
    container.store.save(ledger)
    on_postgres(container.database).catch_up()
    container.database.execute(
        "INSERT INTO stage.checkpoints (follower, position) VALUES ('credit_lots_v2', 9), ('statement_v2', 9) "
        "ON CONFLICT (follower) DO UPDATE SET position = 9"
    )


def balances(container: Container) -> dict[str, Finding]:
    return {finding.check: finding for finding in ledgers.balances(container)}


def test_ledgers_that_balance_are_well(container: Container) -> None:
    a_ledger(container)
    found = balances(container)
    assert (found["ledgers"].severity, found["ledgers"].values["compared"]) == (Severity.OK, True)
    assert (found["debt"].severity, found["ledgers"].values["granted"]) == (Severity.OK, {"purchase": 20})


def test_what_is_owed_is_told(container: Container) -> None:
    a_ledger(container, refunded=True)
    assert balances(container)["debt"].says == "5 credits are owed"


def test_a_lot_that_does_not_add_up_is_a_failure(container: Container, database: Any) -> None:
    a_ledger(container)
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("UPDATE read_models.credit_lots_v2 SET spent = spent + 1")
    found = balances(container)["ledgers"]
    assert (found.severity, found.values["unbalanced_lots"]) == (Severity.FAILED, 1)
    assert found.values["differing_ledgers"] == [str(ANN)]


def test_a_statement_at_another_position_is_not_compared(container: Container) -> None:
    a_ledger(container)
    container.database.execute("UPDATE stage.checkpoints SET position = 8 WHERE follower = 'statement_v2'")
    assert balances(container)["ledgers"].values["compared"] is False


def test_what_waits_for_its_anchor_is_told_by_its_age(container: Container) -> None:
    (empty,) = ledgers.unanchored(container)
    a_ledger(container)
    (fresh,) = ledgers.unanchored(container)
    assert (empty.values["events"], fresh.values["events"], fresh.severity) == (0, 4, Severity.OK)
