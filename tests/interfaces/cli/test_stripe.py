"""`stage stripe`: prices brought into line, and books compared, as an operator sees both."""

import base64
import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.offers import OFFERS
from domain.personal import Personal
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.settings import load
from infrastructure.wiring import Container, build
from interfaces.cli import stripe as commands
from tests.contracts.cashiers import SECRET
from tests.fakes.accounts import CheapPasswords
from tests.stripe_stand_in.server import KEY, StripeStandIn


@pytest.fixture
def stand_in() -> Iterator[StripeStandIn]:
    with StripeStandIn().running() as stand_in:
        yield stand_in


@pytest.fixture
def environment(
    stand_in: StripeStandIn,
    database: Any,
    valkey: EmbeddedValkey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    environment = {
        "DATABASE_URL": database.app_url,
        "REDIS_URL": valkey.url,
        "OBJECT_STORE_URL": (tmp_path / "pictures").as_uri(),
        "OUTBOX": str(tmp_path / "outbox"),
        "AUTH_SECRET": "s" * 40,
        "MASTER_KEY": base64.b64encode(b"m" * 32).decode(),
        "CLAIM_KEY": base64.b64encode(b"c" * 32).decode(),
        "ANCHOR_KEY": base64.b64encode(b"a" * 32).decode(),
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_URL": stand_in.url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def container(environment: dict[str, str]) -> Iterator[Container]:
    container = build(load(environment))
    container.open()
    yield container
    container.close()


def test_prices_are_created_once_and_drift_is_shown(
    stand_in: StripeStandIn, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    with pytest.raises(commands.PricesDiffer):
        commands.sync_offers(check=True, as_json=True)
    assert {one["state"] for one in json.loads(capsys.readouterr().out)} == {"missing"}
    commands.sync_offers(as_json=True)
    assert {one["state"] for one in json.loads(capsys.readouterr().out)} == {"created"}
    commands.sync_offers(as_json=True)
    assert {one["state"] for one in json.loads(capsys.readouterr().out)} == {"sound"}
    assert len(stand_in.book.of("price")) == len(OFFERS)

    price = next(one for one in stand_in.book.of("price") if one["lookup_key"] == "PACK_20_CREDITS")
    price["unit_amount"] = 17_00
    del price["metadata"]["app"]
    with pytest.raises(commands.PricesDiffer):
        commands.sync_offers(as_json=True)
    drifted = [one for one in json.loads(capsys.readouterr().out) if one["state"] == "drifted"]
    assert [one["differences"] for one in drifted] == [
        ["unit_amount is 1700, not 1800", "metadata.app is None, not 'stageinseconds'"]
    ]
    with pytest.raises(commands.PricesDiffer):
        commands.sync_offers()
    assert "unit_amount is 1700, not 1800" in capsys.readouterr().out


def test_a_payment_that_was_missed_is_recorded_and_the_report_reads_like_a_bank_reconciliation(
    stand_in: StripeStandIn, container: Container, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.sync_offers()
    user = uuid4()
    accounts = replace(container.accounts, passwords=CheapPasswords())
    accounts.register(
        user, email=Personal("ada@example.com"), password="long enough to do", name=Personal("Ada")
    )
    session = container.purchases.start(
        uuid4(), user_id=user, offer="PACK_20_CREDITS", quantity=1, return_path="/billing"
    )
    stand_in.book.pay(session.session_id)
    stand_in.book.refund(session.session_id, 5_40)
    capsys.readouterr()

    out = tmp_path / "report.csv"
    commands.reconcile(out=out)

    printed = capsys.readouterr().out
    assert "Opening balance" in printed
    assert "$12.60" in printed
    assert "Not recorded" in printed
    lines = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    compared = {one["what"]: one["amount"] for one in lines if one["section"] == "compared"}
    assert compared == {"ours": "1260", "theirs": "1260", "difference": "0"}
    assert [one["detail"] for one in lines if one["what"] == "not_recorded"] == ["Pay", "Refund"]

    commands.reconcile(as_json=True)
    again = json.loads(capsys.readouterr().out)
    assert (again["differences"], again["difference"]) == ([], 0)


def test_when_stripe_is_away_the_operator_is_told_so(
    stand_in: StripeStandIn, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment
    monkeypatch.setenv("STRIPE_API_URL", "http://127.0.0.1:9")
    with pytest.raises(commands.StripeAway):
        commands.reconcile()
    assert stand_in.calls == []


@pytest.mark.usefixtures("container")
def test_what_cannot_be_done_is_said_before_anything_is(stand_in: StripeStandIn, tmp_path: Path) -> None:
    with pytest.raises(commands.SinceLater):
        commands.reconcile(since=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(commands.ReportNotWritten, match="no such folder"):
        commands.reconcile(out=tmp_path / "nowhere" / "report.csv")
    assert stand_in.calls == []
    with pytest.raises(commands.ReportNotWritten):
        commands.reconcile(out=tmp_path)
