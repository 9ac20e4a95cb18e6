"""Whatever the provider does, the user pays for the delivered photos alone, is told why, and the job ends."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image

from application.performers import performers
from application.pictures import provider_results_of
from application.reasons import TOLD
from application.rules import RULES, STAGE_PHOTO
from domain.brief import Brief, Preset, RoomType
from domain.job_photo import JobStatus, Outcome, Provenance
from domain.personal import Personal
from infrastructure.reactions.bell import Bell
from infrastructure.reactions.leases import Leases
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.reactions.writer import ReactionWriter
from infrastructure.settings import Settings
from infrastructure.staging.gemini import GeminiStager
from infrastructure.staging.prompting import Prompts
from infrastructure.wiring import build
from interfaces.cli.jobs import costs
from tests.infrastructure.staging.conftest import SAMPLES
from tests.races.ground import Ground
from tests.standins.gemini import KEY, Batch, StandIn

CREDITS = 60
PATIENT = 30.0
"""Seconds for a call, on however busy a machine."""
SECRET_WISH = "with the red armchair of my grandmother"
MODELS = """
checked = 2026-11-22
[[models]]
name = "painter-2"
size = "1K"
at_once = 8
per_minute = 1000
batch = 0.5
[models.price]
1K = 34_000
"""


_A_MOMENT_LATER = """
    UPDATE stage.reactions SET due_at = statement_timestamp()
    WHERE kind = %s AND due_at > statement_timestamp() AND due_at < 'infinity'
