"""A user's webhook endpoints, and the log of what was sent there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from infrastructure.queries.reader import Reader


class EndpointRow(Struct, frozen=True):
    endpoint_id: UUID
    url: str
    events: list[str]
    created_at: datetime
    disabled_at: datetime | None


class DeliveryRow(Struct, frozen=True):
    delivery_id: UUID
    event: str
    job_id: UUID
    recorded_at: datetime
    state: str


class AttemptRow(Struct, frozen=True):
    delivery_id: UUID
    attempted_at: datetime
    status: int | None
    error: str | None


_ENDPOINTS: Final = b"""
    SELECT endpoints.endpoint_id, endpoints.url, endpoints.events, endpoints.created_at, endpoints.disabled_at,
           keys.wrapped
    FROM stage.webhook_endpoints AS endpoints
    LEFT JOIN stage.data_keys AS keys ON keys.key_id = endpoints.user_id
    WHERE endpoints.user_id = %(user_id)s ORDER BY endpoints.created_at, endpoints.endpoint_id
"""
_DELIVERIES: Final = b"""
    SELECT delivery_id, event, job_id, recorded_at, state
    FROM stage.webhook_deliveries
    WHERE endpoint_id = %(endpoint_id)s AND user_id = %(user_id)s
    ORDER BY recorded_at DESC, delivery_id LIMIT %(limit)s
"""
_ATTEMPTS: Final = b"""
    SELECT delivery_id, attempted_at, status, error
    FROM stage.webhook_attempts WHERE delivery_id = ANY(%(deliveries)s) ORDER BY attempt_id
"""


async def endpoints(reader: Reader, user_id: UUID) -> list[EndpointRow]:
    """The oldest first."""
    return await reader.rows(EndpointRow, _ENDPOINTS, {"user_id": user_id}, sealed=("url",))


async def deliveries(reader: Reader, user_id: UUID, endpoint_id: UUID, *, limit: int) -> list[DeliveryRow]:
    """To one endpoint of the user's, the newest first."""
    asked = {"user_id": user_id, "endpoint_id": endpoint_id, "limit": limit}
    return await reader.rows(DeliveryRow, _DELIVERIES, asked)


async def attempts(reader: Reader, delivery_ids: Sequence[UUID]) -> list[AttemptRow]:
    """Of these deliveries, the oldest first."""
    return await reader.rows(AttemptRow, _ATTEMPTS, {"deliveries": list(delivery_ids)})
