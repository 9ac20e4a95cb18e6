"""Taking turns: so many do a thing at once, and of those who wait everybody's first comes before anybody's second."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import ParamSpec, TypeVar
from uuid import UUID

from interfaces.rest.errors.faults import Busy
from interfaces.rest.threads import to_its_end

P = ParamSpec("P")
R = TypeVar("R")


class Turns:
    """For the tasks of one event loop."""

    def __init__(self, most: int, *, each: int | None = None, patience: float) -> None:
        """`most` at once, of one user no more than `each`; nobody waits longer than `patience` seconds."""
        self._most, self._each = most, each or most
        self._patience = patience
        self._taken: Counter[UUID] = Counter()
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}
        """By user, whoever comes next first."""

    @asynccontextmanager
    async def turn(self, who: UUID) -> AsyncIterator[None]:
        """Inside, it is this user's turn. Raises Busy."""
        await self._begin(who)
        try:
            yield
        finally:
            self._end(who)

    async def run(self, who: UUID, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Work that blocks, in a thread. Raises Busy, and what the work raises."""
        async with self.turn(who):
            return await to_its_end(work, *arguments, **named)

    async def _begin(self, who: UUID) -> None:
        if self._may(who):
            self._taken[who] += 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(mine)
        try:
            async with asyncio.timeout(self._patience):
                await mine
        except BaseException as error:
            if mine.cancelled():
                self._forget(who, mine)
            else:  # it was given in the same moment
                self._end(who)
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def _end(self, who: UUID) -> None:
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]
        while (following := next(filter(self._may, self._waiting), None)) is not None:
            queue = self._waiting.pop(following)
            given = queue.popleft()
            if queue:  # behind everybody else
                self._waiting[following] = queue
            if not given.done():  # else nobody waits for it any more
                self._taken[following] += 1
                given.set_result(None)

    def _may(self, who: UUID) -> bool:
        return self._taken.total() < self._most and self._taken[who] < self._each

    def _forget(self, who: UUID, future: "asyncio.Future[None]") -> None:
        queue = self._waiting.get(who, deque())
        with suppress(ValueError):
            queue.remove(future)
        if not queue:
            self._waiting.pop(who, None)
