"""`stage serve`, `stage follow` and `stage work`: the three processes, each run as often as wanted."""

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import structlog

from infrastructure import settings, wiring
from infrastructure.doctor.metrics import serve_metrics
from infrastructure.event_store.anchorer import Anchorer
from infrastructure.postgres.direct import refuse_pooler
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container
from interfaces.rest import server
from interfaces.workers import main as workers

log = structlog.get_logger()


def serve() -> None:
    """Serve the API until SIGTERM."""
    loaded = settings.load()
    configure_logging(loaded.log_level, "serve")
    refuse_pooler(loaded.direct_url, loaded.direct_variable)
    server.run(loaded)


def follow() -> None:
    """Follow the log until SIGTERM: keep the read models up to date, note what must happen next, anchor it.

    With METRICS_PORT, what the doctor measures is served there.
    """
    with _container("follow") as container, _metrics(container):
        refuse_pooler(container.settings.direct_url, container.settings.direct_variable)
        stopped = threading.Event()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, lambda *_: stopped.set())
        following = wiring.following(container)
        anchorer = Anchorer(wiring.anchoring(container.settings, container.database))
        rebuilder = wiring.rebuilder(container)
        following.start()
        anchorer.start()
        rebuilder.start()
        log.info("following.started")
        stopped.wait()
        rebuilder.stop()
        anchorer.stop()
        following.stop()
        log.info("following.stopped")


def work() -> None:
    """Perform reactions until SIGTERM: stage photos, send mail."""
    with _container("work") as container:
        workers.run(container, container.settings.worker_threads)


def _metrics(container: Container) -> AbstractContextManager[object]:
    return serve_metrics(container) if container.settings.metrics_port else nullcontext()


@contextmanager
def _container(process: str) -> Iterator[Container]:
    loaded = settings.load()
    configure_logging(loaded.log_level, process)
    container = wiring.build(loaded)
    container.open()
    try:
        yield container
    finally:
        container.close()
