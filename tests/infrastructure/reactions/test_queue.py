"""The queue on real PostgreSQL: who gets what, in which order, and whose writes count."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from infrastructure.postgres.database import Database
from infrastructure.reactions.overview import counts, dead
from infrastructure.reactions.queue import Claimed, LeaseLost, ReactionQueue
from tests.infrastructure.reactions.rows import KIND, add, let_leases_run_out, make_due, row


def claim(queue: ReactionQueue) -> Claimed:
    claimed = queue.claim(KIND)
    assert claimed is not None
    return claimed


def test_a_claim_counts_the_attempt_and_says_what_it_is_about(pool: Database, queue: ReactionQueue) -> None:
    owner = uuid4()
    reaction_id = add(pool, owner=owner, references={"job_id": "1"})
    claimed = claim(queue)
    assert claimed == Claimed(
        reaction_id=reaction_id,
        kind=KIND,
        owner=owner,
        references={"job_id": "1"},
        attempts=1,
        fence=1,
        answer=None,
        cause_position=7,
        correlation="request-1",
    )
    assert row(pool, reaction_id).state == "running"
    assert queue.claim(KIND) is None


def test_only_what_is_due_and_of_the_kind_is_claimed(pool: Database, queue: ReactionQueue) -> None:
    add(pool, due_in=timedelta(hours=1))
    add(pool, kind="expire_job")
    assert queue.claim(KIND) is None


def test_eight_claimants_at_once_share_the_work_without_doubling_any(pool: Database) -> None:
    added = {add(pool) for _ in range(100)}
    start = Barrier(8)

    def claim_all(_claimant: int) -> list[UUID]:
        queue = ReactionQueue(pool)
        start.wait()
        claimed = []
        while one := queue.claim(KIND):
            claimed.append(one.reaction_id)
        return claimed

    with ThreadPoolExecutor(8) as claimants:
        claimed = [one for share in claimants.map(claim_all, range(8)) for one in share]
    assert Counter(claimed) == Counter(added)


def test_the_owner_with_the_fewest_running_comes_first_then_the_oldest(
    pool: Database, queue: ReactionQueue
) -> None:
    anna, ben, cleo = uuid4(), uuid4(), uuid4()
    for place, owner in enumerate([anna, anna, anna, ben, ben, cleo]):
        add(pool, owner=owner, due_in=timedelta(seconds=place - 60))
    order = [claim(queue) for _ in range(6)]
    assert [one.owner for one in order] == [anna, ben, cleo, anna, ben, anna]


def test_whoever_has_nothing_running_any_more_comes_first_again(pool: Database, queue: ReactionQueue) -> None:
    anna, ben = uuid4(), uuid4()
    for place, owner in enumerate([anna, anna, anna, ben, ben, ben]):
        add(pool, owner=owner, due_in=timedelta(seconds=place - 60))
    claim(queue)
    queue.done(claim(queue))
    assert claim(queue).owner == ben


def test_with_more_owners_than_threads_all_come_round(pool: Database, queue: ReactionQueue) -> None:
    owners = [uuid4() for _ in range(5)]
    for owner in owners:
        for _ in range(3):
            add(pool, owner=owner)
    served = []
    for _ in range(15):
        claimed = claim(queue)
        served.append(claimed.owner)
        queue.done(claimed)
    assert served == owners * 3


def test_claims_at_the_same_moment_go_to_different_owners(pool: Database) -> None:
    owners = [uuid4() for _ in range(8)]
    for owner in owners:
        for _ in range(30):
            add(pool, owner=owner)
    start = Barrier(8)

    def claim_one(_claimant: int) -> UUID:
        start.wait()
        return claim(ReactionQueue(pool)).owner

    with ThreadPoolExecutor(8) as claimants:
        assert Counter(claimants.map(claim_one, range(8))) == Counter(owners)


def test_a_lease_that_ran_out_goes_to_another_and_the_first_can_write_nothing(
    pool: Database, queue: ReactionQueue
) -> None:
    reaction_id = add(pool)
    first = claim(queue)
    let_leases_run_out(pool)
    second = claim(queue)
    assert (second.reaction_id, second.attempts, second.fence) == (reaction_id, 2, 2)
    too_late: list[Callable[[], None]] = [
        lambda: queue.answered(first, {"late": True}),
        lambda: queue.done(first),
        lambda: queue.failed(first, "Late", timedelta(0)),
        lambda: queue.postponed(first, "Late", timedelta(0)),
        lambda: queue.released(first),
        lambda: queue.dead(first, "Late"),
    ]
    for late in too_late:
        with pytest.raises(LeaseLost):
            late()
    assert queue.renew([first, second]) == {reaction_id}
    queue.answered(second, {"in": "time"})
    queue.done(second)
    after = row(pool, reaction_id)
    assert (after.state, after.answer, after.last_error) == ("done", {"in": "time"}, None)
    with pytest.raises(LeaseLost):
        queue.done(second)


def test_a_renewed_lease_does_not_run_out(pool: Database, queue: ReactionQueue) -> None:
    add(pool)
    claimed = claim(queue)
    let_leases_run_out(pool)
    queue.renew([claimed])
    assert queue.claim(KIND) is None


def test_a_failed_one_is_due_again_after_its_pause_and_its_attempt_counts(
    pool: Database, queue: ReactionQueue
) -> None:
    reaction_id = add(pool)
    queue.failed(claim(queue), "ConnectionResetError", timedelta(hours=1))
    assert queue.claim(KIND) is None
    assert row(pool, reaction_id).last_error == "ConnectionResetError"
    make_due(pool)
    assert claim(queue).attempts == 2


def test_a_postponed_or_released_one_has_its_attempt_back(pool: Database, queue: ReactionQueue) -> None:
    reaction_id = add(pool)
    queue.postponed(claim(queue), "RetryLater", timedelta(hours=1))
    assert queue.claim(KIND) is None
    make_due(pool)
    queue.released(claim(queue))
    assert (row(pool, reaction_id).state, claim(queue).attempts) == ("due", 1)


def test_an_answer_is_there_for_the_next_claimant(pool: Database, queue: ReactionQueue) -> None:
    add(pool)
    queue.answered(claim(queue), {"result": "ab", "provenance": {"milliseconds": 3}})
    let_leases_run_out(pool)
    assert claim(queue).answer == {"result": "ab", "provenance": {"milliseconds": 3}}


def test_what_is_due_is_counted_by_kind_up_to_a_bound(pool: Database, queue: ReactionQueue) -> None:
    for _ in range(5):
        add(pool)
    add(pool, kind="expire_job")
    add(pool, kind="expire_job", due_in=timedelta(hours=24))
    claim(queue)
    kinds = [KIND, "expire_job", "send_verification"]
    assert queue.due(kinds, most=100) == {KIND: 4, "expire_job": 1}
    assert queue.due(kinds, most=3) == {KIND: 3, "expire_job": 1}
    let_leases_run_out(pool)
    assert queue.due(kinds, most=100)[KIND] == 5


def test_operators_see_what_waits_and_what_died_and_can_have_it_tried_again(
    pool: Database, queue: ReactionQueue
) -> None:
    reaction_id = add(pool, due_in=timedelta(hours=-1))
    queue.dead(claim(queue), "ConnectionResetError")
    add(pool, due_in=timedelta(hours=-2))
    add(pool, due_in=timedelta(hours=1))
    add(pool, kind="expire_job")
    queue.claim("expire_job")
    with pool.connection() as connection:
        expiry, photo = counts(connection)
        (died,) = dead(connection)
    assert (expiry.kind, expiry.due, expiry.running, expiry.oldest_due) == ("expire_job", 0, 1, None)
    assert (photo.kind, photo.due, photo.later, photo.running, photo.dead) == (KIND, 1, 1, 0, 1)
    assert photo.oldest_due is not None
    assert photo.oldest_due >= timedelta(hours=2)
    assert (died.reaction_id, died.attempts, died.last_error) == (reaction_id, 1, "ConnectionResetError")
    assert queue.retry(reaction_id)
    assert not queue.retry(reaction_id), "it is not dead any more"
    assert claim(queue).attempts == 1


def test_a_claim_among_many_reads_none_that_have_ended(pool: Database, queue: ReactionQueue) -> None:
    pool.execute(
        'INSERT INTO stage.reactions (id, kind, owner, "references", due_at, cause_position, correlation, '
        "state, ended_at) SELECT gen_random_uuid(), %s, gen_random_uuid(), '{}', now(), 1, '', 'done', now() "
        "FROM generate_series(1, 20000)",
        [KIND],
    )
    for owner in [uuid4() for _ in range(10)]:
        for _ in range(30):
            add(pool, owner=owner)
    with pool.transaction():
        claim(queue)
        read = pool.one(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables "
            "WHERE schemaname = 'stage' AND relname = 'reactions'"
        )
    assert read is not None
    assert read[0] < 1000
