"""Operators see read models and reactions, have one rebuilt, and begin what died again; nobody else does."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from application.projections.jobs import Jobs
from application.projections.registry import PROJECTIONS
from domain.user import Role, User
from infrastructure import wiring
from tests.infrastructure.following.tally import until

READ_MODEL = Jobs.table.versioned_name


@pytest.fixture
def operator(ada: Any) -> Any:
    user = ada.container.store.get(User, ada.user_id)
    user.grant_role(Role.OPERATOR)
    ada.container.store.save(user)
    ada.followers.catch_up()
    return ada


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/operations/projections"),
        ("POST", "/operations/projections/jobs/rebuild"),
        ("GET", "/operations/reactions"),
        ("POST", "/operations/reactions/00000000-0000-0000-0000-000000000001/retry"),
    ],
)
def test_only_operators_are_let_in(ada: Any, method: str, path: str) -> None:
    refused = ada._request(method, path)

    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")


def test_every_follower_is_shown_with_its_lag(operator: Any) -> None:
    shown = {one["name"]: one for one in operator.get("/operations/projections").json()["items"]}

    assert set(shown) == {*(one.table.versioned_name for one in PROJECTIONS), "reactions"}
    jobs = shown[READ_MODEL]
    assert (jobs["behind_events"], jobs["parked"], jobs["rebuild"]) == (0, 0, None)
    assert jobs["followed"] is False, "the tests' followers lead nothing"


def test_a_rebuild_that_was_asked_for_is_done_by_a_following_process(operator: Any) -> None:
    operator.submit(photos=1)
    operator.followers.catch_up()
    before = operator.get("/jobs").json()

    asked = operator.post("/operations/projections/jobs/rebuild")
    assert (asked.status_code, asked.json()["rebuild"]) == (202, "wanted")
    rebuilder = wiring.rebuilder(operator.container)
    rebuilder.start()
    until(lambda: state(operator)["rebuild"] is None)
    rebuilder.stop()

    assert operator.get("/jobs").json() == before


def test_a_read_model_that_is_none_is_not_found(operator: Any) -> None:
    assert operator.post("/operations/projections/nothing/rebuild").status_code == 404


@pytest.mark.parametrize(
    "asked", [{"kind": "\0"}, {"kind": "Stage photo"}, {"state": "\0"}, {"state": "odd"}]
)
def test_what_no_reaction_can_be_is_told(operator: Any, asked: dict[str, str]) -> None:
    answer = operator.get("/operations/reactions", params=asked)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(asked)))


def test_a_dead_reaction_is_begun_again(operator: Any, database: Any) -> None:
    dead, done = uuid4(), uuid4()
    with psycopg.connect(database.app_url) as connection:
        for reaction_id, found in ((dead, "dead"), (done, "done")):
            connection.execute(
                """
                INSERT INTO stage.reactions
                    (id, kind, owner, "references", state, due_at, attempts, correlation, ended_at)
                VALUES (%s, 'stage_photo', %s, '{}', %s, now(), 5, 'r-1', now())
                """,
                [reaction_id, operator.user_id, found],
            )
    listed = operator.get("/operations/reactions", params={"state": "dead"}).json()["items"]
    assert [(one["reaction_id"], one["attempts"]) for one in listed] == [(str(dead), 5)]

    retried = operator.post(f"/operations/reactions/{dead}/retry")
    refused = operator.post(f"/operations/reactions/{done}/retry")
    unknown = operator.post(f"/operations/reactions/{uuid4()}/retry")

    assert (retried.status_code, retried.json()["state"], retried.json()["attempts"]) == (202, "due", 0)
    assert (refused.status_code, refused.json()["code"]) == (409, "reaction_not_dead")
    assert unknown.status_code == 404


def state(operator: Any) -> Any:
    found = operator.get("/operations/projections").json()["items"]
    return next(one for one in found if one["name"] == READ_MODEL)
