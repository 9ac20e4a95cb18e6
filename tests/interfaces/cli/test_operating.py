"""Operators' commands on a real database: what they print with --json, and what their exit codes tell."""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from application.projections.credit_lots import CreditLots
from application.projections.registry import PROJECTIONS
from application.projections.users import Users
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.projections import rebuilds
from infrastructure.projections.engine import Projector
from tests.application.projections.histories import Play
from tests.infrastructure.following.tally import following, of, until
from tests.infrastructure.projections.parts import Parts, connected, parts
from tests.infrastructure.projections.poison import Buggy
from tests.infrastructure.projections.test_parking import follow
from tests.interfaces.cli import running
from tests.interfaces.cli.test_seed import KEY
from tests.servers import FreshDatabase

NOBODY = "00000000-0000-0000-0000-000000000009"
LOTS = CreditLots.table.versioned_name


@pytest.fixture
def environment(database: FreshDatabase, valkey: EmbeddedValkey, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "APP_ENV": "development",
        "DATABASE_URL": database.app_url,
        "REDIS_URL": valkey.url,
        "OBJECT_STORE_URL": (tmp_path / "pictures").as_uri(),
        "OUTBOX": str(tmp_path / "outbox"),
        "AUTH_SECRET": "s" * 40,
        "MASTER_KEY": KEY,
        "CLAIM_KEY": KEY,
        "ANCHOR_KEY": KEY,
    }


@pytest.fixture
def here(database: FreshDatabase) -> Iterator[Parts]:
    with parts(database.app_url) as here:
        Play(random.Random(1), here.store.save).run(60)
        yield here


def stage(environment: dict[str, str], *arguments: str, folder: Path | None = None) -> tuple[int, Any]:
    """The exit code, and what was printed as JSON."""
    ended = running.stage(environment, *arguments, "--json", folder=folder)
    assert ended.out, ended.err
    return ended.code, json.loads(ended.out)


def test_the_doctor_says_what_is_wrong_and_what_is_well(
    database: FreshDatabase, here: Parts, environment: dict[str, str], valkey: EmbeddedValkey
) -> None:
    code, said = stage(environment, "doctor")
    findings = {finding["says"]: finding["severity"] for finding in said["findings"]}
    assert (code, said["verdict"]) == (2, "failed")
    assert findings[f"nobody follows for {LOTS}: is `stage follow` running?"] == "failed"
    assert findings["no event is parked"] == "ok"

    end = here.log()[-1].position
    consumers = [Projector(projection) for projection in PROJECTIONS]
    with following(here, database.app_url, valkey.url, *consumers) as process:
        until(lambda: all(of(process, one.name).position == end for one in consumers))
        with psycopg.connect(database.superuser_url, application_name="somebody") as other:
            other.execute("SELECT pg_current_xact_id(), pg_sleep(5)")
            _, said = stage(environment, "doctor")
    followers = [one["values"] for one in said["findings"] if one["check"] == "follower"]
    assert {(one["events"], one["seconds"]) for one in followers if one["follower"] != "reactions"} == {
        (0, 0.0)
    }
    (held,) = [one for one in said["findings"] if one["check"] == "held_back"]
    assert (held["severity"], held["values"]["application_name"]) == ("warning", "somebody")
    holds = {one["check"]: one["severity"] for one in said["findings"]}
    assert {"oldest_hold", "oldest_job", "database", "redis", "object_store"} <= set(holds)


def test_a_read_model_is_mended_by_retry_rebuild_and_verify(
    database: FreshDatabase, here: Parts, environment: dict[str, str]
) -> None:
    with connected(database.app_url) as connection:
        log = here.log()
        held = [recorded for recorded in log if recorded.name == "CreditLedger.Held"][1].position
        follow(connection, Buggy(CreditLots(), lambda recorded: recorded.position == held), log)
        code, parked = stage(environment, "projections", "parked", "credit_lots")
        assert (code, parked[0]["position"], parked[0]["read_model"]) == (0, held, LOTS)
        assert stage(environment, "projections", "retry", "credit_lots") == (
            0,
            {LOTS: {"folded": len(parked), "left": 0}},
        )
        connection.execute(f"UPDATE read_models.{LOTS} SET reference = 'wrong'".encode())
        code, (verified,) = stage(environment, "projections", "verify", "credit_lots")
        assert (code, verified["differing"]) == (1, verified["rows"])
        code, (refused,) = stage(environment, "projections", "rebuild", LOTS, "--processes", "1")
        assert (code, refused["swapped"], refused["compared"]["differing"]) == (1, False, verified["rows"])
        code, (done,) = stage(environment, "projections", "rebuild", LOTS, "--accept", "--processes", "1")
        assert (code, done["swapped"]) == (0, True)
        code, (verified,) = stage(environment, "projections", "verify", "credit_lots", "--sample")
        assert (code, verified["differing"]) == (0, 0)


