"""`stage work`: what must happen because of events, performed; run as often as wanted."""

from interfaces.cli.opened import opened
from interfaces.workers import main as workers


def work() -> None:
    """Perform reactions until SIGTERM: stage photos, send mail."""
    with opened("work") as container:
        workers.run(container, container.settings.worker_threads)