"""


class Staged:
    """A whole program whose provider is the stand-in, one reaction at a time and without pauses."""

    def __init__(self, ground: Ground, stand_in: StandIn) -> None:
        self.ground, self.stand_in = ground, stand_in
        self.container = container = ground.container
        self.user = ground.user(credits=CREDITS)
        queue = ReactionQueue(container.database)
        performed = performers(replace(container, staging=replace(container.staging, poll=timedelta(0))))
        quick = {kind: replace(one, pauses=(timedelta(0),)) for kind, one in performed.items()}
        self._performing = Performing(queue, Leases(queue), quick, slots=1)

    def submit(self, photos: int, brief: Brief | None = None, *, economy: bool = False) -> UUID:
        uploads = [uuid4() for _ in range(photos)]
        for number, upload_id in enumerate(uploads):
            self.container.uploads.add(
                upload_id, user_id=self.user, name="room.jpg", photo=_photo(number, upload_id)
            )
        job_id = uuid4()
        self.container.jobs.submit(
            job_id,
            user_id=self.user,
            photos=uploads,
            brief=brief or Brief(Preset.STAGE, RoomType.BEDROOM, prompt=Personal(SECRET_WISH)),
            economy=economy,
        )
        writer = ReactionWriter(RULES, Bell(self.container.redis))
        with self.container.database.transaction(), self.container.database.connection() as connection:
            wanted = [one for one in self.ground.log() if one.name in (writer.events or ())]
            writer.consume(connection, wanted)
            connection.execute(_A_MOMENT_LATER, [STAGE_PHOTO])
        return job_id

    def work(self, *, most: int = 20) -> None:
        """Perform what is due, until nothing is."""
        for _ in range(most):
            if not self._performing.perform_next(STAGE_PHOTO):
                return

    @property
    def stager(self) -> GeminiStager:
        stager = self.container.stager
        assert isinstance(stager, GeminiStager)
        return stager

    earlier = 0
    """Batches of earlier tests."""

    @property
    def batches(self) -> list[Batch]:
        return list(self.stand_in.batches.values())[self.earlier :]

    def spent(self) -> int:
        ledger = self.ground.ledger(self.user)
        return sum(lot.spent for lot in ledger.lots.values())

    def codes(self, job_id: UUID) -> list[str]:
        return [
            one.event.code
            for one in self.ground.log()
            if one.stream_id == job_id and one.name in ("PhotoJob.PhotoFailed", "PhotoJob.PhotoRefused")
        ]

    def provenances(self, job_id: UUID) -> list[Provenance]:
        return [
            one.event.provenance
            for one in self.ground.log()
            if one.stream_id == job_id and one.name == "PhotoJob.PhotoStaged"
        ]


@pytest.fixture(scope="module")
def _staged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    folder = tmp_path_factory.mktemp("paying")
    (folder / "models.toml").write_text(MODELS)
    databases, valkey = (request.getfixturevalue(name) for name in ("databases", "valkey_server"))
    with databases.migrated() as database, StandIn() as stand_in:
        container = build(_settings(database.app_url, valkey.url, folder, stand_in.url))
        container.open()
        yield Staged(Ground(container), stand_in)
        container.close()


@pytest.fixture
def staged(_staged: Staged) -> Iterator[Staged]:
    """With nothing left of what earlier tests made the provider do."""
    _staged.container.redis.flushall()
    # Some that earlier tests put off would be due in the middle of this one.
    _staged.container.database.execute(
        "UPDATE stage.reactions SET due_at = 'infinity' WHERE ended_at IS NULL"
    )
    _staged.stand_in.asked.clear()
    _staged.earlier = len(_staged.stand_in.batches)
    yield _staged
    _staged.stand_in.fates.clear()
    _staged.stand_in.otherwise = lambda _: "image"
    _staged.stager.client.deadline = PATIENT
    _staged.ground.check()


def _settings(database_url: str, redis_url: str, folder: Path, url: str) -> Settings:
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        object_store_url=(folder / "pictures").as_uri(),
        outbox=str(folder / "outbox"),
        auth_secret="s" * 40,
        master_key=base64.b64encode(b"m" * 32).decode(),
        claim_key=base64.b64encode(b"c" * 32).decode(),
        anchor_key=base64.b64encode(b"a" * 32).decode(),
        google_api_key=KEY,
        google_api_url=url,
        staging_models=str(folder / "models.toml"),
        staging_seconds=PATIENT,
    )


def _photo(number: int, salt: UUID) -> bytes:
    written = BytesIO()
    with Image.open(SAMPLES / "bedroom.jpg") as room:
        small = room.resize((480 + 3 * number, 320 + 2 * number))
        small.putpixel((0, 0), tuple(salt.bytes[:3]))
        small.save(written, "JPEG", quality=80, comment=salt.hex.encode())
    return written.getvalue()


@pytest.mark.filterwarnings("ignore:.*is not a valid:UserWarning")
@pytest.mark.parametrize(
    ("fate", "outcome", "code", "calls"),
    [
        ("finish:IMAGE_SAFETY", Outcome.REFUSED, "refused_safety", 1),
        ("blocked:PROHIBITED_CONTENT", Outcome.REFUSED, "refused_prohibited", 1),
        ("status:400", Outcome.FAILED, "photo_not_taken", 1),
        ("status:500", Outcome.FAILED, "provider_unavailable", 3),
        ("status:503", Outcome.FAILED, "provider_unavailable", 3),
        ("bad_key", Outcome.FAILED, "provider_refused_us", 3),
        ("cut", Outcome.FAILED, "provider_unavailable", 3),
        ("cut_body", Outcome.FAILED, "provider_unavailable", 3),
        ("truncated", Outcome.FAILED, "provider_answer_unusable", 3),
        ("corrupt", Outcome.FAILED, "provider_answer_unusable", 3),
        ("garbage", Outcome.FAILED, "provider_answer_unusable", 3),
        ("redirect", Outcome.FAILED, "provider_answer_unusable", 3),
        ("empty", Outcome.FAILED, "provider_answer_unusable", 3),
        ("words", Outcome.FAILED, "no_image", 3),
        ("finish:SOMETHING_NEW", Outcome.FAILED, "no_image", 3),
        ("blank", Outcome.FAILED, "result_blank", 3),
        ("unchanged", Outcome.FAILED, "result_unchanged", 3),
        ("other_room", Outcome.FAILED, "result_other_room", 3),
    ],
)
def test_one_photo_of_two_is_not_delivered_and_not_paid(
    staged: Staged, fate: str, outcome: Outcome, code: str, calls: int
) -> None:
    before = staged.spent()
    job_id = staged.submit(2)
    staged.stand_in.then("image", *[fate] * 5)
    staged.work()
    job = staged.ground.job(job_id)
    assert job.status is JobStatus.COMPLETED
    assert sorted(job.outcomes.values()) == sorted([Outcome.STAGED, outcome])
    assert staged.codes(job_id) == [code]
    assert code in TOLD
    assert staged.spent() - before == 1
    assert len(staged.stand_in.asked) == 1 + calls


@pytest.mark.parametrize("fate", ["hang", "drip"])
def test_a_provider_that_never_ends_its_answer_is_given_up_and_not_paid(staged: Staged, fate: str) -> None:
    before = staged.spent()
    job_id = staged.submit(1)
    staged.stager.client.deadline = 0.3
    staged.stand_in.otherwise = lambda _: fate
    staged.work()
    assert staged.ground.job(job_id).status is JobStatus.FAILED
    assert staged.codes(job_id) == ["provider_too_slow"]
    assert staged.spent() == before


def test_what_fails_first_and_succeeds_then_is_delivered_with_all_its_calls_and_costs(staged: Staged) -> None:
    job_id = staged.submit(1)
    staged.stand_in.then("status:503", "other_room", "image")
    staged.work()
    assert staged.ground.job(job_id).status is JobStatus.COMPLETED
    (made,) = staged.provenances(job_id)
    assert (made.attempts, made.cost_micros) == (3, 2 * 34_000), (
        "an answer that could not be used is paid, too"
    )
    assert (made.engine, made.model, made.version) == ("gemini", "painter-2", "painter-2-001")
    assert (made.input_tokens, made.output_tokens) == (1300, 1120)
    assert made.prompt is not None
    assert SECRET_WISH in made.prompt.text
    kept = staged.container.pictures.get(staged.user, provider_results_of(job_id), made.provider_sha256 or "")
    assert b"made by the stand-in" in kept[:40]


def test_what_the_user_wrote_is_nowhere_in_the_clear(staged: Staged) -> None:
    staged.submit(1)
    staged.work()
    with staged.container.database.connection() as connection:
        for query in (
            "SELECT convert_from(state, 'utf8') FROM event_store.events",
            "SELECT answer::text FROM stage.reactions WHERE answer IS NOT NULL",
            "SELECT provider_calls::text FROM stage.provider_calls",
        ):
            found = [row[0] for row in connection.execute(query)]
            assert found
            assert not [text for text in found if "grandmother" in text]


def test_a_provider_that_is_busy_for_ever_costs_nothing_and_the_job_ends_with_its_day(staged: Staged) -> None:
    before = staged.spent()
    job_id = staged.submit(2)
    staged.stand_in.otherwise = lambda _: "retry:5"
    staged.work()
    assert staged.ground.job(job_id).ended is None, "they wait, and no attempt was counted"
    assert len(staged.stand_in.asked) == 1, "the second one knew from the first"
    staged.container.jobs.expire(job_id)
    assert staged.ground.job(job_id).status is JobStatus.FAILED
    assert staged.codes(job_id) == ["timed_out"] * 2
    assert staged.spent() == before


def test_the_row_comes_back_when_the_provider_said(staged: Staged) -> None:
    job_id = staged.submit(1)
    staged.stand_in.then("retry:7")
    staged.work()
    row = staged.container.database.one(
        """SELECT extract(epoch FROM due_at - clock_timestamp()), attempts FROM stage.reactions
           WHERE kind = %s AND "references"->>'job_id' = %s""",
        [STAGE_PHOTO, str(job_id)],
    )
    assert row is not None
    assert 4 < row[0] <= 7
    assert row[1] == 0
    staged.container.jobs.cancel(job_id, staged.user)


def test_a_cancelled_job_starts_nothing_that_has_not_started(staged: Staged) -> None:
    before = staged.spent()
    job_id = staged.submit(3)
    staged.work(most=1)
    staged.container.jobs.cancel(job_id, staged.user)
    staged.work()
    assert len(staged.stand_in.asked) == 1
    assert staged.ground.job(job_id).status is JobStatus.CANCELLED
    assert staged.spent() - before == 1


def test_every_preset_is_offered_and_staged(staged: Staged) -> None:
    assert staged.container.stager.presets == frozenset(Preset)
    jobs = [staged.submit(1, Brief(preset, prompt=Personal("a plant"))) for preset in Preset]
    staged.work()
    assert {staged.ground.job(job_id).status for job_id in jobs} == {JobStatus.COMPLETED}
    made_by = {made.prompt_version for job_id in jobs for made in staged.provenances(job_id)}
    assert made_by == set(Prompts().versions.values())


def test_what_photos_cost_is_told_by_model_and_preset_with_the_margin_of_each_job(
    staged: Staged, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = staged.submit(1, Brief(Preset.BLUE_SKY))
    staged.stand_in.then("blank", "image")
    staged.work()
    refused = staged.submit(1, Brief(Preset.BLUE_SKY))
    staged.stand_in.then("finish:SAFETY")
    staged.work()
    monkeypatch.setenv("DATABASE_URL", staged.container.settings.database_url)
    costs(as_json=True, limit=2)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    (blue_sky,) = [row for row in told["staged"] if row["preset"] == "blue_sky" and row["attempts"] > 1]
    assert blue_sky["model"] == "painter-2"
    assert blue_sky["cost_micros"] == 34_000 * blue_sky["attempts"]
    jobs = {row["job_id"]: row for row in told["jobs"]}
    assert (jobs[str(first)]["delivered"], jobs[str(first)]["calls"]) == (1, 2)
    assert (jobs[str(first)]["revenue_micros"], jobs[str(first)]["margin_micros"]) == (0, -68_000), "a gift"
    assert (jobs[str(refused)]["delivered"], jobs[str(refused)]["cost_micros"]) == (0, 0)
    monkeypatch.setenv("COLUMNS", "80")
    costs(limit=2)
    shown = capsys.readouterr().out
    assert "painter-2" in shown
    assert {"$0.0680", "-$0.0680", "$0.0000"} <= set(shown.split()), "no number is cut in a narrow terminal"


def test_a_job_in_economy_waits_for_its_batches_and_costs_us_half(staged: Staged) -> None:
    before = staged.spent()
    job_id = staged.submit(2, economy=True)
    staged.work(most=6)
    assert staged.ground.job(job_id).ended is None
    assert [batch.asked.prompt.count(SECRET_WISH) for batch in staged.batches] == [1, 1]
    assert staged.stand_in.asked == [], "nothing was asked in haste"
    for batch in staged.batches:
        batch.state = "BATCH_STATE_SUCCEEDED"
    staged.work()
    assert staged.ground.job(job_id).status is JobStatus.COMPLETED
    assert staged.spent() - before == 2
    made = staged.provenances(job_id)
    assert [(one.attempts, one.cost_micros) for one in made] == [(1, 17_000)] * 2
    assert all(one.prompt and SECRET_WISH in one.prompt.text for one in made)
    kept = [provider_results_of(job_id), made[0].provider_sha256 or ""]
    assert b"made by the stand-in" in staged.container.pictures.get(staged.user, *kept)[:40]


@pytest.mark.parametrize("state", ["BATCH_STATE_FAILED", "BATCH_STATE_EXPIRED"])
def test_a_batch_that_failed_is_handed_in_again(staged: Staged, state: str) -> None:
    job_id = staged.submit(1, economy=True)
    staged.work(most=2)
    staged.batches[0].state = state
    staged.work(most=4)
    assert len(staged.batches) == 2
    staged.batches[1].state = "BATCH_STATE_SUCCEEDED"
    staged.work()
    (made,) = staged.provenances(job_id)
    assert (made.attempts, made.cost_micros) == (2, 17_000)


def test_pictures_from_batches_pass_the_same_gate(staged: Staged) -> None:
    before = staged.spent()
    job_id = staged.submit(1, economy=True)
    staged.stand_in.then(*["other_room"] * 3)
    for _ in range(3):
        staged.work(most=2)
        staged.batches[-1].state = "BATCH_STATE_SUCCEEDED"
        staged.work(most=1)
    staged.work(most=2)
    assert staged.ground.job(job_id).status is JobStatus.FAILED
    assert staged.codes(job_id) == ["result_other_room"]
    assert staged.spent() == before


@pytest.mark.parametrize(
    ("fate", "code"),
    [("finish:IMAGE_SAFETY", "refused_safety"), ("blocked:OTHER", "refused"), ("error:3", "photo_not_taken")],
)
def test_what_a_batch_refuses_is_refused_at_once(staged: Staged, fate: str, code: str) -> None:
    before = staged.spent()
    job_id = staged.submit(1, economy=True)
    staged.stand_in.then(fate)
    staged.work(most=2)
    staged.batches[0].state = "BATCH_STATE_SUCCEEDED"
    staged.work(most=2)
    assert staged.codes(job_id) == [code]
    assert staged.ground.job(job_id).status is JobStatus.FAILED
    assert (staged.spent(), len(staged.batches)) == (before, 1)


def test_a_cancelled_job_withdraws_its_batches(staged: Staged) -> None:
    job_id = staged.submit(2, economy=True)
    staged.work(most=4)
    staged.container.jobs.cancel(job_id, staged.user)
    staged.work()
    assert {batch.state for batch in staged.batches} == {"BATCH_STATE_CANCELLED"}
    assert staged.ground.job(job_id).status is JobStatus.CANCELLED