def refused(environment: dict[str, str], *arguments: str, folder: Path | None = None) -> str:
    """What a command says that cannot be done."""
    ended = running.stage(environment, *arguments, folder=folder)
    assert ended.code == 1, ended
    return " ".join(ended.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("projections rebuild", "name one projection, or say --all: there are users, jobs"),
        ("projections rebuild users --all", "name one projection, or say --all"),
        ("projections verify nothing", "there is no projection 'nothing': name one of users, jobs"),
        ("projections rebuild users --processes 0", "Must be >= 1"),
        ("projections parked --limit -1", "Must be >= 1"),
        (f"projections show users {NOBODY}", f"nothing was recorded of {NOBODY} by then"),
        ("projections show users somebody", "unable to convert"),
        ("reactions list --state lost", 'Choose from: "due", "running", "done", "dead", "dropped"'),
        ("reactions list --kind paint", "there are no reactions of kind 'paint', nor of any other"),
        (f"reactions show {NOBODY}", f"there is no reaction {NOBODY}"),
        (f"reactions retry {NOBODY}", f"there is no reaction {NOBODY}"),
        (f"reactions drop {NOBODY} --reason why", f"there is no reaction {NOBODY}"),
        (f"reactions drop {NOBODY}", "--reason requires an argument"),
        ("events tail --limit 0", "Must be >= 1"),
        ("events verify --export", "--export requires an argument"),
        ("doctor --loudly", "Unknown option: --loudly"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_could_be(
    environment: dict[str, str], arguments: str, said: str
) -> None:
    assert said in refused(environment, *arguments.split())


def test_a_database_that_was_never_migrated_is_told_of(
    environment: dict[str, str], empty_database: FreshDatabase
) -> None:
    environment["DATABASE_URL"] = empty_database.app_url
    assert "run `stage migrate up`" in refused(environment, "projections", "list")


def test_commands_find_what_stage_up_runs_here(environment: dict[str, str], tmp_path: Path) -> None:
    names = (
        "REDIS_URL",
        "OBJECT_STORE_URL",
        "OUTBOX",
        "AUTH_SECRET",
        "MASTER_KEY",
        "CLAIM_KEY",
        "ANCHOR_KEY",
    )
    settings = {name: environment.pop(name) for name in ("DATABASE_URL", *names)}
    assert "nothing runs in .stage" in refused(environment, "doctor", folder=tmp_path)
    (tmp_path / ".stage").mkdir()
    (tmp_path / ".stage" / "environment.json").write_text(json.dumps(settings))
    code, listed = stage(environment, "projections", "list", folder=tmp_path)
    assert (code, listed[0]["position"]) == (0, 0)


def test_a_rebuild_that_was_begun_can_be_given_up(environment: dict[str, str], here: Parts) -> None:
    assert stage(environment, "projections", "rebuild", "users", "--abandon") == (0, {"abandoned": []})
    with here.database.connection() as connection:
        rebuilds.begin(connection, Users(), step=rebuilds.INDEXING, position=0, events=0, parts=[])
    told = {"abandoned": [Users.table.versioned_name]}
    assert stage(environment, "projections", "rebuild", "users", "--abandon") == (0, told)


def test_a_dead_reaction_is_dropped_with_a_reason_that_is_kept(
    database: FreshDatabase, environment: dict[str, str]
) -> None:
    reaction_id = str(uuid4())
    with connected(database.app_url) as connection:
        connection.execute(
            """
            INSERT INTO stage.reactions (id, kind, owner, "references", state, due_at, correlation, ended_at)
            VALUES (%s, 'stage_photo', %s, '{}', 'dead', now(), 'r-1', now())
            """,
            [reaction_id, uuid4()],
        )
    code, (listed,) = stage(environment, "reactions", "list", "--state", "dead")
    assert (code, listed["reaction_id"]) == (0, reaction_id)
    code, dropped = stage(environment, "reactions", "drop", reaction_id, "--reason", "the photo is gone")
    assert (code, dropped["state"]) == (0, "dropped")
    _, shown = stage(environment, "reactions", "show", reaction_id)
    assert (shown["state"], shown["dropped_because"]) == ("dropped", "the photo is gone")
    assert shown["dropped_by"].startswith("operator:")
