"""What holds for every projection, whatever people do."""

import random
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.projections.credit_lots import PRESENT, CreditLots
from application.projections.credit_places import Places, total
from application.projections.fold import fold, keys
from application.projections.holds import Holds
from application.projections.jobs import Jobs
from application.projections.photos import Photos
from application.projections.projection import Projection, Unit
from application.projections.registry import PROJECTIONS
from application.projections.statement import Statement
from application.projections.users import Users, UserStatus
from domain.aggregate import Aggregate
from domain.pictures import PictureKind
from tests.application.projections.histories import Log, Play, folded
from tests.application.projections.open_jobs import OpenJobs

seeds = st.integers(min_value=0, max_value=2**32)


def played(seed: int) -> tuple[Play, Log]:
    log = Log()
    play = Play(random.Random(seed), log.save)
    play.run(60)
    return play, log


def each_projection() -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "projection", [*PROJECTIONS, OpenJobs()], ids=lambda one: one.table.versioned_name
    )


@each_projection()
@settings(max_examples=20)
@given(seed=seeds)
def test_batches_of_any_size_make_the_same_rows(projection: Projection[Any], seed: int) -> None:
    """A fold that sees a whole batch's rows may use no more of them than it asked for."""
    _, log = played(seed)
    wanted = [recorded for recorded in log.recorded if recorded.name in projection.events]
    chance = random.Random(seed)
    table: dict[Any, Any] = {}
    while wanted:
        size = chance.randint(1, 40)
        batch, wanted = wanted[:size], wanted[size:]
        before = {key: table[key] for key in keys(projection, batch) if key in table}
        loaded = dict(before)
        for key in fold(projection, loaded, batch):
            assert key in before or key not in table
            table.pop(key, None)
            table.update({key: loaded[key]} if key in loaded else {})
    assert table == folded(projection, log.recorded)


@settings(max_examples=30)
@given(seed=seeds)
def test_rows_say_what_the_aggregates_say(seed: int) -> None:
    play, log = played(seed)
    users = folded(Users(), log.recorded)
    for user in play.users:
        row = users[(user.id,)]
        assert (row.status is UserStatus.ACTIVE) is user.active
        assert (row.email, row.name, row.email_verified) == (user.email, user.name, user.email_verified)
        assert (row.roles, row.version) == (tuple(sorted(user.roles)), user.version)
    jobs, photos = folded(Jobs(), log.recorded), folded(Photos(), log.recorded)
    for job in play.jobs:
        row = jobs[(job.id,)]
        assert (row.status, row.staged, row.version) == (job.status, job.delivered, job.version)
        assert row.staged + row.refused + row.failed + row.cancelled == job.resolved
        assert (row.deleted_at is not None, row.group_name) == (job.deleted, job.group_name)
        gone = {
            PictureKind.ORIGINALS: row.originals_removed_at,
            PictureKind.RESULTS: row.results_removed_at,
        }
        assert {kind for kind, at in gone.items() if at} == job.removed
        assert {id_: photos[(id_,)].status for id_ in job.photos} == job.outcomes
        assert [photos[(id_,)].number for id_ in job.photos] == list(range(1, row.photos + 1))
    lots, statement = folded(CreditLots(), log.recorded), folded(Statement(), log.recorded)
    holds = folded(Holds(), log.recorded)
    assert all(row.places.balanced for row in [*lots.values(), *statement.values()])
    assert set(holds) == {(job_id,) for ledger in play.ledgers for job_id in ledger.holds}
    for ledger in play.ledgers:
        for lot in ledger.lots.values():
            row = lots[lot.id, PRESENT]
            assert (row.user_id, row.source, row.granted) == (ledger.user_id, lot.source, lot.credits)
            assert row.places == Places(
                lot.credits,
                lot.available,
                lot.held,
                lot.frozen,
                lot.spent,
                lot.expired,
                lot.taken_back,
                lot.debt,
            )
        last = statement[ledger.user_id, ledger.version]
        assert last.places == total(lots[lot_id, PRESENT].places for lot_id in ledger.lots)


def test_no_event_of_a_user_a_job_or_a_ledger_passes_unread() -> None:
    read = frozenset().union(*(projection.events for projection in PROJECTIONS))
    unread = {name for name in Aggregate.events if name not in read}
    assert {name for name in unread if name.split(".")[0] in ("User", "PhotoJob", "CreditLedger")} == set()


@each_projection()
def test_rows_that_are_said_to_be_apart_are(projection: Projection[Any]) -> None:
    """Folding only one stream's events, or one owner's, makes exactly the rows that are said to be theirs."""
    if (apart := projection.table.apart) is None:
        return
    _, log = played(7)
    everything = folded(projection, log.recorded)
    whose = attrgetter("stream_id" if apart.by is Unit.STREAM else "owner")
    for id_ in {whose(recorded) for recorded in log.recorded}:
        alone = folded(projection, [recorded for recorded in log.recorded if whose(recorded) == id_])
        assert alone == {key: row for key, row in everything.items() if apart.of(row) == id_}


def test_every_projection_has_a_table_of_its_own() -> None:
    names = [projection.table.versioned_name for projection in PROJECTIONS]
    assert sorted(names) == sorted(set(names))
