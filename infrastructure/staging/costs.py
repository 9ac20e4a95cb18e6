"""What delivered photos have cost and what their jobs brought in, from provenance and ledgers as recorded."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow, class_row

# Read from the log itself: an operator asks now and then, and no read model has to be kept for it.
_STAGED = """
WITH submitted AS (
    SELECT originator_id AS job_id, convert_from(state, 'utf8')::jsonb ->> 'preset' AS preset
    FROM event_store.events WHERE topic = 'PhotoJob.Submitted'
), staged AS (
    SELECT originator_id AS job_id, convert_from(state, 'utf8')::jsonb -> 'provenance' AS made
    FROM event_store.events WHERE topic = 'PhotoJob.PhotoStaged' AND recorded_at >= %(since)s
)
SELECT coalesce(made ->> 'model', made ->> 'engine') AS model, preset, count(*) AS photos,
       sum(coalesce((made ->> 'attempts')::integer, 1))::bigint AS attempts,
       sum(coalesce((made ->> 'cost_micros')::bigint, 0))::bigint AS cost_micros,
       (sum(coalesce((made ->> 'cost_micros')::bigint, 0)) / count(*))::bigint AS micros_per_photo,
       avg((made ->> 'milliseconds')::integer)::integer AS milliseconds
FROM staged JOIN submitted USING (job_id)
GROUP BY 1, 2 ORDER BY 1, 2
"""

# A credit is worth what was paid for its lot, however many it had; credits that nobody paid for are worth none.
_JOBS = """
WITH lots AS (
    SELECT granted.event ->> 'lot_id' AS lot_id,
           (bought.event ->> 'amount')::numeric * 10000 / (bought.event ->> 'credits')::integer AS micros
    FROM (SELECT convert_from(state, 'utf8')::jsonb AS event
          FROM event_store.events WHERE topic = 'CreditLedger.Granted') granted
    JOIN (SELECT originator_id, convert_from(state, 'utf8')::jsonb AS event
          FROM event_store.events WHERE topic = 'Purchase.CheckoutStarted') bought
      ON granted.event ->> 'reference' = 'purchase:' || bought.originator_id
), settled AS (
    SELECT (event ->> 'job_id')::uuid AS job_id, recorded_at, spent.key AS lot_id, spent.value::integer AS credits
    FROM (SELECT convert_from(state, 'utf8')::jsonb AS event, recorded_at
          FROM event_store.events
          WHERE topic = 'CreditLedger.Settled' AND recorded_at >= %(since)s) ended
    LEFT JOIN LATERAL jsonb_each_text(event -> 'delivered') spent ON true
), revenue AS (
    SELECT job_id, min(recorded_at) AS ended_at, coalesce(sum(credits), 0)::integer AS delivered,
           coalesce(sum(credits * micros), 0)::bigint AS revenue_micros
    FROM settled LEFT JOIN lots USING (lot_id) GROUP BY job_id
), cost AS (
    SELECT job_id, sum(cost_micros)::bigint AS cost_micros, count(*) AS calls FROM stage.provider_calls GROUP BY job_id
)
SELECT job_id, ended_at, delivered, coalesce(calls, 0) AS calls, revenue_micros,
       coalesce(cost_micros, 0) AS cost_micros, revenue_micros - coalesce(cost_micros, 0) AS margin_micros
FROM revenue LEFT JOIN cost USING (job_id)
ORDER BY ended_at DESC, job_id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class StagedCost:
    """Of the photos that one model, or the darkroom, delivered for one preset. Micros are of a US dollar."""

    model: str
    preset: str
    photos: int
    attempts: int
    """Calls to providers for them, those in vain included."""
    cost_micros: int
    micros_per_photo: int
    milliseconds: int
    """On average, of the attempt that delivered."""


@dataclass(frozen=True)
class JobMargin:
    job_id: UUID
    ended_at: datetime
    delivered: int
    calls: int
    """To providers, also for photos that were not delivered."""
    revenue_micros: int
    """What was paid for the credits that it spent, before taxes and fees."""
    cost_micros: int
    """Of all its calls."""
    margin_micros: int


def staged_costs(connection: "psycopg.Connection[TupleRow]", *, since: date) -> list[StagedCost]:
    with connection.cursor(row_factory=class_row(StagedCost)) as rows:
        return rows.execute(_STAGED, {"since": since}).fetchall()


def job_margins(connection: "psycopg.Connection[TupleRow]", *, since: date, limit: int) -> list[JobMargin]:
    """Of jobs that ended since then, the latest first."""
    with connection.cursor(row_factory=class_row(JobMargin)) as rows:
        return rows.execute(_JOBS, {"since": since, "limit": limit}).fetchall()
