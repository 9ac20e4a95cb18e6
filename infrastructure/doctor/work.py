"""Examines the work that is under way: reactions that died or wait too long, stuck jobs, the oldest hold."""

from collections.abc import Iterator
from datetime import timedelta

from psycopg import sql

from application.projections.holds import Holds
from infrastructure.doctor.findings import Finding, Severity, graded
from infrastructure.queries.tables import JOBS
from infrastructure.reactions import overview
from infrastructure.wiring import Container

WAITS, WAITS_LONG = 30.0, 300.0
"""Seconds that a due reaction may wait for a worker."""
STUCK = timedelta(hours=25)
"""A job ends after 24 hours at the latest (docs/domain.md, PhotoJob), and its hold is settled with it."""

_JOBS = sql.SQL("""
    SELECT job_id, status, extract(epoch FROM clock_timestamp() - submitted_at)::float8 FROM {jobs}
    WHERE ended_at IS NULL ORDER BY submitted_at LIMIT 1
""").format(jobs=sql.Identifier("read_models", JOBS))
_HOLDS = sql.SQL("""
    SELECT user_id, job_id, extract(epoch FROM clock_timestamp() - held_at)::float8 FROM {holds}
    ORDER BY held_at LIMIT 1
""").format(holds=sql.Identifier("read_models", Holds.table.versioned_name))


def reactions(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        kinds = overview.counts(connection)
    for kind in kinds:
        waited = kind.oldest_due.total_seconds() if kind.oldest_due else 0.0
        severity = graded(waited, warning=WAITS, failed=WAITS_LONG)
        says = f"{kind.kind}: {kind.due} due, {kind.running} running, {kind.dead} dead"
        if waited >= WAITS:
            says += f"; the oldest has waited for {waited:.0f} s"
        if kind.dead:
            severity = Severity.FAILED
        values = {
            "kind": kind.kind,
            "due": kind.due,
            "later": kind.later,
            "running": kind.running,
            "dead": kind.dead,
            "oldest_due_seconds": round(waited, 1),
        }
        yield Finding("reactions", severity, says, values)
    if not kinds:
        yield Finding("reactions", Severity.OK, "no reaction is open or dead", {})


def oldest_job(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        row = connection.execute(_JOBS).fetchone()
    if row is None:
        yield Finding("oldest_job", Severity.OK, "every job has ended", {"seconds": 0.0})
        return
    job_id, status, seconds = row
    stuck = seconds >= STUCK.total_seconds()
    yield Finding(
        "oldest_job",
        Severity.FAILED if stuck else Severity.OK,
        f"the oldest open job was submitted {timedelta(seconds=round(seconds))} ago",
        {"job_id": str(job_id), "status": status, "seconds": round(seconds, 1)},
    )


def oldest_hold(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        row = connection.execute(_HOLDS).fetchone()
    if row is None:
        yield Finding("oldest_hold", Severity.OK, "no credits are held", {"seconds": 0.0})
        return
    user_id, job_id, seconds = row
    stuck = seconds >= STUCK.total_seconds()
    yield Finding(
        "oldest_hold",
        Severity.FAILED if stuck else Severity.OK,
        f"the oldest hold is {timedelta(seconds=round(seconds))} old",
        {"user_id": str(user_id), "job_id": str(job_id), "seconds": round(seconds, 1)},
    )
