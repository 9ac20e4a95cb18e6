"""Examines the money: whether all ledgers balance, what is owed, and how old what is not anchored yet is."""

from collections.abc import Iterator
from datetime import timedelta

from application.projections.credit_lots import PRESENT
from infrastructure.doctor.findings import Finding, Severity, graded
from infrastructure.queries.ledgers import DIFFERENCES, TOTALS
from infrastructure.queries.tables import CREDIT_LOTS, STATEMENT
from infrastructure.wiring import Container

UNANCHORED, UNANCHORED_LONG = 180.0, 900.0
"""Seconds. The log is anchored each minute with news (docs/architecture.md)."""
_TOLD = 100
"""Ledgers that are named at the most."""

_POSITIONS = "SELECT count(DISTINCT position) FROM stage.checkpoints WHERE follower = ANY(%s)"
_UNANCHORED = """
    SELECT count(*), extract(epoch FROM clock_timestamp() - min(recorded_at))::float8
    FROM event_store.events
    WHERE position > (SELECT coalesce(max(position), 0) FROM event_store.anchors)
"""


def balances(container: Container) -> Iterator[Finding]:
    """Two read models tell where credits are; each must add up, and both must say the same."""
    with container.database.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = connection.execute(TOTALS, {"position": PRESENT - 1}).fetchall()
        ((positions,),) = connection.execute(_POSITIONS, [[CREDIT_LOTS, STATEMENT]]).fetchall()
        together = positions == 1
        differing = connection.execute(DIFFERENCES, {"limit": _TOLD}).fetchall() if together else []
    unbalanced = sum(row[-1] for row in rows)
    debt = sum(row[-2] for row in rows)
    wrong = bool(unbalanced or differing)
    says = f"{unbalanced} lots do not add up, {len(differing)} ledgers differ from their statements"
    if not wrong:
        says = "all lots add up, and to their statements"
        if not together:
            says = "all lots add up; the statement is at another position, so the two were not compared"
    yield Finding(
        "ledgers",
        Severity.FAILED if wrong else Severity.OK,
        says,
        {
            "unbalanced_lots": unbalanced,
            "unbalanced_ledgers": len(differing),
            "differing_ledgers": [str(user_id) for user_id, *_ in differing],
            "compared": together,
            "granted": {row[0]: row[3] for row in rows},
        },
    )
    yield Finding(
        "debt",
        Severity.WARNING if debt else Severity.OK,
        f"{debt} credits are owed" if debt else "nothing is owed",
        {"credits": debt},
    )


def unanchored(container: Container) -> Iterator[Finding]:
    """How long the oldest event that no anchor covers has been waiting for one."""
    with container.database.connection() as connection:
        ((events, seconds),) = connection.execute(_UNANCHORED).fetchall()
    age = seconds or 0.0
    yield Finding(
        "unanchored",
        graded(age, warning=UNANCHORED, failed=UNANCHORED_LONG),
        f"{events} events are not anchored yet, the oldest for {timedelta(seconds=round(age))}"
        if events
        else "every event is anchored",
        {"events": events, "seconds": round(age, 1)},
    )
