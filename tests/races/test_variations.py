"""Races for variations and links: no more briefs than a photo may have, and each fetched photo recorded once."""

from uuid import UUID, uuid4

from domain.lineage import VARIATIONS_PER_PHOTO, Lineage, TooManyVariations
from domain.personal import Personal
from tests.fakes.darkroom import a_photo
from tests.races.ground import ENHANCE, Ground, at_once, raised


def test_of_eight_variations_at_once_four_are_accepted(ground: Ground) -> None:
    user = ground.user(credits=20)
    job = ground.submit(user, ground.uploads(user, 1))
    (photo,) = ground.job(job).photos

    def vary() -> None:
        ground.container.jobs.submit(uuid4(), user_id=user, photos=[], brief=ENHANCE, parent_job_id=job)

    outcomes = at_once(*[vary] * 8)

    assert raised(outcomes) == [TooManyVariations] * 4
    lineage = ground.container.store.get(Lineage, Lineage.id_for(photo))
    assert len(lineage.variations) == VARIATIONS_PER_PHOTO
    assert ground.available(user) == 20 - 1 - VARIATIONS_PER_PHOTO
    ground.check()


def test_a_photo_that_is_fetched_while_its_job_is_cancelled_costs_nothing(ground: Ground) -> None:
    user = ground.user(credits=20)
    for _ in range(10):
        job_id = linked_job(ground, user)
        names = [one.name for one in ground.log() if one.stream_id == job_id]
        assert names.count("PhotoJob.PhotoFetched") <= 1
        assert names[-1] == "PhotoJob.Cancelled"
    assert ground.available(user) == 20
    ground.check()


def linked_job(ground: Ground, user: UUID) -> UUID:
    """A job of one link, whose photo arrives twice while it is cancelled."""
    jobs, job_id = ground.container.jobs, uuid4()
    link = Personal("https://photos.example.com/hall.jpg")
    jobs.submit(job_id, user_id=user, photos=[link], brief=ENHANCE)
    (photo,) = ground.job(job_id).photos.values()
    ground.send(user, photo.upload_id, a_photo("a hall"))

    def fetched() -> None:
        jobs.record_fetched(job_id, photo.photo_id, "ab" * 32, "image/jpeg")

    assert raised(at_once(fetched, fetched, lambda: jobs.cancel(job_id, user))) == []
    return job_id
