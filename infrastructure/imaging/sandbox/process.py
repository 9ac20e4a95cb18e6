"""The program that a sandbox process runs: photos in, what became of them out, until nobody asks any more."""

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from traceback import StackSummary, walk_tb

import msgspec
import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed

from application.photos import PhotoHasTooManyPixels, PhotoRejected
from domain.brief import Label
from infrastructure.imaging.darkroom import DARKROOM_VERSION, enhance
from infrastructure.imaging.framing import finish, prepare
from infrastructure.imaging.inspection import inspect
from infrastructure.imaging.intake import take_in
from infrastructure.imaging.labelling import labelled
from infrastructure.imaging.metadata import strip
from infrastructure.imaging.pictures import preview
from infrastructure.imaging.sandbox import tasks
from infrastructure.imaging.sandbox.confinement import allow, confine
from infrastructure.imaging.sandbox.messages import (
    Answer,
    Broken,
    Done,
    Exhausted,
    Ready,
    Rejected,
    Request,
    Silence,
    receive_request,
    send,
)


def _labelled(label: Label, picture: bytes, longest_side: int) -> bytes:
    return labelled(picture, label, longest_side)


PERFORMED: dict[str, Callable[[bytes, int], object]] = {
    tasks.INSPECT.name: lambda photo, _: inspect(photo),
    tasks.STRIP.name: lambda photo, _: strip(photo),
    tasks.TAKE_IN.name: lambda photo, _: take_in(photo),
    tasks.PREVIEW.name: preview,
    **{task.name: partial(_labelled, label) for label, task in tasks.LABEL.items()},
    tasks.PREPARE.name: prepare,
    tasks.FINISH.name: finish,
    tasks.ENHANCE.name: lambda photo, _: tasks.Staged(enhance(photo), DARKROOM_VERSION),
}


def main(memory: int, owner: int) -> None:
    """Answer the requests that come over file descriptor 0 until it is closed."""
    _rehearse()
    with socket.socket(fileno=0) as connection:
        confine(memory=memory, owner=owner)
        send(connection, Ready())
        with suppress(Silence):  # the owner is gone
            while True:
                send(connection, answer(receive_request(connection)))


def answer(request: Request) -> Answer:
    """What became of the photo; whatever is raised becomes an answer too."""
    allow(request.seconds)
    try:
        result = PERFORMED[request.task](request.photo, request.argument)
        return Done(msgspec.Raw(msgspec.msgpack.encode(result)))
    except PhotoHasTooManyPixels as rejected:
        return Rejected(type(rejected).__name__, rejected.megapixels)
    except PhotoRejected as rejected:
        return Rejected(type(rejected).__name__)
    except MemoryError:
        return Exhausted()
    except Exception as error:  # noqa: BLE001 - the owner raises it: it becomes Broken there
        frames = StackSummary.extract(walk_tb(error.__traceback__), lookup_lines=False)
        return Broken(type(error).__name__, [f"{frame.filename}:{frame.lineno}" for frame in frames])


def _rehearse() -> None:
    """Do everything once, so that nothing has to be loaded when no file can be opened any more."""
    small = bytes(pyvips.Image.black(64, 48, bands=3).copy(interpretation="srgb").jpegsave_buffer())
    for name, perform in PERFORMED.items():
        if name == tasks.FINISH.name:
            perform(small + small, len(small))
        else:
            perform(small, 32)


if __name__ == "__main__":
    main(memory=int(sys.argv[1]), owner=int(sys.argv[2]))
