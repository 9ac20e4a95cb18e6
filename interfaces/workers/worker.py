"""A worker: dramatiq's threads, the bell, the leases and the sweeper, started and stopped together."""

import signal
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import dramatiq
import redis
import structlog

from application.reactions import Performer
from application.schedules import Schedule
from infrastructure.postgres.database import Database
from infrastructure.reactions.bell import Bell
from infrastructure.reactions.bell_broker import BellBroker
from infrastructure.reactions.leases import RENEWAL, Leases
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import LEASE, ReactionQueue
from infrastructure.reactions.scheduler import Scheduler
from infrastructure.reactions.sweeper import INTERVAL, Sweeper
from interfaces.workers.actors import declare

log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    lease: timedelta = LEASE
    renewal: float = RENEWAL
    """Seconds between renewals of the leases."""
    sweep: float = INTERVAL
    """Seconds between sweeps."""
    glance: int = 250
    """Milliseconds between an idle worker's looks whether it is to stop."""
    grace: float = 5.0
    """Seconds that what was begun has to finish when the worker stops."""


class Worker:
    """Dramatiq's worker in this process, and a sweeper that rings for what is due, or has it done itself."""

    def __init__(
        self,
        database: Database,
        client: "redis.Redis",
        performed: Mapping[str, Performer],
        *,
        threads: int,
        pace: Pace = Pace(),
        schedules: Iterable[Schedule] = (),
    ) -> None:
        self._pace = pace
        queue = ReactionQueue(database, lease=pace.lease)
        self._leases = Leases(queue, every=pace.renewal)
        self._performing = Performing(queue, self._leases, performed, slots=threads)
        bell = Bell(client)
        broker = BellBroker(bell, threads=threads)
        declare(broker, self._performing)
        self._sweeper = Sweeper(
            queue,
            bell,
            self._performing,
            helpers=threads,
            every=pace.sweep,
            scheduler=Scheduler(database, schedules),
        )
        self._dramatiq = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=pace.glance)

    def start(self) -> None:
        self._leases.start()
        self._dramatiq.start()
        self._sweeper.start()

    def stop(self) -> None:
        """Finish what was begun, or, when that takes too long, let others have it."""
        self._performing.stop()
        self._sweeper.stop()
        for thread in self._dramatiq.workers:
            thread.stop()
        self._leases.wait_until_none_is_held(within=self._pace.grace)
        self._leases.release_all()
        self._leases.stop()
        self._dramatiq.stop(timeout=1000)


def run_until_signalled(worker: Worker) -> None:
    """Start the worker, and stop it at SIGTERM or SIGINT."""
    told = threading.Event()
    earlier = {
        signum: signal.signal(signum, lambda _signum, _frame: told.set())
        for signum in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        worker.start()
        log.info("worker.started")
        told.wait()
        log.info("worker.stopping")
        worker.stop()
        log.info("worker.stopped")
    finally:
        for signum, handler in earlier.items():
            signal.signal(signum, handler)
