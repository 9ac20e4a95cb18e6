"""Waiting until an installation has come to rest."""

from datetime import timedelta

from application.projections.registry import PROJECTIONS
from tests.faults.installation import Installation
from tests.faults.waiting import PATIENCE, wait_until

SOON = timedelta(minutes=2)
"""What is due later than that is not waited for: what expires jobs, say."""


def wait_until_settled(installation: Installation, *, within: float = 3 * PATIENCE) -> None:
    """Start again whatever ends, until every job has ended, nothing is left to do, and all read models know."""
    database = installation.container.database

    def nothing_open() -> bool:
        installation.revive()
        row = database.one(
            "SELECT count(*) FROM stage.reactions WHERE ended_at IS NULL AND due_at < now() + %s", [SOON]
        )
        return row == (0,)

    def all_ended() -> bool:
        installation.revive()
        row = database.one(
            "SELECT count(*) FILTER (WHERE topic = 'PhotoJob.Submitted') "
            "- count(*) FILTER (WHERE topic IN ('PhotoJob.Completed', 'PhotoJob.Failed', 'PhotoJob.Cancelled'))"
            " FROM event_store.events"
        )
        return row == (0,)

    wait_until(all_ended, "every job has ended", within=within)
    wait_until(nothing_open, "no reaction is left to perform", within=within)
    wait_until_followed(installation, within=within)


def wait_until_followed(installation: Installation, *, within: float = PATIENCE) -> float:
    """Wait until all followers know all that was recorded before; how many seconds that took."""
    (end,) = installation.container.database.one("SELECT max(position) FROM event_store.events") or (0,)
    followers = [*(projection.table.versioned_name for projection in PROJECTIONS), "reactions"]

    def reached() -> bool:
        row = installation.container.database.one(
            "SELECT count(*) FROM stage.checkpoints WHERE follower = ANY(%s) AND position >= %s",
            [followers, end],
        )
        return row == (len(followers),)

    return wait_until(reached, f"all followers are at position {end}", within=within)
