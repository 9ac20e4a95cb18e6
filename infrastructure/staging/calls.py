"""Every call to a provider, kept: what it was asked for, what came of it, and what it cost."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from application.stagers import ProviderCall
from infrastructure.postgres.database import Database

_ADD = """
INSERT INTO stage.provider_calls (call_id, job_id, photo_id, model, outcome, milliseconds, cost_micros,
                                  input_tokens, output_tokens)
SELECT call_id, %(job)s, %(photo)s, model, outcome, milliseconds, cost_micros, input_tokens, output_tokens
FROM unnest(%(ids)s::uuid[], %(models)s::text[], %(outcomes)s::text[], %(milliseconds)s::integer[],
            %(costs)s::bigint[], %(inputs)s::integer[], %(outputs)s::integer[])
     WITH ORDINALITY AS made (call_id, model, outcome, milliseconds, cost_micros, input_tokens, output_tokens, place)
ORDER BY place
ON CONFLICT (call_id) DO NOTHING
"""

_OF = """
SELECT call_id, model, outcome, milliseconds, cost_micros, input_tokens, output_tokens
FROM stage.provider_calls WHERE photo_id = %s ORDER BY number
"""


class PostgresProviderCalls:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job_id: UUID, photo_id: UUID, calls: Sequence[ProviderCall]) -> None:
        """Adding the same calls again changes nothing."""
        if not calls:
            return
        self._database.execute(
            _ADD,
            {
                "job": job_id,
                "photo": photo_id,
                "ids": [call.call_id for call in calls],
                "models": [call.model for call in calls],
                "outcomes": [call.outcome for call in calls],
                "milliseconds": [call.milliseconds for call in calls],
                "costs": [call.cost_micros for call in calls],
                "inputs": [call.input_tokens for call in calls],
                "outputs": [call.output_tokens for call in calls],
            },
        )

    def of(self, photo_id: UUID) -> list[ProviderCall]:
        """The calls for this photo, the earliest first."""
        with (
            self._database.connection() as connection,
            connection.cursor(row_factory=class_row(ProviderCall)) as rows,
        ):
            return rows.execute(_OF, [photo_id]).fetchall()
