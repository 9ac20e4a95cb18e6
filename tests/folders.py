"""Folders for servers that tests start with more than a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.embedded.removal import remove


@contextmanager
def removed_with_its_servers(folder: Path) -> Iterator[Path]:
    """At the end all that servers keep goes; root's have their data elsewhere."""
    try:
        yield folder
    finally:
        remove(folder)
