"""A worker like any other but for its stager, which takes as long as a provider does, and no processor for it.

`python -m bench.worker SECONDS`, with the environment of `stage work`.
"""

import sys
import time

from application.stagers import StagedPicture
from domain.brief import Brief, Preset
from infrastructure import settings, wiring
from infrastructure.telemetry import configure_logging
from interfaces.workers import main as workers


class SlowStager:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @property
    def presets(self) -> frozenset[Preset]:
        return frozenset({Preset.ENHANCE})

    def stage(self, photo: bytes, _brief: Brief) -> StagedPicture:
        time.sleep(self._seconds)
        return StagedPicture(b"staged: " + photo, "image/jpeg", engine="slow", version="1")


def main(seconds: str) -> None:
    loaded = settings.load()
    configure_logging(loaded.log_level, "work")
    container = wiring.build(loaded, stager=SlowStager(float(seconds)))
    container.open()
    try:
        workers.run(container, loaded.worker_threads)
    finally:
        container.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
