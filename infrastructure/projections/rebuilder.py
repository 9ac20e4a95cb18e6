"""Rebuilds that somebody asked for over the API: a following process does them, and goes on with its like's."""

import os
import threading
from collections.abc import Iterable
from typing import Any

import psycopg
import structlog

from application.projections.projection import Projection
from infrastructure.projections import rebuilds
from infrastructure.projections.filling import connect
from infrastructure.projections.rebuild import Rebuild, RebuildRunning

_GLANCE = 1.0
"""Seconds between two looks at what is wanted."""

log = structlog.get_logger()


class Rebuilder:
    """A thread. Started once, stopped once; a rebuild in hand is left where it is, for the next process."""

    def __init__(self, projections: Iterable[Projection[Any]], *, direct_url: str) -> None:
        self._projections = {projection.table.versioned_name: projection for projection in projections}
        self._url = direct_url
        self._thread = threading.Thread(target=self._run, name="rebuilder", daemon=True)
        self._stopping = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more. Returns at once."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(_GLANCE):
            try:
                self._do_what_is_wanted()
            except RebuildRunning:
                continue
            except Exception as error:  # it will be tried again, and the others go on
                if not isinstance(error, psycopg.OperationalError):
                    log.exception("rebuild.failed")

    def _do_what_is_wanted(self) -> None:
        with connect(self._url, "looking") as connection:
            wanted = rebuilds.unattended(connection)
        for begun in wanted:
            if projection := self._projections.get(begun.read_model):
                processes = max(2, os.cpu_count() or 1)
                rebuild = Rebuild(projection, direct_url=self._url, processes=processes)
                rebuilt = rebuild.run(accept=begun.accept)
                if not rebuilt.swapped:
                    log.warning("rebuild.differs", read_model=begun.read_model)
