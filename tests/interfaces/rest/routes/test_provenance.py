"""How a result came to be, as its owner is told."""

import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pytest

from application.pictures import results_of
from domain.job_photo import Provenance
from domain.personal import Personal
from tests.interfaces.rest.conftest import User, Users, picture

PROMPT = "You are an interior designer. The client wrote: warm light"


@pytest.fixture
def staged(ada: User) -> tuple[str, str]:
    """A job of Ada's and its photo, staged by a model in two attempts."""
    job = ada.container.jobs.owned(UUID(ada.submit()), ada.user_id)
    (photo,) = job.photos.values()
    result = ada.container.pictures.put(ada.user_id, results_of(job.id), picture("blue"), "image/jpeg")
    made = Provenance(
        engine="gemini",
        version="painter-2-001",
        input_sha256=photo.original,
        output_sha256=result,
        milliseconds=3007,
        model="painter-2",
        provider_sha256="c" * 64,
        prompt_version="stage@1-b569e11e",
        prompt=Personal(PROMPT),
        response_id="response-7",
        input_tokens=1300,
        output_tokens=1120,
        attempts=2,
        cost_micros=68_000,
    )
    ada.container.jobs.record_staged(job.id, photo.photo_id, result, "image/jpeg", made)
    ada.followers.catch_up()
    return str(job.id), str(photo.photo_id)


def told(user: User, job_id: str, photo_id: str) -> dict[str, Any]:
    (photo,) = user.get(f"/jobs/{job_id}").json()["photos"]
    assert photo["links"]["provenance"] == f"/api/v1/jobs/{job_id}/photos/{photo_id}/provenance"
    answer = user.get(f"/jobs/{job_id}/photos/{photo_id}/provenance")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_all_that_was_recorded_is_told(ada: User, staged: tuple[str, str]) -> None:
    job_id, photo_id = staged
    (photo,) = ada.container.jobs.owned(UUID(job_id), ada.user_id).photos.values()
    found = told(ada, *staged)
    assert (
        found.pop("output_sha256")
        == ada.container.jobs.owned(UUID(job_id), ada.user_id).results[photo.photo_id]
    )
    assert found.pop("staged_at").endswith("Z")
    assert found == {
        "photo_id": photo_id,
        "input_sha256": photo.original,
        "provider_sha256": "c" * 64,
        "engine": "gemini",
        "engine_version": "painter-2-001",
        "model": "painter-2",
        "prompt_version": "stage@1-b569e11e",
        "prompt": PROMPT,
        "response_id": "response-7",
        "input_tokens": 1300,
        "output_tokens": 1120,
        "attempts": 2,
        "cost_micros": 68_000,
        "milliseconds": 3007,
    }


def test_the_manifest_of_the_zip_tells_the_same(ada: User, staged: tuple[str, str]) -> None:
    with zipfile.ZipFile(io.BytesIO(ada.get(f"/jobs/{staged[0]}/download").content)) as archive:
        (photo,) = json.loads(archive.read("manifest.json"))["photos"]
    assert photo["provenance"] == told(ada, *staged)


def test_it_is_nobody_elses_and_gone_with_its_job(ada: User, staged: tuple[str, str], users: Users) -> None:
    path = f"/jobs/{staged[0]}/photos/{staged[1]}/provenance"
    assert users.join("bob@example.com").get(path).status_code == 404
    ada._request("DELETE", f"/jobs/{staged[0]}")
    ada.followers.catch_up()
    assert ada.get(path).status_code == 404


def test_what_is_not_staged_has_none(ada: User) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    assert photo["links"]["provenance"] is None
    assert ada.get(f"/jobs/{job_id}/photos/{photo['photo_id']}/provenance").status_code == 404


def test_the_darkrooms_has_no_model(ada: User) -> None:
    job_id = ada.submit()
    ada.stage(job_id)
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]
    found = told(ada, job_id, photo["photo_id"])
    assert (found["engine"], found["model"], found["prompt"], found["cost_micros"]) == (
        "darkroom",
        None,
        None,
        0,
    )
