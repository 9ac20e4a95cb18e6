"""One installation for all tests of faults, whole again and true to its promises after each of them.

It ends with the last of them (this folder is a package so that pytest can tell): idle, it would keep memory, and
some of a core, from the tests that follow.
"""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.faults import invariants
from tests.faults.customer import Customer
from tests.faults.installation import Installation, Size, running
from tests.faults.settling import wait_until_settled
from tests.folders import removed_with_its_servers


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with (
        removed_with_its_servers(tmp_path_factory.mktemp("faults")) as folder,
        running(folder, Size()) as installation,
    ):
        yield installation


@pytest.fixture
def installation(shared: Installation) -> Iterator[Installation]:
    """A test may take any part of it away; afterwards everything must come right by itself."""
    shared.wait_until_ready()
    yield shared
    shared.journal.let_go()
    shared.restore()
    wait_until_settled(shared)
    assert invariants.broken(shared) == []


@pytest.fixture(scope="package")
def ada(shared: Installation) -> Iterator[Customer]:
    customer = Customer(shared)
    yield customer
    customer.close()


@pytest.fixture(scope="package")
def numbers() -> Iterator[int]:
    """Of photos: no two are the same."""
    return count(1)
