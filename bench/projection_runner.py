"""The peer of `rebuild`: the library's ProjectionRunner with a view written by hand, one upsert for each event."""

import time
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL

from bench.append_sql import stock_environment
from bench.ledger_log import EVENTS_PER_LEDGER

_CREATE = SQL("""
    CREATE TABLE IF NOT EXISTS public.bench_statement (
        ledger_id uuid, version bigint, kind text, change integer, available integer, held integer,
        job_id uuid, PRIMARY KEY (ledger_id, version))
""")
_UPSERT = SQL("""
    INSERT INTO public.bench_statement
    SELECT %(ledger_id)s, %(version)s, %(kind)s, %(change)s, coalesce(before.available, 0) + %(change)s,
           coalesce(before.held, 0) + %(held)s, %(job_id)s
    FROM (SELECT) AS one LEFT JOIN public.bench_statement AS before
      ON before.ledger_id = %(ledger_id)s AND before.version = %(version)s - 1
    ON CONFLICT (ledger_id, version) DO UPDATE
    SET change = excluded.change, available = excluded.available, held = excluded.held
""")


class PlainLedger(Aggregate):
    """A ledger as the library's tutorials would have it."""

    class Held(Aggregate.Event):
        job_id: UUID
        credits: int

    class Settled(Aggregate.Event):
        job_id: UUID
        delivered: int
        returned: int

    @event(Held)
    def hold(self, job_id: UUID, credits: int) -> None:
        """It evolves nothing: only its events are wanted."""

    @event(Settled)
    def settle(self, job_id: UUID, delivered: int, returned: int) -> None:
        """The same."""


class StatementView(PostgresTrackingRecorder):
    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(_CREATE.format())

    def upsert(self, movement: dict[str, Any], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(_UPSERT, movement, prepare=True)
            self._insert_tracking(cursor, tracking)


class StatementProjection(Projection[StatementView]):
    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self._keep(domain_event, tracking, "opened", 0, 0, None)

    @process_event.register
    def _(self, domain_event: PlainLedger.Held, tracking: Tracking) -> None:
        held = domain_event.credits
        self._keep(domain_event, tracking, "held", -held, held, domain_event.job_id)

    @process_event.register
    def _(self, domain_event: PlainLedger.Settled, tracking: Tracking) -> None:
        held = -domain_event.delivered - domain_event.returned
        self._keep(domain_event, tracking, "settled", domain_event.returned, held, domain_event.job_id)

    def _keep(
        self, happened: Any, tracking: Tracking, kind: str, change: int, held: int, job_id: UUID | None
    ) -> None:
        movement = {
            "ledger_id": happened.originator_id,
            "version": happened.originator_version,
            "kind": kind,
            "change": change,
            "held": held,
            "job_id": job_id,
        }
        self.view.upsert(movement, tracking)


def events_per_second(superuser_url: str, events: int) -> float:
    """How fast it catches up with so many events, once it runs."""
    environment = stock_environment(superuser_url, connections=5)
    application = Application[UUID](environment)
    for _ in range(events // EVENTS_PER_LEDGER):
        ledger = PlainLedger()
        for _ in range((EVENTS_PER_LEDGER - 1) // 2):
            job_id = uuid4()
            ledger.hold(job_id, 3)
            ledger.settle(job_id, 2, 1)
        application.save(ledger)
    last = application.recorder.max_notification_id()
    with ProjectionRunner[Application[UUID], StatementView](
        application_class=Application,
        projection_class=StatementProjection,
        view_class=StatementView,
        env=environment,
    ) as runner:
        began = time.perf_counter()
        first = runner.view.max_tracking_id(application.name) or 0
        runner.view.wait(application.name, last, timeout=300)
        took = time.perf_counter() - began
    application.close()
    return ((last or 0) - first) / took
