"""Suspending a user stops what is unfinished and costs nothing more; reinstating lets them act again."""

import pytest

from application.errors import AccountSuspended, NotFound
from domain.credit_errors import ReasonNeeded
from domain.job_photo import JobStatus
from domain.personal import Personal
from tests.application.people import (
    ANN,
    BOB,
    JOB,
    OTHER_JOB,
    PASSWORD,
    available,
    deliver,
    ledger_of,
    names,
    submit,
    the_job,
    upload,
    with_credits,
)
from tests.fakes.bootstrap import Program


@pytest.fixture
def program() -> Program:
    program = Program()
    with_credits(program, 10)
    return program


def sign_in(program: Program) -> str:
    email = Personal(f"user-{ANN.int}@example.com")
    return program.accounts.sign_in(email=email, password=PASSWORD, device="phone")


def test_what_is_unfinished_is_cancelled_and_what_was_delivered_is_paid(program: Program) -> None:
    photos = list(submit(program, upload(program, 3)).photos)
    submit(program, upload(program, 2), OTHER_JOB)
    deliver(program, photos[0])

    program.standing.suspend(ANN, " spam ")

    assert {the_job(program, job).status for job in (JOB, OTHER_JOB)} == {JobStatus.CANCELLED}
    assert (available(program), ledger_of(program).holds) == (9, {})
    assert names(program, ANN)[-1] == "User.Suspended"


def test_a_suspended_user_is_signed_out_and_stays_so_until_reinstated(program: Program) -> None:
    token = sign_in(program)
    program.standing.suspend(ANN, "spam")

    assert program.sessions.user(token) is None
    with pytest.raises(AccountSuspended):
        sign_in(program)
    assert not program.standing.reinstate(ANN).suspended
    assert sign_in(program)


def test_done_twice_it_is_done_once(program: Program) -> None:
    for _ in range(2):
        program.standing.suspend(ANN, "spam")
    for _ in range(2):
        program.standing.reinstate(ANN)
    assert names(program, ANN)[-2:] == ["User.Suspended", "User.Reinstated"]


def test_nobody_is_suspended_without_a_reason(program: Program) -> None:
    with pytest.raises(ReasonNeeded):
        program.standing.suspend(ANN, "  ")
    with pytest.raises(NotFound):
        program.standing.suspend(BOB, "spam")
    with pytest.raises(NotFound):
        program.standing.reinstate(BOB)
