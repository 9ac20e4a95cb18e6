"""What everybody does who knows what still needs a picture."""

from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from application.photos import PhotoFacts
from application.ports import Upload
from domain.brief import Brief, Preset
from domain.job_photo import JobPhoto
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal
from tests.contracts.ports import StatefulPorts

ANN, BOB = UUID(int=1), UUID(int=2)
JOB, OTHER_JOB, THIRD_JOB = UUID(int=31), UUID(int=32), UUID(int=33)
KITCHEN, HALL = "aa" * 32, "bb" * 32


def an_ended_job(ports: StatefulPorts, job_id: UUID = JOB, *originals: str, user: UUID = ANN) -> PhotoJob:
    photos = [
        JobPhoto(
            photo_id=uuid5(job_id, f"photo {number}"),
            upload_id=uuid5(user, original),
            original=original,
            media_type="image/jpeg",
            name=Personal("kitchen.jpg"),
        )
        for number, original in enumerate(originals or (KITCHEN,))
    ]
    job = PhotoJob.submit(job_id, user_id=user, photos=photos, brief=Brief(Preset.ENHANCE))
    job.cancel()
    ports.store.save(job)
    return job


def give_up(ports: StatefulPorts, job: PhotoJob, *kinds: PictureKind) -> None:
    job.remove_pictures(kinds or PictureKind, Removal.TERM_OVER)
    ports.store.save(job)


def upload(
    ports: StatefulPorts, *, job_id: UUID | None = None, expired: timedelta = timedelta(hours=-1)
) -> None:
    """Ann has sent the kitchen, which expired so long ago."""
    ports.records.add(
        Upload(
            upload_id=UUID(int=51),
            user_id=ANN,
            sha256=KITCHEN,
            facts=PhotoFacts("image/jpeg", width=4000, height=3000),
            size=4_000_000,
            name=Personal("kitchen.jpg"),
            expires_at=ports.clock.now() - expired,
            job_id=job_id,
        )
    )


def test_a_picture_that_nobody_has_is_not_needed(ports: StatefulPorts) -> None:
    assert not ports.uses.original_needed(ANN, KITCHEN)


def test_a_job_needs_its_originals_until_it_gives_them_up(ports: StatefulPorts) -> None:
    job = an_ended_job(ports, JOB, KITCHEN, HALL)
    ports.catch_up()
    assert ports.uses.original_needed(ANN, KITCHEN)
    assert not ports.uses.original_needed(BOB, KITCHEN)
    give_up(ports, job, PictureKind.RESULTS)
    ports.catch_up()
    assert ports.uses.original_needed(ANN, KITCHEN)
    give_up(ports, job, PictureKind.ORIGINALS)
    ports.catch_up()
    assert not ports.uses.original_needed(ANN, KITCHEN)
    assert not ports.uses.original_needed(ANN, HALL)


def test_another_job_with_the_same_original_needs_it_too(ports: StatefulPorts) -> None:
    job = an_ended_job(ports)
    an_ended_job(ports, OTHER_JOB)
    give_up(ports, job)
    ports.catch_up()
    assert ports.uses.original_needed(ANN, KITCHEN)


def test_an_upload_that_waits_for_its_job_needs_its_picture(ports: StatefulPorts) -> None:
    upload(ports)
    assert ports.uses.original_needed(ANN, KITCHEN)


def test_an_upload_that_nobody_took_in_time_needs_nothing(ports: StatefulPorts) -> None:
    upload(ports, expired=timedelta(hours=1))
    assert not ports.uses.original_needed(ANN, KITCHEN)


def test_an_upload_needs_its_picture_while_the_read_models_do_not_know_its_job(ports: StatefulPorts) -> None:
    upload(ports, job_id=JOB, expired=timedelta(hours=1))
    assert ports.uses.original_needed(ANN, KITCHEN)
    job = an_ended_job(ports)
    give_up(ports, job)
    assert ports.uses.original_needed(ANN, KITCHEN), "not even the job is known yet"
    ports.catch_up()
    assert not ports.uses.original_needed(ANN, KITCHEN)


@pytest.mark.parametrize("kind", PictureKind)
def test_a_removal_is_known_once_the_read_models_have_come_there(
    ports: StatefulPorts, kind: PictureKind
) -> None:
    job = an_ended_job(ports)
    ports.catch_up()
    give_up(ports, job, kind)
    assert not ports.uses.knows_removal(JOB, kind)
    ports.catch_up()
    assert [ports.uses.knows_removal(JOB, other) for other in PictureKind] == [
        other is kind for other in PictureKind
    ]
    assert not ports.uses.knows_removal(OTHER_JOB, kind)


def test_past_their_term_are_jobs_that_ended_before_and_still_have_such_pictures(
    ports: StatefulPorts,
) -> None:
    before = ports.clock.now()
    jobs = [an_ended_job(ports, job_id) for job_id in (JOB, OTHER_JOB, THIRD_JOB)]
    give_up(ports, jobs[-1], PictureKind.ORIGINALS)
    unfinished = [JobPhoto(UUID(int=9), UUID(int=9), KITCHEN, "image/jpeg", Personal("kitchen.jpg"))]
    ports.store.save(
        PhotoJob.submit(UUID(int=34), user_id=ANN, photos=unfinished, brief=Brief(Preset.ENHANCE))
    )
    ports.catch_up()
    after = ports.clock.now() + timedelta(seconds=1)
    past = ports.uses.past_term
    assert past(PictureKind.ORIGINALS, ended_before=after, limit=9) == [JOB, OTHER_JOB]
    assert past(PictureKind.RESULTS, ended_before=after, limit=9) == [JOB, OTHER_JOB, THIRD_JOB]
    assert past(PictureKind.RESULTS, ended_before=after, limit=2) == [JOB, OTHER_JOB]
    assert past(PictureKind.RESULTS, ended_before=before, limit=9) == []


def test_kept_by_their_owner_are_jobs_that_have_not_given_up_both_kinds(ports: StatefulPorts) -> None:
    jobs = [an_ended_job(ports, job_id) for job_id in (JOB, OTHER_JOB, THIRD_JOB)]
    give_up(ports, jobs[0])
    give_up(ports, jobs[0], PictureKind.RESULTS)
    give_up(ports, jobs[1], PictureKind.ORIGINALS)
    ports.catch_up()
    assert ports.uses.kept_by(ANN, limit=9) == [OTHER_JOB, THIRD_JOB]
    assert ports.uses.kept_by(ANN, limit=1) == [OTHER_JOB]
    assert ports.uses.kept_by(BOB, limit=9) == []
