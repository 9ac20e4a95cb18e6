"""Operators' commands on a real database: what they print with --json, and what their exit codes tell."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from application.projections.credit_lots import CreditLots
from application.projections.registry import PROJECTIONS
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.projections.engine import Projector
from tests.application.projections.histories import Play
from tests.infrastructure.following.tally import following, of, until
from tests.infrastructure.projections.parts import Parts, connected, parts
from tests.infrastructure.projections.poison import Buggy
from tests.infrastructure.projections.test_parking import follow
from tests.interfaces.cli.test_seed import KEY
from tests.servers import FreshDatabase

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


def stage(environment: dict[str, str], *arguments: str) -> tuple[int, Any]:
    """The exit code, and what was printed as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "interfaces.cli.main", *arguments, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


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
