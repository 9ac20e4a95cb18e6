"""What becomes of photos, and that the end of a job settles its credits, once and together with it."""

from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from application.errors import NotFound
from domain.credit_ledger import CreditLedger
from domain.job_errors import PhotoNotInJob
from domain.job_photo import JobStatus
from domain.lots import Source
from tests.application.people import (
    ANN,
    JOB,
    available,
    deliver,
    ledger_of,
    names,
    submit,
    the_job,
    upload,
    with_credits,
)
from tests.fakes.bootstrap import Program


def started(photos: int, credits: int = 30) -> tuple[Program, list[UUID]]:
    """A job of so many photos is waiting for its results."""
    program = Program()
    with_credits(program, credits)
    return program, list(submit(program, upload(program, photos)).photos)


def spent(program: Program) -> int:
    return sum(lot.spent for lot in ledger_of(program).lots.values())


def test_a_delivered_photo_is_not_charged_before_the_job_ends() -> None:
    program, (first, _) = started(photos=2)
    deliver(program, first)
    assert (the_job(program).status, spent(program), available(program)) == (JobStatus.PROCESSING, 0, 28)


def test_the_last_photo_ends_the_job_and_settles_its_credits_in_one_act() -> None:
    program, (first, second) = started(photos=2)
    deliver(program, first)
    before = len(program.world.log)
    deliver(program, second)
    assert sorted(names(program)[before:]) == [
        "CreditLedger.Settled",
        "PhotoJob.Completed",
        "PhotoJob.PhotoStaged",
    ]
    assert (the_job(program).status, spent(program), available(program)) == (JobStatus.COMPLETED, 2, 28)


def test_of_thirty_photos_twenty_nine_are_delivered_and_one_credit_comes_back() -> None:
    program, photos = started(photos=30)
    program.jobs.record_refused(JOB, photos[7], "people")
    for photo in photos[:7] + photos[8:]:
        deliver(program, photo)
    assert the_job(program).status is JobStatus.COMPLETED
    assert (spent(program), available(program)) == (29, 1)
    assert names(program, CreditLedger.id_for(ANN)).count("CreditLedger.Settled") == 1


def test_a_job_that_delivers_nothing_costs_nothing() -> None:
    program, (first, second) = started(photos=2)
    program.jobs.record_refused(JOB, first, "people")
    program.jobs.record_failed(JOB, second, "broken")
    assert (the_job(program).status, spent(program), available(program)) == (JobStatus.FAILED, 0, 30)


def test_the_same_outcome_again_changes_nothing() -> None:
    program, (photo,) = started(photos=1)
    deliver(program, photo)
    before = len(program.world.log)
    deliver(program, photo)
    program.jobs.record_refused(JOB, photo, "people")
    program.jobs.record_failed(JOB, photo, "broken")
    program.jobs.expire(JOB)
    assert len(program.world.log) == before


def test_a_job_that_takes_too_long_fails_what_is_left_and_gives_it_back() -> None:
    program, (first, _, _) = started(photos=3)
    deliver(program, first)
    program.clock.pass_by(timedelta(hours=24))
    program.jobs.expire(JOB)
    assert the_job(program).status is JobStatus.COMPLETED
    assert (spent(program), available(program)) == (1, 29)


def test_a_result_that_comes_after_the_end_is_not_charged() -> None:
    program, (first, second) = started(photos=2)
    program.clock.pass_by(timedelta(hours=24))
    program.jobs.expire(JOB)
    deliver(program, first)
    deliver(program, second)
    assert (the_job(program).status, spent(program), available(program)) == (JobStatus.FAILED, 0, 30)


def test_what_comes_back_to_a_lot_that_has_expired_meanwhile_is_gone() -> None:
    program = Program()
    ledger = with_credits(program, 1)
    tomorrow = program.clock.now() + timedelta(days=1)
    ledger.grant(uuid5(ANN, "gift"), Source.PROMO, 2, expires_at=tomorrow, reference="a gift")
    program.store.save(ledger)
    first, second = submit(program, upload(program, 2)).photos
    program.clock.pass_by(timedelta(days=1))
    deliver(program, first)
    program.jobs.record_failed(JOB, second, "broken")
    gift = ledger_of(program).lots[uuid5(ANN, "gift")]
    assert (gift.spent, gift.expired, gift.available, available(program)) == (1, 1, 0, 1)


def test_a_photo_that_is_not_in_the_job_is_an_error() -> None:
    program, _ = started(photos=1)
    with pytest.raises(PhotoNotInJob):
        deliver(program, UUID(int=404))


def test_a_job_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound):
        Program().jobs.record_failed(JOB, UUID(int=1), "broken")
