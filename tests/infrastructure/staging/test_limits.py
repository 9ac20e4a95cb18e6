"""However many threads and workers call, a model gets no more calls at once and a minute than it may."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.staging import limits as limits_module
from infrastructure.staging.limits import FAILURES, SHARE, Busy, Limits, LocalLimits
from infrastructure.staging.models import ImageModel
from infrastructure.staging.shared_limits import RedisLimits, SharedLimits


def a_model(*, at_once: int = 3, per_minute: int = 100) -> ImageModel:
    return ImageModel(name="painter-1", size="1K", at_once=at_once, per_minute=per_minute, price={"1K": 1})


@pytest.fixture(params=["local", "redis", "shared"])
def kept(request: pytest.FixtureRequest) -> Iterator[Callable[[float], Limits]]:
    """Limits whose circuit stays open for so many seconds."""
    if request.param == "local":
        yield lambda seconds: LocalLimits(open_seconds=seconds)
        return
    server: EmbeddedValkey = request.getfixturevalue("valkey")
    kind = RedisLimits if request.param == "redis" else SharedLimits
    with redis.Redis.from_url(server.url) as client:
        yield lambda seconds: kind(client, open_seconds=seconds)


@pytest.fixture
def limits(kept: Callable[[float], Limits]) -> Limits:
    return kept(30.0)


def test_no_more_calls_at_once_than_may_be(limits: Limits) -> None:
    permits = [limits.enter(a_model(at_once=3), lease=60) for _ in range(3)]
    with pytest.raises(Busy) as busy:
        limits.enter(a_model(at_once=3), lease=60)
    assert not busy.value.resting
    limits.leave(permits[0])
    limits.enter(a_model(at_once=3), lease=60)


def test_no_more_calls_a_minute_than_may_be(limits: Limits) -> None:
    for _ in range(2):
        limits.leave(limits.enter(a_model(per_minute=2), lease=60))
    with pytest.raises(Busy) as busy:
        limits.enter(a_model(per_minute=2), lease=60)
    assert 50 < busy.value.seconds <= limits_module.WINDOW


def test_the_calls_of_a_dead_worker_are_not_counted_for_ever(limits: Limits) -> None:
    limits.enter(a_model(at_once=1), lease=0.05)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with suppress(Busy):
            limits.enter(a_model(at_once=1), lease=60)
            return
    pytest.fail("its place was never free again")


def test_a_model_rests_for_as_long_as_it_asked(limits: Limits) -> None:
    limits.rest("painter-1", 40)
    limits.rest("painter-1", 20)
    with pytest.raises(Busy) as busy:
        limits.enter(a_model(), lease=60)
    assert busy.value.resting
    assert 30 < busy.value.seconds <= 40


def test_failures_in_a_row_open_the_circuit(limits: Limits) -> None:
    assert [limits.failed("painter-1") for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
    with pytest.raises(Busy) as busy:
        limits.enter(a_model(), lease=60)
    assert busy.value.resting


def test_a_success_forgets_the_failures_before_it(limits: Limits) -> None:
    for _ in range(FAILURES - 1):
        limits.failed("painter-1")
    limits.succeeded("painter-1")
    assert not limits.failed("painter-1")
    limits.enter(a_model(), lease=60)


def test_after_its_pause_one_call_at_a_time_shows_whether_it_works(kept: Callable[[float], Limits]) -> None:
    limits = kept(0.01)
    for _ in range(FAILURES):
        limits.failed("painter-1")
    probe = _soon(limits)
    with pytest.raises(Busy):
        limits.enter(a_model(), lease=60)
    limits.succeeded("painter-1")
    limits.leave(probe)
    limits.enter(a_model(), lease=60)
    limits.enter(a_model(), lease=60)


def test_many_threads_never_pass_the_limit(limits: Limits) -> None:
    model, lock = a_model(at_once=4, per_minute=1000), threading.Lock()
    now_running, most = 0, 0

    def call(_: int) -> None:
        nonlocal now_running, most
        with suppress(Busy):
            permit = limits.enter(model, lease=60)
            with lock:
                now_running += 1
                most = max(most, now_running)
            with lock:
                now_running -= 1
            limits.leave(permit)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(call, range(400)))
    assert 1 <= most <= 4


def test_without_redis_a_process_keeps_to_its_share() -> None:
    away = redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    limits, model = SharedLimits(away), a_model(at_once=20, per_minute=1000)
    permits = [limits.enter(model, lease=60) for _ in range(20 // SHARE)]
    with pytest.raises(Busy):
        limits.enter(model, lease=60)
    limits.leave(permits[0])
    assert not limits.enter(model, lease=60).shared
    limits.rest("painter-1", 30)
    with pytest.raises(Busy):
        limits.enter(model, lease=60)


def _soon(limits: Limits) -> limits_module.Permit:
    deadline = time.monotonic() + 5
    while True:
        try:
            return limits.enter(a_model(), lease=60)
        except Busy:
            if time.monotonic() > deadline:
                raise
