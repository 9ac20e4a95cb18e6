"""Photos: given events, then rows."""

from dataclasses import replace
from uuid import UUID

from application.projections.photos import PhotoRow, Photos
from domain.brief import Brief, Preset
from domain.job_photo import Outcome
from domain.lineage import Lineage
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal
from tests.application.projections.histories import at, photo, provenance, rows

JOB, ADA = UUID(int=7), UUID(int=1)


def submitted() -> PhotoJob:
    return PhotoJob.submit(
        JOB, user_id=ADA, photos=[photo(5), photo(4), photo(6)], brief=Brief(Preset.ENHANCE)
    )


def pending(number: int, place: int) -> PhotoRow:
    return PhotoRow(
        photo_id=photo(number).photo_id,
        job_id=JOB,
        user_id=ADA,
        upload_id=photo(number).upload_id,
        number=place,
        name=Personal(f"kitchen {number}.jpg"),
        original=f"{number:064x}",
        original_media_type="image/jpeg",
        root_photo_id=photo(number).photo_id,
        status=Outcome.PENDING,
    )


def test_photos_are_numbered_as_they_were_submitted() -> None:
    assert rows(Photos(), submitted()) == [pending(5, 1), pending(4, 2), pending(6, 3)]


def test_a_staged_photo_shows_its_result_and_how_it_came_to_be() -> None:
    job = submitted()
    job.record_staged(photo(4).photo_id, "ab" * 32, "image/webp", provenance(4))
    staged = pending(4, 2)._replace(
        status=Outcome.STAGED,
        result="ab" * 32,
        result_media_type="image/webp",
        engine="darkroom",
        engine_version="1",
        milliseconds=704,
        resolved_at=at(2),
    )
    assert rows(Photos(), job) == [pending(5, 1), staged, pending(6, 3)]


def test_refused_and_failed_photos_say_why() -> None:
    job = submitted()
    job.record_refused(photo(4).photo_id, "unsafe")
    job.record_failed(photo(6).photo_id, "unreadable")
    assert rows(Photos(), job) == [
        pending(5, 1),
        pending(4, 2)._replace(status=Outcome.REFUSED, code="unsafe", resolved_at=at(2)),
        pending(6, 3)._replace(status=Outcome.FAILED, code="unreadable", resolved_at=at(3)),
    ]


def test_cancelling_a_job_cancels_what_had_no_outcome() -> None:
    job = submitted()
    job.record_failed(photo(5).photo_id, "unreadable")
    job.cancel()
    found = rows(Photos(), job)
    assert [row.status for row in found] == [Outcome.FAILED, Outcome.CANCELLED, Outcome.CANCELLED]
    assert [row.resolved_at for row in found] == [at(2), at(3), at(3)]


def test_photos_say_since_when_their_pictures_are_gone() -> None:
    job = submitted()
    job.record_staged(photo(4).photo_id, "ab" * 32, "image/webp", provenance(4))
    job.cancel()
    job.remove_pictures([PictureKind.RESULTS], Removal.TERM_OVER)
    job.remove_pictures([PictureKind.ORIGINALS], Removal.TERM_OVER)
    found = rows(Photos(), job)
    assert [row.result_removed_at for row in found] == [at(4)] * 3
    assert [row.original_removed_at for row in found] == [at(5)] * 3
    assert [row.result for row in found] == [None, "ab" * 32, None], "what it was stays known"


def test_a_linked_photo_has_no_original_until_it_was_fetched() -> None:
    linked = replace(photo(5), original="", media_type="", link=Personal("https://example.com/5.jpg"))

    def job() -> PhotoJob:
        return PhotoJob.submit(JOB, user_id=ADA, photos=[linked], brief=Brief(Preset.ENHANCE))

    waiting = pending(5, 1)._replace(original="", original_media_type="")
    assert rows(Photos(), job()) == [waiting]
    fetched = job()
    fetched.record_fetched(linked.photo_id, "ab" * 32, "image/png")
    assert rows(Photos(), fetched) == [waiting._replace(original="ab" * 32, original_media_type="image/png")]


def test_the_favourite_of_a_lineage_is_one_photo() -> None:
    job = submitted()
    root, other = photo(5).photo_id, photo(4).photo_id
    lineage = Lineage.begin(root, user_id=ADA)
    lineage.choose(root)
    lineage.choose(other)
    assert [row.favourite for row in rows(Photos(), job, lineage)] == [False, True, False]
