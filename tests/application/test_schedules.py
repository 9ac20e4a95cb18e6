"""Schedules: when they are due, and that each time has one reaction."""

from datetime import UTC, datetime, timedelta, timezone

from application.schedules import SCHEDULES, Schedule

HOURLY = Schedule("tidy", timedelta(hours=1))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_it_is_due_at_multiples_of_its_interval() -> None:
    assert HOURLY.latest(NOON) == NOON
    assert HOURLY.latest(NOON + timedelta(minutes=59, seconds=59)) == NOON
    assert HOURLY.latest(NOON - timedelta(microseconds=1)) == NOON - timedelta(hours=1)
    assert Schedule("tidy", timedelta(minutes=15)).latest(NOON + timedelta(minutes=20)) == NOON + timedelta(
        minutes=15
    )


def test_each_time_has_one_reaction_wherever_somebody_asks() -> None:
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert HOURLY.reaction_id(NOON) == HOURLY.reaction_id(in_tokyo)
    others = {
        HOURLY.reaction_id(NOON + timedelta(hours=1)),
        Schedule("sweep", timedelta(hours=1)).reaction_id(NOON),
    }
    assert HOURLY.reaction_id(NOON) not in others


def test_no_kind_is_scheduled_twice() -> None:
    kinds = [schedule.kind for schedule in SCHEDULES]
    assert len(set(kinds)) == len(kinds)
