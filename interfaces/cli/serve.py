"""`stage serve`: the API, run as often as wanted."""

from infrastructure import settings
from infrastructure.postgres.direct import refuse_pooler
from infrastructure.telemetry import configure_logging
from interfaces.cli.errors import CommandFailed
from interfaces.rest import server


def serve() -> None:
    """Serve the API until SIGTERM. Raises CommandFailed where something else listens already."""
    loaded = settings.load()
    configure_logging(loaded.log_level, "serve", for_good=True)
    refuse_pooler(loaded.direct_url, loaded.direct_variable)
    try:
        server.run(loaded)
    except server.PortTaken as taken:
        raise CommandFailed(str(taken)) from None
