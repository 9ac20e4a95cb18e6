"""Pictures are given up for good, and as long as they are not, another job can be made from them."""

from collections.abc import Callable

import pytest

from domain.job_errors import JobNotEnded, NothingToRetry
from domain.job_photo import JobPhoto, JobStatus
from domain.pictures import OriginalsRemoved, PictureKind, Removal
from tests.domain.history import Fact, news
from tests.domain.jobs import (
    FIRST,
    JOB,
    SECOND,
    THIRD,
    a_job,
    cancelled,
    completed,
    failed,
    photos,
    refused,
    removed,
    staged,
)

DONE = [staged(FIRST), failed(SECOND), completed(1)]


# Giving pictures up


def test_each_kind_goes_when_its_term_is_over() -> None:
    job = a_job(2, *DONE)
    job.remove_pictures([PictureKind.RESULTS], Removal.TERM_OVER)
    job.remove_pictures([PictureKind.ORIGINALS], Removal.TERM_OVER)
    assert news(job) == [removed(2, kind, reason="term_over") for kind in ("results", "originals")]
    assert job.removed == set(PictureKind)


def test_what_has_gone_does_not_go_again() -> None:
    job = a_job(2, *DONE, removed(2, "originals", reason="term_over"))
    job.remove_pictures([PictureKind.ORIGINALS], Removal.TERM_OVER)
    assert news(job) == []
    job.remove_pictures(PictureKind, Removal.TERM_OVER)
    assert news(job) == [removed(2, "results", reason="term_over")]


def test_deleting_gives_up_what_is_left() -> None:
    job = a_job(2, *DONE, removed(2, "originals", reason="term_over"))
    job.delete()
    assert news(job)[1:] == [removed(2, "results")]


def test_nothing_goes_before_the_job_has_ended() -> None:
    job = a_job(2, staged(FIRST))
    with pytest.raises(JobNotEnded) as problem:
        job.remove_pictures(PictureKind, Removal.TERM_OVER)
    assert (problem.value.status, news(job)) == (JobStatus.PROCESSING, [])


# Another job on the same photos


def test_a_job_lends_its_originals_whether_it_has_ended_or_not() -> None:
    assert a_job(2).originals == a_job(2, *DONE).originals == photos(2)


def test_originals_that_are_gone_cannot_be_used_again() -> None:
    job = a_job(2, *DONE, removed(2, "originals"))
    uses: tuple[Callable[[], list[JobPhoto]], ...] = (lambda: job.originals, lambda: job.photos_to_retry)
    for use in uses:
        with pytest.raises(OriginalsRemoved) as problem:
            use()
        assert problem.value.job_id == JOB


def test_results_that_are_gone_do_not_matter() -> None:
    assert a_job(2, *DONE, removed(2, "results")).photos_to_retry == photos(2)[1:]


@pytest.mark.parametrize(
    "end",
    [
        [staged(FIRST), failed(SECOND), refused(THIRD), completed(1)],
        [failed(SECOND), cancelled(0, FIRST, THIRD)],
    ],
    ids=["completed", "cancelled"],
)
def test_only_what_failed_is_worth_a_retry(end: list[Fact]) -> None:
    assert a_job(3, *end).photos_to_retry == [photos(3)[1]]


@pytest.mark.parametrize(
    "end",
    [[staged(FIRST), refused(SECOND), completed(1)], [cancelled(0, FIRST, SECOND)]],
    ids=["refused", "cancelled"],
)
def test_a_job_without_failed_photos_has_nothing_to_retry(end: list[Fact]) -> None:
    with pytest.raises(NothingToRetry) as problem:
        _ = a_job(2, *end).photos_to_retry
    assert problem.value.job_id == JOB


def test_a_job_is_retried_once_it_has_ended() -> None:
    with pytest.raises(JobNotEnded) as problem:
        _ = a_job(2, failed(FIRST)).photos_to_retry
    assert problem.value.status is JobStatus.PROCESSING
