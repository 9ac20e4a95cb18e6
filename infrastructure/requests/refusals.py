"""What was refused, on its way to the security log: beside the requests, and no faster than the disk can bear."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from infrastructure.records.security_log import Entry, Refusal

PACE: Final = 1.0
"""Seconds for each row. So a process adds 86,400 a day at the most, some 25 MB with indexes, whatever strangers do."""
MOST: Final = 40
"""Different refusals that wait to be written; of further ones network and kind are kept."""
NETWORKS: Final = 20
"""Networks of such further ones; of all others the kind alone is kept."""
AWAY: Final = 5.0
"""Seconds until the next try after a failed one, and for the last one of all."""

Write = Callable[[Sequence[Entry]], None]

log = structlog.get_logger()


class Refusals:
    """Gathers what is refused, and writes it in a thread a second later.

    Whoever is refused waits for none of it. Those that are the same in all that is kept are one row that counts
    them. After so many rows nothing is written for as many seconds, so what comes meanwhile is gathered into
    few: under a flood details are lost, but never the count. While the database is away all of it waits.
    """

    def __init__(self, write: Write, *, pace: float = PACE) -> None:
        self._write = write
        self._pace = pace
        self._gathered: dict[Refusal, Entry] = {}
        self.unwritten = 0
        """How many wait."""
        self._writing: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._ending = asyncio.Event()

    def note(self, refusal: Refusal, request_id: str) -> None:
        """Have it written down; called in the event loop."""
        self.unwritten += 1
        self._add(Entry(refusal, 1, request_id))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())

    async def close(self) -> None:
        """Write what is left, at once. How much could not be written stands in the process's own log."""
        self._ending.set()
        if self._writing:
            await asyncio.wait([self._writing], timeout=AWAY)
        if self.unwritten:
            log.error("security_log.lost", refusals=self.unwritten)

    def _add(self, entry: Entry) -> None:
        refusal = self._kept(entry.refusal)
        request_id = entry.request_id if refusal == entry.refusal else None
        earlier = self._gathered.get(refusal, Entry(refusal, 0, request_id))
        self._gathered[refusal] = Entry(refusal, earlier.times + entry.times, earlier.request_id)

    def _kept(self, whole: Refusal) -> Refusal:
        """As much of it as there is room for."""
        by_network = Refusal(whole.kind, network=whole.network)
        for refusal, room in ((whole, MOST), (by_network, MOST + NETWORKS)):
            if refusal in self._gathered or len(self._gathered) < room:
                return refusal
        return Refusal(whole.kind)

    async def _write_all(self) -> None:
        now = asyncio.get_running_loop().time
        try:
            while self._gathered:
                await self._pause(max(self._pace, self._not_before - now()))
                entries, self._gathered = list(self._gathered.values()), {}
                try:
                    await asyncio.to_thread(self._write, entries)
                except Exception as error:  # noqa: BLE001 - whatever it is, they are kept for another try
                    log.warning("security_log.away", refusals=self.unwritten, error=type(error).__name__)
                    if self._ending.is_set():
                        return
                    for entry in entries:
                        self._add(entry)
                    self._not_before = now() + AWAY
                else:
                    self.unwritten -= sum(entry.times for entry in entries)
                    self._not_before = now() + self._pace * len(entries)
        finally:
            self._writing = None

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()
