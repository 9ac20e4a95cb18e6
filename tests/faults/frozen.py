"""A PostgreSQL that breaks no connection and answers no more: as where memory is swapped, or a network swallows all."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from infrastructure.embedded.postgres import EmbeddedPostgres


@contextmanager
def frozen(postgres: EmbeddedPostgres) -> Iterator[None]:
    """Inside, none of its processes does anything."""
    server = psutil.Process(postgres.pid)
    server.suspend()  # from now on it starts no other
    processes = [server, *server.children(recursive=True)]
    try:
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # it had just ended
                process.suspend()
        yield
    finally:
        for process in reversed(processes):
            with suppress(psutil.NoSuchProcess):
                process.resume()
