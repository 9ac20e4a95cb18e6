"""The memory that the fakes share, so that one transaction keeps or forgets what all of them did."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from threading import RLock
from uuid import UUID, uuid4

from application.ports import ApiKey, Credential, Upload
from application.reactions import Reaction
from application.recorded import Recorded
from application.webhook_ports import Attempt, Delivery, Endpoint


@dataclass
class Session:
    user_id: UUID
    device: str
    expires_at: datetime
    session_id: UUID = field(default_factory=uuid4)


@dataclass
class Token:
    purpose: str
    user_id: UUID
    expires_at: datetime


@dataclass
class World:
    """Everything that a database would hold. The values are never changed in place, only replaced.

    Transactions run one after the other, which is stricter than any database: so whatever `locked` ids one
    asks for, nobody else has them.
    """

    log: list[Recorded] = field(default_factory=list)
    credentials: dict[UUID, Credential] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    uploads: dict[UUID, Upload] = field(default_factory=dict)
    endpoints: dict[UUID, Endpoint] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    attempts: dict[UUID, tuple[Attempt, ...]] = field(default_factory=dict)
    requests: dict[UUID, tuple[UUID, Reaction]] = field(default_factory=dict)
    """Reactions that use cases asked for, each with its owner."""

    def __post_init__(self) -> None:
        self.turn = RLock()
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything done inside, or nothing of it. Inside another transaction it is that one."""
        with self.turn:
            before = None if self._depth else self._copied()
            self._depth += 1
            try:
                yield
            except BaseException:
                if before is not None:
                    self._restore(before)
                raise
            finally:
                self._depth -= 1

    def _copied(self) -> dict[str, list[Recorded] | dict[object, object]]:
        return {part.name: getattr(self, part.name).copy() for part in fields(self)}

    def _restore(self, before: dict[str, list[Recorded] | dict[object, object]]) -> None:
        for name, part in before.items():
            setattr(self, name, part)
