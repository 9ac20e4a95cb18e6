"""The adapters of a process, open for as long as it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from infrastructure import settings, wiring
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container


@contextmanager
def opened(process: str) -> Iterator[Container]:
    """Everything that the environment configures, with this process's name in its logs. Raises SettingsInvalid."""
    loaded = settings.load()
    configure_logging(loaded.log_level, process, for_good=True)
    container = wiring.build(loaded)
    container.open()
    try:
        yield container
    finally:
        container.close()
