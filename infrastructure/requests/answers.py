"""Answers to requests that may be repeated: kept for a day, and worked on by one process at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection, OperationalError

from domain.personal import ERASED
from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.connecting import bounded

KEPT_HOURS: Final = 24
"""How long an answer is kept (docs/domain.md, The API)."""
PATIENCE = 10.0
"""Seconds that a request waits for its twin."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2
"""Seconds between two looks whether a twin in another process has ended."""
_CONNECTING = 3
"""Seconds until the database counts as away."""

# A seed of its own: transactions lock the ids of aggregates, and one of those can be the id of an answer.
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 6))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 6))"

FIND = """
    SELECT answers.content_hash, answers.status, answers.position, answers.sealed, keys.wrapped
    FROM stage.answers LEFT JOIN stage.data_keys AS keys ON keys.key_id = answers.owner
    WHERE answers.answer_id = %s AND answers.expires_at > clock_timestamp()
"""
_KEEP = """
    INSERT INTO stage.answers AS kept (answer_id, owner, content_hash, status, position, sealed, expires_at)
    VALUES (%(answer_id)s, %(owner)s, %(content_hash)s, %(status)s, %(position)s, %(sealed)s,
            clock_timestamp() + make_interval(hours => %(hours)s))
    ON CONFLICT (answer_id) DO UPDATE
    SET owner = excluded.owner, content_hash = excluded.content_hash, status = excluded.status,
        position = excluded.position, sealed = excluded.sealed, expires_at = excluded.expires_at
    WHERE kept.expires_at <= clock_timestamp()
"""
_HEAD = "SELECT max(position) FROM event_store.events"


class StillWorking(Exception):
    """A twin of this request has not been answered yet."""


class KeptAnswer(Struct, frozen=True):
    content_hash: bytes
    """Of what was asked."""
    status: int
    position: int | None
    """Of the last event that the request recorded, if it recorded any."""
    content: str
    """Headers and body, in the form of whoever keeps it."""


def kept_answer(row: Sequence[Any], keyring: Keyring) -> KeptAnswer | None:
    """What FIND found; None if its owner is forgotten."""
    content_hash, status, position, sealed, wrapped = row
    content = keyring.open_wrapped(wrapped, sealed)
    return None if content == ERASED else KeptAnswer(content_hash, status, position, content)


class Answers:
    """The kept answers, on one connection per process that no request holds while it waits.

    That connection also has the locks of all requests that this process works on, so they go with it. It
    must not be a pooler's. What it writes need not survive a crash of the database, so it waits for no disk.
    """

    def __init__(self, direct_url: str, keyring: Keyring) -> None:
        self._url = direct_url
        self._keyring = keyring
        self._connection: AsyncConnection[Any] | None = None
        self._connecting = asyncio.Lock()
        self._here: dict[UUID, asyncio.Lock] = {}
        self._wanted: dict[UUID, int] = {}

    async def close(self) -> None:
        if self._connection:
            await self._connection.close()

    @asynccontextmanager
    async def alone(self, answer_id: UUID) -> AsyncIterator[None]:
        """Inside, nobody else works on this request, here or in another process. Raises StillWorking."""
        lock = self._here.setdefault(answer_id, asyncio.Lock())
        self._wanted[answer_id] = self._wanted.get(answer_id, 0) + 1
        try:
            async with asyncio.timeout(PATIENCE):
                await lock.acquire()
        except TimeoutError:
            raise StillWorking from None
        else:
            try:
                async with self._alone_everywhere(answer_id):
                    yield
            finally:
                lock.release()
        finally:
            self._wanted[answer_id] -= 1
            if not self._wanted[answer_id]:
                del self._wanted[answer_id], self._here[answer_id]

    async def find(self, answer_id: UUID) -> KeptAnswer | None:
        """The answer, if it is still kept and its owner is not forgotten."""
        row = await self._row(FIND, [answer_id])
        return kept_answer(row, self._keyring) if row else None

    async def keep(
        self,
        answer_id: UUID,
        *,
        owner: UUID,
        content_hash: bytes,
        status: int,
        position: int | None,
        sealed: str,
    ) -> bool:
        """Keep an answer that was sealed with the owner's key; False if there is one already."""
        cursor = await self._execute(
            _KEEP,
            {
                "answer_id": answer_id,
                "owner": owner,
                "content_hash": content_hash,
                "status": status,
                "position": position,
                "sealed": sealed,
                "hours": KEPT_HOURS,
            },
        )
        return bool(cursor.rowcount)

    async def head(self) -> int | None:
        """A position of the log at or above which nothing is that was recorded before."""
        row = await self._row(_HEAD)
        return row[0] if row else None

    @asynccontextmanager
    async def _alone_everywhere(self, answer_id: UUID) -> AsyncIterator[None]:
        name = str(answer_id)
        held = True  # until it is known not to be: a question that was cut off may have been granted
        try:
            held = await self._locked(name)
            if not held:
                raise StillWorking
            yield
        finally:
            if held:
                await asyncio.shield(self._unlock(name))

    async def _locked(self, name: str) -> bool:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        pause = _FIRST_PAUSE
        while not (await self._row(_TRY_LOCK, [name]) or [False])[0]:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    async def _unlock(self, name: str) -> None:
        if self._connection and not self._connection.closed:
            with suppress(OperationalError):  # the connection broke, and its locks with it
                await self._connection.execute(_UNLOCK, [name])

    async def _row(self, statement: str, parameters: Any = None) -> Any:
        return await (await self._execute(statement, parameters)).fetchone()

    async def _execute(self, statement: str, parameters: Any = None) -> Any:
        """Once more on a new connection when the old one turns out to be broken."""
        connection = await self._connected()
        try:
            return await connection.execute(statement, parameters)
        except OperationalError:
            if not connection.broken:
                raise
        return await (await self._connected()).execute(statement, parameters)

    async def _connected(self) -> AsyncConnection[Any]:
        async with self._connecting:
            if self._connection is None or self._connection.closed:
                self._connection = await AsyncConnection.connect(
                    bounded(self._url, connect_timeout=_CONNECTING), autocommit=True, prepare_threshold=2
                )
                await self._connection.execute("SET synchronous_commit = off")
            return self._connection
