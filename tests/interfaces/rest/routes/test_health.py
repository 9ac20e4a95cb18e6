"""Whether the API lives, and which of its parts are ready."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import psycopg
import pytest
from litestar.testing import TestClient

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from infrastructure.queries.tables import JOBS, READ_MODELS
from infrastructure.settings import Settings
from infrastructure.storage.pictures import ObjectPictures
from infrastructure.wiring import Container, build
from interfaces.rest.app import create_app
from interfaces.rest.routes.health import FAR_BEHIND

READY = "/api/v1/health/ready"


def parts(answer: httpx.Response) -> dict[str, Any]:
    return {part["name"]: part for part in answer.json()["parts"]}


def ready_with(settings: Settings, **changes: Any) -> httpx.Response:
    with TestClient(create_app(build(msgspec.structs.replace(settings, **changes)))) as client:
        return client.get(READY)


def test_a_process_that_answers_lives(stranger: httpx.Client) -> None:
    assert stranger.get("/api/v1/health/live").json() == {"status": "alive"}


def test_all_parts_are_ready(ada: Any) -> None:
    answer = ada.client.get(READY)

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert set(parts(answer)) == {"database", "redis", "object_store", *READ_MODELS}
    assert {part["state"] for part in answer.json()["parts"]} == {"ok"}
    assert parts(answer)[JOBS]["behind"] == 0


def test_without_the_database_it_is_not_ready(settings: Settings) -> None:
    answer = ready_with(settings, database_url="postgresql://stage_app@localhost:1/stage")

    assert (answer.status_code, answer.json()["status"]) == (503, "not_ready")
    assert parts(answer)["database"]["state"] == "away"
    assert parts(answer)["redis"]["state"] == "ok"


def test_without_redis_it_serves_only_slower(settings: Settings) -> None:
    answer = ready_with(settings, redis_url="redis://localhost:1")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert parts(answer)["redis"]["state"] == "away"


class LostPictures(ObjectPictures):
    """A store that cannot be reached."""

    def check(self) -> None:
        raise ConnectionRefusedError


def test_without_the_object_store_it_is_not_ready(container: Container) -> None:
    lost = replace(container, pictures=LostPictures(container.settings.object_store_url))
    with TestClient(create_app(lost)) as client:
        answer = client.get(READY)

    assert answer.status_code == 503
    assert parts(answer)["object_store"]["state"] == "away"


@pytest.mark.parametrize(
    ("behind", "status", "state"), [(FAR_BEHIND, 200, "ok"), (FAR_BEHIND + 1, 503, "behind")]
)
def test_read_models_that_are_still_being_built_are_not_ready(
    ada: Any, database: Any, behind: int, status: int, state: str
) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "SELECT setval('event_store.events_position_seq', max(position) + %s) FROM event_store.events",
            [behind - 1],
        )
    ledger = ada.container.store.get(CreditLedger, CreditLedger.id_for(ada.user_id))
    ledger.grant(uuid4(), Source.PROMO, 1, reference="one event, far on")
    ada.container.store.save(ledger)

    answer = ada.client.get(READY)

    assert answer.status_code == status
    assert parts(answer)[JOBS]["behind"] == behind
    assert parts(answer)[JOBS]["state"] == state
