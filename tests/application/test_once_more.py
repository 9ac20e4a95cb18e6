"""Another job on the photos of an earlier one: what failed once more, or the same photos with a new brief."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import NotFound, PresetUnavailable, UploadAlreadyUsed, UploadNotFound
from application.uploads import UPLOAD_LIFETIME
from domain.brief import Brief, Preset
from domain.credit_errors import InsufficientCredits
from domain.job_errors import JobNotEnded, NothingToRetry, PhotoGivenTwice, WrongNumberOfPhotos
from domain.job_photo import JobStatus
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import OriginalsRemoved, PictureKind, Removal
from tests.application.people import (
    ANN,
    BOB,
    JOB,
    OTHER_JOB,
    available,
    deliver,
    names,
    submit,
    the_job,
    upload,
    with_credits,
)
from tests.fakes.bootstrap import Program
from tests.fakes.darkroom import MarkedStager

BRIEF = Brief.accept(Preset.CUSTOM, prompt=Personal("a blue sofa"))
DUSK = Brief(Preset.DAY_TO_DUSK)


@pytest.fixture
def program() -> Program:
    """Of three photos one was delivered, one refused, and one failed."""
    program = Program()
    with_credits(program, 10)
    program.jobs.submit(
        JOB, user_id=ANN, photos=upload(program, 3), brief=BRIEF, group_name=Personal("Elm Street 5")
    )
    first, second, third = the_job(program).photos
    deliver(program, first)
    program.jobs.record_refused(JOB, second, "people")
    program.jobs.record_failed(JOB, third, "staging_failed")
    return program


def uploads_of(program: Program, job: UUID = JOB) -> list[UUID]:
    return [photo.upload_id for photo in the_job(program, job).photos.values()]


def vary(program: Program, *upload_ids: UUID, job: UUID = OTHER_JOB, of: UUID = JOB) -> PhotoJob:
    program.jobs.submit(job, user_id=ANN, photos=upload_ids, brief=DUSK, parent_job_id=of)
    return the_job(program, job)


def remove_originals(program: Program) -> None:
    job = the_job(program)
    job.remove_pictures([PictureKind.ORIGINALS], Removal.TERM_OVER)
    program.store.save(job)


# A retry


def test_a_retry_is_a_new_job_of_what_failed_with_the_old_one_as_its_parent(program: Program) -> None:
    before = len(program.world.log)
    program.jobs.retry(OTHER_JOB, JOB, ANN)
    assert sorted(names(program)[before:]) == ["CreditLedger.Held", "PhotoJob.Submitted"]
    retry, failed = the_job(program, OTHER_JOB), list(the_job(program).photos.values())[2]
    (photo,) = retry.photos.values()
    assert (retry.parent_job_id, retry.brief, retry.group_name, retry.status) == (
        JOB,
        BRIEF,
        Personal("Elm Street 5"),
        JobStatus.PENDING,
    )
    assert (photo.upload_id, photo.original, photo.name) == (failed.upload_id, failed.original, failed.name)
    assert photo.photo_id != failed.photo_id
    assert available(program) == 8


def test_a_retry_leaves_the_old_job_and_its_uploads_as_they_are(program: Program) -> None:
    job, uploads = the_job(program).version, dict(program.world.uploads)
    program.jobs.retry(OTHER_JOB, JOB, ANN)
    assert (the_job(program).version, program.world.uploads) == (job, uploads)


def test_the_same_retry_again_changes_nothing(program: Program) -> None:
    program.jobs.retry(OTHER_JOB, JOB, ANN)
    before = len(program.world.log)
    program.jobs.retry(OTHER_JOB, JOB, ANN)
    assert len(program.world.log) == before


def test_a_retry_that_failed_can_be_retried(program: Program) -> None:
    program.jobs.retry(OTHER_JOB, JOB, ANN)
    (photo,) = the_job(program, OTHER_JOB).photos
    program.jobs.record_failed(OTHER_JOB, photo, "staging_failed")
    third = UUID(int=13)
    program.jobs.retry(third, OTHER_JOB, ANN)
    assert the_job(program, third).parent_job_id == OTHER_JOB
    assert uploads_of(program, third) == uploads_of(program, OTHER_JOB)


def test_a_job_that_has_not_ended_cannot_be_retried() -> None:
    program = Program()
    with_credits(program, 2)
    photo, _ = submit(program, upload(program, 2)).photos
    program.jobs.record_failed(JOB, photo, "broken")
    with pytest.raises(JobNotEnded):
        program.jobs.retry(OTHER_JOB, JOB, ANN)


def test_what_was_cancelled_on_purpose_is_not_retried() -> None:
    program = Program()
    with_credits(program, 2)
    submit(program, upload(program, 2))
    program.jobs.cancel(JOB, ANN)
    with pytest.raises(NothingToRetry):
        program.jobs.retry(OTHER_JOB, JOB, ANN)
    assert available(program) == 2


def test_a_job_that_ran_out_of_time_can_be_retried_as_a_whole() -> None:
    program = Program()
    with_credits(program, 2)
    submit(program, upload(program, 2))
    program.clock.pass_by(timedelta(hours=24))
    program.jobs.expire(JOB)
    program.jobs.retry(OTHER_JOB, JOB, ANN)
    assert uploads_of(program, OTHER_JOB) == uploads_of(program)


def test_a_retry_needs_credits_like_any_job() -> None:
    program = Program()
    with_credits(program, 1)
    (photo,) = submit(program, upload(program)).photos
    program.jobs.record_failed(JOB, photo, "broken")
    submit(program, upload(program), UUID(int=13))
    with pytest.raises(InsufficientCredits):
        program.jobs.retry(OTHER_JOB, JOB, ANN)
    assert program.store.find(PhotoJob, OTHER_JOB) is None


def test_a_retry_needs_somebody_who_can_do_it(program: Program) -> None:
    later = Program(world=program.world, clock=program.clock, stager=MarkedStager(Preset.ENHANCE))
    with pytest.raises(PresetUnavailable):
        later.jobs.retry(OTHER_JOB, JOB, ANN)


def test_without_its_originals_nothing_can_be_retried(program: Program) -> None:
    remove_originals(program)
    with pytest.raises(OriginalsRemoved):
        program.jobs.retry(OTHER_JOB, JOB, ANN)


# A new brief


def test_a_new_brief_takes_all_photos_of_the_earlier_job_when_none_is_named(program: Program) -> None:
    job = vary(program)
    assert (uploads_of(program, OTHER_JOB), job.parent_job_id, job.brief) == (uploads_of(program), JOB, DUSK)
    assert available(program) == 6
    assert not set(job.photos) & set(the_job(program).photos)


def test_it_can_take_some_of_them_in_another_order_and_fresh_ones_along(program: Program) -> None:
    first, _, third = uploads_of(program)
    (fresh,) = upload(program)
    vary(program, third, fresh, first)
    assert uploads_of(program, OTHER_JOB) == [third, fresh, first]
    assert program.world.uploads[fresh].job_id == OTHER_JOB
    assert program.world.uploads[first].job_id == JOB


def test_it_can_be_given_before_the_earlier_job_has_ended() -> None:
    program = Program()
    with_credits(program, 2)
    submit(program, upload(program))
    assert vary(program).status is JobStatus.PENDING


def test_it_can_be_given_long_after_uploads_expire(program: Program) -> None:
    program.clock.pass_by(UPLOAD_LIFETIME)
    assert len(vary(program).photos) == 3


def test_the_same_photo_cannot_be_named_twice(program: Program) -> None:
    first, *_ = uploads_of(program)
    with pytest.raises(PhotoGivenTwice):
        vary(program, first, first)


def test_photos_of_other_jobs_are_not_to_be_had(program: Program) -> None:
    submit(program, upload(program), third := UUID(int=13))
    with pytest.raises(UploadAlreadyUsed):
        vary(program, *uploads_of(program, third))
    with pytest.raises(UploadNotFound):
        vary(program, UUID(int=404))


def test_thirty_photos_are_the_most_here_too(program: Program) -> None:
    with pytest.raises(WrongNumberOfPhotos):
        vary(program, *uploads_of(program), *upload(program, 28))


def test_somebody_elses_job_is_no_parent(program: Program) -> None:
    with_credits(program, 5, BOB)
    with pytest.raises(NotFound) as refused:
        program.jobs.submit(OTHER_JOB, user_id=BOB, photos=[], brief=DUSK, parent_job_id=JOB)
    assert refused.value.sought == JOB


def test_a_deleted_job_is_no_parent(program: Program) -> None:
    program.jobs.delete(JOB, ANN)
    with pytest.raises(NotFound):
        vary(program)


def test_a_job_without_its_originals_is_no_parent(program: Program) -> None:
    remove_originals(program)
    with pytest.raises(OriginalsRemoved):
        vary(program)
    assert available(program) == 9
