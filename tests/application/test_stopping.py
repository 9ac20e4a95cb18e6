"""An owner stops, renames and deletes jobs: what is unfinished is given back at once, and never twice."""

from collections.abc import Callable
from uuid import UUID

import pytest

from application.errors import NotFound, VersionMismatch
from domain.credit_ledger import CreditLedger
from domain.job_errors import GroupNameTooLong, JobAlreadyEnded
from domain.job_photo import JobStatus, Outcome
from domain.personal import Personal
from tests.application.people import (
    ANN,
    BOB,
    JOB,
    OTHER_JOB,
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
from tests.fakes.clock import SettableClock
from tests.fakes.contended import ContendedStore
from tests.fakes.world import World

ELM_STREET = Personal("Elm Street 5")


def started(photos: int, program: Program | None = None) -> tuple[Program, list[UUID]]:
    """A user with five credits has a job of so many photos."""
    program = program or Program()
    with_credits(program, 5)
    return program, list(submit(program, upload(program, photos)).photos)


def spent(program: Program) -> int:
    return sum(lot.spent for lot in ledger_of(program).lots.values())


# Cancelling


def test_cancelling_gives_back_what_was_not_delivered_in_one_act() -> None:
    program, (first, second, third) = started(photos=3)
    deliver(program, first)
    before = len(program.world.log)
    program.jobs.cancel(JOB, ANN)
    assert sorted(names(program)[before:]) == ["CreditLedger.Settled", "PhotoJob.Cancelled"]
    assert (the_job(program).status, spent(program), available(program)) == (JobStatus.CANCELLED, 1, 4)
    assert [the_job(program).outcomes[photo] for photo in (second, third)] == [Outcome.CANCELLED] * 2


def test_cancelling_twice_is_cancelling_once() -> None:
    program, _ = started(photos=2)
    program.jobs.cancel(JOB, ANN)
    before = len(program.world.log)
    program.jobs.cancel(JOB, ANN)
    assert (len(program.world.log), available(program)) == (before, 5)


def test_a_job_that_is_done_cannot_be_cancelled() -> None:
    program, (photo,) = started(photos=1)
    deliver(program, photo)
    with pytest.raises(JobAlreadyEnded) as refused:
        program.jobs.cancel(JOB, ANN)
    assert (refused.value.status, spent(program)) == (JobStatus.COMPLETED, 1)


def test_a_result_that_comes_after_cancelling_is_thrown_away_uncharged() -> None:
    program, (photo,) = started(photos=1)
    program.jobs.cancel(JOB, ANN)
    deliver(program, photo)
    assert (the_job(program).delivered, spent(program), available(program)) == (0, 0, 5)


# Renaming


def test_a_group_gets_another_name_and_none_clears_it() -> None:
    program, _ = started(photos=1)
    program.jobs.rename(JOB, ANN, ELM_STREET)
    assert the_job(program).group_name == ELM_STREET
    program.jobs.rename(JOB, ANN, None)
    assert the_job(program).group_name is None


def test_renaming_leaves_the_ledger_alone_even_when_the_job_is_done() -> None:
    program, (photo,) = started(photos=1)
    deliver(program, photo)
    before = len(program.world.log)
    program.jobs.rename(JOB, ANN, ELM_STREET)
    assert names(program)[before:] == ["PhotoJob.GroupRenamed"]


def test_whoever_has_seen_an_older_version_cannot_rename() -> None:
    program, (photo, _) = started(photos=2)
    seen = the_job(program).version
    deliver(program, photo)
    with pytest.raises(VersionMismatch) as refused:
        program.jobs.rename(JOB, ANN, ELM_STREET, seen)
    assert (refused.value.expected, refused.value.actual) == (seen, seen + 1)
    program.jobs.rename(JOB, ANN, ELM_STREET, seen + 1)
    assert the_job(program).group_name == ELM_STREET


def test_a_name_that_is_too_long_changes_nothing() -> None:
    program, _ = started(photos=1)
    with pytest.raises(GroupNameTooLong):
        program.jobs.rename(JOB, ANN, Personal("x" * 141))
    assert the_job(program).group_name is None


# Deleting


def test_deleting_cancels_settles_and_gives_the_pictures_up_in_one_act() -> None:
    program, (first, _) = started(photos=2)
    deliver(program, first)
    before = len(program.world.log)
    program.jobs.delete(JOB, ANN)
    assert sorted(names(program)[before:]) == [
        "CreditLedger.Settled",
        "PhotoJob.Cancelled",
        "PhotoJob.Deleted",
        "PhotoJob.PicturesRemoved",
    ]
    assert (spent(program), available(program)) == (1, 4)


def test_deleting_a_job_that_is_done_leaves_its_cost_as_it_was() -> None:
    program, (photo,) = started(photos=1)
    deliver(program, photo)
    program.jobs.delete(JOB, ANN)
    assert (the_job(program).status, spent(program)) == (JobStatus.COMPLETED, 1)
    assert names(program, CreditLedger.id_for(ANN)).count("CreditLedger.Settled") == 1


# Whose job it is

ACTS: dict[str, Callable[[Program, UUID, UUID], object]] = {
    "cancel": lambda program, job, user: program.jobs.cancel(job, user),
    "rename": lambda program, job, user: program.jobs.rename(job, user, ELM_STREET),
    "delete": lambda program, job, user: program.jobs.delete(job, user),
    "retry": lambda program, job, user: program.jobs.retry(OTHER_JOB, job, user),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_anothers_job_and_a_deleted_one_are_as_if_they_were_not_there(
    act: Callable[[Program, UUID, UUID], object],
) -> None:
    program, _ = started(photos=1)
    before = len(program.world.log)
    for job, user in [(JOB, BOB), (UUID(int=404), ANN)]:
        with pytest.raises(NotFound) as refused:
            act(program, job, user)
        assert refused.value.sought == job
    assert len(program.world.log) == before
    program.jobs.delete(JOB, ANN)
    with pytest.raises(NotFound):
        act(program, JOB, ANN)


# At the same time


def contended() -> tuple[Program, ContendedStore]:
    world, clock = World(), SettableClock()
    store = ContendedStore(world, clock)
    return Program(world=world, clock=clock, store=store), store


def test_a_photo_that_is_delivered_just_before_cancelling_is_paid() -> None:
    program, store = contended()
    _, (first, _) = started(2, program)
    store.before_transactions.append(lambda: deliver(program, first))
    program.jobs.cancel(JOB, ANN)
    assert (the_job(program).status, spent(program), available(program)) == (JobStatus.CANCELLED, 1, 4)


def test_a_job_that_ends_just_before_it_is_cancelled_stays_as_it_ended() -> None:
    program, store = contended()
    _, (photo,) = started(1, program)
    store.before_transactions.append(lambda: deliver(program, photo))
    with pytest.raises(JobAlreadyEnded):
        program.jobs.cancel(JOB, ANN)
    assert (the_job(program).status, spent(program)) == (JobStatus.COMPLETED, 1)
