"""What removes rows past their time: those, so many at once, and nothing that somebody may still ask for."""

from datetime import timedelta
from uuid import uuid4

from tests.contracts.ports import StatefulPorts

OVER, GOOD = timedelta(0), timedelta(hours=1)


def test_what_is_over_goes_and_what_is_good_stays(ports: StatefulPorts) -> None:
    user_id = uuid4()
    good = ports.tokens.issue("verify-email", user_id, GOOD)
    for _ in range(3):
        ports.tokens.issue("reset", uuid4(), OVER)

    assert ports.leftovers.remove(limit=2)["tokens"] == 2
    assert ports.leftovers.remove(limit=2)["tokens"] == 1
    assert set(ports.leftovers.remove(limit=2).values()) == {0}
    assert ports.tokens.redeem("verify-email", good) == user_id
