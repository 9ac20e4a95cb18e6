"""Whatever users and stagers do in whatever order: a photo is paid if it was delivered, and else not.

And a picture is there as long as somebody may ask for it, and no longer.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from application.errors import NotFound, UploadAlreadyUsed, UploadExpired, UploadNotFound
from application.pictures import ORIGINALS, results_of
from application.uploads import UPLOAD_LIFETIME
from domain.credit_errors import InsufficientCredits
from domain.job_errors import JobAlreadyEnded, JobNotEnded, NothingToRetry
from domain.job_photo import JobStatus
from domain.photo_job import PhotoJob
from domain.pictures import OriginalsRemoved, PictureKind
from tests.application.people import (
    ANN,
    BOB,
    ENHANCE,
    available,
    deliver,
    ledger_of,
    mailed_token,
    register,
    submit,
    the_job,
    upload,
)
from tests.fakes.bootstrap import TERMS, Program

USERS = some.sampled_from([ANN, BOB])
WHICH = some.integers(0, 9)


class RandomUse(RuleBasedStateMachine):
    """Two users whose trials are all they have."""

    def __init__(self) -> None:
        super().__init__()
        self.program = Program()
        self.jobs: list[UUID] = []
        for user in (ANN, BOB):
            register(self.program, user, address(user))

    @rule(user=USERS)
    def verify(self, user: UUID) -> None:
        if not ledger_of(self.program, user).lots:
            self.program.accounts.confirm_verification(mailed_token(self.program, user, address(user)))

    @rule(user=USERS, photos=some.integers(1, 3))
    def submit(self, user: UUID, photos: int) -> None:
        job = UUID(int=100 + len(self.jobs))
        before = available(self.program, user)
        try:
            submit(self.program, upload(self.program, photos, user), job, user)
        except InsufficientCredits:
            assert photos > before
        else:
            self.jobs.append(job)
            assert available(self.program, user) == before - photos

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH, again=some.integers(200, 203))
    def use_an_upload_again(self, which: int, again: int) -> None:
        job = self.nth(which)
        uploads = [photo.upload_id for photo in job.photos.values()]
        try:
            submit(self.program, uploads, UUID(int=again), job.user_id)
        except (UploadAlreadyUsed, UploadExpired, UploadNotFound):
            refused = True
        else:
            refused = False
        assert refused

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH, photo=WHICH, outcome=some.sampled_from(["staged", "staged", "refused", "failed"]))
    def resolve(self, which: int, photo: int, outcome: str) -> None:
        job = self.nth(which)
        photo_id = list(job.photos)[photo % len(job.photos)]
        match outcome:
            case "staged":
                self.deliver(job, photo_id)
            case "refused":
                self.program.jobs.record_refused(job.id, photo_id, "people")
            case _:
                self.program.jobs.record_failed(job.id, photo_id, "broken")

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH)
    def run_out_of_time(self, which: int) -> None:
        self.program.clock.pass_by(timedelta(hours=24))
        self.program.jobs.expire(self.nth(which).id)

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        job = self.nth(which)
        with suppress(JobAlreadyEnded, NotFound):
            self.program.jobs.cancel(job.id, job.user_id)
            assert self.job(job.id).status is JobStatus.CANCELLED

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        job = self.nth(which)
        with suppress(NotFound):
            self.program.jobs.delete(job.id, job.user_id)
            assert self.job(job.id).deleted

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH)
    def retry(self, which: int) -> None:
        self.add_job(self.nth(which), lambda job, new: self.program.jobs.retry(new, job.id, job.user_id))

    @precondition(lambda self: self.jobs)
    @rule(which=WHICH)
    def vary(self, which: int) -> None:
        self.add_job(
            self.nth(which),
            lambda job, new: self.program.jobs.submit(
                new, user_id=job.user_id, photos=[], brief=ENHANCE, parent_job_id=job.id
            ),
        )

    @rule()
    def time_passes(self) -> None:
        self.program.clock.pass_by(TERMS.results + timedelta(days=1))
        self.program.retention.give_up_past_terms()

    @rule()
    def clean_up(self) -> None:
        """What was given up is deleted, some of it once more."""
        self.program.retention.remove_unused_uploads()
        for job in map(self.job, self.jobs):
            for kind in job.removed:
                self.program.retention.delete(job.id, kind)

    @invariant()
    def what_may_still_be_asked_for_is_there(self) -> None:
        pictures = self.program.pictures
        for job in map(self.job, self.jobs):
            if PictureKind.ORIGINALS not in job.removed:
                assert all(
                    pictures.has(job.user_id, ORIGINALS, photo.original) for photo in job.photos.values()
                )
            if PictureKind.RESULTS not in job.removed:
                assert all(
                    pictures.has(job.user_id, results_of(job.id), result) for result in job.results.values()
                )

    @invariant()
    def only_what_was_delivered_is_paid_and_only_what_is_unfinished_is_held(self) -> None:
        for user in (ANN, BOB):
            lots = ledger_of(self.program, user).lots.values()
            jobs = [job for job in map(self.job, self.jobs) if job.user_id == user]
            assert sum(lot.spent for lot in lots) == sum(job.delivered for job in jobs if job.ended)
            assert sum(lot.held for lot in lots) == sum(len(job.photos) for job in jobs if not job.ended)
            assert sum(lot.credits for lot in lots) in {0, 3}
            assert all(lot.credits == lot.available + lot.held + lot.spent for lot in lots)

    def teardown(self) -> None:
        """When everybody has gone, nothing stays behind."""
        for job in map(self.job, self.jobs):
            if not job.deleted:
                self.program.jobs.delete(job.id, job.user_id)
        self.program.clock.pass_by(UPLOAD_LIFETIME)
        self.clean_up()
        assert self.program.pictures.stored == {}

    def add_job(self, earlier: PhotoJob, ask: Callable[[PhotoJob, UUID], object]) -> None:
        """Ask for another job on the photos of an earlier one."""
        new = UUID(int=100 + len(self.jobs))
        before = available(self.program, earlier.user_id)
        try:
            ask(earlier, new)
        except InsufficientCredits:
            assert before < len(earlier.photos)
        except (JobNotEnded, NothingToRetry, NotFound, OriginalsRemoved):
            assert self.program.store.find(PhotoJob, new) is None
        else:
            self.jobs.append(new)
            assert available(self.program, earlier.user_id) == before - len(self.job(new).photos)

    def nth(self, which: int) -> PhotoJob:
        return self.job(self.jobs[which % len(self.jobs)])

    def deliver(self, job: PhotoJob, photo_id: UUID) -> None:
        if job.is_open(photo_id):
            program = self.program
            program.staging.record(job.id, photo_id, program.staging.stage(job.id, photo_id))
        else:
            deliver(self.program, photo_id, job.id)

    def job(self, job: UUID) -> PhotoJob:
        return the_job(self.program, job)


def address(user: UUID) -> str:
    return f"user-{user.int}@example.com"


RandomUse.TestCase.settings = settings(derandomize=True, max_examples=25, stateful_step_count=25)
test_random_use = RandomUse.TestCase
