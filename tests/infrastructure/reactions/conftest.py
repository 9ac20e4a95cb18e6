"""A pool on the test's own database, and the queue on it."""

from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.postgres.database import Database
from infrastructure.reactions.queue import ReactionQueue


@pytest.fixture
def pool(database: Any) -> Iterator[Database]:  # a FreshDatabase, whose module pytest must import itself
    pool = Database(database.app_url)
    pool.open()
    yield pool
    pool.close()


@pytest.fixture
def queue(pool: Database) -> ReactionQueue:
    return ReactionQueue(pool)
