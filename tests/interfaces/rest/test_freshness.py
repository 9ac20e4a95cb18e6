"""Reading one's own writes."""

from typing import Any

import pytest

PATHS = ["/me", "/jobs", "/billing/credits", "/billing/statement"]


@pytest.mark.parametrize("path", PATHS)
def test_a_query_that_knows_the_position_answers_at_once(resident: Any, path: str) -> None:
    position = resident.post("/auth/verification").headers.get("event-position", "1")

    assert resident.get(path, headers={"Wait-For-Position": position}).status_code == 200


def test_a_query_says_so_when_its_read_model_does_not_come_that_far(ada: Any) -> None:
    recorded = ada.post("/jobs", {"photos": [{"upload_id": ada.upload()}], "brief": {"preset": "enhance"}})

    answer = ada.get("/jobs", headers={"Wait-For-Position": recorded.headers["event-position"]})

    assert (answer.status_code, answer.json()["code"]) == (503, "read_model_behind")
    assert answer.headers["retry-after"] == "1"


def test_nobody_waits_for_a_position_that_no_answer_told(ada: Any) -> None:
    answer = ada.get("/jobs", headers={"Wait-For-Position": "999999"})

    assert (answer.status_code, answer.json()["code"]) == (409, "position_unknown")
    assert answer.json()["position"] == 999_999


def test_a_job_is_found_at_the_position_that_its_submission_answered(ada: Any) -> None:
    answer = ada.post("/jobs", {"photos": [{"upload_id": ada.upload()}], "brief": {"preset": "enhance"}})
    job = answer.json()["links"]["job"].removeprefix("/api/v1")
    assert ada.get(job).status_code == 404

    ada.followers.catch_up()

    found = ada.get(job, headers={"Wait-For-Position": answer.headers["event-position"]})
    assert found.status_code == 200


def test_what_recorded_nothing_has_no_position(resident: Any) -> None:
    assert "event-position" not in resident.get("/me").headers


def test_a_position_that_is_no_number_is_told_without_speaking_of_null(ada: Any) -> None:
    """A header can be left out, but nobody can send null in one."""
    answer = ada.client.get("/api/v1/jobs", headers={**ada.headers, "Wait-For-Position": "soon"})

    assert answer.json()["errors"] == [{"field": "Wait-For-Position", "problem": "Expected `int`, got `str`"}]
