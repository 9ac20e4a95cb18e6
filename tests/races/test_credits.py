"""Races for credits: whoever comes first has them, nobody has them twice, and each job is settled once."""

import time
from uuid import uuid4

from application.errors import UploadAlreadyUsed
from domain.credit_errors import InsufficientCredits
from domain.job_errors import JobAlreadyEnded
from domain.job_photo import JobStatus, Outcome
from tests.races.ground import Ground, at_once, raised

ROUNDS = 20


def test_of_two_jobs_for_the_last_credits_one_is_accepted_fifty_times_over(ground: Ground) -> None:
    user = ground.user(credits=2)
    for _ in range(50):
        first, second = ground.uploads(user, 2), ground.uploads(user, 2)
        outcomes = at_once(lambda: ground.submit(user, first), lambda: ground.submit(user, second))  # noqa: B023 - it is over within the round
        assert raised(outcomes) == [InsufficientCredits]
        assert ground.available(user) == 0
        (accepted,) = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
        ground.container.jobs.cancel(accepted, user)
    assert ground.available(user) == 2
    ground.check()


def test_twenty_twins_of_one_submission_make_one_job(ground: Ground) -> None:
    user, job = ground.user(credits=5), uuid4()
    uploads = ground.uploads(user, 2)
    outcomes = at_once(*[lambda: ground.submit(user, uploads, job)] * 20)
    assert outcomes == [job] * 20
    assert [one.name for one in ground.log()].count("PhotoJob.Submitted") == 1
    assert ground.available(user) == 3
    ground.check()


def test_of_two_jobs_that_want_the_same_uploads_one_gets_them(ground: Ground) -> None:
    user = ground.user(credits=30)
    for _ in range(ROUNDS):
        uploads = ground.uploads(user, 3)
        backwards = uploads[::-1]
        outcomes = at_once(lambda: ground.submit(user, uploads), lambda: ground.submit(user, backwards))  # noqa: B023 - it is over within the round
        assert raised(outcomes) == [UploadAlreadyUsed]
        (accepted,) = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
        ground.container.jobs.cancel(accepted, user)
    ground.check()


def test_two_users_do_not_wait_for_each_other(ground: Ground) -> None:
    users = [ground.user(credits=3) for _ in range(8)]
    uploads = [ground.uploads(user, 3) for user in users]
    outcomes = at_once(
        *(
            lambda user=user, mine=mine: ground.submit(user, mine)
            for user, mine in zip(users, uploads, strict=True)
        )
    )
    assert raised(outcomes) == []
    ground.check()


def test_a_job_that_is_cancelled_while_it_finishes_ends_one_way(ground: Ground) -> None:
    user = ground.user(credits=2 * ROUNDS)
    for _ in range(ROUNDS):
        job = ground.submit(user, ground.uploads(user, 1))
        (photo,) = ground.job(job).photos
        finished, cancelled = at_once(
            lambda: ground.deliver(job, photo),  # noqa: B023 - it is over within the round
            lambda: ground.container.jobs.cancel(job, user),  # noqa: B023 - it is over within the round
        )
        end = ground.job(job).status
        assert finished is None
        assert (end, type(cancelled)) in {
            (JobStatus.COMPLETED, JobAlreadyEnded),
            (JobStatus.CANCELLED, type(None)),
        }
    ground.check()


def test_a_job_that_is_deleted_while_it_finishes_is_deleted_and_settled_once(ground: Ground) -> None:
    user = ground.user(credits=2 * ROUNDS)
    for _ in range(ROUNDS):
        job = ground.submit(user, ground.uploads(user, 1))
        (photo,) = ground.job(job).photos
        outcomes = at_once(
            lambda: ground.deliver(job, photo),  # noqa: B023 - it is over within the round
            lambda: ground.container.jobs.delete(job, user),  # noqa: B023 - it is over within the round
        )
        assert outcomes == [None, None]
        assert ground.job(job).deleted
        assert ground.job(job).status in (JobStatus.COMPLETED, JobStatus.CANCELLED)
    ground.check()


def test_thirty_photos_that_finish_at_once_are_all_recorded_and_settled_once(ground: Ground) -> None:
    user = ground.user(credits=30)
    job = ground.submit(user, ground.uploads(user, 30))
    photos = list(ground.job(job).photos)
    started = time.monotonic()
    outcomes = at_once(*(lambda photo=photo: ground.deliver(job, photo) for photo in photos))
    print(f"30 photos recorded at once in {time.monotonic() - started:.2f} s")
    assert outcomes == [None] * 30
    assert (ground.job(job).status, ground.job(job).delivered) == (JobStatus.COMPLETED, 30)
    ground.check()


def test_a_job_that_is_cancelled_while_thirty_photos_finish_pays_for_what_was_delivered(
    ground: Ground,
) -> None:
    user = ground.user(credits=30)
    job = ground.submit(user, ground.uploads(user, 30))
    photos = list(ground.job(job).photos)
    at_once(
        *(lambda photo=photo: ground.deliver(job, photo) for photo in photos),
        lambda: ground.container.jobs.cancel(job, user),
    )
    ended = ground.job(job)
    assert ended.status in (JobStatus.CANCELLED, JobStatus.COMPLETED)
    assert Outcome.PENDING not in ended.outcomes.values()
    assert ground.available(user) == 30 - ended.delivered
    ground.check()
