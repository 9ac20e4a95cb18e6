"""Filling a shadow table, part by part: what each process of a rebuild does."""

import gc
import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from application.projections.fold import Parked
from application.projections.projection import Key, Projection
from infrastructure.projections import parking, rebuilds
from infrastructure.projections.digesting import INDIGESTIBLE
from infrastructure.projections.rebuilds import Part
from infrastructure.projections.rows import SHADOW, StoredRows
from infrastructure.projections.streams import Folded, StreamFolder, apart


def connect(direct_url: str, name: str) -> Connection[TupleRow]:
    """A connection for a rebuild: nobody waits for its disk, and what it only reads may take its time."""
    url = make_conninfo(direct_url, application_name=f"rebuild {name}")
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET transaction_timeout = 0")
    return connection


def fill(direct_url: str, projection: Projection[Any], upto: int) -> None:
    """Fold parts that nobody else works on until there are none left."""
    name = projection.table.versioned_name
    with connect(direct_url, name) as reading, connect(direct_url, name) as writing, _without_collector():
        filler = _Filler(projection, upto, reading, writing)
        for part in rebuilds.open_parts(writing, name):
            with _mine(writing, f"rebuild {name} part {part.part}") as mine:
                if mine:
                    filler.fill(part)


def fill_as_child(direct_url: str, projection: Projection[Any], upto: int) -> None:
    """The same in a process of its own, which goes when its parent goes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    fill(direct_url, projection, upto)


class _Filler:
    def __init__(
        self,
        projection: Projection[Any],
        upto: int,
        reading: Connection[TupleRow],
        writing: Connection[TupleRow],
    ) -> None:
        self._name = projection.table.versioned_name
        self._projection = projection
        self._folder = StreamFolder(projection, upto=upto)
        self._stored = StoredRows(projection.table, SHADOW)
        self._reading, self._writing = reading, writing

    def fill(self, part: Part) -> None:
        """Each chunk's rows and how far they come are one transaction."""
        for folded in self._folder.fold(self._reading, part.next, part.last):
            try:
                kept = self._keep(part, folded, folded.rows, folded.parked)
            except INDIGESTIBLE:
                kept = self._keep_what_can_be_kept(part, folded)
            if not kept:
                return
            if folded.next:
                part = Part(part.part, folded.next, part.last)

    def _keep(self, part: Part, folded: Folded, rows: dict[Key, Any], parked: list[Parked]) -> bool:
        with self._writing.transaction():
            if not rebuilds.advance(self._writing, self._name, part, next=folded.next, events=folded.events):
                return False
            if rows:
                self._stored.add(self._writing, rows.values())
            parking.park(self._writing, self._name, SHADOW, parked)
        return True

    def _keep_what_can_be_kept(self, part: Part, folded: Folded) -> bool:
        """Park those whose rows the table refuses."""
        streams: dict[Any, dict[Key, Any]] = {}
        whose = apart(self._projection).of
        for key, row in folded.rows.items():
            streams.setdefault(whose(row), {})[key] = row
        kept: dict[Key, Any] = {}
        parked = list(folded.parked)
        for stream_id, rows in streams.items():
            try:
                with self._writing.transaction(force_rollback=True):
                    self._stored.add(self._writing, rows.values())
                kept |= rows
            except INDIGESTIBLE as error:
                parked += self._folder.park(self._reading, stream_id, error)
        return self._keep(part, folded, kept, parked)


@contextmanager
def _mine(connection: Connection[TupleRow], what: str) -> Iterator[bool]:
    """Whether nobody else has it, and nobody gets it inside."""
    ((mine,),) = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [what]).fetchall()
    try:
        yield mine
    finally:
        if mine:
            with suppress(psycopg.OperationalError):  # a lost connection has lost its locks too
                connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [what])


@contextmanager
def _without_collector() -> Iterator[None]:
    """Folding makes millions of tuples and no cycles; looking for some takes a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
