"""Examines the payments: messages nobody has followed up, and what the last reconciliation left to people."""

from collections.abc import Iterator
from datetime import timedelta

from application.projections.credit_lots import PRESENT
from application.rules import FOLLOW_UP_NOTICE, RECONCILE
from domain.reconciliation import Reconciliation, Resolution
from infrastructure.doctor.findings import Finding, Severity, graded
from infrastructure.queries.tables import statement
from infrastructure.reactions.writer import NOBODY, ReactionWriter
from infrastructure.wiring import Container

UNHANDLED, UNHANDLED_LONG = 120.0, 900.0
"""Seconds that a message may wait to be followed up; somebody may have paid, and have no credits yet."""
UNRECONCILED, UNRECONCILED_LONG = timedelta(hours=26).total_seconds(), timedelta(hours=50).total_seconds()
"""The books are compared once a day (schedules.py)."""

# A message is followed up by its reaction, which the follower of that name writes; one that an operator has
# dropped is nobody's any more.
_UNHANDLED = statement("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)::float8
    FROM (
        SELECT coalesce(messages.received_at, reactions.created_at) AS received_at
        FROM stage.reactions
        LEFT JOIN {stripe_events} AS messages ON messages.event_id = (reactions.references ->> 'event_id')::uuid
        WHERE reactions.kind = %(kind)s AND (reactions.ended_at IS NULL OR reactions.state = 'dead')
        UNION ALL
        SELECT messages.received_at FROM {stripe_events} AS messages
        WHERE messages.handled AND messages.position > (
            SELECT coalesce(max(position), 0) FROM stage.checkpoints WHERE follower = %(follower)s)
    ) AS waiting
""")
_PAID_BY_NOBODY = statement("""
    SELECT lots.reference, lots.available
    FROM {users} AS users
    JOIN event_store.events AS erased ON erased.originator_id = users.user_id AND erased.topic = 'User.Erased'
    JOIN {credit_lots} AS lots ON lots.user_id = users.user_id AND lots.until = %(present)s
    WHERE users.status = 'erased'
      AND lots.source = 'purchase' AND lots.available > 0 AND lots.granted_at > erased.recorded_at
    ORDER BY lots.granted_at, lots.lot_id
""")
_UNKNOWN = statement("SELECT count(*) FROM {stripe_events} WHERE NOT handled")
# A run has the id of the reaction that asked for it.
_LAST_RUN = """
    SELECT id FROM stage.reactions WHERE kind = %s AND owner = %s AND state = 'done'
    ORDER BY claimed_at DESC NULLS LAST LIMIT 1
"""


def unhandled(container: Container) -> Iterator[Finding]:
    """Messages of a type that makes somebody look at a payment, while nobody has; the others are only counted."""
    with container.database.connection() as connection:
        asked = {"kind": FOLLOW_UP_NOTICE, "follower": ReactionWriter.name}
        ((messages, seconds),) = connection.execute(_UNHANDLED, asked).fetchall()
        ((unknown,),) = connection.execute(_UNKNOWN).fetchall()
    yield Finding(
        "unhandled_messages",
        graded(seconds, warning=UNHANDLED, failed=UNHANDLED_LONG),
        f"{messages} messages of Stripe's wait to be followed up, the oldest for {timedelta(seconds=round(seconds))}"
        if messages
        else "every message of Stripe's was followed up",
        {"messages": messages, "seconds": round(seconds, 1)},
    )
    yield Finding(
        "other_messages",
        Severity.OK,
        f"{unknown} messages of Stripe's are of types that nobody looks into",
        {"messages": unknown},
    )


def last_reconciliation(container: Container) -> Iterator[Finding]:
    """What the last daily run left to an operator, and whether both sides had the same money after it."""
    with container.database.connection() as connection:
        row = connection.execute(_LAST_RUN, [RECONCILE, NOBODY]).fetchone()
    run = container.store.get(Reconciliation, row[0]) if row else None
    if run is None or run.totals is None:
        yield Finding("reconciliation", Severity.OK, "the books were not compared with Stripe's yet", {})
        return
    left = [one for one in run.differences if one.resolution == Resolution.LEFT]
    cents = run.totals.ours - run.totals.theirs
    seconds = (container.database.now() - run.until).total_seconds()
    severity = graded(seconds, warning=UNRECONCILED, failed=UNRECONCILED_LONG)
    if left or cents:
        severity = Severity.FAILED
    yield Finding(
        "reconciliation",
        severity,
        f"{timedelta(seconds=round(seconds))} ago the books were compared with Stripe's: {len(left)} differences"
        f" are left to an operator, and our money less theirs is {cents} cents",
        {
            "reconciliation_id": str(run.id),
            "seconds": round(seconds, 1),
            "left": len(left),
            "cents": cents,
            "references": [one.reference for one in left],
        },
    )


def paid_by_nobody(container: Container) -> Iterator[Finding]:
    """Payments that came when their user was erased already: somebody must send the money back."""
    with container.database.connection() as connection:
        rows = connection.execute(_PAID_BY_NOBODY, {"present": PRESENT}).fetchall()
    yield Finding(
        "paid_by_nobody",
        Severity.WARNING if rows else Severity.OK,
        f"{len(rows)} payments came when their users were erased already: refund them"
        if rows
        else "no payment came from a user who was erased already",
        {"payments": len(rows), "references": [reference for reference, _ in rows]},
    )
