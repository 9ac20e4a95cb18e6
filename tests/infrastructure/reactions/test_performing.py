"""Performing reactions against real PostgreSQL: what is counted, kept, tried again and given up."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from application.context import Context, current
from application.reactions import Answer, AnswerSpent, References
from application.stagers import RetryLater
from infrastructure.postgres.database import Database
from infrastructure.reactions.leases import Leases
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import Claimed, ReactionQueue
from tests.infrastructure.reactions.rows import (
    KIND,
    Toy,
    add,
    let_leases_run_out,
    make_due,
    row,
    wait_until,
)


class Trouble(Exception):
    """What a performer of these tests fails with."""


def performing(pool: Database, toy: Toy, *, slots: int = 4) -> Performing:
    queue = ReactionQueue(pool)
    return Performing(queue, Leases(queue), {KIND: toy.performer}, slots=slots)


def fail(*_given: Any) -> Answer:
    raise Trouble("of anna@example.com")


def test_what_the_outside_answers_is_recorded_and_the_reaction_is_done(pool: Database) -> None:
    toy = Toy()
    reaction_id = add(pool, references={"job_id": "1"})
    assert performing(pool, toy).perform_next(KIND)
    assert (toy.calls, toy.recorded) == ([reaction_id], [{"answer to": {"job_id": "1"}}])
    after = row(pool, reaction_id)
    assert (after.state, after.answer) == ("done", {"answer to": {"job_id": "1"}})
    assert not performing(pool, toy).perform_next(KIND), "nothing is due any more"


def test_the_attempt_is_counted_before_the_work(pool: Database) -> None:
    seen: list[int] = []

    def call(reaction_id: UUID, _references: References) -> Answer:
        seen.append(row(pool, reaction_id).attempts)
        return {}

    add(pool)
    performing(pool, Toy(call=call)).perform_next(KIND)
    assert seen == [1]


def test_the_answer_is_in_the_row_before_it_is_recorded(pool: Database) -> None:
    reaction_id = add(pool)
    seen: list[Any] = []

    def record(_references: References, _answer: Answer) -> None:
        seen.append(row(pool, reaction_id).answer)

    performing(pool, Toy(record=record)).perform_next(KIND)
    assert seen == [{"answer to": {}}]


def test_an_answer_that_could_not_be_recorded_is_recorded_later_without_another_call(pool: Database) -> None:
    reaction_id = add(pool)
    toy = Toy(record=fail)
    performing(pool, toy).perform_next(KIND)
    assert row(pool, reaction_id).state == "due"
    make_due(pool)
    again = Toy()
    performing(pool, again).perform_next(KIND)
    assert (len(toy.calls), again.calls, again.recorded) == (1, [], [{"answer to": {}}])
    assert row(pool, reaction_id).state == "done"


def test_it_acts_as_the_reaction_because_of_the_event(pool: Database) -> None:
    acts: list[Context] = []

    def record(_references: References, _answer: Answer) -> None:
        acts.append(current())

    add(pool)
    performing(pool, Toy(record=record)).perform_next(KIND)
    assert acts == [Context(actor=f"reaction:{KIND}", cause="event:7", correlation="request-1")]
    assert current().actor == "unknown"


def test_a_failed_attempt_is_tried_again_after_its_pause_and_says_what_failed_but_nothing_personal(
    pool: Database,
) -> None:
    reaction_id = add(pool)
    toy = Toy(call=fail, pauses=[timedelta(hours=1)])
    performing(pool, toy).perform_next(KIND)
    after = row(pool, reaction_id)
    assert (after.state, after.attempts) == ("due", 1)
    assert after.last_error is not None
    assert "Trouble in infrastructure.reactions.performing:" in after.last_error
    assert "anna" not in after.last_error
    assert not performing(pool, toy).perform_next(KIND), "its pause has not passed"


def test_after_the_last_attempt_it_is_given_up_and_then_dead(pool: Database) -> None:
    reaction_id = add(pool, references={"photo_id": "2"})
    toy = Toy(call=fail)
    for _ in range(3):
        assert toy.given_up == []
        make_due(pool)
        performing(pool, toy).perform_next(KIND)
    assert toy.given_up == [{"photo_id": "2"}]
    after = row(pool, reaction_id)
    assert (after.state, after.attempts) == ("dead", 3)
    assert after.last_error is not None
    assert "Trouble" in after.last_error


def test_one_whose_attempts_were_all_lost_is_given_up_when_it_is_claimed_again(pool: Database) -> None:
    reaction_id = add(pool)
    toy = Toy()
    for _ in range(3):
        ReactionQueue(pool).claim(KIND)
        let_leases_run_out(pool)
    performing(pool, toy).perform_next(KIND)
    after = row(pool, reaction_id)
    assert (toy.calls, len(toy.given_up), after.state, after.attempts) == ([], 1, "dead", 3)


def test_giving_up_comes_before_the_row_is_dead_and_is_tried_until_it_succeeds(pool: Database) -> None:
    reaction_id = add(pool)
    performing(pool, Toy(call=fail, give_up=fail, attempts=1)).perform_next(KIND)
    assert row(pool, reaction_id).state == "due"
    make_due(pool)
    toy = Toy(attempts=1)
    performing(pool, toy).perform_next(KIND)
    assert (toy.calls, len(toy.given_up), row(pool, reaction_id).state) == ([], 1, "dead")


def test_an_answer_is_tried_to_be_recorded_as_often_as_it_was_tried_to_be_had(pool: Database) -> None:
    reaction_id = add(pool)
    for _ in range(2):
        performing(pool, Toy(call=fail)).perform_next(KIND)
        make_due(pool)
    toy = Toy(record=fail)
    for _ in range(3):
        performing(pool, toy).perform_next(KIND)
        make_due(pool)
        assert (toy.given_up, row(pool, reaction_id).state) == ([], "due")
    performing(pool, toy).perform_next(KIND)
    assert (len(toy.calls), len(toy.given_up), row(pool, reaction_id).state) == (1, 1, "dead")


def test_who_asks_for_patience_gets_it_and_no_attempt_is_lost(pool: Database) -> None:
    reaction_id = add(pool)

    def call(*_given: Any) -> Answer:
        raise RetryLater(timedelta(hours=1))

    toy = Toy(call=call, pauses=[timedelta(0)])
    for _ in range(5):
        make_due(pool)
        performing(pool, toy).perform_next(KIND)
        assert not performing(pool, toy).perform_next(KIND), "it was asked to wait for an hour"
    assert (row(pool, reaction_id).state, row(pool, reaction_id).attempts, toy.given_up) == ("due", 0, [])


def test_an_answer_that_leads_nowhere_is_forgotten_and_asked_for_anew(pool: Database) -> None:
    reaction_id = add(pool)

    def record(_references: References, _answer: Answer) -> None:
        raise AnswerSpent

    toy = Toy(record=record, pauses=[timedelta(0)])
    while performing(pool, toy).perform_next(KIND):
        pass
    assert toy.calls == [reaction_id] * 3
    assert (row(pool, reaction_id).state, len(toy.given_up)) == ("dead", 1)


def test_who_lost_the_lease_meanwhile_gives_up_quietly(pool: Database) -> None:
    reaction_id = add(pool)
    second = Toy()

    def call(*_given: Any) -> Answer:
        let_leases_run_out(pool)
        performing(pool, second).perform_next(KIND)
        return {"from": "the first"}

    first = Toy(call=call)
    assert performing(pool, first).perform_next(KIND)
    assert (first.recorded, len(second.recorded)) == ([], 1)
    after = row(pool, reaction_id)
    assert (after.state, after.fence, after.answer) == ("done", 2, {"answer to": {}})


def test_a_failure_after_the_lease_was_lost_changes_nothing(pool: Database) -> None:
    reaction_id = add(pool)

    def call(*_given: Any) -> Answer:
        let_leases_run_out(pool)
        performing(pool, Toy()).perform_next(KIND)
        raise Trouble

    performing(pool, Toy(call=call, attempts=1)).perform_next(KIND)
    assert row(pool, reaction_id).state == "done"


def test_leases_are_renewed_while_the_work_goes_on(pool: Database) -> None:
    queue = ReactionQueue(pool, lease=timedelta(seconds=0.5))
    leases = Leases(queue, every=0.05)
    leases.start()
    reaction_id = add(pool)
    enough = threading.Event()

    def call(*_given: Any) -> Answer:
        enough.wait()
        return {}

    performer = Performing(queue, leases, {KIND: Toy(call=call).performer}, slots=1)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(performer.perform_next, KIND)
        wait_until(lambda: row(pool, reaction_id).state == "running")
        first_lease = _lease_ends(pool, reaction_id)
        wait_until(lambda: _lease_ends(pool, reaction_id) > first_lease + timedelta(seconds=1))
        enough.set()
    leases.stop()
    assert (row(pool, reaction_id).state, row(pool, reaction_id).fence) == ("done", 1)


def test_one_that_hangs_longer_than_it_may_is_left_to_others(pool: Database) -> None:
    queue = ReactionQueue(pool, lease=timedelta(seconds=0.2))
    leases = Leases(queue, every=0.05)
    leases.start()
    reaction_id = add(pool)
    enough = threading.Event()

    def hang(*_given: Any) -> Answer:
        enough.wait()
        return {}

    hanging = Toy(call=hang, longest=timedelta(seconds=0.1))
    other = Toy()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(Performing(queue, leases, {KIND: hanging.performer}, slots=1).perform_next, KIND)
        wait_until(lambda: performing(pool, other).perform_next(KIND))
        enough.set()
    leases.stop()
    assert (other.calls, hanging.recorded) == ([reaction_id], [])


def test_what_a_stopping_process_does_not_finish_is_released(pool: Database) -> None:
    queue = ReactionQueue(pool)
    leases = Leases(queue)
    reaction_id = add(pool)
    enough = threading.Event()

    def call(*_given: Any) -> Answer:
        enough.wait()
        return {}

    hanging = Toy(call=call)
    performer = Performing(queue, leases, {KIND: hanging.performer}, slots=1)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(performer.perform_next, KIND)
        wait_until(lambda: row(pool, reaction_id).state == "running")
        assert not leases.wait_until_none_is_held(within=0)
        leases.release_all()
        after = row(pool, reaction_id)
        assert (after.state, after.attempts) == ("due", 0)
        enough.set()
    assert leases.wait_until_none_is_held(within=1)
    assert (hanging.recorded, row(pool, reaction_id).state) == ([], "due")


def test_leases_are_kept_trying_for_while_the_database_is_away(pool: Database) -> None:
    class AwayQueue(ReactionQueue):
        tries = 0

        def renew(self, held: Iterable[Claimed]) -> set[UUID]:
            self.tries += 1
            if self.tries < 3:
                raise psycopg.OperationalError
            return super().renew(held)

        def released(self, claimed: Claimed) -> None:
            raise psycopg.OperationalError(str(claimed.reaction_id))

    queue = AwayQueue(pool)
    leases = Leases(queue, every=0.01)
    reaction_id = add(pool)
    claimed = queue.claim(KIND)
    assert claimed is not None
    first_lease = _lease_ends(pool, reaction_id)
    leases.start()
    with leases.held(claimed, longest=60):
        wait_until(lambda: _lease_ends(pool, reaction_id) > first_lease)
        leases.release_all()
    leases.stop()
    assert row(pool, reaction_id).state == "running", "it could not be released, so its lease has to run out"


def test_no_more_than_its_slots_are_performed_at_once(pool: Database) -> None:
    together = threading.Barrier(3)
    counted = threading.Lock()
    now = most = 0

    def call(*_given: Any) -> Answer:
        nonlocal now, most
        with counted:
            now += 1
            most = max(most, now)
        together.wait(timeout=10)
        with counted:
            now -= 1
        return {}

    for _ in range(9):
        add(pool)
    performer = performing(pool, Toy(call=call), slots=3)
    with ThreadPoolExecutor(9) as threads:
        assert all(threads.map(performer.perform_next, [KIND] * 9))
    assert most == 3


def test_a_stopped_one_claims_nothing(pool: Database) -> None:
    reaction_id = add(pool)
    performer = performing(pool, Toy())
    performer.stop()
    assert not performer.perform_next(KIND)
    assert row(pool, reaction_id).attempts == 0


def test_without_the_database_it_says_so_and_does_nothing(pool: Database) -> None:
    add(pool)
    pool.close()
    assert not performing(pool, Toy()).perform_next(KIND)


class StutteringQueue(ReactionQueue):
    """Loses its connection twice before an answer is kept."""

    losses = 2

    def answered(self, claimed: Claimed, answer: Answer) -> None:
        if self.losses:
            self.losses -= 1
            raise psycopg.OperationalError
        super().answered(claimed, answer)


def test_an_answer_waits_for_the_database_to_come_back(pool: Database) -> None:
    reaction_id = add(pool)
    queue = StutteringQueue(pool)
    toy = Toy()
    Performing(queue, Leases(queue), {KIND: toy.performer}, slots=1).perform_next(KIND)
    assert (len(toy.calls), len(toy.recorded), row(pool, reaction_id).state) == (1, 1, "done")


def _lease_ends(pool: Database, reaction_id: UUID) -> Any:
    found = pool.one("SELECT due_at FROM stage.reactions WHERE id = %s", [reaction_id])
    assert found is not None
    return found[0]
