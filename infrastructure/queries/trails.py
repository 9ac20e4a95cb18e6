"""What follows from what: from a payment's message to the grant, the holds, the jobs and their photos, and back."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement

MOST: Final = 500
"""Steps of a kind, and jobs; a trail that has more is cut off."""


class StepRow(Struct, frozen=True):
    """An event, and why it was recorded."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    owner: UUID | None
    actor: str
    cause: str
    correlation: str
    recorded_at: datetime
    state: str


class PhotoOutcomeRow(Struct, frozen=True):
    job_id: UUID
    job_status: str
    photo_id: UUID
    photo_status: str


class Trail(Struct, frozen=True):
    steps: list[StepRow]
    """In the order in which they were recorded."""
    lots: list[UUID]
    photos: list[PhotoOutcomeRow]


class _PositionRow(Struct, frozen=True):
    position: int


_STEP: Final = b"""
    SELECT position, originator_id AS stream_id, originator_version AS version, topic, owner,
           about ->> 'actor' AS actor, about ->> 'cause' AS cause, about ->> 'correlation' AS correlation,
           recorded_at, convert_from(state, 'UTF8') AS state
    FROM event_store.events CROSS JOIN LATERAL (SELECT convert_from(metadata, 'UTF8')::jsonb AS about) AS of
"""
_AT: Final = _STEP + b"WHERE position = ANY(%(positions)s) ORDER BY position"
# There is no index on what the metadata say: this reads the log from there on, which an auditor can wait for.
_FROM_ONE_ACT: Final = (
    _STEP
    + b"""
    WHERE position > %(after)s AND position(convert_to(%(told)s, 'UTF8') IN metadata) > 0
    ORDER BY position LIMIT %(limit)s
"""
)
_OF_LOTS: Final = statement("""
    SELECT DISTINCT since AS position FROM {credit_lots} WHERE lot_id = ANY(%(lots)s)
    ORDER BY since LIMIT %(limit)s
""")
_OF_JOB: Final = statement("""
    SELECT movements.position FROM {statement} AS movements JOIN {jobs} AS jobs USING (user_id)
    WHERE jobs.job_id = %(job_id)s AND movements.job_id = %(job_id)s
    UNION ALL SELECT position FROM {jobs} WHERE job_id = %(job_id)s
""")
_PHOTOS: Final = statement("""
    SELECT jobs.job_id, jobs.status AS job_status, photos.photo_id, photos.status AS photo_status
    FROM {jobs} AS jobs JOIN {photos} AS photos USING (job_id)
    WHERE jobs.job_id = ANY(%(jobs)s) ORDER BY jobs.position, photos.number
""")


async def of_lot(reader: Reader, lot_id: UUID) -> Trail:
    """Everything that a lot's credits came from, and went to."""
    return await _completed(reader, await _of_lots(reader, [lot_id]), [lot_id])


async def of_job(reader: Reader, job_id: UUID) -> Trail:
    """A job's credits, the lots they were of, and what those were granted for."""
    steps = await _at(reader, await _positions(reader, _OF_JOB, {"job_id": job_id}))
    lots = _lots(steps)
    granted = [step for step in await _of_lots(reader, lots) if step.topic == "CreditLedger.Granted"]
    return await _completed(reader, [*steps, *granted], lots, jobs=[job_id])


async def of_event(reader: Reader, position: int) -> Trail:
    """What an event follows from, what else follows from the same act, and where its credits went."""
    steps = await _at(reader, [position])
    for step in steps[:1]:
        told = f'"correlation":{json.dumps(step.correlation)}'
        steps += await reader.rows(StepRow, _FROM_ONE_ACT, {"after": position, "told": told, "limit": MOST})
    lots = _lots(steps)
    return await _completed(reader, [*steps, *await _of_lots(reader, lots)], lots)


async def _completed(
    reader: Reader, steps: Iterable[StepRow], lots: list[UUID], *, jobs: Iterable[UUID] = ()
) -> Trail:
    """With every cause of every step, and the photos of every job."""
    found = {step.position: step for step in steps}
    while missing := {cause for step in found.values() if (cause := _cause(step))} - found.keys():
        earlier = await _at(reader, sorted(missing))
        if not earlier:
            break
        found |= {step.position: step for step in earlier}
    concerned = [*jobs, *(job for step in found.values() if (job := _job(step)))][:MOST]
    photos = await reader.rows(PhotoOutcomeRow, _PHOTOS, {"jobs": list(dict.fromkeys(concerned))})
    return Trail([found[position] for position in sorted(found)], lots, photos)


async def _of_lots(reader: Reader, lots: list[UUID]) -> list[StepRow]:
    return await _at(reader, await _positions(reader, _OF_LOTS, {"lots": lots, "limit": MOST}))


async def _positions(reader: Reader, query: bytes, parameters: dict[str, Any]) -> list[int]:
    return [row.position for row in await reader.rows(_PositionRow, query, parameters)]


async def _at(reader: Reader, positions: list[int]) -> list[StepRow]:
    return await reader.rows(StepRow, _AT, {"positions": positions}) if positions else []


def _cause(step: StepRow) -> int | None:
    """The position of the event that this one follows from."""
    kind, _, position = step.cause.partition(":")
    return int(position) if kind == "event" and position.isdigit() else None


def _job(step: StepRow) -> UUID | None:
    if step.topic.startswith("PhotoJob."):
        return step.stream_id
    if step.topic in ("CreditLedger.Held", "CreditLedger.Settled"):
        return UUID(json.loads(step.state)["job_id"])
    return None


def _lots(steps: Iterable[StepRow]) -> list[UUID]:
    """The lots that these events of ledgers are about."""
    found: dict[UUID, None] = {}
    for step in steps:
        if step.topic.startswith("CreditLedger."):
            state = json.loads(step.state)
            named = [state["lot_id"]] if "lot_id" in state else []
            found |= dict.fromkeys(map(UUID, [*named, *state.get("lots", {})]))
    return list(found)
