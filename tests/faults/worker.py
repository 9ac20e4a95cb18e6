"""A worker process like any other but for its stager, and for its pace, which tests cannot always wait for.

Run as `python -m tests.faults.worker JOURNAL MILLISECONDS`, with the environment of `stage work` and PACE.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

from infrastructure import settings, wiring
from infrastructure.telemetry import configure_logging
from interfaces.workers import main as workers
from interfaces.workers.worker import Pace
from tests.faults.pace import Speed
from tests.faults.stager import Journal, WatchedStager

PACES = {
    Speed.REAL: workers.PACE,
    Speed.QUICK: Pace(lease=timedelta(seconds=3), renewal=0.75, sweep=0.25),
}


def main(journal: str, milliseconds: str) -> None:
    loaded = settings.load()
    configure_logging(loaded.log_level, "work", for_good=True)
    container = wiring.build(loaded, stager=WatchedStager(Journal(Path(journal)), int(milliseconds)))
    container.open()
    try:
        workers.run(container, loaded.worker_threads, pace=PACES[Speed(os.environ["PACE"])])
    finally:
        container.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
