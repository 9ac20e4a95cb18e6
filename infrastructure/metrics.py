"""Where Prometheus asks: each process that measures something serves it on an internal port of its own."""

import errno
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import IntEnum

from prometheus_client import CollectorRegistry, start_http_server

from infrastructure.settings import Settings


class Place(IntEnum):
    """How far above METRICS_PORT a process listens, so that one environment does for all on a machine."""

    FOLLOW = 0
    SERVE = 1


class MetricsPortTaken(Exception):
    """Somebody listens there already."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.host, self.port = host, port

    def __str__(self) -> str:
        return f"something listens on {self.host} port {self.port} already; METRICS_PORT names another"


def offered(settings: Settings, place: Place, registry: CollectorRegistry) -> AbstractContextManager[object]:
    """Inside, /metrics is served if METRICS_PORT says so. Raises MetricsPortTaken."""
    if not settings.metrics_port:
        return nullcontext()
    return served(settings.metrics_host, settings.metrics_port + place, registry)


@contextmanager
def served(host: str, port: int, registry: CollectorRegistry) -> Iterator[int]:
    """Inside, /metrics is served; yields the port, which 0 leaves to the system. Raises MetricsPortTaken."""
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise _told(error, host, port) from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def check_free(settings: Settings, place: Place) -> None:
    """For who starts the process that is to listen there: raise MetricsPortTaken if it could not."""
    if not settings.metrics_port:
        return
    host, port = settings.metrics_host, settings.metrics_port + place
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise _told(error, host, port) from None


def _told(error: OSError, host: str, port: int) -> Exception:
    return MetricsPortTaken(host, port) if error.errno == errno.EADDRINUSE else error
