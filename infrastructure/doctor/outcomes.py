"""Examines what became of work for users within the last hour: their photos, and messages to their webhooks."""

from collections.abc import Iterator
from typing import Final

from psycopg import sql

from infrastructure.doctor.findings import Finding, Severity, graded
from infrastructure.queries.tables import PHOTOS
from infrastructure.wiring import Container

SOME, MANY = 0.1, 0.5
"""Parts of the photos that fail, of those that neither the provider's rules nor their own bytes or links ruled out."""
FEW: Final = 3
"""Failed photos that tell nothing yet."""

# Codes of a photo's own begin so: application/reasons.py.
_PHOTOS = sql.SQL("""
    SELECT count(*) FILTER (WHERE status = 'staged') AS staged,
           count(*) FILTER (WHERE status = 'refused') AS refused,
           count(*) FILTER (WHERE status = 'failed' AND code ~ '^(photo|link)_') AS unusable,
           count(*) FILTER (WHERE status = 'failed' AND code !~ '^(photo|link)_') AS failed,
           mode() WITHIN GROUP (ORDER BY code)
               FILTER (WHERE status = 'failed' AND code !~ '^(photo|link)_') AS mostly
    FROM {photos} WHERE resolved_at > clock_timestamp() - interval '1 hour'
""").format(photos=sql.Identifier("read_models", PHOTOS))
_WEBHOOKS: Final = """
    SELECT count(*) FILTER (WHERE status BETWEEN 200 AND 299) AS delivered,
           count(*) FILTER (WHERE status IS NULL OR status NOT BETWEEN 200 AND 299) AS in_vain
    FROM stage.webhook_attempts WHERE attempted_at > clock_timestamp() - interval '1 hour'
"""


def photos(container: Container) -> Iterator[Finding]:
    with container.database.connection() as connection:
        ((staged, refused, unusable, failed, mostly),) = connection.execute(_PHOTOS).fetchall()
    part = failed / (staged + failed) if failed > FEW else 0.0
    says = (
        f"photos of the last hour: {staged} staged, {refused} refused, {unusable} unusable, {failed} failed"
        + (f", mostly with {mostly}" if mostly else "")
    )
    values = {
        "staged": staged,
        "refused": refused,
        "unusable": unusable,
        "failed": failed,
        "mostly": mostly,
    }
    yield Finding("photos", graded(part, warning=SOME, failed=MANY), says, values)


def webhooks(container: Container) -> Iterator[Finding]:
    """Whether they are taken is up to those who receive them."""
    with container.database.connection() as connection:
        ((delivered, in_vain),) = connection.execute(_WEBHOOKS).fetchall()
    says = f"messages to webhooks in the last hour: {delivered} delivered, {in_vain} attempts in vain"
    yield Finding("webhooks", Severity.OK, says, {"delivered": delivered, "in_vain": in_vain})
