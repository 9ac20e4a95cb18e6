"""A comparison with the payment provider keeps what differed and what was done, and ends once."""

from datetime import timedelta
from uuid import UUID

from domain.reconciliation import Difference, Finding, Reconciliation, Resolution, Totals
from tests.domain.history import fact, given, news
from tests.domain.ledgers import NOW

ID, PURCHASE = UUID(int=1), UUID(int=5)
SINCE = NOW - timedelta(days=4)
TOTALS = Totals(opening=0, movements={"paid": 1800}, closing=1800, compared=1, ours=1800, theirs=1800)


def begun() -> Reconciliation:
    return given(Reconciliation, ID, fact(Reconciliation.Began, since=SINCE, until=NOW))


def test_it_begins_with_its_period_and_is_nobody_s() -> None:
    reconciliation = Reconciliation.begin(ID, since=SINCE, until=NOW)
    assert news(reconciliation) == [fact(Reconciliation.Began, since=SINCE, until=NOW)]
    assert (reconciliation.id, reconciliation.owner, reconciliation.totals) == (ID, None, None)


def test_each_difference_is_kept_with_what_was_done_about_it() -> None:
    reconciliation = begun()
    reconciliation.find(
        Finding.NOT_RECORDED, "cs_1", purchase_id=PURCHASE, detail="paid", resolution=Resolution.RECORDED
    )
    reconciliation.find(
        Finding.UNKNOWN_HERE, "cs_2", purchase_id=None, detail="$18.00", resolution=Resolution.LEFT
    )
    assert reconciliation.differences == [
        Difference("not_recorded", "cs_1", PURCHASE, "paid", "recorded"),
        Difference("unknown_here", "cs_2", None, "$18.00", "left_to_an_operator"),
    ]


def test_it_ends_once_with_its_totals() -> None:
    reconciliation = begun()
    reconciliation.complete(TOTALS)
    reconciliation.complete(Totals(0, {}, 0, 0, 0, 0))
    assert reconciliation.totals == TOTALS
    assert [one.event for one in news(reconciliation)] == [Reconciliation.Completed]
