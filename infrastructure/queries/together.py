"""Questions that come one by one, answered many at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Together(Generic[Key, Answer]):
    """Asks once for everybody who came while it was asking before.

    The busier a process is, the fewer questions reach the database; and still nobody gets an answer to a
    question that was sent before theirs.
    """

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Answer]]]) -> None:
        """`ask` answers for several keys at once; a key without an answer is left out."""
        self._ask = ask
        self._waiting: dict[Key, list[asyncio.Future[Answer | None]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def find(self, key: Key) -> Answer | None:
        """The answer for this key, or None. Raises what asking raises."""
        waiter: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(waiter)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_for_all())
        return await waiter

    async def _ask_for_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._ask_for(asked)
        finally:
            self._asking = None

    async def _ask_for(self, asked: Mapping[Key, list[asyncio.Future[Answer | None]]]) -> None:
        try:
            answers = await self._ask(list(asked))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is theirs who wait
            for waiter in _still_waiting(asked.values()):
                waiter.set_exception(error)
        else:
            for key, waiters in asked.items():
                for waiter in _still_waiting([waiters]):
                    waiter.set_result(answers.get(key))


def _still_waiting(
    waiters: Iterable[Iterable[asyncio.Future[Answer | None]]],
) -> Iterable[asyncio.Future[Answer | None]]:
    """Without those whose request was broken off meanwhile."""
    return (waiter for several in waiters for waiter in several if not waiter.done())
