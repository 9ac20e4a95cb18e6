"""Photos from links: each is fetched after its job was accepted, and a bad link fails that photo only."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.photos import PhotoTooLarge
from application.pictures import ORIGINALS
from application.ports import LinkRefused, LinkUnreachable
from application.reactions import follow
from application.rules import FETCH_PHOTO, RULES, STAGE_PHOTO
from application.uploads import UPLOAD_LIFETIME
from domain.job_errors import LinkGivenTwice
from domain.job_photo import JobStatus, Outcome
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind
from tests.application.people import (
    ANN,
    ENHANCE,
    JOB,
    OTHER_JOB,
    available,
    deliver,
    the_job,
    upload,
    with_credits,
)
from tests.fakes.bootstrap import Program
from tests.fakes.darkroom import a_photo

HALL = "https://photos.example.com/house/hall%20way.jpg?key=secret"
BATH = "https://photos.example.com/bath.jpg"


@pytest.fixture
def program() -> Program:
    program = Program()
    with_credits(program, 10)
    program.links.there = {HALL: a_photo("a hall"), BATH: a_photo("a bath")}
    return program


def submit(program: Program, *photos: UUID | str, job: UUID = JOB) -> PhotoJob:
    wanted = [Personal(photo) if isinstance(photo, str) else photo for photo in photos]
    program.jobs.submit(job, user_id=ANN, photos=wanted, brief=ENHANCE)
    return the_job(program, job)


def asked_for(program: Program, kind: str) -> list[UUID]:
    """The photos for which the log asks for reactions of this kind."""
    return [
        UUID(reaction.references["photo_id"])
        for recorded in program.world.log
        for _, reaction in follow(RULES, recorded)
        if reaction.kind == kind
    ]


def fetch(program: Program, photo_id: UUID, job: UUID = JOB) -> None:
    program.fetching.record(job, photo_id, program.fetching.fetch(job, photo_id))


def test_a_linked_photo_holds_its_credit_from_the_beginning(program: Program) -> None:
    submit(program, HALL, BATH)

    assert available(program) == 8
    assert program.links.asked == []


def test_uploads_are_staged_at_once_and_links_are_fetched_first(program: Program) -> None:
    (upload_id,) = upload(program)
    job = submit(program, HALL, upload_id)
    linked, uploaded = job.photos

    assert (asked_for(program, FETCH_PHOTO), asked_for(program, STAGE_PHOTO)) == ([linked], [uploaded])
    fetch(program, linked)
    assert asked_for(program, STAGE_PHOTO) == [uploaded, linked]


def test_a_fetched_photo_is_taken_in_like_any_upload(program: Program) -> None:
    (photo_id,) = submit(program, HALL).photos

    fetch(program, photo_id)

    photo = the_job(program).photos[photo_id]
    assert (
        program.pictures.get(ANN, ORIGINALS, photo.original)
        == program.darkroom.take_in(a_photo("a hall")).original
    )
    assert (photo.name, photo.media_type) == (Personal("hall way.jpg"), "image/jpeg")
    assert program.world.uploads[photo.upload_id].job_id == JOB


def test_what_is_fetched_twice_is_recorded_once(program: Program) -> None:
    (photo_id,) = submit(program, HALL).photos
    answers = [program.fetching.fetch(JOB, photo_id) for _ in range(2)]
    for answer in answers:
        program.fetching.record(JOB, photo_id, answer)

    assert [one.name for one in program.store.stream(JOB)] == ["PhotoJob.Submitted", "PhotoJob.PhotoFetched"]
    assert program.fetching.fetch(JOB, photo_id) == {"became": "nothing"}


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (LinkRefused("address"), "link_refused"),
        (None, "link_broken"),
        (PhotoTooLarge(), "photo_too_large"),
        (b"<html>", "photo_unsupported"),
        (b"", "photo_empty"),
        (a_photo()[:-1], "photo_unreadable"),
    ],
)
def test_a_bad_link_fails_its_photo_only_and_its_credit_comes_back(
    program: Program, found: bytes | Exception | None, code: str
) -> None:
    if found is None:
        del program.links.there[HALL]
    else:
        program.links.there[HALL] = found
    bad, good = submit(program, HALL, BATH).photos
    for photo_id in (bad, good):
        fetch(program, photo_id)
    deliver(program, good)

    job = the_job(program)
    assert (job.outcomes[bad], job.outcomes[good]) == (Outcome.FAILED, Outcome.STAGED)
    assert [one.event.code for one in program.store.stream(JOB) if one.name == "PhotoJob.PhotoFailed"] == [
        code
    ]
    assert (job.status, available(program)) == (JobStatus.COMPLETED, 9)


def test_a_server_that_does_not_answer_is_asked_again_and_then_given_up(program: Program) -> None:
    (photo_id,) = submit(program, HALL).photos
    program.links.there[HALL] = LinkUnreachable()

    with pytest.raises(LinkUnreachable):
        program.fetching.fetch(JOB, photo_id)
    program.fetching.give_up(JOB, photo_id)

    assert the_job(program).status is JobStatus.FAILED
    assert available(program) == 10


def test_nothing_is_fetched_for_a_job_that_was_cancelled(program: Program) -> None:
    (photo_id,) = submit(program, HALL).photos
    program.jobs.cancel(JOB, ANN)

    fetch(program, photo_id)

    assert program.links.asked == []


def test_a_photo_that_arrives_after_its_job_was_cancelled_is_nobodys(program: Program) -> None:
    (photo_id,) = submit(program, HALL).photos
    answer = program.fetching.fetch(JOB, photo_id)
    program.jobs.cancel(JOB, ANN)

    program.fetching.record(JOB, photo_id, answer)

    program.clock.pass_by(UPLOAD_LIFETIME + timedelta(hours=1))
    assert program.retention.remove_unused_uploads() == {"uploads": 1, "deleted": 1}


def test_a_retry_fetches_again_what_was_never_fetched(program: Program) -> None:
    photo = program.links.there.pop(HALL)
    (photo_id,) = submit(program, HALL).photos
    fetch(program, photo_id)
    program.links.there[HALL] = photo

    program.jobs.retry(OTHER_JOB, JOB, ANN)

    (again,) = the_job(program, OTHER_JOB).photos
    assert asked_for(program, FETCH_PHOTO) == [photo_id, again]
    fetch(program, again, OTHER_JOB)
    assert the_job(program, OTHER_JOB).photos[again].original


def test_a_retry_of_what_was_fetched_and_failed_later_needs_no_link(program: Program) -> None:
    (photo_id,) = submit(program, HALL).photos
    fetch(program, photo_id)
    program.jobs.record_failed(JOB, photo_id, "staging_failed")
    program.links.there.clear()

    program.jobs.retry(OTHER_JOB, JOB, ANN)

    (again,) = the_job(program, OTHER_JOB).photos
    assert asked_for(program, STAGE_PHOTO) == [photo_id, again]


def test_one_link_twice_in_a_job_is_a_mistake(program: Program) -> None:
    with pytest.raises(LinkGivenTwice) as refused:
        submit(program, HALL, BATH, HALL)

    assert refused.value.number == 3
    assert available(program) == 10


def test_the_same_photo_from_two_links_is_stored_once(program: Program) -> None:
    program.links.there[BATH] = program.links.there[HALL]
    for photo_id in submit(program, HALL, BATH).photos:
        fetch(program, photo_id)

    assert len({photo.original for photo in the_job(program).photos.values()}) == 1
    assert [kind for _, kind, _ in program.pictures.stored].count(ORIGINALS) == 1


def test_links_are_in_no_reaction(program: Program) -> None:
    submit(program, HALL)

    told = [reaction for one in program.world.log for _, reaction in follow(RULES, one)]
    assert told
    assert not any("example.com" in str(reaction.references) for reaction in told)


def test_a_job_with_a_link_that_was_never_fetched_can_be_deleted(program: Program) -> None:
    submit(program, HALL)
    program.jobs.delete(JOB, ANN)

    job = the_job(program)
    assert job.removed == set(PictureKind)
    assert program.retention.delete(JOB, PictureKind.ORIGINALS) == {"deleted": 0}
