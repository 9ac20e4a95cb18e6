"""Calls to providers are kept once, in their order, for whoever asks what a photo has cost."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from application.stagers import ProviderCall, ProviderCalls
from infrastructure.postgres.database import Database
from infrastructure.staging.calls import PostgresProviderCalls
from tests.fakes.provider import MemoryProviderCalls


@pytest.fixture(params=["memory", "real"])
def calls(request: pytest.FixtureRequest) -> Iterator[ProviderCalls]:
    if request.param == "memory":
        yield MemoryProviderCalls()
        return
    database = Database(request.getfixturevalue("database").app_url, size=2)
    database.open()
    yield PostgresProviderCalls(database)
    database.close()


def _call(outcome: str, cost: int = 0) -> ProviderCall:
    return ProviderCall(uuid4(), "painter-1", outcome, 1200, cost, 1300, 1120)


def test_calls_are_kept_in_their_order_and_once(calls: ProviderCalls) -> None:
    job, photo, other = uuid4(), uuid4(), uuid4()
    busy, blank, image = _call("provider_busy"), _call("result_blank", 34_000), _call("image", 34_000)
    calls.add(job, photo, [busy, blank])
    calls.add(job, other, [_call("image")])
    calls.add(job, photo, [image])
    calls.add(job, photo, [image])
    calls.add(job, photo, [])
    assert calls.of(photo) == [busy, blank, image]


def test_a_photo_without_calls_has_none(calls: ProviderCalls) -> None:
    assert calls.of(uuid4()) == []
