"""The doctor looks after payments: messages nobody followed up, and what a reconciliation left to people."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.lots import Source
from domain.personal import Personal
from domain.reconciliation import Finding as Difference
from domain.reconciliation import Reconciliation, Resolution, Totals
from domain.stripe_event import StripeEvent
from infrastructure.doctor import payments
from infrastructure.doctor.findings import Finding, Severity
from infrastructure.doctor.metrics import GAUGES
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.wiring import Container, build
from tests.contracts.ports import on_postgres
from tests.interfaces.cli.test_seed import make_settings
from tests.ledgers import changed

RUN = UUID(int=7)
NOBODY = UUID(int=0)
ANN, BOB, LOT = UUID(int=1), UUID(int=2), UUID(int=3)
ASK = """
    INSERT INTO stage.reactions
        (id, kind, owner, "references", state, due_at, correlation, created_at, claimed_at, ended_at,
         dropped_by, dropped_because)
    VALUES (%(id)s, %(kind)s, %(owner)s, jsonb_build_object('event_id', %(event_id)s::text), %(state)s, now(), 'r',
            now(), now(), CASE WHEN %(state)s IN ('done', 'dead', 'dropped') THEN now() END,
            CASE %(state)s WHEN 'dropped' THEN 'operator:ann' END, CASE %(state)s WHEN 'dropped' THEN 'repeated' END)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_at = excluded.ended_at,
        dropped_by = excluded.dropped_by, dropped_because = excluded.dropped_because
"""


@pytest.fixture
def container(database: Any, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Container]:
    container = build(make_settings(database.app_url, valkey.url, tmp_path))
    container.open()
    yield container
    container.close()


def receive(container: Container, stripe_id: str, kind: str) -> UUID:
    received = StripeEvent.receive(
        stripe_id=stripe_id,
        type=kind,
        api_version="2026-01-01",
        livemode=False,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        payload=Personal("{}"),
    )
    container.store.save(received)
    return received.id


def ask(container: Container, kind: str, state: str, id: UUID, event_id: UUID | None = None) -> None:
    asked = {"id": id, "kind": kind, "owner": NOBODY, "event_id": event_id, "state": state}
    container.database.execute(ASK, asked)


def unhandled(container: Container) -> dict[str, Finding]:
    return {finding.check: finding for finding in payments.unhandled(container)}


def test_a_message_is_unhandled_until_its_reaction_is_done(container: Container) -> None:
    event_id = receive(container, "evt_1", "charge.refunded")
    receive(container, "evt_2", "customer.created")
    on_postgres(container.database).catch_up()

    found = unhandled(container)
    assert (found["unhandled_messages"].values["messages"], found["other_messages"].values["messages"]) == (
        1,
        1,
    )

    container.database.execute(
        "INSERT INTO stage.checkpoints (follower, position) VALUES ('reactions', 9) "
        "ON CONFLICT (follower) DO UPDATE SET position = 9"
    )
    for state, messages in (("due", 1), ("running", 1), ("dead", 1), ("dropped", 0), ("done", 0)):
        ask(container, "follow_up_notice", state, UUID(int=8), event_id)
        assert unhandled(container)["unhandled_messages"].values["messages"] == messages


def test_a_message_that_waits_too_long_is_a_failure(container: Container) -> None:
    ask(container, "follow_up_notice", "due", UUID(int=8), UUID(int=9))
    container.database.execute("UPDATE stage.reactions SET created_at = now() - interval '3 minutes'")
    late = unhandled(container)["unhandled_messages"]
    container.database.execute("UPDATE stage.reactions SET created_at = now() - interval '16 minutes'")
    far_too_late = unhandled(container)["unhandled_messages"]
    assert (late.severity, far_too_late.severity) == (Severity.WARNING, Severity.FAILED)
    assert far_too_late.says == "1 messages of Stripe's wait to be followed up, the oldest for 0:16:00"


@pytest.mark.parametrize(
    ("resolution", "theirs", "ago", "severity"),
    [
        (Resolution.RECORDED, 18_00, timedelta(hours=1), Severity.OK),
        (Resolution.LEFT, 18_00, timedelta(hours=1), Severity.FAILED),
        (Resolution.RECORDED, 17_00, timedelta(hours=1), Severity.FAILED),
        (Resolution.RECORDED, 18_00, timedelta(hours=30), Severity.WARNING),
        (Resolution.RECORDED, 18_00, timedelta(hours=60), Severity.FAILED),
    ],
)
def test_the_last_reconciliation_says_whether_an_operator_must_look(
    container: Container, resolution: Resolution, theirs: int, ago: timedelta, severity: Severity
) -> None:
    (none_yet,) = payments.last_reconciliation(container)
    until = container.database.now() - ago
    run = Reconciliation.begin(RUN, since=until - timedelta(days=4), until=until)
    run.find(Difference.NOT_RECORDED, "cs_1", purchase_id=None, detail="Pay", resolution=resolution)
    run.complete(Totals(opening=0, movements={}, closing=0, compared=1, ours=18_00, theirs=theirs))
    container.store.save(run)
    ask(container, "reconcile", "done", RUN)
    (found,) = payments.last_reconciliation(container)
    assert (none_yet.severity, found.severity) == (Severity.OK, severity)
    assert {gauge.value for gauge in GAUGES if gauge.check == found.check} < found.values.keys()
    assert found.values["cents"] == 18_00 - theirs
    assert found.values["references"] == (["cs_1"] if resolution is Resolution.LEFT else [])


def test_a_payment_that_comes_after_an_erasure_is_found_until_it_is_refunded(container: Container) -> None:
    for user_id, email in ((ANN, "ann@example.com"), (BOB, "bob@example.com")):
        container.accounts.register(
            user_id, email=Personal(email), password="long enough to do", name=Personal("A")
        )
        with changed(container, user_id) as ledger:
            ledger.grant(UUID(int=user_id.int + 10), Source.PURCHASE, 5, reference="purchase:before")
    container.standing.erase(ANN)
    with changed(container, ANN) as ledger:
        ledger.grant(LOT, Source.PURCHASE, 20, reference="purchase:after")

    def found() -> Finding:
        on_postgres(container.database).catch_up()
        (finding,) = payments.paid_by_nobody(container)
        return finding

    assert (found().severity, found().values["references"]) == (Severity.WARNING, ["purchase:after"])
    assert {gauge.value for gauge in GAUGES if gauge.check == found().check} < found().values.keys()
    with changed(container, ANN) as ledger:
        ledger.reverse(LOT, "re_1", amount=18_00, paid=18_00)
    assert (found().severity, found().values["payments"]) == (Severity.OK, 0)
