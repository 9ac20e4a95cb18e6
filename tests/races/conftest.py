"""A ground of its own for each race."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.settings import Settings
from infrastructure.wiring import build
from tests.races.ground import Ground

RACERS = 32
"""How many can have a connection at once."""


@pytest.fixture
def ground(
    database: Any,  # a FreshDatabase, whose module pytest must import itself
    valkey: EmbeddedValkey,
    tmp_path: Path,
) -> Iterator[Ground]:
    container = build(
        Settings(
            database_url=database.app_url,
            database_pool=RACERS,
            redis_url=valkey.url,
            object_store_url=(tmp_path / "pictures").as_uri(),
            outbox=str(tmp_path / "outbox"),
            auth_secret="s" * 40,
            master_key=base64.b64encode(b"m" * 32).decode(),
            claim_key=base64.b64encode(b"c" * 32).decode(),
            anchor_key=base64.b64encode(b"a" * 32).decode(),
        )
    )
    container.open()
    yield Ground(container)
    container.close()
