"""The darkroom as the use cases see it: it looks at photos that come in, and stages those to be enhanced."""

from collections.abc import Iterator
from contextlib import contextmanager

from application.photos import PhotoFacts, PhotoUnreadable, TakenIn
from application.stagers import StagedPicture
from domain.brief import Brief, Label, Preset
from infrastructure.imaging.sandbox import tasks
from infrastructure.imaging.sandbox.sandbox import (
    Sandbox,
    SandboxCrashed,
    SandboxExhausted,
    SandboxTimedOut,
)
from infrastructure.imaging.sandbox.tasks import Finished, Prepared

ENGINE = "darkroom"


class PresetNotStaged(Exception):
    """The darkroom was asked for what it cannot do; whoever accepted the brief should have known."""

    def __init__(self, preset: Preset) -> None:
        super().__init__(preset)
        self.preset = preset


class LocalDarkroom:
    """Opens photos on this machine, in a sandbox, at most one a core at once.

    What is raised beside PhotoRejected is not the photo's fault: SandboxBusy when no core was free in time,
    SandboxNotStarted and SandboxBroken when something is wrong here.
    """

    presets = frozenset({Preset.ENHANCE})

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox or Sandbox()

    def inspect(self, photo: bytes) -> PhotoFacts:
        """Decode the photo to the end. Raises PhotoRejected."""
        with _opening():
            return self._sandbox.run(tasks.INSPECT, photo)

    def strip(self, photo: bytes) -> bytes:
        """Without GPS and other personal metadata, its pixels untouched. Raises PhotoRejected."""
        with _opening():
            return self._sandbox.run(tasks.STRIP, photo)

    def take_in(self, photo: bytes) -> TakenIn:
        """Both, with a preview and a thumbnail, by decoding it once. Raises PhotoRejected."""
        with _opening():
            return self._sandbox.run(tasks.TAKE_IN, photo)

    def preview(self, picture: bytes, longest_side: int) -> bytes:
        """Of an original or a result: a JPEG of this size in pixels, or smaller. Raises PhotoRejected."""
        with _opening():
            return self._sandbox.run(tasks.PREVIEW, picture, longest_side)

    def label(self, picture: bytes, label: Label, longest_side: int) -> bytes:
        """Of a result: a JPEG of this size in pixels, or smaller, with the label burned in.

        Raises PhotoRejected.
        """
        with _opening():
            return self._sandbox.run(tasks.LABEL[label], picture, longest_side)

    def prepare(self, photo: bytes, longest_side: int) -> Prepared:
        """The photo as a provider's model gets it, at most so many pixels long. Raises PhotoRejected."""
        with _opening():
            return self._sandbox.run(tasks.PREPARE, photo, longest_side)

    def finish(self, photo: bytes, sent: bytes) -> Finished:
        """What a provider sent for the photo, in its frame. Raises PhotoRejected when it is no picture."""
        with _opening():
            return self._sandbox.run(tasks.FINISH, photo + sent, len(photo))

    def stage(self, photo: bytes, brief: Brief) -> StagedPicture:
        """The photo enhanced, as a JPEG. Raises PhotoRejected, or PresetNotStaged for any other preset.

        SandboxFailed fails the attempt.
        """
        if brief.preset not in self.presets:
            raise PresetNotStaged(brief.preset)
        staged = self._sandbox.run(tasks.ENHANCE, photo)
        return StagedPicture(staged.picture, "image/jpeg", ENGINE, staged.version)

    def close(self) -> None:
        """End the processes. Whoever waits for one gets SandboxClosed."""
        self._sandbox.close()


@contextmanager
def _opening() -> Iterator[None]:
    """A photo that kills whoever opens it, or takes too much time or memory, cannot be read."""
    try:
        yield
    except (SandboxCrashed, SandboxExhausted, SandboxTimedOut) as error:
        raise PhotoUnreadable from error
