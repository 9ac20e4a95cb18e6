"""The sweeper goes on, whatever is away."""

from collections.abc import Iterable, Mapping

import psycopg
import redis

from infrastructure.postgres.database import Database
from infrastructure.reactions.bell import Bell
from infrastructure.reactions.leases import Leases
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.reactions.sweeper import Sweeper
from tests.infrastructure.reactions.rows import KIND, Toy, add, row, wait_until


class AwayQueue(ReactionQueue):
    """Its database is away for the first three sweeps."""

    sweeps = 0

    def due(self, kinds: Iterable[str], *, most: int) -> Mapping[str, int]:
        self.sweeps += 1
        if self.sweeps <= 3:
            raise psycopg.OperationalError
        return super().due(kinds, most=most)


def test_it_sweeps_again_after_the_database_was_away_and_works_without_redis(pool: Database) -> None:
    toy = Toy()
    queue = AwayQueue(pool)
    performing = Performing(queue, Leases(queue), {KIND: toy.performer}, slots=2)
    nobody = Bell(redis.Redis.from_url("redis://127.0.0.1:1"))
    reactions = [add(pool) for _ in range(5)]
    sweeper = Sweeper(queue, nobody, performing, helpers=2, every=0.01)
    sweeper.start()
    wait_until(lambda: all(row(pool, one).state == "done" for one in reactions))
    sweeper.stop()
    assert sorted(toy.calls) == sorted(reactions)
