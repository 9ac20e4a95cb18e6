"""Gemini's stager with everything real around it but Gemini itself, which is the stand-in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.postgres.database import Database
from infrastructure.staging.gemini import GeminiStager
from infrastructure.staging.gemini_client import GeminiClient
from infrastructure.staging.limits import Limits, LocalLimits
from infrastructure.staging.models import ImageModel, ModelRegistry
from infrastructure.staging.prompting import Prompts
from infrastructure.staging.spending import DailySpending
from tests.standins.gemini import KEY, StandIn

SAMPLES = Path(__file__).parents[3] / "samples"
DOLLARS = 1_000_000
FIRST = ImageModel(name="painter-2", size="1K", at_once=8, per_minute=100, price={"1K": 34_000}, batch=0.5)
SECOND = ImageModel(name="painter-1", size="1K", at_once=8, per_minute=100, price={"1K": 134_000}, batch=0.5)

Made = Callable[..., GeminiStager]


@pytest.fixture(scope="session")
def darkroom() -> Iterator[LocalDarkroom]:
    darkroom = LocalDarkroom()
    yield darkroom
    darkroom.close()


@pytest.fixture(scope="session")
def room() -> bytes:
    """A photo of a room."""
    return (SAMPLES / "kitchen.jpg").read_bytes()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@dataclass
class Spent:
    """A database for what is spent, shared by the tests of a module: each of them counts from what it finds."""

    database: Database

    @property
    def micros(self) -> int:
        row = self.database.one("SELECT coalesce(sum(micros), 0)::bigint FROM stage.provider_spending")
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def spent(request: pytest.FixtureRequest) -> Iterator[Spent]:
    with request.getfixturevalue("databases").migrated() as fresh:
        database = Database(fresh.app_url, size=4)
        database.open()
        yield Spent(database)
        database.close()


@pytest.fixture
def made(stand_in: StandIn, darkroom: LocalDarkroom, spent: Spent) -> Iterator[Made]:
    """Makes stagers that ask the stand-in."""
    stagers: list[GeminiStager] = []

    def make(
        *models: ImageModel,
        key: str = KEY,
        deadline: float = 20.0,
        cap: int = 1000 * DOLLARS,
        limits: Limits | None = None,
    ) -> GeminiStager:
        stager = GeminiStager(
            GeminiClient(key, url=stand_in.url, deadline=deadline),
            registry=ModelRegistry(date(2026, 11, 22), models or (FIRST,)),
            prompts=Prompts(),
            limits=limits or LocalLimits(),
            spending=DailySpending(spent.database, cap_micros=cap),
            darkroom=darkroom,
        )
        stagers.append(stager)
        return stager

    yield make
    for stager in stagers:
        stager.close()
