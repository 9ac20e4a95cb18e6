"""A worker with real PostgreSQL and Valkey, in this process and in ones that are killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis

from application.reactions import Answer
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.postgres.database import Database
from infrastructure.reactions.bell import Bell
from interfaces.workers.worker import Pace, Worker, run_until_signalled
from tests.infrastructure.reactions.rows import KIND, Toy, add, row, wait_until
from tests.servers import FreshDatabase

ROOT = Path(__file__).parents[3]
SWEEPING = Pace(lease=timedelta(seconds=15), renewal=0.5, sweep=0.1, glance=20, grace=5)
NOT_SWEEPING = Pace(lease=timedelta(seconds=15), renewal=0.5, sweep=3600, glance=20, grace=5)


@pytest.fixture
def pool(database: FreshDatabase) -> Iterator[Database]:
    pool = Database(database.app_url)
    pool.open()
    yield pool
    pool.close()


@pytest.fixture
def client(valkey: EmbeddedValkey) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(valkey.url, socket_connect_timeout=2, socket_timeout=2) as client:
        yield client


@contextmanager
def working(pool: Database, client: "redis.Redis", toy: Toy, pace: Pace = SWEEPING) -> Iterator[Worker]:
    worker = Worker(pool, client, {KIND: toy.performer}, threads=4, pace=pace)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def done(pool: Database, *reaction_ids: UUID) -> Callable[[], bool]:
    return lambda: all(row(pool, one).state == "done" for one in reaction_ids)


def bells(client: "redis.Redis") -> int:
    waiting: Any = client.llen(f"stage:bells:{KIND}")
    return int(waiting)


def test_a_bell_has_the_next_reaction_performed(pool: Database, client: "redis.Redis") -> None:
    toy = Toy()
    with working(pool, client, toy, NOT_SWEEPING):
        reaction_id = add(pool)
        Bell(client).ring(KIND)
        wait_until(done(pool, reaction_id))
    assert toy.calls == [reaction_id]


def test_bells_too_many_are_harmless(pool: Database, client: "redis.Redis") -> None:
    toy = Toy()
    with working(pool, client, toy, NOT_SWEEPING):
        reactions = [add(pool) for _ in range(5)]
        Bell(client).ring(KIND, 50)
        wait_until(lambda: bells(client) == 0)
        wait_until(done(pool, *reactions))
    assert Counter(toy.calls) == Counter(reactions)


def test_what_redis_forgot_is_found_by_sweeping(pool: Database, client: "redis.Redis") -> None:
    toy = Toy()
    reactions = [add(pool) for _ in range(20)]
    Bell(client).ring(KIND, 20)
    client.flushall()
    with working(pool, client, toy):
        wait_until(done(pool, *reactions))
        client.flushall()
        later = [add(pool) for _ in range(20)]
        wait_until(done(pool, *later))
    assert Counter(toy.calls) == Counter(reactions + later)


def test_what_is_due_later_is_performed_then(pool: Database, client: "redis.Redis") -> None:
    toy = Toy()
    with working(pool, client, toy):
        soon, in_an_hour = add(pool, due_in=timedelta(seconds=0.5)), add(pool, due_in=timedelta(hours=1))
        wait_until(done(pool, soon))
    assert (toy.calls, row(pool, in_an_hour).state) == ([soon], "due")


def test_work_goes_on_without_redis_and_bells_are_heard_again_once_it_is_back_empty(
    pool: Database, client: "redis.Redis", valkey: EmbeddedValkey
) -> None:
    toy = Toy()
    with working(pool, client, toy):
        before = add(pool)
        wait_until(done(pool, before))
        valkey.stop()
        try:
            meanwhile = [add(pool) for _ in range(10)]
            wait_until(done(pool, *meanwhile))
        finally:
            valkey.start()
        assert bells(client) == 0
        Bell(client).ring(KIND, 3)
        wait_until(lambda: bells(client) == 0)
        after = add(pool)
        wait_until(done(pool, after))
    assert Counter(toy.calls) == Counter([before, *meanwhile, after])


def test_a_worker_may_start_before_redis(
    pool: Database, client: "redis.Redis", valkey: EmbeddedValkey
) -> None:
    toy = Toy()
    valkey.stop()
    with ExitStack() as running:
        try:
            running.enter_context(working(pool, client, toy))
            reaction_id = add(pool)
            wait_until(done(pool, reaction_id))
        finally:
            valkey.start()
        Bell(client).ring(KIND)
        wait_until(lambda: bells(client) == 0)


def test_two_workers_share_the_work(pool: Database, client: "redis.Redis") -> None:
    toys = [Toy(), Toy()]
    reactions = [add(pool) for _ in range(40)]
    with working(pool, client, toys[0]), working(pool, client, toys[1]):
        wait_until(done(pool, *reactions))
    assert Counter(toys[0].calls + toys[1].calls) == Counter(reactions)


def test_a_stopping_worker_finishes_what_it_began(pool: Database, client: "redis.Redis") -> None:
    began, finish = threading.Event(), threading.Event()

    def call(*_given: Any) -> Answer:
        began.set()
        finish.wait()
        return {}

    reaction_id = add(pool)
    with working(pool, client, Toy(call=call)):
        began.wait()
        threading.Timer(0.2, finish.set).start()
    assert row(pool, reaction_id).state == "done"


def test_a_worker_ends_in_time_while_redis_is_away(
    pool: Database, client: "redis.Redis", valkey: EmbeddedValkey
) -> None:
    began, finish = threading.Event(), threading.Event()

    def call(*_given: Any) -> Answer:
        began.set()
        finish.wait()
        return {}

    reaction_id = add(pool)
    try:
        with working(pool, client, Toy(call=call)):
            began.wait()
            valkey.stop()
            finish.set()
            wait_until(done(pool, reaction_id))
            leaving = time.monotonic()
        assert time.monotonic() - leaving < 8
    finally:
        valkey.start()


def test_a_signal_ends_the_worker_in_order(pool: Database, client: "redis.Redis") -> None:
    def call(*_given: Any) -> Answer:
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    reaction_id = add(pool)
    before = signal.getsignal(signal.SIGTERM)
    run_until_signalled(Worker(pool, client, {KIND: Toy(call=call).performer}, threads=1, pace=SWEEPING))
    assert (row(pool, reaction_id).state, signal.getsignal(signal.SIGTERM)) == ("done", before)


class Processes:
    """Worker processes, and the account that their performers keep."""

    def __init__(self, database: FreshDatabase, valkey: EmbeddedValkey, folder: Path) -> None:
        self._urls = [database.app_url, valkey.url]
        self._account = folder / "account"
        self._account.touch()
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, behaviour: str) -> "subprocess.Popen[bytes]":
        arguments = ["-m", "tests.interfaces.workers.toy_worker", *self._urls, behaviour, str(self._account)]
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT)
        self._started.append(process)
        return process

    def account(self) -> Counter[str]:
        return Counter(line.partition(" ")[0] for line in self._account.read_text().splitlines())

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()


@pytest.fixture
def processes(database: FreshDatabase, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(database, valkey, tmp_path)
    yield processes
    processes.end()


def test_what_kills_its_worker_three_times_is_given_up_and_dead(pool: Database, processes: Processes) -> None:
    reaction_id = add(pool)
    for _ in range(3):
        assert processes.start("die in call").wait(timeout=60) == -signal.SIGKILL
    processes.start("die in call")
    wait_until(lambda: row(pool, reaction_id).state == "dead")
    assert processes.account() == Counter(called=3, gave=1)


def test_a_crash_between_answer_and_record_does_not_call_again(pool: Database, processes: Processes) -> None:
    reaction_id = add(pool)
    assert processes.start("die in record").wait(timeout=60) == -signal.SIGKILL
    assert row(pool, reaction_id).answer == {"for": str(reaction_id)}
    processes.start("do")
    wait_until(done(pool, reaction_id))
    assert processes.account() == Counter(called=1, recording=2, recorded=1)


def test_a_killed_workers_work_is_taken_over_by_another(pool: Database, processes: Processes) -> None:
    reaction_id = add(pool)
    killed = processes.start("hang")
    wait_until(lambda: row(pool, reaction_id).state == "running")
    processes.start("do")
    killed.kill()
    wait_until(done(pool, reaction_id))
    assert row(pool, reaction_id).attempts == 2


def test_a_worker_that_is_told_to_end_lets_go_of_what_it_cannot_finish(
    pool: Database, processes: Processes
) -> None:
    reaction_id = add(pool)
    process = processes.start("hang")
    wait_until(lambda: row(pool, reaction_id).state == "running")
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert (row(pool, reaction_id).state, row(pool, reaction_id).attempts) == ("due", 0)
