"""The doctor looks after the followers: what their read models lack."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.doctor import following
from infrastructure.doctor.findings import Severity
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.wiring import Container, build
from tests.interfaces.cli.test_seed import make_settings


@pytest.fixture
def container(database: Any, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Container]:
    container = build(make_settings(database.app_url, valkey.url, tmp_path))
    container.open()
    yield container
    container.close()


def park(container: Container, read_model: str, place: str, positions: range) -> None:
    container.database.execute(
        "INSERT INTO stage.parked_events (read_model, place, position, stream_id, name, keys, error) "
        "SELECT %s, %s, position, gen_random_uuid(), 'PhotoJob.Submitted', '{row}', 'KeyError' "
        "FROM generate_series(%s::bigint, %s) AS position",
        [read_model, place, positions.start, positions.stop - 1],
    )


def test_every_event_that_a_read_model_lacks_is_counted(container: Container) -> None:
    park(container, "jobs_v2", "read_models", range(8, 2_508))
    park(container, "statement_v2", "read_models", range(5, 6))
    park(container, "statement_v2", "shadow", range(2, 4))  # a rebuild's own, which nobody reads yet
    assert [(finding.severity, finding.values) for finding in following.parked_events(container)] == [
        (Severity.FAILED, {"read_model": "jobs_v2", "events": 2_500, "first": 8}),
        (Severity.FAILED, {"read_model": "statement_v2", "events": 1, "first": 5}),
    ]


def test_no_parked_event_is_well(container: Container) -> None:
    (finding,) = following.parked_events(container)
    assert (finding.severity, finding.says) == (Severity.OK, "no event is parked")
