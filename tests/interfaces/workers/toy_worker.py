"""A real worker process whose performer does one thing, and writes down each time that it was asked.

Its arguments: the database's address, Redis's, what to do, and the file to write to.
"""

import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import redis

from application.reactions import Answer, Performer, References
from infrastructure.postgres.database import Database
from interfaces.workers.worker import Pace, Worker, run_until_signalled
from tests.infrastructure.reactions.rows import KIND

PACE = Pace(lease=timedelta(seconds=1), renewal=0.3, sweep=0.2, glance=20, grace=0.5)


class Toy:
    def __init__(self, behaviour: str, account: Path) -> None:
        self._behaviour = behaviour
        self._account = account

    def call(self, reaction_id: UUID, _references: References) -> Answer:
        self._write("called")
        match self._behaviour:
            case "die in call":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                time.sleep(3600)
        return {"for": str(reaction_id)}

    def record(self, _references: References, answer: Answer) -> None:
        self._write("recording")
        if self._behaviour == "die in record":
            os.kill(os.getpid(), signal.SIGKILL)
        self._write(f"recorded {answer['for']}")

    def give_up(self, _references: References) -> None:
        self._write("gave up")

    def _write(self, line: str) -> None:
        with self._account.open("a") as account:
            account.write(f"{line}\n")


def main(database_url: str, redis_url: str, behaviour: str, account: str) -> None:
    toy = Toy(behaviour, Path(account))
    performer = Performer(KIND, toy.call, toy.record, toy.give_up, attempts=3)
    performed: dict[str, Any] = {KIND: performer}
    database = Database(database_url)
    database.open()
    client = redis.Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=2)
    run_until_signalled(Worker(database, client, performed, threads=2, pace=PACE))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
