"""The doctor sees when photos fail for no reason of theirs, and what becomes of messages to webhooks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from application.reasons import GIVEN_UP, TOLD
from infrastructure.doctor import outcomes
from infrastructure.doctor.findings import Finding, Severity
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.wiring import Container, build
from tests.interfaces.cli.test_seed import make_settings

_PHOTO = """
    INSERT INTO read_models.photos_v3 (
        photo_id, job_id, user_id, upload_id, number, name, original, original_media_type, root_photo_id, status,
        code, favourite, resolved_at)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, '', '', 'image/jpeg',
           gen_random_uuid(), %(status)s, %(code)s, false, clock_timestamp() - %(minutes)s * interval '1 minute'
    FROM generate_series(1, %(times)s)
"""
_ATTEMPTS = """
    WITH endpoint AS (
        INSERT INTO stage.webhook_endpoints (endpoint_id, user_id, url, secret, events)
        VALUES (gen_random_uuid(), gen_random_uuid(), '', '', '{}') RETURNING endpoint_id
    ), delivery AS (
        INSERT INTO stage.webhook_deliveries (delivery_id, endpoint_id, user_id, event, job_id, recorded_at, state)
        SELECT gen_random_uuid(), endpoint_id, gen_random_uuid(), 'job.completed', gen_random_uuid(), now(), 'pending'
        FROM endpoint RETURNING delivery_id
    )
    INSERT INTO stage.webhook_attempts (delivery_id, attempted_at, status, error)
    SELECT delivery_id, clock_timestamp() - minutes * interval '1 minute', status, error
    FROM delivery, (VALUES (1, 200, NULL), (59, 204, NULL), (61, 200, NULL), (1, 302, NULL), (1, 500, NULL),
                           (1, NULL, 'unreachable')) AS made (minutes, status, error)
"""


@pytest.fixture
def container(database: Any, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Container]:
    container = build(make_settings(database.app_url, valkey.url, tmp_path))
    container.open()
    yield container
    container.close()


def became(
    container: Container, status: str, code: str | None = None, *, times: int = 1, minutes: int = 1
) -> None:
    told = {"status": status, "code": code, "times": times, "minutes": minutes}
    container.database.execute(_PHOTO, told)


def photos(container: Container) -> Finding:
    (found,) = outcomes.photos(container)
    return found


def test_without_photos_all_is_well(container: Container) -> None:
    assert photos(container) == Finding(
        "photos",
        Severity.OK,
        "photos of the last hour: 0 staged, 0 refused, 0 unusable, 0 failed",
        {"staged": 0, "refused": 0, "unusable": 0, "failed": 0, "mostly": None},
    )


@pytest.mark.parametrize(
    ("failed", "severity"),
    [(0, Severity.OK), (3, Severity.OK), (4, Severity.WARNING), (20, Severity.FAILED)],
)
def test_it_is_told_when_photos_fail(container: Container, failed: int, severity: Severity) -> None:
    became(container, "staged", times=20)
    became(container, "failed", "provider_busy", times=failed)

    assert photos(container).severity is severity


def test_what_was_wrong_with_the_photos_themselves_wakes_nobody(container: Container) -> None:
    theirs = [code for code in TOLD if code.startswith(("photo_", "link_"))]
    for code in theirs:
        became(container, "failed", code, times=2)
    became(container, "refused", "refused_safety", times=50)
    became(container, "failed", GIVEN_UP)
    became(container, "failed", "timed_out", minutes=61, times=50)

    found = photos(container)
    assert found.severity is Severity.OK
    assert found.values == {
        "staged": 0,
        "refused": 50,
        "unusable": 2 * len(theirs),
        "failed": 1,
        "mostly": GIVEN_UP,
    }
    assert found.says.endswith(f"1 failed, mostly with {GIVEN_UP}")


def test_attempts_of_the_last_hour_are_counted_by_whether_they_were_taken(container: Container) -> None:
    container.database.execute(_ATTEMPTS)

    (found,) = outcomes.webhooks(container)
    assert found.values == {"delivered": 2, "in_vain": 3}
