"""`stage seed`: made-up people whose jobs show every state, made through the use cases, and made once."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domain.job_photo import JobStatus, Outcome
from domain.photo_job import PhotoJob
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.settings import Environment, Settings
from infrastructure.wiring import build
from interfaces.cli.local import NotRunning, environment_of
from interfaces.cli.seed import SeedRefused, plant
from interfaces.cli.seeding.people import people
from tests.races.ground import Ground

KEY = base64.b64encode(b"k" * 32).decode()


def make_settings(database_url: str, redis_url: str, folder: Path, **others: Any) -> Settings:
    return Settings(
        app_url="http://127.0.0.1:1",  # where nobody listens to what the sandbox tells
        database_url=database_url,
        redis_url=redis_url,
        object_store_url=(folder / "pictures").as_uri(),
        outbox=str(folder / "outbox"),
        auth_secret="s" * 40,
        master_key=KEY,
        claim_key=KEY,
        anchor_key=KEY,
        **others,
    )


@pytest.fixture
def settings(database: Any, valkey: EmbeddedValkey, tmp_path: Path) -> Settings:
    return make_settings(database.app_url, valkey.url, tmp_path)


def test_it_makes_jobs_in_every_state_whose_ledgers_add_up_and_makes_them_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    everybody = people(seed=7, count=2)
    plant(settings, everybody)
    shown = capsys.readouterr().out
    assert all(person.email in shown for person in everybody)
    container = build(settings)
    container.open()
    ground = Ground(container)
    log = ground.log()
    jobs = [ground.job(one.stream_id) for one in log if one.name == "PhotoJob.Submitted"]
    assert {job.status for job in jobs} == set(JobStatus)
    assert {outcome for job in jobs for outcome in job.outcomes.values()} == set(Outcome)
    happened = {one.name for one in log}
    assert happened >= {"Purchase.Paid", "Purchase.PaymentFailed", "Purchase.CheckoutExpired"}
    assert happened >= {"CreditLedger.Reversed", "CreditLedger.Frozen"}
    assert happened >= {"User.EmailVerified", "PhotoJob.GroupRenamed", "PhotoJob.Deleted"}
    assert {job.parent_job_id for job in jobs} - {None} <= {job.id for job in jobs}
    assert results_are_there(ground, jobs)
    ground.check()
    plant(settings, everybody)
    assert "All of it was there already" in capsys.readouterr().out
    assert len(ground.log()) == len(log)
    container.close()


def results_are_there(ground: Ground, jobs: list[PhotoJob]) -> bool:
    return all(
        ground.container.pictures.has(job.user_id, f"results/{job.id}", result)
        for job in jobs
        for result in job.results.values()
        if not job.removed
    )


def test_the_same_seed_makes_the_same_people_and_another_one_others() -> None:
    assert people(seed=1, count=3) == people(seed=1, count=9)[:3]
    emails = [person.email for seed in (1, 2) for person in people(seed, 20)]
    assert len(set(emails)) == len(emails)


def test_it_refuses_production(tmp_path: Path) -> None:
    production = make_settings("postgresql://", "redis://", tmp_path, app_env=Environment.PRODUCTION)
    with pytest.raises(SeedRefused, match="APP_ENV is production"):
        plant(production, people(seed=1, count=1))


def test_it_says_when_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="nothing runs in"):
        environment_of(tmp_path)


def test_as_a_command_it_explains_what_is_missing(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    ended = subprocess.run(
        [sys.executable, "-m", "interfaces.cli.main", "seed", "--folder", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "start it with `stage up`" in ended.stderr
