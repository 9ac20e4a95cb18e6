"""A rebuild whose processes are killed again and again still ends with the right rows."""

import multiprocessing
import random

from application.projections.credit_lots import CreditLots
from infrastructure.projections.rebuild import Rebuild
from tests.application.projections.histories import Play
from tests.infrastructure.projections.parts import connected, parts
from tests.infrastructure.projections.test_parking import follow
from tests.infrastructure.projections.test_projector import expected, stored
from tests.servers import FreshDatabase

KILLS = 10


def run_rebuild(url: str) -> None:
    Rebuild(CreditLots(), direct_url=url, processes=2, part=20).run()


def test_killed_at_ten_random_moments_it_goes_on_where_it_was(database: FreshDatabase) -> None:
    chance = random.Random(10)
    with parts(database.app_url) as here, connected(database.app_url) as connection:
        play = Play(random.Random(9), here.store.save)
        play.run(300)
        follow(connection, CreditLots(), here.log())
        spawn = multiprocessing.get_context("spawn")
        for _ in range(KILLS):
            child = spawn.Process(target=run_rebuild, args=[database.app_url])
            child.start()
            child.join(chance.uniform(0.5, 3))
            child.kill()
            child.join()
            more = len(here.log())
            play.run(5)
            follow(connection, CreditLots(), here.log()[more:])
        assert Rebuild(CreditLots(), direct_url=database.app_url, processes=1).run().swapped
        assert stored(connection, CreditLots.table) == expected(CreditLots(), here.log())
