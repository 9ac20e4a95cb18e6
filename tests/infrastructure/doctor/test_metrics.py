"""What Prometheus is told: a scrape over a socket shows what the doctor finds in a real database."""

import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from msgspec.structs import asdict
from prometheus_client.parser import text_string_to_metric_families

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.doctor.metrics import FRESH, GAUGES, doctors_registry
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.metrics import served
from infrastructure.processes.child import Child
from infrastructure.requests.metrics import RequestMetrics
from infrastructure.wiring import Container, build
from tests.contracts.ports import on_postgres
from tests.infrastructure.following.tally import until
from tests.interfaces.cli.test_seed import make_settings

ANN, LOT, JOB = UUID(int=1), UUID(int=21), UUID(int=11)
OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"

Scrape = dict[tuple[str, ...], float]
"""By name, and the label's value where there is one."""


@pytest.fixture
def container(database: Any, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Container]:
    container = build(make_settings(database.app_url, valkey.url, tmp_path))
    container.open()
    yield container
    container.close()


def serve_metrics(container: Container, *, fresh: float = FRESH) -> AbstractContextManager[int]:
    return served("127.0.0.1", 0, doctors_registry(container, fresh=fresh))


def scrape(port: int) -> Scrape:
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).raise_for_status()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_scrape_shows_what_is_owed_held_waiting_and_not_anchored(container: Container) -> None:
    ledger = CreditLedger.open(ANN)
    ledger.grant(LOT, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.hold(JOB, 5, container.database.now())
    ledger.reverse(LOT, "re_1", amount=1800, paid=1800)
    container.store.save(ledger)
    on_postgres(container.database).catch_up()
    container.database.execute(
        """
        INSERT INTO stage.reactions (id, kind, owner, "references", state, due_at, correlation, ended_at)
        VALUES (gen_random_uuid(), 'stage_photo', %(owner)s, '{}', 'due', now() - interval '1 minute', 'r', NULL),
               (gen_random_uuid(), 'stage_photo', %(owner)s, '{}', 'dead', now(), 'r', now())
        """,
        {"owner": ANN},
    )
    with serve_metrics(container, fresh=0) as port:
        until(lambda: scrape(port)["stage_unanchored_seconds",] > 0)  # it is told in tenths
        told = scrape(port)
    assert [told[part,] for part in ("stage_database_up", "stage_redis_up", "stage_object_store_up")] == [
        1,
        1,
        1,
    ]
    assert told["stage_follower_lag_events", "statement_v2"] == 4
    assert told["stage_follower_lag_seconds", "statement_v2"] > 0
    assert (told["stage_unanchored_events",], told["stage_unanchored_seconds",] > 0) == (4, True)
    assert told["stage_oldest_hold_seconds",] > 0
    assert (told["stage_oldest_job_seconds",], told["stage_unbalanced_lots",]) == (0, 0)
    assert (told["stage_reactions_waiting", "stage_photo"], told["stage_reactions_dead", "stage_photo"]) == (
        1,
        1,
    )
    assert told["stage_reactions_waiting_seconds", "stage_photo"] >= 60
    assert told["stage_doctor_findings", "failed"] > 0
    names = {name for name, *_ in told}
    silent = {gauge.check for gauge in GAUGES if gauge.name not in names}
    assert silent == {"parked_events", "reconciliation"}


def test_what_is_owed_is_told_in_credits(container: Container) -> None:
    ledger = CreditLedger.open(ANN)
    ledger.grant(LOT, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    now = container.database.now()
    ledger.hold(JOB, 5, now)
    ledger.settle(JOB, delivered=5, now=now)
    ledger.reverse(LOT, "re_1", amount=1800, paid=1800)
    container.store.save(ledger)
    on_postgres(container.database).catch_up()
    with serve_metrics(container) as port:
        told = scrape(port)
    assert (told["stage_debt_credits",], told["stage_oldest_hold_seconds",]) == (5, 0)


def test_a_transaction_that_does_not_end_shows_while_it_lasts(container: Container, database: Any) -> None:
    with (
        serve_metrics(container, fresh=0) as port,
        psycopg.connect(database.superuser_url, application_name="somebody") as other,
    ):
        other.execute("SELECT pg_current_xact_id()")
        until(lambda: scrape(port)["stage_followers_held_back_seconds",] > 0.2)
        stalled = scrape(port)["stage_followers_held_back_seconds",]
        other.rollback()
        until(lambda: scrape(port)["stage_followers_held_back_seconds",] < stalled)


def test_all_who_ask_within_a_few_seconds_share_an_examination(container: Container) -> None:
    with serve_metrics(container) as port:
        before = scrape(port)
        container.store.save(CreditLedger.open(ANN))
        assert scrape(port) == before


def test_while_the_database_is_away_a_scrape_says_so(valkey: EmbeddedValkey, tmp_path: Path) -> None:
    container = build(make_settings("postgresql://nobody@127.0.0.1:9/nothing", valkey.url, tmp_path))
    container.open()
    try:
        with serve_metrics(container) as port:
            told = scrape(port)
    finally:
        container.close()
    assert (told["stage_database_up",], told["stage_redis_up",]) == (0, 1)
    assert ("stage_debt_credits",) not in told


def test_stage_follow_serves_them_where_it_is_told(
    database: Any, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = make_settings(database.app_url, valkey.url, tmp_path, metrics_port=port)
    environment = {name.upper(): str(value) for name, value in asdict(settings).items() if value}
    command = [sys.executable, "-m", "interfaces.cli.main", "follow"]
    follow = Child("follow", command, log=tmp_path / "follow.log", env={**os.environ, **environment})
    try:
        follow.wait_until(lambda: "following.started" in follow.last_lines(), within=60)
        told = scrape(port)
    finally:
        code = follow.stop()
    assert (code, told["stage_database_up",], told["stage_follower_lag_events", "statement_v2"]) == (0, 1, 0)


def test_each_metric_is_documented() -> None:
    documented = OPERATING.read_text(encoding="utf-8")
    for gauge in GAUGES:
        name = f"{gauge.name}{{{gauge.label}}}" if gauge.label else gauge.name
        assert f"| `{name}` | {gauge.help} |\n" in documented
    of_the_api = [one for one in RequestMetrics().registry.collect() if one.name.startswith("stage_")]
    for family in of_the_api:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert re.search(rf"\| `{name}(\{{[a-z,]+}})?` \| {re.escape(family.documentation)} \|\n", documented)
    assert documented.count("| `stage_") == len(GAUGES) + 1 + len(of_the_api)
