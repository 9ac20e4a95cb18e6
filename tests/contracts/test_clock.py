"""What every clock does."""

from datetime import timedelta

from tests.contracts.ports import StatefulPorts


def test_it_tells_the_time_in_utc_and_never_goes_back(ports: StatefulPorts) -> None:
    first, second = ports.clock.now(), ports.clock.now()
    assert first.utcoffset() == timedelta(0)
    assert second >= first
