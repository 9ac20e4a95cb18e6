"""Staging a photo through the reactions that a submitted job asks for."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest

from application.errors import PictureNotFound
from application.performers import performers
from application.photos import PhotoEmpty, PhotoRejected, PhotoUnreadable
from application.pictures import ORIGINALS, results_of
from application.reactions import Answer
from application.rules import EXPIRE_JOB, SEND_VERIFICATION, STAGE_PHOTO
from application.stagers import Refusal, RetryLater, StagedPicture, Stager
from application.staging import OriginalDamaged
from domain.brief import Brief, Preset
from domain.credit_ledger import CreditLedger
from domain.job_photo import JobStatus, Outcome
from domain.personal import Personal
from domain.photo_job import PhotoJob
from tests.fakes.bootstrap import Program
from tests.fakes.darkroom import a_photo
from tests.fakes.uploads import Picture

ADDRESS = "anna@example.com"


@dataclass
class TroubledStager:
    """Fails in one way, and counts how often it is asked."""

    trouble: Exception
    presets: frozenset[Preset] = frozenset(Preset)
    asked: list[Brief] = field(default_factory=list)

    def stage(self, photo: bytes, brief: Brief) -> StagedPicture:  # noqa: ARG002 - as the port has it
        self.asked.append(brief)
        raise self.trouble


class OnePhotoJob:
    """A user with the trial, who has submitted a job of one photo."""

    def __init__(self, stager: Stager | None = None) -> None:
        self.program = Program(stager=stager)
        self.staging = self.program.staging
        self.performers = performers(self.program)
        self.user_id, self.job_id = uuid4(), uuid4()
        accounts = self.program.accounts
        accounts.register(
            self.user_id, email=Personal(ADDRESS), password="long enough to do", name=Personal("Anna")
        )
        accounts.send_verification(self.user_id, message_id=uuid4())
        (mail,) = self.program.mailer.to(ADDRESS)
        accounts.confirm_verification(mail.text.split("token=")[1].split()[0])
        upload = self.program.uploads.add(uuid4(), user_id=self.user_id, name="a.jpg", photo=a_photo())
        self.program.jobs.submit(
            self.job_id,
            user_id=self.user_id,
            photos=[upload.upload_id],
            brief=Brief.accept(Preset.ENHANCE),
        )
        (self.photo_id,) = self.job.photos

    @property
    def job(self) -> PhotoJob:
        return self.program.store.get(PhotoJob, self.job_id)

    @property
    def outcome(self) -> Outcome:
        return self.job.outcomes[self.photo_id]

    @property
    def available(self) -> int:
        ledger = self.program.store.get(CreditLedger, CreditLedger.id_for(self.user_id))
        return ledger.available(self.program.clock.now())

    @property
    def references(self) -> dict[str, str]:
        return {"job_id": str(self.job_id), "photo_id": str(self.photo_id)}

    def stage(self) -> Answer:
        """As it comes back from the reaction's row."""
        answer: Answer = json.loads(json.dumps(self.performers[STAGE_PHOTO].call(uuid4(), self.references)))
        return answer

    def record(self, answer: Answer) -> None:
        self.performers[STAGE_PHOTO].record(self.references, answer)


def test_a_staged_photo_is_stored_and_delivered_with_its_provenance() -> None:
    one = OnePhotoJob()
    answer = one.stage()
    assert one.outcome is Outcome.PENDING, "nothing is recorded before the answer is kept"
    one.record(answer)
    assert (one.job.status, one.outcome, one.available) == (JobStatus.COMPLETED, Outcome.STAGED, 2)
    result = one.job.results[one.photo_id]
    assert one.program.pictures.get(one.user_id, results_of(one.job_id), result).startswith(
        b"photo of a kitchen staged"
    )
    provenance = answer["provenance"]
    assert (provenance["input_sha256"], provenance["output_sha256"]) == (
        one.job.photos[one.photo_id].original,
        result,
    )
    assert (provenance["engine"], provenance["version"]) == ("marked", "1")
    assert provenance["milliseconds"] >= 0


def test_an_answer_that_is_recorded_twice_counts_once() -> None:
    one = OnePhotoJob()
    answer = one.stage()
    one.record(answer)
    one.record(answer)
    assert (one.job.delivered, one.available) == (1, 2)


