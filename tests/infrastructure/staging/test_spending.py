"""A day's cap on what providers may cost holds however many ask at once, and is given back what was not spent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from infrastructure.postgres.database import Database
from infrastructure.staging.spending import DailySpending, SpendingCapReached
from tests.servers import FreshDatabase


@pytest.fixture
def opened(database: FreshDatabase) -> Database:
    return Database(database.app_url, size=8)


def test_many_at_once_never_spend_more_than_the_cap_together(opened: Database) -> None:
    opened.open()
    spending = DailySpending(opened, cap_micros=100)

    def spend(_: int) -> int:
        try:
            return spending.set_aside(30).micros
        except SpendingCapReached:
            return 0

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(spend, range(40))) == 90
    opened.close()


def test_what_was_not_spent_can_be_spent_again(opened: Database) -> None:
    opened.open()
    spending = DailySpending(opened, cap_micros=30)
    spending.give_back(spending.set_aside(30))
    spending.set_aside(30)
    with pytest.raises(SpendingCapReached) as reached:
        spending.set_aside(1)
    assert timedelta(0) < reached.value.delay <= timedelta(days=1)
    opened.close()


def test_a_call_dearer_than_the_cap_is_never_made(opened: Database) -> None:
    opened.open()
    with pytest.raises(SpendingCapReached):
        DailySpending(opened, cap_micros=29).set_aside(30)
    opened.close()
