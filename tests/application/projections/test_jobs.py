"""Jobs: given events, then rows."""

from uuid import UUID

from application.projections.jobs import JobRow, Jobs
from domain.brief import Brief, Preset, RoomType, Style
from domain.job_photo import JobStatus
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal
from tests.application.projections.histories import at, photo, provenance, rows

JOB, ADA = UUID(int=7), UUID(int=1)


def submitted(photos: int = 3) -> PhotoJob:
    return PhotoJob.submit(
        JOB,
        user_id=ADA,
        photos=[photo(number) for number in range(photos)],
        brief=Brief(Preset.STAGE, RoomType.KITCHEN, Style.MODERN, Personal("bright")),
        group_name=Personal("12 Elm Street"),
    )


def stage(job: PhotoJob, number: int) -> None:
    job.record_staged(photo(number).photo_id, f"{number:064x}", "image/jpeg", provenance(number))


def counts(row: JobRow) -> tuple[int, int, int, int]:
    return (row.staged, row.refused, row.failed, row.cancelled)


def test_a_submitted_job_is_pending_and_says_what_is_wanted() -> None:
    assert rows(Jobs(), submitted()) == [
        JobRow(
            job_id=JOB,
            user_id=ADA,
            status=JobStatus.PENDING,
            preset="stage",
            room_type="kitchen",
            style="modern",
            prompt=Personal("bright"),
            group_name=Personal("12 Elm Street"),
            parent_job_id=None,
            photos=3,
            staged=0,
            refused=0,
            failed=0,
            cancelled=0,
            submitted_at=at(1),
            ended_at=None,
            deleted_at=None,
            originals_removed_at=None,
            results_removed_at=None,
            version=1,
            position=1,
        )
    ]


def test_it_is_processing_once_a_photo_has_its_outcome() -> None:
    job = submitted()
    job.record_refused(photo(1).photo_id, "unsafe")
    (row,) = rows(Jobs(), job)
    assert (row.status, counts(row), row.ended_at) == (JobStatus.PROCESSING, (0, 1, 0, 0), None)


def test_it_is_completed_when_all_are_resolved_and_one_at_least_was_staged() -> None:
    job = submitted()
    job.record_failed(photo(0).photo_id, "unreadable")
    job.record_refused(photo(1).photo_id, "unsafe")
    stage(job, 2)
    (row,) = rows(Jobs(), job)
    assert (row.status, counts(row)) == (JobStatus.COMPLETED, (1, 1, 1, 0))
    assert row.ended_at == at(5)
    assert (row.version, row.position) == (5, 1)


def test_it_has_failed_when_nothing_was_staged() -> None:
    job = submitted(2)
    job.fail_the_rest("timed_out")
    (row,) = rows(Jobs(), job)
    assert (row.status, counts(row), row.ended_at) == (JobStatus.FAILED, (0, 0, 2, 0), at(4))


def test_cancelling_counts_only_what_was_unfinished() -> None:
    job = submitted()
    stage(job, 0)
    job.cancel()
    (row,) = rows(Jobs(), job)
    assert (row.status, counts(row), row.ended_at) == (JobStatus.CANCELLED, (1, 0, 0, 2), at(3))


def test_a_deleted_job_is_cancelled_and_its_row_stays_countable() -> None:
    job = submitted()
    stage(job, 0)
    job.delete()
    (row,) = rows(Jobs(), job)
    assert (row.status, row.staged, row.deleted_at) == (JobStatus.CANCELLED, 1, at(4))


def test_it_says_since_when_its_pictures_are_gone() -> None:
    job = submitted(1)
    job.cancel()
    job.remove_pictures([PictureKind.RESULTS], Removal.TERM_OVER)
    (row,) = rows(Jobs(), job)
    assert (row.originals_removed_at, row.results_removed_at, row.version) == (None, at(3), 3)
    job = submitted(1)
    job.delete()
    (row,) = rows(Jobs(), job)
    assert (row.originals_removed_at, row.results_removed_at, row.version) == (at(4), at(4), 4)


def test_a_group_name_can_change_and_go() -> None:
    job = submitted()
    job.rename_group(Personal("9 Oak Lane"))
    (renamed,) = rows(Jobs(), job)
    job = submitted()
    job.rename_group(Personal("  "))
    (cleared,) = rows(Jobs(), job)
    assert (renamed.group_name, cleared.group_name) == (Personal("9 Oak Lane"), None)
