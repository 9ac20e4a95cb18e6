"""Variations: new briefs on old photos, how many there may be, and the favourite among them."""

from uuid import UUID

import pytest

from application.errors import NotFound
from domain.brief import Brief, Preset
from domain.job_errors import PhotoNotInJob, PhotoNotStaged
from domain.lineage import VARIATIONS_PER_PHOTO, Lineage, TooManyVariations
from domain.photo_job import PhotoJob
from tests.application.people import (
    ANN,
    BOB,
    JOB,
    OTHER_JOB,
    available,
    deliver,
    submit,
    the_job,
    upload,
    with_credits,
)
from tests.fakes.bootstrap import Program

DUSK = Brief(Preset.DAY_TO_DUSK)


@pytest.fixture
def program() -> Program:
    """One photo, delivered."""
    program = Program()
    with_credits(program, 20)
    (photo_id,) = submit(program, upload(program)).photos
    deliver(program, photo_id)
    return program


def vary(program: Program, number: int, of: UUID = JOB) -> PhotoJob:
    """The number-th variation, delivered."""
    job_id = UUID(int=100 + number)
    program.jobs.submit(job_id, user_id=ANN, photos=[], brief=DUSK, parent_job_id=of)
    for photo_id in the_job(program, job_id).photos:
        deliver(program, photo_id, job_id)
    return the_job(program, job_id)


def lineage(program: Program) -> Lineage:
    (root,) = the_job(program).photos
    return program.store.get(Lineage, Lineage.id_for(root))


def test_every_variation_knows_the_photo_that_it_descends_from(program: Program) -> None:
    (root,) = the_job(program).photos
    first = vary(program, 1)
    second = vary(program, 2, of=first.id)

    assert [photo.root for job in (first, second) for photo in job.photos.values()] == [root, root]
    assert lineage(program).variations == [*first.photos, *second.photos]


def test_a_photo_is_varied_four_times_whichever_of_its_jobs_is_the_parent(program: Program) -> None:
    parent = JOB
    for number in range(VARIATIONS_PER_PHOTO):
        parent = vary(program, number, of=parent).id
    left = available(program)

    with pytest.raises(TooManyVariations):
        vary(program, 9)

    assert available(program) == left
    assert program.store.find(PhotoJob, UUID(int=109)) is None


def test_a_submission_repeated_is_one_variation(program: Program) -> None:
    for _ in range(VARIATIONS_PER_PHOTO + 1):
        program.jobs.submit(OTHER_JOB, user_id=ANN, photos=[], brief=DUSK, parent_job_id=JOB)

    assert len(lineage(program).variations) == 1


def test_trying_a_failed_photo_again_is_no_variation(program: Program) -> None:
    (failing,) = submit(program, upload(program), OTHER_JOB).photos
    program.jobs.record_failed(OTHER_JOB, failing, "staging_failed")
    program.jobs.retry(UUID(int=50), OTHER_JOB, ANN)

    (again,) = the_job(program, UUID(int=50)).photos.values()
    assert again.root == failing
    assert program.store.find(Lineage, Lineage.id_for(failing)) is None


def test_one_of_a_lineage_is_the_favourite(program: Program) -> None:
    (root,) = the_job(program).photos
    (variation,) = vary(program, 1).photos

    program.jobs.choose_favourite(JOB, root, ANN)
    program.jobs.choose_favourite(UUID(int=101), variation, ANN)
    assert lineage(program).favourite == variation

    program.jobs.choose_favourite(JOB, root, ANN, chosen=False)
    assert lineage(program).favourite == variation, "it was not the favourite any more"
    program.jobs.choose_favourite(UUID(int=101), variation, ANN, chosen=False)
    assert lineage(program).favourite is None


def test_only_what_was_staged_can_be_a_favourite(program: Program) -> None:
    (pending,) = submit(program, upload(program), OTHER_JOB).photos

    with pytest.raises(PhotoNotStaged):
        program.jobs.choose_favourite(OTHER_JOB, pending, ANN)
    with pytest.raises(PhotoNotInJob):
        program.jobs.choose_favourite(JOB, pending, ANN)


def test_nobody_elses_photo_can_be_a_favourite(program: Program) -> None:
    with_credits(program, 1, BOB)
    (root,) = the_job(program).photos

    with pytest.raises(NotFound):
        program.jobs.choose_favourite(JOB, root, BOB)
