"""Webhook endpoints and the log of their deliveries, in PostgreSQL; addresses and secrets are sealed."""

from datetime import UTC
from typing import Any
from uuid import UUID

from application.webhook_ports import Attempt, Delivery, DeliveryState, Endpoint
from infrastructure.event_store.keyring import Keyring, Sealed
from infrastructure.postgres.database import Database

_ENDPOINT = "SELECT endpoint_id, user_id, url, secret, events, disabled_at FROM stage.webhook_endpoints"


class PostgresWebhookRecords:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def add(self, endpoint: Endpoint) -> None:
        seal, owner = self._keyring.seal, endpoint.user_id
        self._database.execute(
            "INSERT INTO stage.webhook_endpoints (endpoint_id, user_id, url, secret, events) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (endpoint_id) DO NOTHING",
            [
                endpoint.endpoint_id,
                owner,
                seal(owner, endpoint.url.text),
                seal(owner, endpoint.secret.text),
                sorted(endpoint.events),
            ],
        )

    def find(self, user_id: UUID, endpoint_id: UUID) -> Endpoint | None:
        row = self._database.one(
            f"{_ENDPOINT} WHERE user_id = %s AND endpoint_id = %s", [user_id, endpoint_id]
        )
        return self._endpoint(*row) if row else None

    def of(self, user_id: UUID) -> list[Endpoint]:
        with self._database.connection() as connection:
            rows = connection.execute(
                f"{_ENDPOINT} WHERE user_id = %s ORDER BY created_at, endpoint_id", [user_id]
            )
            return [self._endpoint(*row) for row in rows]

    def remove(self, user_id: UUID, endpoint_id: UUID) -> bool:
        return bool(
            self._database.execute(
                "DELETE FROM stage.webhook_endpoints WHERE user_id = %s AND endpoint_id = %s",
                [user_id, endpoint_id],
            )
        )

    def disable(self, endpoint_id: UUID) -> None:
        self._database.execute(
            "UPDATE stage.webhook_endpoints SET disabled_at = coalesce(disabled_at, clock_timestamp()) "
            "WHERE endpoint_id = %s",
            [endpoint_id],
        )

    def announce(self, delivery: Delivery) -> bool:
        """False also when the endpoint was removed meanwhile."""
        return bool(
            self._database.execute(
                """
                INSERT INTO stage.webhook_deliveries
                    (delivery_id, endpoint_id, user_id, event, job_id, recorded_at, state)
                SELECT %s, endpoint_id, %s, %s, %s, %s, %s
                FROM stage.webhook_endpoints WHERE endpoint_id = %s FOR KEY SHARE
                ON CONFLICT (delivery_id) DO NOTHING
                """,
                [
                    delivery.delivery_id,
                    delivery.user_id,
                    delivery.event,
                    delivery.job_id,
                    delivery.recorded_at,
                    delivery.state.value,
                    delivery.endpoint_id,
                ],
            )
        )

    def delivery(self, delivery_id: UUID) -> Delivery | None:
        row = self._database.one(
            "SELECT delivery_id, endpoint_id, user_id, event, job_id, recorded_at, state "
            "FROM stage.webhook_deliveries WHERE delivery_id = %s",
            [delivery_id],
        )
        if row is None:
            return None
        found_id, endpoint_id, user_id, event, job_id, recorded_at, state = row
        return Delivery(
            found_id, endpoint_id, user_id, event, job_id, recorded_at.astimezone(UTC), DeliveryState(state)
        )

    def became(self, delivery_id: UUID, state: DeliveryState) -> None:
        self._database.execute(
            "UPDATE stage.webhook_deliveries SET state = %s WHERE delivery_id = %s",
            [state.value, delivery_id],
        )

    def attempted(self, delivery_id: UUID, attempt: Attempt) -> None:
        """Kept as long as the delivery is."""
        self._database.execute(
            """
            INSERT INTO stage.webhook_attempts (delivery_id, attempted_at, status, error)
            SELECT delivery_id, %s, %s, %s FROM stage.webhook_deliveries WHERE delivery_id = %s FOR KEY SHARE
            """,
            [attempt.attempted_at, attempt.status, attempt.error, delivery_id],
        )

    def attempts(self, delivery_id: UUID) -> list[Attempt]:
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT attempted_at, status, error FROM stage.webhook_attempts "
                "WHERE delivery_id = %s ORDER BY attempt_id",
                [delivery_id],
            )
            return [Attempt(*row) for row in rows]

    def _endpoint(
        self, endpoint_id: UUID, user_id: UUID, url: str, secret: str, events: list[str], disabled_at: Any
    ) -> Endpoint:
        return Endpoint(
            endpoint_id=endpoint_id,
            user_id=user_id,
            url=Sealed(url, self._keyring),
            secret=Sealed(secret, self._keyring),
            events=frozenset(events),
            disabled=disabled_at is not None,
        )
