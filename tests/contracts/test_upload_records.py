"""What every keeper of uploads does."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import ConcurrentChange
from application.photos import PhotoFacts
from application.ports import Upload
from domain.personal import Personal
from tests.contracts.ports import StatefulPorts, TransactionFailed, fail_after

ANN, BOB = UUID(int=1), UUID(int=2)
UPLOAD, SECOND = UUID(int=51), UUID(int=52)
JOB, OTHER_JOB = UUID(int=31), UUID(int=32)


def an_upload(ports: StatefulPorts, upload_id: UUID = UPLOAD) -> Upload:
    return Upload(
        upload_id=upload_id,
        user_id=ANN,
        sha256="ab" * 32,
        facts=PhotoFacts("image/heic", width=4032, height=3024),
        size=14_999_999,
        name=Personal("Küche 台所.heic"),
        expires_at=ports.clock.now() + timedelta(hours=48),
    )


def test_an_upload_comes_back_as_it_was(ports: StatefulPorts) -> None:
    upload = an_upload(ports)
    ports.records.add(upload)
    assert ports.records.find(ANN, UPLOAD) == upload


def test_adding_it_again_leaves_the_first_as_it_is(ports: StatefulPorts) -> None:
    upload = an_upload(ports)
    ports.records.add(upload)
    ports.records.take_all([UPLOAD], JOB)
    ports.records.add(replace(upload, size=1))
    assert ports.records.find(ANN, UPLOAD) == replace(upload, job_id=JOB)


def test_nobody_else_finds_it(ports: StatefulPorts) -> None:
    ports.records.add(an_upload(ports))
    assert ports.records.find(BOB, UPLOAD) is None
    assert ports.records.find(ANN, UUID(int=404)) is None


def test_many_are_found_at_once_but_for_those_of_others(ports: StatefulPorts) -> None:
    first, second = an_upload(ports), an_upload(ports, SECOND)
    bobs = replace(an_upload(ports, UUID(int=53)), user_id=BOB)
    for upload in (first, second, bobs):
        ports.records.add(upload)
    wanted = [UPLOAD, SECOND, bobs.upload_id, UUID(int=404)]
    assert ports.records.find_many(ANN, wanted) == {UPLOAD: first, SECOND: second}
    assert ports.records.find_many(ANN, []) == {}


def test_a_job_takes_uploads_and_may_ask_again(ports: StatefulPorts) -> None:
    add(ports, UPLOAD, SECOND)
    ports.records.take_all([SECOND, UPLOAD], JOB)
    ports.records.take_all([UPLOAD, SECOND], JOB)
    with pytest.raises(ConcurrentChange):
        ports.records.take_all([UPLOAD], OTHER_JOB)
    assert taken(ports) == {UPLOAD: JOB, SECOND: JOB}


def test_a_job_takes_all_or_none(ports: StatefulPorts) -> None:
    add(ports, UPLOAD, SECOND)
    ports.records.take_all([SECOND], OTHER_JOB)
    with pytest.raises(ConcurrentChange):
        ports.records.take_all([UPLOAD, SECOND], JOB)
    with pytest.raises(ConcurrentChange):
        ports.records.take_all([UPLOAD, UUID(int=404)], JOB)
    assert taken(ports) == {UPLOAD: None, SECOND: OTHER_JOB}


def test_what_has_expired_cannot_be_taken_any_more_but_stays_with_the_job_that_has_it(
    ports: StatefulPorts,
) -> None:
    expired = replace(an_upload(ports), expires_at=ports.clock.now() - timedelta(microseconds=1))
    ports.records.add(expired)
    ports.records.add(replace(expired, upload_id=SECOND, job_id=JOB))
    with pytest.raises(ConcurrentChange):
        ports.records.take_all([UPLOAD], JOB)
    ports.records.take_all([SECOND], JOB)
    assert taken(ports) == {UPLOAD: None, SECOND: JOB}


def test_what_was_taken_in_a_transaction_that_fails_is_free_again(ports: StatefulPorts) -> None:
    add(ports, UPLOAD)
    with pytest.raises(TransactionFailed):
        fail_after(ports, lambda: ports.records.take_all([UPLOAD], JOB))
    ports.records.take_all([UPLOAD], OTHER_JOB)
    assert taken(ports, UPLOAD) == {UPLOAD: OTHER_JOB}


def test_of_many_jobs_that_want_the_same_at_once_one_gets_all_of_it(ports: StatefulPorts) -> None:
    uploads = [UUID(int=200 + number) for number in range(10)]
    add(ports, *uploads)
    jobs = [UUID(int=100 + number) for number in range(6)]

    def take(job: UUID) -> bool:
        try:
            ports.records.take_all(random.Random(job.int).sample(uploads, 10), job)
        except ConcurrentChange:
            return False
        return True

    with ThreadPoolExecutor(max_workers=6) as takers:
        assert sum(takers.map(take, jobs)) == 1
    assert len(set(taken(ports, *uploads).values())) == 1


def test_unused_is_what_expired_without_a_job_the_oldest_first(ports: StatefulPorts) -> None:
    now = ports.clock.now()
    ages = {UPLOAD: 2, SECOND: 3, UUID(int=53): -1, UUID(int=54): 4}
    for upload_id, hours in ages.items():
        ports.records.add(replace(an_upload(ports, upload_id), expires_at=now - timedelta(hours=hours)))
    ports.records.add(
        replace(an_upload(ports, UUID(int=55)), expires_at=now - timedelta(hours=9), job_id=JOB)
    )
    unused = [upload.upload_id for upload in ports.records.unused(limit=10)]
    assert unused == [UUID(int=54), SECOND, UPLOAD]
    assert [upload.upload_id for upload in ports.records.unused(limit=1)] == [UUID(int=54)]


def test_what_a_job_has_is_forgotten_as_that_jobs_only(ports: StatefulPorts) -> None:
    add(ports, UPLOAD, SECOND)
    ports.records.take_all([UPLOAD], JOB)
    ports.records.forget([UPLOAD, SECOND], taken_by=OTHER_JOB)
    assert taken(ports) == {UPLOAD: JOB, SECOND: None}
    ports.records.forget([UPLOAD, SECOND], taken_by=None)
    assert taken(ports) == {UPLOAD: JOB}
    ports.records.forget([UPLOAD, SECOND], taken_by=JOB)
    assert taken(ports) == {}


def add(ports: StatefulPorts, *upload_ids: UUID) -> None:
    for upload_id in upload_ids:
        ports.records.add(an_upload(ports, upload_id))


def taken(ports: StatefulPorts, *upload_ids: UUID) -> dict[UUID, UUID | None]:
    """Which job has each of these uploads of Ann's."""
    found = ports.records.find_many(ANN, upload_ids or (UPLOAD, SECOND))
    return {upload_id: upload.job_id for upload_id, upload in found.items()}
