"""Races for pictures: a job that was accepted has its photos, whatever goes at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.errors import NotFound
from application.performers import performers
from application.pictures import ORIGINALS, results_of
from application.rules import DELETE_PICTURES, RULES
from application.stagers import RetryLater
from domain.photo_job import PhotoJob
from domain.pictures import OriginalsRemoved, PictureKind, Removal
from infrastructure.reactions.bell import Bell
from infrastructure.reactions.leases import Leases
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.reactions.writer import ReactionWriter
from tests.fakes.darkroom import MarkedDarkroom, a_photo
from tests.infrastructure.reactions.rows import wait_until
from tests.races.ground import Ground, at_once, raised

ROUNDS = 20


def a_failed_job(ground: Ground, user: UUID) -> UUID:
    job = ground.submit(user, ground.uploads(user, 2))
    for photo in ground.job(job).photos:
        ground.container.jobs.record_failed(job, photo, "staging_failed")
    return job


def give_up_originals(ground: Ground, job_id: UUID) -> None:
    """As when their term is over."""
    store = ground.container.store
    with store.transaction(job_id):
        job = store.get(PhotoJob, job_id)
        job.remove_pictures([PictureKind.ORIGINALS], Removal.TERM_OVER)
        store.save(job)


def originals_are_there(ground: Ground, job_id: UUID) -> bool:
    job = ground.job(job_id)
    return all(
        ground.container.pictures.has(job.user_id, ORIGINALS, photo.original) for photo in job.photos.values()
    )


@pytest.mark.parametrize("how", ["term over", "deleted"])
def test_a_retry_while_the_originals_go_is_refused_or_has_them(ground: Ground, how: str) -> None:
    user = ground.user(credits=4 * ROUNDS)
    refused = 0
    for _ in range(ROUNDS):
        job, retry = a_failed_job(ground, user), uuid4()

        def remove(job: UUID = job) -> None:
            if how == "deleted":
                ground.container.jobs.delete(job, user)
            else:
                give_up_originals(ground, job)

        def again(job: UUID = job, retry: UUID = retry) -> None:
            ground.container.jobs.retry(retry, job, user)

        outcomes = at_once(remove, again)
        with pytest.raises(RetryLater):
            ground.container.retention.delete(job, PictureKind.ORIGINALS)
        ground.catch_up()
        ground.container.retention.delete(job, PictureKind.ORIGINALS)
        if raised(outcomes):
            assert raised(outcomes) == [NotFound if how == "deleted" else OriginalsRemoved]
            assert not originals_are_there(ground, job)
            refused += 1
        else:
            assert originals_are_there(ground, retry)
    print(f"refused {refused} of {ROUNDS}")
    ground.check()


def test_a_deleted_jobs_pictures_go_once_the_read_models_have_caught_up_with_the_reactions(
    ground: Ground,
) -> None:
    container, user = ground.container, ground.user(credits=2)
    job = ground.submit(user, ground.uploads(user, 2))
    container.pictures.put(user, results_of(job), b"a result", "image/jpeg")
    container.jobs.delete(job, user)
    with container.database.transaction(), container.database.connection() as connection:
        ReactionWriter(RULES, Bell(container.redis)).consume(connection, ground.log())
    queue = ReactionQueue(container.database)
    performed = performers(container)
    performing = Performing(queue, Leases(queue), performed, slots=1)
    while performing.perform_next(DELETE_PICTURES):
        pass
    assert deletions(ground) == {"results": ("done", {"deleted": 1}), "originals": ("due", None)}
    assert originals_are_there(ground, job)
    ground.catch_up()
    wait_until(lambda: performing.perform_next(DELETE_PICTURES))
    assert deletions(ground)["originals"] == ("done", {"deleted": 2})
    assert not any(
        container.pictures.has(user, ORIGINALS, photo.original) for photo in ground.job(job).photos.values()
    )
    assert container.pictures.clear(user, results_of(job)) == 0


def deletions(ground: Ground) -> dict[str, tuple[str, Any]]:
    """State and answer of what deletes each kind of picture."""
    with ground.container.database.connection() as connection:
        rows = connection.execute(
            """
            SELECT "references" ->> 'pictures', state, answer FROM stage.reactions WHERE kind = %s
            """,
            [DELETE_PICTURES],
        ).fetchall()
    return {kind: (state, answer) for kind, state, answer in rows}


def test_whoever_sends_a_photo_again_waits_until_its_removal_is_over(ground: Ground) -> None:
    container, user, photo, upload = ground.container, ground.user(credits=1), a_photo("a hall"), uuid4()
    original = sha256(MarkedDarkroom().take_in(photo).original).hexdigest()
    with ThreadPoolExecutor(max_workers=1) as other:
        with container.retention.uses.undisturbed(user, original):
            sending = other.submit(ground.send, user, upload, photo)
            wait_until(lambda: somebody_waits(ground))
            assert container.uploads.records.find(user, upload) is None
        sending.result()
    assert container.uploads.records.find(user, upload) is not None


def somebody_waits(ground: Ground) -> bool:
    """For a lock, in this database."""
    row = ground.container.database.one(
        """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE datname = current_database() AND NOT granted
        """
    )
    return row == (1,)


def test_a_photo_that_is_sent_again_while_it_goes_is_there_for_its_job(ground: Ground) -> None:
    user = ground.user(credits=2 * ROUNDS)
    for _ in range(ROUNDS):
        photo, first, second = a_photo(str(uuid4())), uuid4(), uuid4()
        ground.send(user, first, photo)
        job = ground.submit(user, [first])
        ground.container.jobs.delete(job, user)
        ground.catch_up()
        outcomes = at_once(
            lambda: ground.container.retention.delete(job, PictureKind.ORIGINALS),  # noqa: B023 - it is over within the round
            lambda: ground.send(user, second, photo),  # noqa: B023 - it is over within the round
        )
        assert raised(outcomes) == []
        assert originals_are_there(ground, ground.submit(user, [second]))
    ground.check()
