"""A job's life: submitted, each photo resolved once, ended by the last one or by its owner."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from domain.brief import Brief, Preset, RoomType, Style
from domain.job_errors import (
    GROUP_NAME_LENGTH,
    GroupNameTooLong,
    JobAlreadyEnded,
    PhotoGivenTwice,
    PhotoNotInJob,
    WrongNumberOfPhotos,
)
from domain.job_photo import JobStatus, Outcome
from domain.personal import Personal
from domain.photo_job import PhotoJob
from tests.domain.history import Fact, fact, given, news
from tests.domain.jobs import (
    ANN,
    FIRST,
    JOB,
    OLD_JOB,
    SECOND,
    THIRD,
    a_job,
    cancelled,
    completed,
    failed,
    photos,
    refused,
    removed,
    stage,
    staged,
    submit,
)

# Submitting


def test_submitting_records_the_photos_and_what_is_wanted() -> None:
    job = PhotoJob.submit(
        JOB,
        user_id=ANN,
        photos=photos(2),
        brief=Brief(Preset.STAGE, RoomType.BEDROOM, Style.MODERN, Personal("a rug")),
        group_name=Personal(" Elm Street 5 "),
        parent_job_id=OLD_JOB,
        economy=True,
    )
    assert news(job) == [
        fact(
            PhotoJob.Submitted,
            user_id=ANN,
            photos=photos(2),
            preset="stage",
            room_type="bedroom",
            style="modern",
            prompt=Personal("a rug"),
            group_name=Personal("Elm Street 5"),
            parent_job_id=OLD_JOB,
            economy=True,
        )
    ]
    assert (job.owner, job.status, job.delivered, job.resolved) == (ANN, JobStatus.PENDING, 0, 0)


def test_the_brief_comes_back_as_it_was_given() -> None:
    brief = Brief(Preset.STAGE, RoomType.BEDROOM, Style.MODERN, Personal("a rug"))
    assert submit(1, brief).brief == brief
    assert submit(1).brief == Brief(Preset.ENHANCE)


@pytest.mark.parametrize("count", [1, 30])
def test_a_job_takes_one_to_thirty_photos(count: int) -> None:
    assert len(submit(count).photos) == count


@pytest.mark.parametrize("count", [0, 31])
def test_no_photo_and_more_than_thirty_are_refused(count: int) -> None:
    with pytest.raises(WrongNumberOfPhotos) as problem:
        submit(count)
    assert (problem.value.count, problem.value.limit) == (count, 30)


def test_the_same_upload_twice_is_refused() -> None:
    with pytest.raises(PhotoGivenTwice) as problem:
        PhotoJob.submit(JOB, user_id=ANN, photos=[*photos(2), photos(2)[1]], brief=Brief(Preset.ENHANCE))
    assert problem.value.upload_id == UUID(int=2001)


@pytest.mark.parametrize("blank", [None, Personal(""), Personal(" \n")])
def test_a_blank_group_name_is_none(blank: Personal | None) -> None:
    assert submit(1, group_name=blank).group_name is None


def test_a_group_name_may_have_a_hundred_and_forty_characters_once_trimmed() -> None:
    longest = "x" * GROUP_NAME_LENGTH
    assert submit(1, group_name=Personal(f" {longest} ")).group_name == Personal(longest)


def test_a_longer_group_name_is_refused_without_being_repeated() -> None:
    with pytest.raises(GroupNameTooLong) as problem:
        submit(1, group_name=Personal("x" * 141))
    assert (problem.value.length, problem.value.limit, problem.value.args) == (141, 140, (141,))


# Photos resolve, and the last one ends the job


def test_a_staged_photo_brings_its_result_and_how_it_came_to_be() -> None:
    job = a_job(2)
    stage(job, FIRST)
    assert news(job) == [staged(FIRST)]
    assert (job.status, job.delivered, job.results) == (JobStatus.PROCESSING, 1, {FIRST: "bb"})


def test_a_refused_and_a_failed_photo_have_a_code() -> None:
    job = a_job(3)
    job.record_refused(FIRST, "people")
    job.record_failed(SECOND, "broken")
    assert news(job) == [refused(FIRST), failed(SECOND)]
    assert (job.status, job.resolved, job.delivered) == (JobStatus.PROCESSING, 2, 0)


def test_the_last_photo_completes_the_job() -> None:
    job = a_job(2, staged(FIRST))
    stage(job, SECOND)
    assert news(job) == [staged(SECOND), completed(2)]
    assert job.status is JobStatus.COMPLETED


def test_one_staged_photo_is_enough_to_complete_a_job() -> None:
    job = a_job(3, staged(FIRST), refused(SECOND))
    job.record_failed(THIRD, "broken")
    assert news(job) == [failed(THIRD), completed(1)]


def test_a_job_without_any_staged_photo_has_failed() -> None:
    job = a_job(2, failed(FIRST))
    job.record_refused(SECOND, "people")
    assert news(job) == [refused(SECOND), fact(PhotoJob.Failed)]
    assert job.status is JobStatus.FAILED


@pytest.mark.parametrize("first", [staged, refused, failed])
def test_a_photo_resolves_once(first: Callable[[UUID], Fact]) -> None:
    job = a_job(2, first(FIRST))
    stage(job, FIRST)
    job.record_refused(FIRST, "people")
    job.record_failed(FIRST, "broken")
    assert news(job) == []


ENDS = {
    "completed": [staged(FIRST), staged(SECOND), completed(2)],
    "failed": [failed(FIRST), failed(SECOND), fact(PhotoJob.Failed)],
    "cancelled": [cancelled(0, FIRST, SECOND)],
    "deleted": [cancelled(0, FIRST, SECOND), fact(PhotoJob.Deleted), removed(2)],
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_result_that_comes_after_the_end_is_thrown_away(end: list[Fact]) -> None:
    job = a_job(2, *end)
    delivered = job.delivered
    stage(job, FIRST)
    job.record_refused(FIRST, "people")
    job.record_failed(SECOND, "broken")
    job.fail_the_rest("timed_out")
    assert (news(job), job.delivered) == ([], delivered)


def test_a_photo_is_open_until_it_is_resolved_or_the_job_ends() -> None:
    job = a_job(3, staged(FIRST))
    assert [job.is_open(photo) for photo in (FIRST, SECOND, THIRD)] == [False, True, True]
    job.cancel()
    assert not job.is_open(SECOND)


def test_a_photo_of_another_job_is_not_known() -> None:
    job = a_job(1)
    stranger = UUID(int=9)
    for record in (
        lambda: stage(job, stranger),
        lambda: job.record_refused(stranger, "people"),
        lambda: job.record_failed(stranger, "broken"),
        lambda: job.is_open(stranger),
    ):
        with pytest.raises(PhotoNotInJob) as problem:
            record()
        assert problem.value.photo_id == stranger
    assert news(job) == []


def test_a_job_that_takes_too_long_fails_what_is_left() -> None:
    job = a_job(3, staged(SECOND))
    job.fail_the_rest("timed_out")
    timed_out = [fact(PhotoJob.PhotoFailed, photo_id=photo, code="timed_out") for photo in (FIRST, THIRD)]
    assert news(job) == [*timed_out, completed(1)]


# The owner's doing


def test_cancelling_stops_what_is_unfinished_and_keeps_what_was_delivered() -> None:
    job = a_job(3, staged(SECOND))
    job.cancel()
    job.cancel()
    assert news(job) == [cancelled(1, FIRST, THIRD)]
    assert (job.status, job.delivered, job.resolved) == (JobStatus.CANCELLED, 1, 3)
    assert job.outcomes == {FIRST: Outcome.CANCELLED, SECOND: Outcome.STAGED, THIRD: Outcome.CANCELLED}


@pytest.mark.parametrize("end", ["completed", "failed"])
def test_what_has_ended_cannot_be_cancelled(end: str) -> None:
    job = a_job(2, *ENDS[end])
    with pytest.raises(JobAlreadyEnded) as problem:
        job.cancel()
    assert (problem.value.status, news(job)) == (JobStatus(end), [])


def test_a_group_is_renamed_and_blank_clears_the_name() -> None:
    job = a_job(1)
    job.rename_group(Personal(" Elm Street 5 "))
    job.rename_group(Personal("Elm Street 5"))
    job.rename_group(Personal("  "))
    job.rename_group(None)
    assert news(job) == [
        fact(PhotoJob.GroupRenamed, group_name=Personal("Elm Street 5")),
        fact(PhotoJob.GroupRenamed, group_name=None),
    ]


def test_a_group_cannot_be_renamed_to_something_longer_either() -> None:
    job = a_job(1)
    with pytest.raises(GroupNameTooLong):
        job.rename_group(Personal("x" * 141))
    assert news(job) == []


def test_an_ended_job_can_still_be_renamed() -> None:
    job = a_job(2, *ENDS["completed"])
    job.rename_group(Personal("Elm Street 5"))
    assert (job.group_name, job.status) == (Personal("Elm Street 5"), JobStatus.COMPLETED)


def test_deleting_cancels_what_is_unfinished_and_gives_the_pictures_up() -> None:
    job = a_job(2, staged(FIRST))
    job.delete()
    job.delete()
    assert news(job) == [cancelled(1, SECOND), fact(PhotoJob.Deleted), removed(2)]
    assert (job.deleted, job.status) == (True, JobStatus.CANCELLED)


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_deleting_an_ended_job_leaves_its_end_as_it_was(end: str) -> None:
    job = a_job(2, *ENDS[end])
    job.delete()
    assert (news(job), job.status) == ([fact(PhotoJob.Deleted), removed(2)], JobStatus(end))


# Photos given as links


def linked(*since: Fact) -> PhotoJob:
    """A job whose second photo is still to be fetched."""
    there, awaited = photos(2)
    link = Personal("https://photos.example/hall.jpg")
    job = PhotoJob.submit(
        JOB,
        user_id=ANN,
        photos=[there, replace(awaited, original="", media_type="", link=link)],
        brief=Brief(Preset.ENHANCE),
    )
    (begun,) = news(job)
    return given(PhotoJob, JOB, begun, *since)


def fetched(original: str = "cc") -> Fact:
    return fact(PhotoJob.PhotoFetched, photo_id=SECOND, original=original, media_type="image/png")


def test_a_linked_photo_is_fetched_once() -> None:
    job = linked()
    job.record_fetched(SECOND, "cc", "image/png")
    job.record_fetched(SECOND, "dd", "image/jpeg")
    assert news(job) == [fetched()]
    assert (job.photos[SECOND].original, job.photos[SECOND].media_type) == ("cc", "image/png")


def test_what_is_there_already_is_not_fetched() -> None:
    job = linked()
    job.record_fetched(FIRST, "cc", "image/png")
    assert news(job) == []


@pytest.mark.parametrize("end", [failed(SECOND), refused(SECOND)])
def test_a_photo_that_arrives_after_its_outcome_is_thrown_away(end: Fact) -> None:
    job = linked(end)
    job.record_fetched(SECOND, "cc", "image/png")
    assert news(job) == []


def test_only_the_job_s_own_photos_are_fetched() -> None:
    with pytest.raises(PhotoNotInJob):
        linked().record_fetched(THIRD, "cc", "image/png")
