"""What operators' commands need: the use cases on the database they are for, and who operates."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import InvalidSchemaName, UndefinedTable

from infrastructure import settings, wiring
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import environment_here


class NotMigrated(CommandFailed):
    def __str__(self) -> str:
        return "the database lacks tables that this release needs: run `stage migrate up`"


@contextmanager
def operating(command: str) -> Iterator[Container]:
    """Inside, the container is open; logs go to standard error, so that the answer stands alone.

    It is that of DATABASE_URL and the other variables, else that of what `stage up` runs here.
    """
    loaded = settings.load(environment_here())
    configure_logging("warning", command)
    container = wiring.build(loaded)
    container.open()
    try:
        yield container
    except (UndefinedTable, InvalidSchemaName) as error:
        raise NotMigrated from error
    finally:
        container.close()


def operator() -> str:
    """Whoever runs the command, as events and rows name them."""
    return f"operator:{getpass.getuser()}"
