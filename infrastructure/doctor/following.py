"""Examines the followers: their lag, their leaders, parked events, rebuilds, and who holds them back."""

from collections.abc import Iterator

from msgspec import to_builtins

from infrastructure import wiring
from infrastructure.doctor.findings import Finding, Severity, graded
from infrastructure.following.lags import lags
from infrastructure.following.stalls import holders
from infrastructure.projections import parking, rebuilds
from infrastructure.wiring import Container

LATE, FAR_TOO_LATE = 10.0, 120.0
"""Seconds that an event may wait for a follower."""
HELD, HELD_LONG = 5.0, 30.0
"""Seconds that a transaction may take before it is a finding; ours end after 30 at the latest."""


def followers(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        found = lags(connection, wiring.followers())
    for lag in found:
        severity = graded(lag.seconds, warning=LATE, failed=FAR_TOO_LATE)
        says = f"{lag.follower} is {lag.events} events and {lag.seconds:.1f} s behind"
        if lag.leader is None:
            severity, says = Severity.FAILED, f"nobody follows for {lag.follower}: is `stage follow` running?"
        yield Finding("follower", severity, says, to_builtins(lag))


def parked_events(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        found = parking.lacking(connection)
    for lacking in found:
        yield Finding(
            "parked_events",
            Severity.FAILED,
            f"{lacking.read_model} lacks {lacking.events} events that it could not digest; mend it, then retry it",
            to_builtins(lacking),
        )
    if not found:
        yield Finding("parked_events", Severity.OK, "no event is parked", {})


def unfinished_rebuilds(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        begun = rebuilds.every(connection)
    for one in begun:
        yield Finding(
            "rebuild",
            Severity.WARNING,
            f"{one.read_model} is being rebuilt ({one.step}) since {one.began_at:%Y-%m-%d %H:%M}"
            + (f"; {one.differences} rows differ: accept or abandon" if one.differences else ""),
            {"read_model": one.read_model, "step": one.step, "differences": one.differences},
        )


def held_back(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        found = holders(connection, older_than=0)
    long = [holder for holder in found if holder.seconds >= HELD or holder.began_at is None]
    for holder in long:
        who, what = f"pid {holder.pid}", holder.query or "query not shown"
        if holder.prepared is not None:
            who, what = (
                f"prepared transaction {holder.prepared!r}",
                "COMMIT PREPARED or ROLLBACK PREPARED ends it",
            )
        yield Finding(
            "held_back",
            graded(holder.seconds, warning=0, failed=HELD_LONG),
            f"{who} has held all followers back for {holder.seconds:.0f} s: {what}",
            to_builtins(holder),
        )
    if not long:
        seconds = max((holder.seconds for holder in found), default=0.0)
        yield Finding(
            "held_back",
            Severity.OK,
            "no transaction holds the followers back",
            {"seconds": round(seconds, 3)},
        )
