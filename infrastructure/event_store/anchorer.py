"""Anchoring every minute with news, for as long as a process follows the log."""

import threading

import psycopg
import structlog
from obstore.exceptions import BaseError
from psycopg_pool import PoolTimeout

from infrastructure.event_store.anchor_files import OtherAnchorExported
from infrastructure.event_store.anchoring import Anchoring, LogChanged

EVERY = 60.0
"""Seconds."""

log = structlog.get_logger()


class Anchorer:
    """A thread; several may run, and each anchor is made once. Started once, stopped once."""

    def __init__(self, anchoring: Anchoring, *, every: float = EVERY) -> None:
        self._anchoring = anchoring
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="anchorer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._anchoring.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            try:
                for anchor in self._anchoring.anchor():
                    log.info("log.anchored", number=anchor.number, position=anchor.position)
            except (psycopg.Error, PoolTimeout, BaseError, OSError) as error:
                # The database or the object store is away; what is missed now is anchored the next time.
                log.warning("log.not_anchored", error=f"{type(error).__name__}: {error}")
            except (LogChanged, OtherAnchorExported) as error:
                log.critical("log.changed", anchor=error.number)
