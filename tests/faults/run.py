"""A run of faults: makes each of the plan happen, mends it, and starts again whatever ends by itself."""

import heapq
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from uuid import UUID

import msgspec
import redis

from tests.faults.frozen import frozen
from tests.faults.installation import FITS, Installation, Process, clock_ahead
from tests.faults.plan import TEN_MINUTES, Fault, Wrong
from tests.faults.waiting import GLANCE

Act = Callable[[], None]


@dataclass(frozen=True)
class Death:
    """A worker that died with photos in its hands."""

    at: float
    """By the wall clock, in seconds."""
    photos: frozenset[UUID]


@dataclass
class Diary:
    """What happened, by the wall clock, in seconds."""

    deaths: list[Death] = field(default_factory=list)
    disturbances: list[tuple[float, float]] = field(default_factory=list)
    """From when to when nobody could be expected to make a death good."""

    def made_good(self, photo_id: UUID, outcome_at: float) -> float | None:
        """How long after the last death that hit this photo it had its outcome; disturbances don't count.

        None for a photo that no death hit.
        """
        hits = [death.at for death in self.deaths if photo_id in death.photos and death.at < outcome_at]
        if not hits:
            return None
        since = max(hits)
        for began, ended in sorted(self.disturbances):
            if began < outcome_at and ended > since:
                since = min(ended, outcome_at)
        return outcome_at - since


class FaultRun:
    def __init__(self, installation: Installation, said: Callable[[str], None]) -> None:
        """`said` hears of everything that happens."""
        self.diary = Diary()
        self._installation = installation
        self._said = said
        self._processes = {process.name: process for process in installation.processes}
        self._away: set[str] = set()
        """Processes that are not to be started again yet."""
        self._frozen: dict[str, int] = {}
        """Pids of frozen processes."""
        self._nobody_works_since: float | None = None
        self._agenda: list[tuple[float, int, Act]] = []
        self._order = count()

    def follow(self, faults: list[Fault], seconds: float) -> None:
        """Takes so many seconds, or longer if mending does; afterwards everything is as it was."""
        began = time.monotonic()
        for fault in faults:
            self._plan(fault.at, partial(self._happen, fault, began))
        while self._agenda or time.monotonic() < began + seconds:
            while self._agenda and self._agenda[0][0] <= time.monotonic() - began:
                heapq.heappop(self._agenda)[2]()
            self.tend()
            time.sleep(GLANCE)

    def tend(self) -> None:
        """Start again what has ended by itself."""
        for process in self._installation.processes:
            if process.name not in self._away and not process.alive:
                self._said(f"{process.name} has ended, and is started again")
                self._end(process)
                process.start()
        self._note_whether_anybody_works()

    def _plan(self, at: float, act: Act) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), act))

    def _happen(self, fault: Fault, began: float) -> None:
        self._said(str(fault))
        since = time.time()
        mend = self._begun(fault)

        def mended() -> None:
            mend()
            self._said(f"{fault.part} is mended")
            if fault.part in ("postgres", "disk") or fault.wrong is Wrong.FROZEN:
                self.diary.disturbances.append((since, time.time()))

        self._plan(time.monotonic() - began + fault.lasts, mended)

    def _begun(self, fault: Fault) -> Act:
        """Make it happen; what mends it."""
        match fault.part:
            case "valkey":
                return self._wrong_with_valkey(fault.wrong)
            case "postgres":
                return self._wrong_with_postgres(fault.wrong)
            case "disk":
                return self._fill_the_disk()
        process = self._processes[fault.part]
        match fault.wrong:
            case Wrong.KILLED:
                self._away.add(process.name)
                self._end(process)
                return lambda: self._bring_back(process)
            case Wrong.FROZEN:
                return self._freeze(process)
        self._end(process)
        process.start(**clock_ahead(TEN_MINUTES if fault.wrong is Wrong.AHEAD else -TEN_MINUTES))
        return lambda: self._restart(process)

    def _wrong_with_valkey(self, wrong: Wrong) -> Act:
        valkey = self._installation.valkey
        match wrong:
            case Wrong.FLUSHED:
                with redis.Redis.from_url(valkey.url) as client:
                    client.flushall()
                return lambda: None
            case Wrong.FROZEN:
                os.kill(valkey.pid, signal.SIGSTOP)
                return lambda: os.kill(valkey.pid, signal.SIGCONT)
            case Wrong.KILLED:
                valkey.kill()
            case _:
                valkey.stop()
        return valkey.start

    def _wrong_with_postgres(self, wrong: Wrong) -> Act:
        postgres = self._installation.postgres
        match wrong:
            case Wrong.FROZEN:
                until_mended = ExitStack()
                until_mended.enter_context(frozen(postgres))
                return until_mended.close
            case Wrong.KILLED:
                postgres.kill()
            case _:
                postgres.stop()
        return postgres.start

    def _fill_the_disk(self) -> Act:
        writers = [*self._installation.apis, *self._installation.workers]

        def limit(size: int | None) -> None:
            for writer in writers:
                if writer.alive:
                    writer.limit_files(size)

        limit(FITS)
        return lambda: limit(None)

    def _freeze(self, process: Process) -> Act:
        process.freeze()
        self._frozen[process.name] = process.pid

        def thaw() -> None:
            if process.alive and process.pid == self._frozen.pop(process.name):
                process.thaw()

        return thaw

    def _end(self, process: Process) -> None:
        """Kill what is left of it, and note what it had in its hands."""
        died_at = time.time()
        if process in self._installation.workers and (log := process.kill()):
            self.diary.deaths.append(Death(died_at, _in_hand(log)))
        process.kill()

    def _bring_back(self, process: Process) -> None:
        self._away.discard(process.name)
        process.start()

    def _restart(self, process: Process) -> None:
        self._end(process)
        process.start()

    def _note_whether_anybody_works(self) -> None:
        working = any(
            worker.alive and worker.name not in self._frozen for worker in self._installation.workers
        )
        if working and self._nobody_works_since is not None:
            self.diary.disturbances.append((self._nobody_works_since, time.time()))
            self._nobody_works_since = None
        elif not working and self._nobody_works_since is None:
            self._nobody_works_since = time.time()


def _in_hand(log: Path) -> frozenset[UUID]:
    """The photos that a worker had claimed and not done with when its log ended."""
    held: set[UUID] = set()
    for line in log.read_bytes().splitlines():
        try:
            said = msgspec.json.decode(line, type=_Said)
        except msgspec.DecodeError:  # another library's, or cut short by death
            continue
        if said.photo_id and said.event == "reaction.claimed":
            held.add(said.photo_id)
        elif said.photo_id and said.event.startswith("reaction."):
            held.discard(said.photo_id)
    return frozenset(held)


class _Said(msgspec.Struct):
    """A line of a worker's log."""

    event: str
    photo_id: UUID | None = None
