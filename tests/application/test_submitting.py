"""Submitting a job: its credits, its photos and itself, all or nothing."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import (
    NotFound,
    PresetUnavailable,
    UploadAlreadyUsed,
    UploadExpired,
    UploadNotFound,
)
from application.uploads import UPLOAD_LIFETIME
from domain.brief import Brief, Preset
from domain.credit_errors import InsufficientCredits
from domain.job_errors import GroupNameTooLong, PhotoGivenTwice, WrongNumberOfPhotos
from domain.job_photo import JobStatus
from domain.personal import Personal
from domain.photo_job import PhotoJob
from tests.application.people import (
    ANN,
    BOB,
    ENHANCE,
    JOB,
    OTHER_JOB,
    available,
    ledger_of,
    names,
    register,
    submit,
    the_job,
    upload,
    with_credits,
)
from tests.fakes.bootstrap import Program
from tests.fakes.clock import SettableClock
from tests.fakes.contended import ContendedStore
from tests.fakes.darkroom import MarkedStager
from tests.fakes.world import World


@pytest.fixture
def program() -> Program:
    program = Program()
    with_credits(program, 30)
    return program


def nothing_was_taken(program: Program) -> bool:
    return (
        program.store.find(PhotoJob, JOB) is None
        and ledger_of(program).holds == {}
        and all(upload.job_id is None for upload in program.world.uploads.values())
    )


def test_a_job_holds_a_credit_for_each_photo(program: Program) -> None:
    uploads = upload(program, 2)
    before = len(program.world.log)
    job = submit(program, uploads)
    assert sorted(names(program)[before:]) == ["CreditLedger.Held", "PhotoJob.Submitted"]
    assert available(program) == 28
    assert [photo.upload_id for photo in job.photos.values()] == uploads
    assert job.owner == ANN


def test_a_photo_takes_its_picture_and_its_name_from_the_upload(program: Program) -> None:
    (upload_id,) = upload(program)
    (photo,) = submit(program, [upload_id]).photos.values()
    record = program.world.uploads[upload_id]
    assert (photo.original, photo.media_type, photo.name) == (
        record.sha256,
        "image/jpeg",
        Personal("room 0.jpg"),
    )


def test_the_brief_and_the_group_name_are_kept(program: Program) -> None:
    brief = Brief.accept(Preset.CUSTOM, prompt=Personal("paint it red"))
    program.jobs.submit(
        JOB, user_id=ANN, photos=upload(program), brief=brief, group_name=Personal("Elm Street 5")
    )
    assert (the_job(program).brief, the_job(program).group_name) == (brief, Personal("Elm Street 5"))


def test_the_same_submission_again_changes_nothing(program: Program) -> None:
    uploads = upload(program, 2)
    submit(program, uploads)
    before = len(program.world.log)
    submit(program, uploads)
    assert (len(program.world.log), available(program)) == (before, 28)


def test_a_repetition_is_answered_alike_when_its_preset_has_gone_since() -> None:
    program = Program()
    with_credits(program, 1)
    uploads = upload(program)
    submit(program, uploads)
    later = Program(world=program.world, clock=program.clock, stager=MarkedStager(Preset.STAGE))
    submit(later, uploads)


def test_all_thirty_photos_may_come_at_once(program: Program) -> None:
    submit(program, upload(program, 30))
    assert available(program) == 0


def test_more_photos_than_credits_are_refused_with_both_numbers() -> None:
    program = Program()
    with_credits(program, 2)
    with pytest.raises(InsufficientCredits) as refused:
        submit(program, upload(program, 3))
    assert (refused.value.needed, refused.value.available) == (3, 2)
    assert nothing_was_taken(program)


def test_a_user_without_any_credits_has_none_available() -> None:
    program = Program()
    register(program)
    with pytest.raises(InsufficientCredits) as refused:
        submit(program, upload(program))
    assert (refused.value.needed, refused.value.available) == (1, 0)


def test_no_photo_is_no_job(program: Program) -> None:
    with pytest.raises(WrongNumberOfPhotos):
        submit(program, [])
    assert nothing_was_taken(program)


def test_thirty_one_photos_are_refused_before_any_is_looked_up(program: Program) -> None:
    with pytest.raises(WrongNumberOfPhotos) as refused:
        submit(program, [UUID(int=number) for number in range(31)])
    assert refused.value.count == 31


def test_the_same_upload_twice_in_one_job_is_refused(program: Program) -> None:
    (upload_id,) = upload(program)
    with pytest.raises(PhotoGivenTwice):
        submit(program, [upload_id, upload_id])
    assert nothing_was_taken(program)


def test_an_upload_that_is_not_there_is_named(program: Program) -> None:
    with pytest.raises(UploadNotFound) as refused:
        submit(program, [*upload(program), UUID(int=404)])
    assert refused.value.upload_id == UUID(int=404)
    assert nothing_was_taken(program)


def test_another_users_upload_is_as_if_it_were_not_there(program: Program) -> None:
    with_credits(program, 5, BOB)
    (bobs,) = upload(program, user=BOB)
    with pytest.raises(UploadNotFound) as refused:
        submit(program, [bobs])
    assert type(refused.value) is UploadNotFound
    assert nothing_was_taken(program)


def test_an_upload_serves_one_job(program: Program) -> None:
    uploads = upload(program)
    submit(program, uploads)
    with pytest.raises(UploadAlreadyUsed) as refused:
        submit(program, uploads, OTHER_JOB)
    assert refused.value.upload_id == uploads[0]
    assert program.store.find(PhotoJob, OTHER_JOB) is None
    assert available(program) == 29


def test_an_upload_that_waited_too_long_must_be_sent_again(program: Program) -> None:
    uploads = upload(program)
    program.clock.pass_by(UPLOAD_LIFETIME)
    with pytest.raises(UploadExpired):
        submit(program, uploads)
    assert nothing_was_taken(program)


def test_an_upload_can_be_used_until_the_last_moment(program: Program) -> None:
    uploads = upload(program)
    program.clock.pass_by(UPLOAD_LIFETIME - timedelta(microseconds=1))
    assert submit(program, uploads).status is JobStatus.PENDING


def test_a_preset_that_nothing_here_can_do_is_refused_with_those_that_can() -> None:
    program = Program(stager=MarkedStager(Preset.ENHANCE, Preset.BLUE_SKY))
    with_credits(program, 1)
    with pytest.raises(PresetUnavailable) as refused:
        program.jobs.submit(JOB, user_id=ANN, photos=upload(program), brief=Brief(Preset.STAGE))
    assert (refused.value.preset, refused.value.available) == ("stage", ["blue_sky", "enhance"])
    assert nothing_was_taken(program)


def test_a_group_name_that_is_too_long_takes_nothing(program: Program) -> None:
    with pytest.raises(GroupNameTooLong):
        program.jobs.submit(
            JOB, user_id=ANN, photos=upload(program), brief=ENHANCE, group_name=Personal("x" * 141)
        )
    assert nothing_was_taken(program)


def test_a_job_is_its_owners_and_for_all_others_as_if_it_were_not_there(program: Program) -> None:
    submit(program, upload(program))
    assert program.jobs.owned(JOB, ANN).id == JOB
    with pytest.raises(NotFound) as others:
        program.jobs.owned(JOB, BOB)
    with pytest.raises(NotFound) as nobodys:
        program.jobs.owned(OTHER_JOB, ANN)
    assert (others.value.kind, others.value.sought) == (nobodys.value.kind, JOB)


def test_a_deleted_job_is_as_if_it_were_not_there(program: Program) -> None:
    job = submit(program, upload(program))
    job.delete()
    program.store.save(job)
    with pytest.raises(NotFound):
        program.jobs.owned(JOB, ANN)


def test_when_saving_fails_neither_credits_nor_uploads_are_taken() -> None:
    program, store = contended()
    with_credits(program, 5)
    uploads = upload(program, 2)
    store.before_saves.append(lose_the_connection)
    with pytest.raises(ConnectionError):
        submit(program, uploads)
    assert nothing_was_taken(program)
    assert available(program) == 5


def test_of_two_jobs_for_the_last_credit_one_gets_it() -> None:
    program, store = contended()
    with_credits(program, 1)
    first, second = upload(program, 2)
    store.before_transactions.append(lambda: submit(program, [second], OTHER_JOB))
    with pytest.raises(InsufficientCredits):
        submit(program, [first])
    assert program.store.find(PhotoJob, JOB) is None
    assert list(ledger_of(program).holds) == [OTHER_JOB]
    assert program.world.uploads[first].job_id is None


def test_of_two_jobs_for_one_upload_one_gets_it() -> None:
    program, store = contended()
    with_credits(program, 5)
    with_credits(program, 5, BOB)
    uploads = upload(program)
    store.before_transactions.append(lambda: submit(program, uploads, OTHER_JOB))
    with pytest.raises(UploadAlreadyUsed):
        submit(program, uploads)
    assert program.store.find(PhotoJob, JOB) is None
    assert available(program) == 4


def test_the_same_job_submitted_twice_at_once_is_one_job() -> None:
    program, store = contended()
    with_credits(program, 5)
    uploads = upload(program, 2)
    store.before_transactions.append(lambda: submit(program, uploads))
    submit(program, uploads)
    assert available(program) == 3
    assert names(program, JOB) == ["PhotoJob.Submitted"]


def contended() -> tuple[Program, ContendedStore]:
    world, clock = World(), SettableClock()
    store = ContendedStore(world, clock)
    return Program(world=world, clock=clock, store=store), store


def lose_the_connection() -> None:
    raise ConnectionError
