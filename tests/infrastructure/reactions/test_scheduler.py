"""Time as a source of reactions: each time of a schedule is one row, whoever writes it, and is performed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import redis

from application.context import Context, current
from application.reactions import Answer, References
from application.schedules import Schedule
from infrastructure.postgres.database import Database
from infrastructure.reactions.bell import Bell
from infrastructure.reactions.leases import Leases
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.reactions.scheduler import Scheduler
from infrastructure.reactions.sweeper import Sweeper
from infrastructure.reactions.writer import NOBODY
from tests.infrastructure.reactions.rows import KIND, Toy, wait_until

LONG = Schedule(KIND, timedelta(days=365_000))
"""Due once, at the beginning of 1970, and not again in our time."""
OFTEN = Schedule("tidy", timedelta(milliseconds=1))


def rows(pool: Database, columns: str = "kind, owner, state, cause_position") -> Sequence[Any]:
    with pool.connection() as connection:
        return connection.execute(f"SELECT {columns} FROM stage.reactions ORDER BY due_at").fetchall()


def test_what_is_due_is_written_once(pool: Database) -> None:
    scheduler = Scheduler(pool, [LONG])
    for _ in range(3):
        scheduler.write_due()
    assert rows(pool) == [(KIND, NOBODY, "due", None)]


def test_every_time_is_a_row_of_its_own(pool: Database) -> None:
    scheduler = Scheduler(pool, [LONG, OFTEN])
    scheduler.write_due()
    before = pool.now()
    wait_until(lambda: pool.now() > before + OFTEN.every)
    scheduler.write_due()
    assert [kind for (kind,) in rows(pool, "kind")] == [KIND, "tidy", "tidy"]


def test_all_workers_write_the_same_row(pool: Database) -> None:
    def write(_number: int) -> None:
        Scheduler(pool, [LONG]).write_due()

    with ThreadPoolExecutor(max_workers=8) as workers:
        list(workers.map(write, range(8)))
    assert len(rows(pool)) == 1


def test_a_scheduled_reaction_is_performed_and_says_what_it_follows_from(pool: Database) -> None:
    contexts: list[Context] = []

    def call(_reaction_id: UUID, _references: References) -> Answer:
        contexts.append(current())
        return {"tidied": 3}

    toy = Toy(call=call)
    queue = ReactionQueue(pool)
    performing = Performing(queue, Leases(queue), {KIND: toy.performer}, slots=1)
    nobody = Bell(redis.Redis.from_url("redis://127.0.0.1:1"))
    sweeper = Sweeper(queue, nobody, performing, helpers=1, every=0.01, scheduler=Scheduler(pool, [LONG]))
    sweeper.start()
    wait_until(lambda: rows(pool, "state, answer") == [("done", {"tidied": 3})])
    sweeper.stop()
    (context,) = contexts
    asked_by = f"schedule:{KIND}/1970-01-01T00:00:00+00:00"
    assert (context.actor, context.cause, context.correlation) == (f"reaction:{KIND}", asked_by, asked_by)
    assert toy.recorded == [{"tidied": 3}]
