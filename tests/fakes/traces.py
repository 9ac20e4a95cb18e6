"""What is kept of users beside the log, in memory. Nothing is sealed there, so there are no keys to destroy."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.fakes.world import World


@dataclass(frozen=True)
class MemoryTraces:
    world: World

    def forget(self, user_id: UUID) -> None:
        with self.world.turn:
            kept: list[dict[Any, Any]] = [
                self.world.credentials,
                self.world.sessions,
                self.world.api_keys,
                self.world.tokens,
                self.world.uploads,
                self.world.endpoints,
                self.world.deliveries,
            ]
            for rows in kept:
                for name in [name for name, row in rows.items() if row.user_id == user_id]:
                    del rows[name]
