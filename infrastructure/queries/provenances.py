"""How results came to be, as the log has it: asked for now and then, so no read model is kept for it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader
from infrastructure.queries.tables import statement


class ProvenanceRow(Struct, frozen=True):
    """Of one delivered photo; what providers tell is none, or nought, where no provider was asked."""

    photo_id: UUID
    staged_at: datetime
    input_sha256: str
    output_sha256: str
    provider_sha256: str | None
    engine: str
    engine_version: str
    model: str | None
    prompt_version: str | None
    prompt: str | None
    response_id: str | None
    input_tokens: int
    output_tokens: int
    attempts: int
    cost_micros: int
    milliseconds: int


# Read models say whose the photo is and whether it is still shown; fields that came later may be missing.
_MADE: Final = statement("""
    SELECT photos.photo_id, events.recorded_at AS staged_at,
           made.it ->> 'input_sha256' AS input_sha256, made.it ->> 'output_sha256' AS output_sha256,
           made.it ->> 'provider_sha256' AS provider_sha256, made.it ->> 'engine' AS engine,
           made.it ->> 'version' AS engine_version, made.it ->> 'model' AS model,
           made.it ->> 'prompt_version' AS prompt_version, made.it ->> 'prompt' AS prompt,
           made.it ->> 'response_id' AS response_id,
           coalesce((made.it ->> 'input_tokens')::integer, 0) AS input_tokens,
           coalesce((made.it ->> 'output_tokens')::integer, 0) AS output_tokens,
           coalesce((made.it ->> 'attempts')::integer, 1) AS attempts,
           coalesce((made.it ->> 'cost_micros')::bigint, 0) AS cost_micros,
           (made.it ->> 'milliseconds')::integer AS milliseconds, keys.wrapped
    FROM {photos} AS photos
    JOIN {jobs} AS jobs ON jobs.job_id = photos.job_id AND jobs.deleted_at IS NULL
    JOIN event_store.events ON events.originator_id = photos.job_id AND events.topic = 'PhotoJob.PhotoStaged'
    CROSS JOIN LATERAL (SELECT convert_from(events.state, 'UTF8')::jsonb AS state) AS event
    CROSS JOIN LATERAL (SELECT event.state -> 'provenance' AS it) AS made
    LEFT JOIN stage.data_keys AS keys ON keys.key_id = photos.user_id
    WHERE photos.job_id = %(job_id)s AND photos.user_id = %(user_id)s
      AND (%(photo_id)s::uuid IS NULL OR photos.photo_id = %(photo_id)s)
      AND (event.state ->> 'photo_id')::uuid = photos.photo_id
    ORDER BY photos.number
""")


async def provenances(
    reader: Reader, user_id: UUID, job_id: UUID, photo_id: UUID | None = None
) -> list[ProvenanceRow]:
    """Of this photo of the user's, or of all of the job's that were delivered, in the order of their numbers."""
    parameters = {"user_id": user_id, "job_id": job_id, "photo_id": photo_id}
    return await reader.rows(ProvenanceRow, _MADE, parameters, sealed=("prompt",))
