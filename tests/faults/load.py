"""Customers who use an installation as long as they are let, and look closely at what they get."""

import io
import random
import threading
from collections import Counter
from collections.abc import Callable
from itertools import count
from uuid import UUID
from zipfile import ZipFile

from tests.faults.customer import Customer
from tests.faults.installation import Installation
from tests.faults.photos import Fate, photo
from tests.faults.waiting import wait_until

FINISHED_WITHIN = 300.0
"""Seconds from a submission to the job's end, whatever happens meanwhile."""
GLANCE = 0.2
"""Seconds between two looks at a job."""
_FATES = [Fate.STAGED] * 185 + [Fate.REFUSED] * 14 + [Fate.POISON]
_PHOTOS = 5
"""Of one job, at the most."""
_CHANGE_OF_MIND = 0.2
"""The share of jobs that are cancelled or deleted."""
_HESITATION = 5.0
"""Seconds after their submission, at the most."""
_LARGE = 0.1
"""The share of large photos."""


class Load:
    """So many customers, each with one job at a time."""

    def __init__(self, installation: Installation, customers: int, seed: int) -> None:
        self.customers = [Customer(installation, credits=100_000) for _ in range(customers)]
        self.errors: list[BaseException] = []
        """What customers should never have met."""
        self.statuses: Counter[str] = Counter()
        """How the jobs ended."""
        self._numbers = count(1)
        self._enough = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._live, args=(customer, random.Random(f"{seed} {number}")), daemon=True
            )
            for number, customer in enumerate(self.customers)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, meanwhile: Callable[[], None]) -> None:
        """Return when every customer has got what they ordered, or has given up."""
        self._enough.set()
        while any(thread.is_alive() for thread in self._threads):
            meanwhile()
            self._threads[0].join(GLANCE)
        for customer in self.customers:
            customer.close()

    def _live(self, customer: Customer, chance: random.Random) -> None:
        try:
            while not self._enough.is_set():
                self._order(customer, chance)
        except BaseException as error:  # noqa: BLE001 - the verdict tells it
            self.errors.append(error)

    def _order(self, customer: Customer, chance: random.Random) -> None:
        fates = chance.choices(_FATES, k=chance.randint(1, _PHOTOS))
        job_id = customer.submit(
            *(photo(next(self._numbers), fate, large=chance.random() < _LARGE) for fate in fates)
        )
        if (mood := chance.random()) < _CHANGE_OF_MIND:
            self._enough.wait(chance.uniform(0, _HESITATION))
            if mood < _CHANGE_OF_MIND / 2:
                customer.delete(job_id)
                self.statuses["deleted"] += 1
                return
            customer.cancel(job_id)
        wait_until(
            lambda: customer.job(job_id)["ended_at"],
            f"job {job_id} has ended",
            within=FINISHED_WITHIN,
            glance=GLANCE,
        )
        job = customer.job(job_id)
        self.statuses[job["status"]] += 1
        if staged := job["counts"]["staged"]:
            _check_download(customer, job_id, staged)


def _check_download(customer: Customer, job_id: UUID, staged: int) -> None:
    with ZipFile(io.BytesIO(customer.insist("GET", f"/jobs/{job_id}/download").content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 1 + staged, "a manifest and every staged photo"
