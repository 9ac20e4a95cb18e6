"""Four writers of the torture test in one process, which somebody will kill."""

import random
import sys
import threading
import time
from uuid import UUID

import psycopg

from tests.infrastructure.event_store.appending import append

WRITERS = 4


def write(url: str, seed: int) -> None:
    """Streams of their own, which grow by transactions of one to five events; some are given up, some linger."""
    chance = random.Random(seed)
    with psycopg.connect(url) as connection:
        while True:
            streams = [UUID(int=chance.getrandbits(128)) for _ in range(chance.randint(1, 3))]
            for version in range(1, chance.randint(2, 5)):
                for stream in streams:
                    append(connection, (stream, version))
                    time.sleep(chance.choice([0, 0, 0, 0.001, 0.02]))
                connection.rollback() if chance.random() < 0.2 else connection.commit()
                if connection.execute(
                    "SELECT count(*) FROM event_store.events WHERE originator_id = %s AND originator_version = %s",
                    [streams[-1], version],
                ).fetchone() == (0,):
                    break  # it was given up, so its streams are left alone


def main() -> None:
    url, seed = sys.argv[1], int(sys.argv[2])
    for number in range(WRITERS):
        threading.Thread(target=write, args=[url, seed * 100 + number], daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
