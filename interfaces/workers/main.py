"""`stage work`: a process that performs reactions until it is told to end."""

from application.payment_performers import payment_performers
from application.performers import performers
from application.schedules import SCHEDULES
from infrastructure.wiring import Container
from interfaces.workers.worker import Pace, Worker, run_until_signalled

PACE = Pace()
"""Of production; only tests are in more of a hurry."""


def run(container: Container, threads: int, *, pace: Pace = PACE) -> None:
    """Perform reactions, so many at once, until SIGTERM or SIGINT.

    The container must be open, and this the main thread.
    """
    performed = performers(container)
    about_money = payment_performers(
        notices=container.notices,
        purchases=container.purchases,
        reconciling=container.reconciling,
        payload_keys=container.payload_keys,
    )
    worker = Worker(
        container.database,
        container.redis,
        {**performed, **about_money},
        threads=threads,
        pace=pace,
        schedules=SCHEDULES,
    )
    run_until_signalled(worker)
