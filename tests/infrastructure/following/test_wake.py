"""Waking others ends in order, and says the last that it has to say."""

import threading
import time

import redis

from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.following.wake import CHANNEL, REST, Wake


def test_what_was_asked_for_before_the_end_is_told_and_nothing_runs_on(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client, client.pubsub() as heard:
        heard.subscribe(CHANNEL)
        assert heard.get_message(timeout=5)
        before = set(
            threading.enumerate()
        )  # other tests' programs may be open, with threads of the same name
        wake = Wake(client)
        wake()
        wake.close()
        assert heard.get_message(ignore_subscribe_messages=True, timeout=5)
        assert not set(threading.enumerate()) - before
        wake()
        assert not set(threading.enumerate()) - before


def test_commits_that_follow_each_other_closely_are_told_of_together(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client, client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(CHANNEL)
        assert heard.get_message(timeout=5) is None
        wake, began = Wake(client), time.monotonic()
        for _ in range(10_000):
            wake()
        wake.close()
        most = 2 + (time.monotonic() - began) / REST
        messages = 0
        while heard.get_message(timeout=0.5):
            messages += 1
    assert 1 <= messages <= most


def test_one_that_never_told_anything_ends_too(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        Wake(client).close()
