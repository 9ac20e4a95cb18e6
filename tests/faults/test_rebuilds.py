"""A rebuild whose processes are killed again and again, among writes and reads, of which no answer is wrong."""

import pytest

from application.projections.credit_lots import CreditLots
from tests.faults.rebuild_storm import storm
from tests.servers import FreshDatabase


@pytest.mark.timeout(300)
def test_killed_at_ten_random_moments_it_goes_on_and_every_answer_is_the_pure_fold(
    database: FreshDatabase,
) -> None:
    outcome = storm(database, CreditLots(), kills=10, seed=10)
    assert outcome.well, outcome
    assert outcome.answers > 10
    assert outcome.killed == 10
