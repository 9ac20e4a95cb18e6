"""`stage ledger`: what an auditor asks at a terminal, now and as of any position."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.postgres.database import Database
from interfaces.cli import ledger as command
from interfaces.cli.ledger import NoSuchLedger, NotAMoment
from tests.contracts.ports import StatefulPorts, on_postgres
from tests.interfaces.cli.test_seed import KEY
from tests.interfaces.rest import outside_auditor

ANN, LOT, JOB = UUID(int=1), UUID(int=21), UUID(int=11)


@pytest.fixture
def ports(
    database: Any, valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StatefulPorts]:
    """Ann has bought twenty credits and used one of them."""
    settings = {
        "APP_ENV": "development",
        "DATABASE_URL": database.app_url,
        "REDIS_URL": valkey.url,
        "OBJECT_STORE_URL": tmp_path.as_uri(),
        "OUTBOX": str(tmp_path),
        "AUTH_SECRET": "s" * 40,
        "MASTER_KEY": KEY,
        "CLAIM_KEY": KEY,
        "ANCHOR_KEY": KEY,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    connected = Database(database.app_url)
    connected.open()
    ports = on_postgres(connected)
    ledger = CreditLedger.open(ANN)
    ledger.grant(LOT, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.hold(JOB, 2, ports.clock.now())
    ledger.settle(JOB, delivered=1, now=ports.clock.now())
    ports.store.save(ledger)
    ports.catch_up()
    yield ports
    connected.close()


@pytest.mark.usefixtures("ports")
def test_it_shows_balance_lots_and_movements(capsys: pytest.CaptureFixture[str]) -> None:
    command.show(ANN, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["balance"]["available"], told["balance"]["spent"], len(told["lots"])) == (19, 1, 1)
    assert told["movements"][0]["description"].startswith("Job ended: 1 credit spent")
    command.show(ANN, as_of=str(told["movements"][1]["position"]), as_json=True)
    assert json.loads(capsys.readouterr().out)["balance"]["held"] == 2
    command.show(ANN)
    assert "20 granted, 19 available" in capsys.readouterr().out


@pytest.mark.usefixtures("ports")
def test_it_replays_and_compares(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command.replay(ANN)
    assert "Read models say the same." in capsys.readouterr().out
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("UPDATE read_models.statement_v2 SET available = 99")
    with pytest.raises(SystemExit) as ended:
        command.replay(ANN, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["agrees"], told["replayed"]["available"]) == (command.BROKEN, False, 19)


@pytest.mark.usefixtures("ports")
def test_it_verifies_the_chain(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command.verify(ANN)
    assert "4 events, unbroken" in capsys.readouterr().out
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE event_store.events SET metadata = '{}' WHERE originator_version = 2")
    with pytest.raises(SystemExit) as ended:
        command.verify(ANN, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["intact"], told["broken"]["version"]) == (command.BROKEN, False, 2)


@pytest.mark.usefixtures("ports")
def test_it_exports_what_can_be_checked_elsewhere(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    command.export(ANN)
    said = outside_auditor.checked(capfdbinary.readouterr().out.decode().splitlines())
    places = json.loads(said.stdout)
    assert (places["available"], places["spent"]) == (19, 1)


@pytest.mark.usefixtures("ports")
def test_it_says_what_it_cannot_find() -> None:
    with pytest.raises(NoSuchLedger):
        command.show(uuid4())
    with pytest.raises(NoSuchLedger):
        command.verify(uuid4())
    for as_of in ("yesterday", "2026-05-04T09:31:00"):
        with pytest.raises(NotAMoment):
            command.show(ANN, as_of=as_of)
