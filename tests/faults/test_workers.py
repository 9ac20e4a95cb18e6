"""Workers die, hang and come back: every photo has its outcome all the same, and only what kills is given up."""

from collections.abc import Iterator
from uuid import UUID

from application.reasons import GIVEN_UP
from application.rules import DELETE_PICTURES
from domain.credit_ledger import CreditLedger
from tests.faults.customer import Customer
from tests.faults.installation import Installation, Process
from tests.faults.pace import Speed
from tests.faults.photos import Fate, photo
from tests.faults.waiting import PATIENCE, wait_until

MADE_GOOD_WITHIN = 30.0
"""Seconds from a worker's death to the outcome of what it had in its hands."""
THREADS = 8
"""Of all workers together."""


def in_hand(installation: Installation, worker: Process) -> int:
    """How many photos this worker is staging."""
    return sum(begun.pid == worker.pid for begun in installation.journal.unfinished.elements())


def busiest(installation: Installation, photos: int) -> Process:
    """The worker that has most in hand, once so many photos are being staged."""
    wait_until(
        lambda: sum(in_hand(installation, worker) for worker in installation.workers) == photos,
        f"{photos} photos are being staged",
    )
    return max(installation.workers, key=lambda worker: in_hand(installation, worker))


def test_a_dead_workers_photos_are_made_good_by_another_within_thirty_seconds(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    for worker in installation.workers:
        worker.kill()
        worker.start(PACE=Speed.REAL.value)
    installation.journal.hold()
    job_id = ada.submit(*(photo(next(numbers)) for _ in range(6)))
    busiest(installation, 6).kill()
    installation.journal.let_go()
    took = wait_until(lambda: ada.job(job_id)["ended_at"], "the job has ended", within=2 * PATIENCE)
    print(f"made good {took:.1f} s after the worker's death")
    assert took < MADE_GOOD_WITHIN
    assert ada.job(job_id)["status"] == "completed"


def test_a_photo_that_kills_its_worker_is_given_up_after_three_attempts_and_its_neighbours_are_not(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    poison = photo(next(numbers), Fate.POISON)
    job_id = ada.submit(poison, *(photo(next(numbers)) for _ in range(THREADS - 1)))

    def ended() -> bool:
        installation.revive()
        return bool(ada.job(job_id)["ended_at"])

    wait_until(ended, "the job has ended", within=3 * PATIENCE)
    job = ada.job(job_id)
    assert [one["status"] for one in job["photos"]] == ["failed"] + ["staged"] * (THREADS - 1)
    assert job["photos"][0]["code"] == GIVEN_UP
    ledger = installation.container.store.get(CreditLedger, CreditLedger.id_for(ada.user_id))
    assert ledger.settlements[job_id].delivered == THREADS - 1


def test_a_worker_that_hung_writes_nothing_when_it_comes_back(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    installation.journal.hold()
    job_id = ada.submit(*(photo(next(numbers)) for _ in range(4)))
    hung = busiest(installation, 4)
    hung.freeze()
    installation.journal.let_go()
    try:
        assert ada.finished(job_id)["status"] == "completed"
    finally:
        hung.thaw()
    wait_until(lambda: in_hand(installation, hung) == 0, "the late results are there")


def test_what_is_staged_after_its_job_was_deleted_is_not_kept(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    installation.journal.hold()
    job_id = ada.submit(photo(next(numbers)), photo(next(numbers)))
    worker = busiest(installation, 2)
    ada.delete(job_id)
    wait_until(lambda: pictures_deleted(installation, job_id), "what was there is deleted")
    installation.journal.let_go()
    wait_until(lambda: in_hand(installation, worker) == 0, "the results are there")


def pictures_deleted(installation: Installation, job_id: UUID) -> bool:
    row = installation.container.database.one(
        "SELECT count(*) > 0 AND bool_and(state = 'done') FROM stage.reactions "
        "WHERE kind = %s AND \"references\" ->> 'job_id' = %s",
        [DELETE_PICTURES, str(job_id)],
    )
    return row == (True,)


def test_ten_jobs_survive_the_death_of_every_worker(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    jobs = []
    for worker in installation.workers:
        jobs += [ada.submit(photo(next(numbers)), photo(next(numbers), Fate.REFUSED)) for _ in range(5)]
        worker.kill()
    installation.revive()
    assert all(ada.finished(job_id)["counts"]["staged"] == 1 for job_id in jobs)
