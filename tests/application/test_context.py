"""Every event says who did it, because of what."""

from contextvars import copy_context

import pytest

from application.context import Context, acting, current
from tests.application.people import register
from tests.fakes.bootstrap import Program


def test_outside_of_any_act_nobody_is_known() -> None:
    assert (current().actor, current().cause, current().correlation) == ("unknown", "unknown", "unknown")


def test_what_is_recorded_inside_an_act_is_its_doing() -> None:
    program = Program()
    with acting(Context("anonymous", "request:1", "trace 1")):
        register(program)
    assert {(event.actor, event.cause, event.correlation) for event in program.world.log} == {
        ("anonymous", "request:1", "trace 1")
    }


def test_an_act_knows_the_position_of_what_it_recorded_last() -> None:
    program = Program()
    with acting(Context("anonymous", "request:1", "trace 1")) as act:
        assert act.position is None
        register(program)
    assert act.position == 3


def test_acts_nest_and_end_even_when_they_fail() -> None:
    outer, inner = Context("a", "b", "c"), Context("d", "e", "f")
    with acting(outer):
        with acting(inner):
            assert current() is inner
        with pytest.raises(ZeroDivisionError), acting(inner):
            1 / 0  # noqa: B018 - it is the error that counts
        assert current() is outer
    assert current().actor == "unknown"


def test_an_act_is_its_own_threads_or_tasks() -> None:
    elsewhere = copy_context()
    with acting(Context("a", "b", "c")):
        assert elsewhere.run(lambda: current().actor) == "unknown"
