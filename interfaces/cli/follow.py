"""`stage follow`: the followers of the log, run as often as wanted; of each, one is active."""

import signal
import threading

import structlog

from infrastructure import wiring
from infrastructure.doctor.metrics import doctors_registry
from infrastructure.event_store.anchorer import Anchorer
from infrastructure.metrics import Place, offered
from infrastructure.postgres.direct import refuse_pooler
from interfaces.cli.opened import opened

log = structlog.get_logger()


def follow() -> None:
    """Follow the log until SIGTERM: keep the read models up to date, note what must happen next, anchor it.

    With METRICS_PORT, what the doctor measures is served there.
    """
    with (
        opened("follow") as container,
        offered(container.settings, Place.FOLLOW, doctors_registry(container)),
    ):
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
