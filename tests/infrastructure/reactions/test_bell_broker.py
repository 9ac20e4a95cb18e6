"""What a worker hears: every kind's bells, no more than it can answer, lower ranks sooner."""

from collections import Counter
from collections.abc import Iterator

import dramatiq
import pytest
import redis
from dramatiq import Consumer, MessageProxy

from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.reactions.bell import Bell
from infrastructure.reactions.bell_broker import QUEUE, BellBroker

GLANCE = 20
"""Milliseconds that an ear waits for a bell."""


@pytest.fixture
def bell(valkey: EmbeddedValkey) -> Iterator[Bell]:
    with redis.Redis.from_url(valkey.url) as client:
        yield Bell(client)


def ear(bell: Bell, *, threads: int, **ranks: int) -> Consumer:
    """Of a worker that has an actor of each of these kinds."""
    broker = BellBroker(bell, threads=threads)
    for kind, rank in ranks.items():
        dramatiq.actor(broker=broker, actor_name=kind, queue_name=QUEUE, priority=rank)(lambda: None)
    return broker.consume(QUEUE, timeout=GLANCE)


def heard(ear: Consumer) -> MessageProxy:
    """The next bell, which must have been rung."""
    message = next(ear)
    assert message is not None
    return message


def test_bells_of_all_kinds_are_heard_and_each_once(bell: Bell) -> None:
    hearing = ear(bell, threads=9, stage=10, mail=0, wash=20)
    bell.ring("stage", 3)
    bell.ring("mail")
    assert Counter(heard(hearing).actor_name for _ in range(4)) == Counter(stage=3, mail=1)
    assert next(hearing) is None


def test_bells_of_other_kinds_are_left_to_others(bell: Bell) -> None:
    bell.ring("wash")
    assert next(ear(bell, threads=1, mail=0)) is None
    assert heard(ear(bell, threads=1, wash=0)).actor_name == "wash"


def test_no_more_bells_are_heard_than_threads_can_answer(bell: Bell) -> None:
    busy, idle = ear(bell, threads=1, mail=0), ear(bell, threads=1, mail=0)
    bell.ring("mail", 3)
    first = heard(busy)
    assert next(busy) is None
    failed = heard(idle)
    busy.ack(first)
    idle.nack(failed)
    assert [heard(busy).actor_name, next(idle)] == ["mail", None]


def test_lower_ranks_are_sooner_heard_and_no_other_is_left_out(bell: Bell) -> None:
    hearing = ear(bell, threads=1, stage=10, delete=20)
    bell.ring("stage", 100)
    bell.ring("delete", 100)
    first: Counter[str] = Counter()
    for _ in range(100):
        message = heard(hearing)
        first[message.actor_name] += 1
        hearing.ack(message)
    assert first["stage"] > first["delete"] > 0


def test_what_a_stopping_worker_has_heard_rings_for_others(bell: Bell) -> None:
    leaving = ear(bell, threads=2, mail=0)
    bell.ring("mail", 2)
    leaving.requeue([heard(leaving), heard(leaving)])
    staying = ear(bell, threads=2, mail=0)
    assert [heard(staying).actor_name, heard(staying).actor_name] == ["mail", "mail"]


def test_without_redis_nothing_is_heard_and_nothing_is_raised() -> None:
    hearing = ear(Bell(redis.Redis.from_url("redis://127.0.0.1:1")), threads=1, mail=0)
    assert [next(hearing), next(hearing)] == [None, None]
    hearing.requeue([MessageProxy(dramatiq.Message(QUEUE, "mail", (), {}, {}))])
