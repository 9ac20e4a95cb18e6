"""What operators' commands need: the use cases on the settings' database, and who operates."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from infrastructure import settings, wiring
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container


@contextmanager
def operating(command: str) -> Iterator[Container]:
    """Inside, the container is open; logs go to standard error, so that the answer stands alone."""
    loaded = settings.load()
    configure_logging("warning", command)
    container = wiring.build(loaded)
    container.open()
    try:
        yield container
    finally:
        container.close()


def operator() -> str:
    """Whoever runs the command, as events and rows name them."""
    return f"operator:{getpass.getuser()}"
