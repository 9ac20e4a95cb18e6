"""Photos are opened in processes that hold no secrets and may die: whatever they do, one photo is lost at the most."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed

from application.photos import PhotoHasTooManyPixels, PhotoUnreadable, PhotoUnsupported
from domain.brief import Brief, Preset
from infrastructure.imaging.darkroom import DARKROOM_VERSION, enhance
from infrastructure.imaging.inspection import inspect
from infrastructure.imaging.intake import take_in
from infrastructure.imaging.local_darkroom import LocalDarkroom, PresetNotStaged
from infrastructure.imaging.metadata import strip
from infrastructure.imaging.pictures import preview
from infrastructure.imaging.sandbox import tasks
from infrastructure.imaging.sandbox.sandbox import (
    LIFETIME,
    Sandbox,
    SandboxBroken,
    SandboxBusy,
    SandboxClosed,
    SandboxCrashed,
    SandboxTimedOut,
)
from infrastructure.processes.ending import runs
from infrastructure.processes.leftovers import MARK
from tests.infrastructure.imaging.files import (
    jpeg,
    personal_heic,
    personal_jpeg,
    picture,
    png,
    raw_png,
)

PATIENCE = 30.0
LARGE = jpeg(picture(3000, 2000), progressive=True)
"""Takes long enough to be met at work."""
ROOT = Path(__file__).parents[3]
OWNER = """
import sys
from infrastructure.imaging.local_darkroom import LocalDarkroom

photo = open(sys.argv[1], "rb").read()
darkroom = LocalDarkroom()
darkroom.strip(photo)
loaded = {"numpy", "pyvips", "pillow_heif", "PIL"} & set(sys.modules)
print(*darkroom._sandbox.pids, *loaded, flush=True)
sys.stdin.read()
"""
"""A program with a darkroom, which ends when its standard input does."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    opened = Sandbox(cores=1)
    yield opened
    opened.close()


@pytest.fixture
def darkroom(sandbox: Sandbox) -> LocalDarkroom:
    return LocalDarkroom(sandbox)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg())
    secrets = {"AUTH_SECRET": "not for photos", MARK: "ours"}
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, photo],
        cwd=ROOT,
        env=os.environ | secrets,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as started:
        yield started
        started.kill()


def until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


def only_process_of(sandbox: Sandbox) -> psutil.Process:
    (pid,) = sandbox.pids
    return psutil.Process(pid)


def process_at_work(sandbox: Sandbox, *, other_than: int = 0) -> psutil.Process:
    """The one process, as soon as it has begun with a photo."""
    until(lambda: any(_has_begun(pid) for pid in sandbox.pids if pid != other_than))
    return only_process_of(sandbox)


def _has_begun(pid: int) -> bool:
    try:
        return limit_of(pid, "Max cpu time") != "unlimited"
    except (FileNotFoundError, ProcessLookupError):
        return False