def test_a_refused_photo_gives_its_credit_back() -> None:
    one = OnePhotoJob(TroubledStager(Refusal("image_safety")))
    one.record(one.stage())
    assert (one.job.status, one.outcome, one.available) == (JobStatus.FAILED, Outcome.REFUSED, 3)


@pytest.mark.parametrize(
    ("rejected", "code"),
    [
        (PhotoUnreadable(), "photo_unreadable"),
        (PhotoEmpty(), "photo_empty"),
        (PhotoRejected(), "photo_rejected"),
    ],
)
def test_a_photo_that_cannot_be_read_fails_at_once(rejected: PhotoRejected, code: str) -> None:
    one = OnePhotoJob(TroubledStager(rejected))
    answer = one.stage()
    assert answer["code"] == code
    one.record(answer)
    assert (one.outcome, one.available) == (Outcome.FAILED, 3)


@pytest.mark.parametrize("trouble", [RetryLater(timedelta(seconds=30)), ConnectionResetError()])
def test_a_failed_attempt_records_nothing(trouble: Exception) -> None:
    one = OnePhotoJob(TroubledStager(trouble))
    with pytest.raises(type(trouble)):
        one.stage()
    assert one.outcome is Outcome.PENDING


def test_a_photo_that_is_given_up_gives_its_credit_back_once() -> None:
    one = OnePhotoJob(TroubledStager(ConnectionResetError()))
    for _ in range(2):
        one.performers[STAGE_PHOTO].give_up(one.references)
    assert (one.job.status, one.outcome, one.available) == (JobStatus.FAILED, Outcome.FAILED, 3)


def test_nobody_is_asked_to_stage_a_photo_that_has_its_outcome() -> None:
    stager = TroubledStager(ConnectionResetError())
    one = OnePhotoJob(stager)
    one.program.jobs.record_failed(one.job_id, one.photo_id, "staging_failed")
    one.record(one.stage())
    assert (stager.asked, one.outcome) == ([], Outcome.FAILED)


def test_a_result_that_comes_after_the_end_is_thrown_away_uncharged() -> None:
    one = OnePhotoJob()
    answer = one.stage()
    one.performers[EXPIRE_JOB].record({"job_id": str(one.job_id)}, {})
    one.record(answer)
    assert (one.job.status, one.outcome, one.available) == (JobStatus.FAILED, Outcome.FAILED, 3)


def test_an_original_with_other_bytes_is_not_staged() -> None:
    one = OnePhotoJob()
    original = one.job.photos[one.photo_id].original
    one.program.pictures.stored[one.user_id, ORIGINALS, original] = Picture(b"other bytes", "image/jpeg")
    with pytest.raises(OriginalDamaged):
        one.stage()


def test_an_original_that_is_missing_is_not_staged() -> None:
    one = OnePhotoJob()
    one.program.pictures.stored.clear()
    with pytest.raises(PictureNotFound):
        one.stage()


def test_a_job_expires_without_asking_anybody() -> None:
    one = OnePhotoJob()
    expiry = one.performers[EXPIRE_JOB]
    assert expiry.call(uuid4(), {"job_id": str(one.job_id)}) == {}
    for _ in range(2):
        expiry.record({"job_id": str(one.job_id)}, {})
    assert (one.job.status, one.available) == (JobStatus.FAILED, 3)
    expiry.give_up({"job_id": str(one.job_id)})


def test_the_verification_mail_carries_the_reactions_id_so_that_a_second_copy_can_be_told() -> None:
    program = Program()
    user_id, reaction_id = uuid4(), uuid4()
    program.accounts.register(
        user_id, email=Personal(ADDRESS), password="long enough to do", name=Personal("Anna")
    )
    performed = performers(program)
    verification = performed[SEND_VERIFICATION]
    for _ in range(2):
        verification.record(
            {"user_id": str(user_id)}, verification.call(reaction_id, {"user_id": str(user_id)})
        )
    (mail,) = program.mailer.to(ADDRESS)
    assert mail.message_id == reaction_id
    verification.give_up({"user_id": str(user_id)})


def test_pauses_grow_and_the_last_one_repeats() -> None:
    performer = OnePhotoJob().performers[STAGE_PHOTO]
    pauses = [performer.pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 4)]
    assert pauses == [1, 5, 30, 30]
