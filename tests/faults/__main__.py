"""Runs random faults against an installation under load: `python -m tests.faults --seed N --minutes M`.

The seed decides which faults happen when, and what customers order; how the machine interleaves them, it does
not. Each fault is told as it happens, and at last the verdict, which the exit code repeats: 0 when every promise
was kept.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import structlog

from infrastructure.embedded.removal import remove
from infrastructure.processes.signals import ending_in_order
from tests.faults import invariants
from tests.faults.history import History, outcomes, read
from tests.faults.installation import Installation, Size, running
from tests.faults.load import Load
from tests.faults.pace import Speed
from tests.faults.plan import Fault, plan
from tests.faults.run import FaultRun
from tests.faults.settling import wait_until_settled
from tests.faults.waiting import NotInTime

SIZE = Size(apis=1, followers=2, workers=3, threads=4, stage_ms=1000, pace=Speed.REAL)
CUSTOMERS = 4
MADE_GOOD_WITHIN = 30.0
"""Seconds from a worker's death to the outcome of what it had in its hands."""


def main() -> int:
    arguments = _arguments()
    seconds = arguments.minutes * 60
    faults = plan(
        arguments.seed,
        seconds,
        workers=[f"worker-{number}" for number in range(1, SIZE.workers + 1)],
        followers=[f"follower-{number}" for number in range(1, SIZE.followers + 1)],
        apis=[f"api-{number}" for number in range(1, SIZE.apis + 1)],
    )
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes, {len(faults)} faults", flush=True)
    if arguments.plan:
        print(*(f"{fault.at:7.1f}  {fault}" for fault in faults), sep="\n")
        return 0
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    folder = Path(tempfile.mkdtemp(prefix="stage-faults-"))
    with ending_in_order(), running(folder, SIZE, durable=True) as installation:
        broken = _run(installation, faults, seconds, arguments.seed)
    if broken:
        print(
            f"verdict: {len(broken)} promises broken with seed {arguments.seed}; data and logs are in {folder}"
        )
        print(*broken, sep="\n")
        return 1
    remove(folder)
    shutil.rmtree(folder)
    print(f"verdict: every promise kept with seed {arguments.seed}")
    return 0


def _run(installation: Installation, faults: list[Fault], seconds: float, seed: int) -> list[str]:
    began = time.monotonic()
    run = FaultRun(installation, lambda what: print(f"{time.monotonic() - began:7.1f}  {what}", flush=True))
    load = Load(installation, CUSTOMERS, seed)
    load.start()
    run.follow(faults, seconds)
    load.stop(meanwhile=run.tend)
    broken = [f"a customer met {type(error).__name__}: {error}" for error in load.errors]
    try:
        wait_until_settled(installation)
    except NotInTime as late:
        broken.append(str(late))
    history = read(installation)
    slow, slowest = _made_good(run, history)
    broken += slow + invariants.broken(installation, storm=True)
    _tell(load, run, history, slowest)
    return broken


def _made_good(run: FaultRun, history: History) -> tuple[list[str], float]:
    """What was made good too late, and the longest that it took, in seconds."""
    took = {
        photo_id: seconds
        for photo_id, recorded in outcomes(history).items()
        if (seconds := run.diary.made_good(photo_id, recorded[0].recorded_at.timestamp())) is not None
    }
    slow = [
        f"the death of photo {photo_id}'s worker was made good after {seconds:.1f} s"
        for photo_id, seconds in took.items()
        if seconds > MADE_GOOD_WITHIN
    ]
    return slow, max(took.values(), default=0)


def _tell(load: Load, run: FaultRun, history: History, slowest: float) -> None:
    became = Counter(
        type(recorded.event).__name__ for events in outcomes(history).values() for recorded in events
    )
    refused = sum(len(customer.refusals) for customer in load.customers)
    longest = max(customer.longest for customer in load.customers)
    hit = sum(bool(death.photos) for death in run.diary.deaths)
    print(
        f"jobs: {dict(load.statuses)}; photos: {dict(became)}\n"
        f"{len(run.diary.deaths)} workers died, {hit} with photos in hand; "
        f"the slowest of these was made good in {slowest:.1f} s\n"
        f"customers were told {refused} times to ask again; the longest wait for an answer was {longest:.1f} s"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--plan", action="store_true", help="only tell what would happen")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
