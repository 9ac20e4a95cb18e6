"""Transactions that begin late: what they put off, what their reads see, and whom they keep waiting."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.pq import TransactionStatus

from application.errors import ConcurrentChange
from application.retrying import retried
from infrastructure.postgres.database import Database
from infrastructure.postgres.transactions import Call

STREAM = UUID(int=1)
APPEND = "event_store.append_event(%b::uuid, %b::bigint, 'A.Happened', 'what', 'who', NULL)"


@pytest.fixture
def opened(database: Any) -> Iterator[Database]:
    opened = Database(database.app_url, size=4)
    opened.open()
    yield opened
    opened.close()


def appending(version: int, told: list[int]) -> Call:
    return Call(APPEND, (STREAM, version), told.append, appends=True)


def versions(opened: Database) -> list[int]:
    with opened.reading() as connection:
        rows = connection.execute("SELECT originator_version FROM event_store.events ORDER BY position")
        return [version for (version,) in rows]


def test_reading_begins_no_transaction(opened: Database) -> None:
    with opened.transaction():
        with opened.reading() as connection:
            connection.execute("SELECT 1")
            assert connection.info.transaction_status == TransactionStatus.IDLE
        with opened.connection() as connection:
            assert connection.info.transaction_status == TransactionStatus.INTRANS


def test_what_is_put_off_is_done_at_the_end_and_answered(opened: Database) -> None:
    told: list[int] = []
    with opened.transaction():
        opened.put_off(appending(1, told), appending(2, told))
        assert told == []
    assert versions(opened) == [1, 2]
    assert told == sorted(told)
    assert len(told) == 2


def test_outside_of_a_transaction_it_is_done_at_once(opened: Database) -> None:
    told: list[int] = []
    opened.put_off(appending(1, told))
    assert len(told) == 1


def test_whoever_reads_inside_sees_what_was_put_off(opened: Database) -> None:
    with opened.transaction():
        opened.put_off(appending(1, []))
        assert versions(opened) == [1]
        opened.put_off(appending(2, []))
    assert versions(opened) == [1, 2]


def test_of_a_transaction_that_fails_nothing_is_done(opened: Database) -> None:
    with pytest.raises(ZeroDivisionError), opened.transaction():  # noqa: PT012 - what it loses is the point
        opened.put_off(appending(1, []))
        assert versions(opened) == [1]
        opened.put_off(appending(2, []))
        raise ZeroDivisionError
    assert versions(opened) == []


def test_all_that_is_put_off_meets_what_others_did_or_nothing_is_done(opened: Database) -> None:
    opened.put_off(appending(1, []))
    with pytest.raises(ConcurrentChange), opened.transaction():
        opened.put_off(appending(2, []), appending(2, []))
    assert versions(opened) == [1]


@pytest.mark.parametrize("read_between", [False, True])
def test_a_call_learns_the_position_of_what_the_transaction_appended(
    opened: Database, *, read_between: bool
) -> None:
    appended: list[int] = []
    learnt: list[int] = []
    with opened.transaction():
        opened.put_off(appending(1, appended), appending(2, appended))
        if read_between:
            versions(opened)
        opened.put_off(Call("{position}", (), learnt.append))
    assert learnt == [appended[-1]]


def test_without_an_event_it_learns_the_head_of_the_log(opened: Database) -> None:
    appended: list[int] = []
    learnt: list[int | None] = []
    opened.put_off(Call("{position}", (), learnt.append))
    opened.put_off(appending(1, appended))
    opened.put_off(Call("{position}", (), learnt.append))
    assert learnt == [None, appended[0]]


def test_a_transaction_inside_another_takes_its_locks_too(opened: Database) -> None:
    locked, order = uuid4(), []

    def second() -> None:
        with opened.transaction(locked):
            order.append("second")

    with ThreadPoolExecutor(1) as other:
        with opened.transaction():
            with opened.transaction(locked):
                order.append("first")
            waiting = other.submit(second)
            while not opened.one("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                assert not waiting.done()
        waiting.result()
    assert order == ["first", "second"]


def test_a_use_case_that_meets_a_conflict_inside_is_tried_again_in_a_new_transaction(
    opened: Database,
) -> None:
    opened.put_off(appending(1, []))
    tried = []

    @retried
    def use_case() -> None:
        tried.append(1)
        opened.put_off(appending(len(tried), []))
        assert len(versions(opened)) == 2

    @retried
    def with_its_answer() -> None:
        with opened.transaction():
            use_case()

    with_its_answer()
    assert len(tried) == 2
    assert versions(opened) == [1, 2]
