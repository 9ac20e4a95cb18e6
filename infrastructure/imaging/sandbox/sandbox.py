"""The sandbox: photos are opened in processes that hold no secrets, can reach nothing, and may die."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import structlog

from application.photos import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoHasTooManyPixels,
    PhotoTooLarge,
    PhotoTooLong,
    PhotoUnreadable,
    PhotoUnsupported,
)
from infrastructure.imaging.sandbox.messages import Answer, Broken, Done, Exhausted, Rejected, Request
from infrastructure.imaging.sandbox.tasks import MEMORY, R, Task
from infrastructure.imaging.sandbox.worker import ProcessDied, ProcessTooSlow, SandboxNotStarted, Worker

LIFETIME = 200
"""Photos that a process opens before another one takes its place: no leak grows for ever."""

_REJECTIONS = {
    rejection.__name__: rejection
    for rejection in (
        PhotoEmpty,
        PhotoTooLarge,
        PhotoUnsupported,
        PhotoUnreadable,
        PhotoAnimated,
        PhotoTooLong,
    )
}

log = structlog.get_logger()


class SandboxFailed(Exception):
    """A photo got no answer. Subclasses say why."""


class SandboxCrashed(SandboxFailed):
    """The photo killed a fresh process."""


class SandboxTimedOut(SandboxFailed):
    """The photo took longer than its task may."""


class SandboxExhausted(SandboxFailed):
    """The photo took more memory than its task may."""


class SandboxBroken(SandboxFailed):
    """Our own code failed on the photo; the message says where."""


class SandboxBusy(SandboxFailed):
    """No core was free in time."""


class SandboxClosed(SandboxFailed):
    """It was closed before the photo had its answer."""


class Sandbox:
    """At most one process a core, each started when it is first needed. For use by any thread."""

    def __init__(self, *, memory: int = MEMORY, cores: int | None = None) -> None:
        """Each photo may take `memory` bytes."""
        self._memory = memory
        self._free_cores = threading.BoundedSemaphore(cores or _cores())
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._lock = threading.Lock()
        self._closed = False
        # The kernel takes the thread that started a process for its parent: one that stays as long as we do.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-starter")

    @property
    def pids(self) -> frozenset[int]:
        """Of the processes that run now."""
        with self._lock:
            return frozenset(worker.pid for worker in (*self._idle, *self._busy))

    def run(self, task: Task[R], photo: bytes, argument: int = 0) -> R:
        """The task's result. Raises PhotoRejected, SandboxFailed or SandboxNotStarted."""
        request = Request(task.name, photo, argument, task.seconds)
        if not self._free_cores.acquire(timeout=task.patience):
            raise SandboxBusy(task.name)
        try:
            answer = self._answer(request)
        finally:
            self._free_cores.release()
        return _result(task, answer)

    def close(self) -> None:
        """End all processes, also those that have work. Nothing can be run any more."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.interrupt()
        for worker in idle:
            worker.kill()
        self._starter.shutdown()

    def _answer(self, request: Request) -> Answer:
        """Of a process that is used already, or of a fresh one if that dies.

        Only a death that nothing earlier can be blamed for is held against the photo.
        """
        fresh = False
        while True:
            with self._worker(fresh=fresh) as worker:
                try:
                    return worker.ask(request)
                except ProcessTooSlow as slow:
                    log.warning("sandbox.too_slow", task=request.task)
                    raise SandboxTimedOut(request.task) from slow
                except ProcessDied as died:
                    self._judge(worker, request, died)
            fresh = True

    def _judge(self, worker: Worker, request: Request, died: ProcessDied) -> None:
        """Raise unless the photo deserves another try."""
        if self._closed:
            raise SandboxClosed(request.task) from died
        log.warning("sandbox.died", task=request.task, exit_code=died.exit_code, answers=worker.answers)
        if died.exit_code == -signal.SIGXCPU:
            raise SandboxTimedOut(request.task) from died
        if worker.answers == 0:
            raise SandboxCrashed(request.task, died.exit_code) from died

    @contextmanager
    def _worker(self, *, fresh: bool) -> Iterator[Worker]:
        worker = self._taken(fresh=fresh)
        try:
            yield worker
        finally:
            with self._lock:
                self._busy.discard(worker)
                keep = worker.fit and worker.answers < LIFETIME and not self._closed
                if keep:
                    self._idle.append(worker)
            if not keep:
                worker.kill()

    def _taken(self, *, fresh: bool) -> Worker:
        while not fresh and (idle := self._taken_idle()):
            if idle.fit:
                return idle
            self._drop(idle)
        worker = Worker(self._memory, self._starter)
        with self._lock:
            closed = self._closed
            self._busy.add(worker)
        if closed:
            self._drop(worker)
            raise SandboxClosed
        try:
            worker.wait_until_ready()
        except SandboxNotStarted:
            self._drop(worker)
            raise
        return worker

    def _taken_idle(self) -> Worker | None:
        """The one used last, whose memory is warm."""
        with self._lock:
            if self._closed:
                raise SandboxClosed
            worker = self._idle.pop() if self._idle else None
            if worker:
                self._busy.add(worker)
            return worker

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
        worker.kill()


def _result(task: Task[R], answer: Answer) -> R:
    if isinstance(answer, Done):
        try:
            return msgspec.msgpack.decode(answer.result, type=task.result)
        except msgspec.DecodeError as error:
            raise SandboxBroken(task.name) from error
    if isinstance(answer, Rejected):
        if answer.error == PhotoHasTooManyPixels.__name__:
            raise PhotoHasTooManyPixels(answer.megapixels)
        if answer.error in _REJECTIONS:
            raise _REJECTIONS[answer.error]
    if isinstance(answer, Exhausted):
        raise SandboxExhausted(task.name)
    raise SandboxBroken(task.name, *((answer.error, answer.places) if isinstance(answer, Broken) else ()))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