def limit_of(pid: int, name: str) -> str:
    """The limit that is in force."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    return next(line[len(name) :].split()[0] for line in limits.splitlines() if line.startswith(name))


@contextmanager
def in_background(call: Callable[[], object]) -> Iterator[Future[object]]:
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(call)


def test_what_comes_out_is_what_would_come_out_without_it(sandbox: Sandbox) -> None:
    darkroom = LocalDarkroom(sandbox)
    for photo in (personal_jpeg(6), personal_heic(6), png(picture(mode="RGBA"))):
        assert darkroom.inspect(photo) == inspect(photo)
        assert darkroom.strip(photo) == strip(photo)
        assert darkroom.take_in(photo) == take_in(photo)
        assert darkroom.preview(photo, 40) == preview(photo, 40)
    staged = darkroom.stage(jpeg(), Brief(Preset.ENHANCE))
    assert (staged.picture, staged.version) == (enhance(jpeg()), DARKROOM_VERSION)


def test_rejections_come_out_by_name(sandbox: Sandbox) -> None:
    darkroom = LocalDarkroom(sandbox)
    with pytest.raises(PhotoUnsupported):
        darkroom.inspect(b"text")
    with pytest.raises(PhotoUnreadable):
        darkroom.take_in(jpeg()[:-200])
    with pytest.raises(PhotoHasTooManyPixels) as told:
        darkroom.inspect(raw_png(60_000, 60_000, b""))
    assert told.value.megapixels == 3600
    with pytest.raises(PresetNotStaged):
        darkroom.stage(jpeg(), Brief(Preset.STAGE))


def test_one_process_serves_many_photos_from_threads_that_come_and_go(sandbox: Sandbox) -> None:
    pids: set[int] = set()
    for _ in range(5):
        with in_background(lambda: sandbox.run(tasks.STRIP, jpeg())) as stripped:
            assert stripped.result() == strip(jpeg())
        pids |= sandbox.pids
    assert len(pids) == 1


def test_after_its_lifetime_another_takes_its_place(sandbox: Sandbox) -> None:
    pids: set[int] = set()
    for _ in range(LIFETIME + 1):
        sandbox.run(tasks.STRIP, jpeg())
        pids |= sandbox.pids
    assert len(pids) == 2
    assert len(sandbox.pids) == 1


def test_no_more_photos_are_opened_at_once_than_there_are_cores() -> None:
    sandbox = Sandbox(cores=2)
    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(lambda _: sandbox.run(tasks.INSPECT, LARGE), range(6)))
        assert len(sandbox.pids) <= 2
    assert results == [inspect(LARGE)] * 6
    sandbox.close()


def test_who_waits_too_long_for_a_core_is_told_so(sandbox: Sandbox) -> None:
    sandbox.run(tasks.STRIP, jpeg())
    process = only_process_of(sandbox)
    process.suspend()
    with in_background(lambda: sandbox.run(tasks.STRIP, jpeg())) as first:
        until(lambda: not sandbox._idle)
        with pytest.raises(SandboxBusy):
            sandbox.run(replace(tasks.STRIP, patience=0.01), jpeg())
        process.resume()
        assert first.result() == strip(jpeg())


def test_a_process_that_dies_idle_is_replaced_unnoticed(sandbox: Sandbox) -> None:
    sandbox.run(tasks.STRIP, jpeg())
    before = only_process_of(sandbox)
    before.kill()
    assert sandbox.run(tasks.STRIP, jpeg()) == strip(jpeg())
    assert only_process_of(sandbox).pid != before.pid


def test_a_photo_whose_process_dies_after_others_is_tried_in_a_fresh_one(sandbox: Sandbox) -> None:
    sandbox.run(tasks.STRIP, jpeg())
    before = only_process_of(sandbox)
    before.suspend()
    with in_background(lambda: sandbox.run(tasks.STRIP, jpeg())) as stripped:
        until(lambda: not sandbox._idle)
        before.kill()
        assert stripped.result() == strip(jpeg())
    assert only_process_of(sandbox).pid != before.pid


@pytest.mark.parametrize(
    ("signum", "named"), [(signal.SIGSEGV, SandboxCrashed), (signal.SIGXCPU, SandboxTimedOut)]
)
def test_a_photo_that_kills_a_fresh_process_is_held_responsible(
    sandbox: Sandbox, signum: signal.Signals, named: type[Exception]
) -> None:
    with in_background(lambda: sandbox.run(tasks.ENHANCE, LARGE)) as staged:
        process_at_work(sandbox).send_signal(signum)
        assert isinstance(staged.exception(), named)
    assert sandbox.run(tasks.STRIP, jpeg()) == strip(jpeg())


def test_for_intake_such_a_photo_is_one_that_cannot_be_read(sandbox: Sandbox) -> None:
    with in_background(lambda: LocalDarkroom(sandbox).take_in(LARGE)) as taken:
        process_at_work(sandbox).send_signal(signal.SIGSEGV)
        assert isinstance(taken.exception(), PhotoUnreadable)


def test_a_process_that_hangs_is_killed_and_replaced(sandbox: Sandbox) -> None:
    sandbox.run(tasks.STRIP, jpeg())
    process = only_process_of(sandbox)
    process.suspend()
    with pytest.raises(SandboxTimedOut):
        sandbox.run(replace(tasks.STRIP, seconds=1), jpeg())
    assert not runs(process)
    assert sandbox.run(tasks.STRIP, jpeg()) == strip(jpeg())


def test_a_photo_that_needs_too_much_memory_cannot_be_read_and_the_next_one_can() -> None:
    darkroom = LocalDarkroom(Sandbox(memory=64 * 1024 * 1024, cores=1))
    with pytest.raises(PhotoUnreadable):
        darkroom.inspect(interlaced(6000, 5000))
    assert darkroom.inspect(jpeg()) == inspect(jpeg())
    darkroom.close()


def test_the_largest_photos_fit_into_the_memory_there_is(darkroom: LocalDarkroom) -> None:
    assert darkroom.inspect(interlaced(9000, 6600)).width == 9000
    webp = bytes(pyvips.Image.black(9000, 6600, bands=3).webpsave_buffer(Q=10, effort=0))
    assert darkroom.take_in(webp).facts.width == 9000


def test_an_error_of_ours_is_not_blamed_on_the_photo(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxBroken, match="KeyError"):
        sandbox.run(replace(tasks.STRIP, name="unknown"), jpeg())


def test_closing_ends_what_is_at_work_too() -> None:
    sandbox = Sandbox(cores=1)
    with in_background(lambda: sandbox.run(tasks.ENHANCE, LARGE)) as staged:
        process = process_at_work(sandbox)
        sandbox.close()
        assert isinstance(staged.exception(), SandboxClosed)
    assert not runs(process)
    with pytest.raises(SandboxClosed):
        sandbox.run(tasks.STRIP, jpeg())


def test_its_owner_needs_none_of_the_libraries_and_hands_on_no_secret(owner: subprocess.Popen[bytes]) -> None:
    (pid,) = printed(owner)  # and no name of a library
    environment = psutil.Process(int(pid)).environ()
    assert "AUTH_SECRET" not in environment
    assert environment[MARK] == "ours"


def test_it_can_open_nothing_and_become_nobody_else(sandbox: Sandbox) -> None:
    sandbox.run(tasks.STRIP, jpeg())
    process = only_process_of(sandbox)
    status = Path(f"/proc/{process.pid}/status").read_text()
    for name, limit in {"Max open files": 3, "Max file size": 0, "Max core file size": 0}.items():
        assert limit_of(process.pid, name) == str(limit)
    assert process.num_fds() == 3
    assert "NoNewPrivs:\t1" in status
    assert 0 not in process.uids()
    assert "CapEff:\t0000000000000000" in status
    assert process.cwd() == "/"


@pytest.mark.parametrize("end", ["kill", "stdin"])
def test_nothing_outlives_its_owner(owner: subprocess.Popen[bytes], end: str) -> None:
    processes = [psutil.Process(int(pid)) for pid in printed(owner)]
    if end == "kill":
        owner.kill()
    else:
        assert owner.stdin
        owner.stdin.close()
    until(lambda: not any(map(runs, processes)))


def printed(owner: subprocess.Popen[bytes]) -> list[str]:
    assert owner.stdout
    return owner.stdout.readline().decode().split()


def interlaced(width: int, height: int) -> bytes:
    """A PNG whose pixels must all be held at once."""
    image = pyvips.Image.black(width, height, bands=3).copy(interpretation="srgb")
    return bytes(image.pngsave_buffer(interlace=True, compression=1))
