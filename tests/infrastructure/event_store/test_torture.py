"""Some seconds of torture.py: sixteen writers pause, give up and are killed, and a reader has every event once."""

from tests.infrastructure.event_store.torture import torture
from tests.servers import FreshDatabase


def test_a_tailing_reader_misses_nothing_and_reads_nothing_twice(database: FreshDatabase) -> None:
    outcome = torture(database, seconds=5, seed=20_261_122)
    assert outcome.killed >= 2
    assert outcome.given_up > 0
    assert len(outcome.stored) > 200
    assert (outcome.missed, outcome.doubled, outcome.out_of_order) == (0, 0, 0)
    assert outcome.seen == outcome.stored
