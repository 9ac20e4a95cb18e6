"""Every error is told as a problem, in the words of one table, and gives nothing away."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from application.errors import ApplicationError
from application.photos import PhotoRejected
from application.stagers import StagedPicture
from domain.brief import Brief, Preset
from domain.errors import DomainError
from infrastructure.wiring import Container, build
from interfaces.rest.app import create_app
from interfaces.rest.errors.faults import RequestFault
from interfaces.rest.errors.table import ANSWERS, SUBJECTS
from interfaces.rest.problems import example


def descendants(kind: type[Exception]) -> set[type[Exception]]:
    below = set(kind.__subclasses__())
    return below.union(*(descendants(one) for one in below)) if below else below


@pytest.mark.parametrize("family", [DomainError, ApplicationError, PhotoRejected, RequestFault])
def test_every_error_has_its_own_line_in_the_table(family: type[Exception]) -> None:
    assert descendants(family) - ANSWERS.keys() == set()


def test_no_error_is_told_by_two_subjects() -> None:
    assert sum(len(subject) for subject in SUBJECTS) == len(ANSWERS)


def test_every_detail_can_be_told_from_its_values() -> None:
    for known in ANSWERS.values():
        assert "{" not in example(known)["detail"]


def test_one_code_always_has_one_status() -> None:
    statuses: dict[str, set[int]] = {}
    for known in ANSWERS.values():
        statuses.setdefault(known.code, set()).add(known.status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_an_unknown_address_is_a_problem_with_a_code_and_the_request_id(stranger: TestClient[Any]) -> None:
    answer = stranger.get("/api/v1/nothing", headers={"X-Request-Id": "r-1"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/docs#problem-not_found",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
        "detail": "There is nothing at this address.",
        "request_id": "r-1",
    }


@pytest.mark.parametrize("path", ["/api/v1/audit/events/export/%00", "/sandbox/checkouts/%00"])
def test_nothing_is_at_an_address_with_a_nul(stranger: TestClient[Any], path: str) -> None:
    answer = stranger.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_wrong_method_is_told_which_would_be_right(stranger: TestClient[Any]) -> None:
    answer = stranger.delete("/api/v1/presets")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "GET" in answer.json()["detail"]


@dataclass(frozen=True)
class BrokenStager:
    @property
    def presets(self) -> frozenset[Preset]:
        raise RuntimeError("the password is hunter2")

    def stage(self, photo: bytes, brief: Brief) -> StagedPicture:
        raise NotImplementedError


def test_what_nobody_expected_gives_away_nothing_but_the_request_id(container: Container) -> None:
    broken = replace(container, stager=BrokenStager())
    with TestClient(create_app(broken), raise_server_exceptions=False) as client:
        answer = client.get("/api/v1/presets")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "hunter2" not in answer.text


def test_while_the_database_is_away_requests_are_told_to_come_back(settings: Any) -> None:
    away = build(msgspec.structs.replace(settings, database_url="postgresql://stage_app@localhost:1/stage"))
    with TestClient(create_app(away), raise_server_exceptions=False) as client:
        answer = client.get("/api/v1/me", headers={"Authorization": "Bearer something"})

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
