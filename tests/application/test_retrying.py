"""A use case that collides with another is run afresh, but not for ever."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from application.errors import ConcurrentChange
from application.retrying import ATTEMPTS, retried
from domain.credit_ledger import CreditLedger
from domain.job_photo import JobStatus
from tests.application.people import (
    ANN,
    JOB,
    available,
    deliver,
    names,
    submit,
    the_job,
    upload,
    with_credits,
)
from tests.fakes.bootstrap import Program
from tests.fakes.clock import SettableClock
from tests.fakes.contended import ContendedStore
from tests.fakes.world import World


def collide() -> None:
    raise ConcurrentChange


def test_after_a_collision_it_is_tried_again_and_succeeds() -> None:
    world, clock = World(), SettableClock()
    store = ContendedStore(world, clock)
    program = Program(world=world, clock=clock, store=store)
    with_credits(program, 3)
    uploads = upload(program)
    store.before_transactions.append(collide)
    store.before_saves.append(collide)
    submit(program, uploads)
    assert available(program) == 2
    assert names(program, JOB) == ["PhotoJob.Submitted"]


def test_photos_that_finish_at_once_all_count() -> None:
    program = Program()
    with_credits(program, 30)
    photos = list(submit(program, upload(program, 30)).photos)
    with ThreadPoolExecutor(max_workers=8) as stagers:
        list(stagers.map(lambda photo: deliver(program, photo), photos))
    assert (the_job(program).status, the_job(program).delivered) == (JobStatus.COMPLETED, 30)
    assert names(program, CreditLedger.id_for(ANN)).count("CreditLedger.Settled") == 1


def test_it_gives_up_when_it_collides_every_time() -> None:
    tried = []

    @retried
    def unlucky() -> None:
        tried.append(1)
        raise ConcurrentChange

    with pytest.raises(ConcurrentChange):
        unlucky()
    assert len(tried) == ATTEMPTS


def test_any_other_error_is_not_tried_again() -> None:
    tried = []

    @retried
    def broken() -> None:
        tried.append(1)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        broken()
    assert len(tried) == 1


def test_it_returns_what_the_use_case_returns_and_keeps_its_name() -> None:
    @retried
    def doubled(number: int) -> int:
        """Twice the number."""
        return 2 * number

    assert (doubled(4), doubled.__name__, doubled.__doc__) == (8, "doubled", "Twice the number.")


def test_a_use_case_within_another_is_tried_again_only_with_the_whole_of_it() -> None:
    tried = []

    @retried
    def inner() -> None:
        tried.append("inner")
        if len(tried) < 4:
            raise ConcurrentChange

    @retried
    def outer() -> None:
        tried.append("outer")
        inner()

    outer()
    assert tried == ["outer", "inner", "outer", "inner"]


def test_whatever_became_of_one_use_case_the_next_is_tried_again() -> None:
    @retried
    def unlucky() -> None:
        raise ConcurrentChange

    for _ in range(2):
        tried: list[int] = []

        @retried
        def lucky_at_last(tried: list[int] = tried) -> None:
            tried.append(1)
            if len(tried) < 3:
                raise ConcurrentChange

        lucky_at_last()
        assert len(tried) == 3
        with pytest.raises(ConcurrentChange):
            unlucky()
