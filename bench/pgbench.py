"""Throughput of statements by PostgreSQL's own pgbench, so that no client of ours is the limit."""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil
import psycopg

from bench.report import say
from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.postgres_home import installed_postgres
from infrastructure.postgres import migrations
from infrastructure.telemetry import configure_logging

CLIENTS, ROUNDS, SECONDS = 32, 5, 4

STATE, METADATA = b"s" * 300, b"m" * 90
"""What an event holds: 300 bytes, and who acted because of what."""
STREAM = "md5(:client_id || '-' || :n / 5)::uuid"
"""Streams of five events each, every client its own. `n` counts a client's transactions from 0."""
VERSION = ":n % 5 + 1"
OWNER = "md5(:client_id || '')::uuid"


@contextmanager
def server() -> Iterator[EmbeddedPostgres]:
    """Empty, migrated and durable; gone without a trace afterwards.

    A quarter of the machine's memory is its cache, as PostgreSQL's manual advises, so that a million events are
    in it; everything else is as it comes. Whoever is measured beside us is on the same server.
    """
    configure_logging("error", "bench")
    quarter = {"shared_buffers": f"{psutil.virtual_memory().total // 4 // 2**20}MB"}
    postgres = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="stage-bench-")), settings=quarter)
    postgres.start()
    try:
        migrations.upgrade(postgres.owner_url)
        yield postgres
    finally:
        postgres.remove()


def literal(stored: bytes) -> str:
    return rf"'\x{stored.hex()}'::bytea"


def measured(url: str, scripts: Mapping[str, str], *, empty: Mapping[str, str]) -> dict[str, list[float]]:
    """Transactions per second of each script in each round, taken in turns on tables emptied before."""
    rounds: dict[str, list[float]] = {name: [] for name in scripts}
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # events are never deleted otherwise
        for _ in range(ROUNDS):
            for name, script in scripts.items():
                connection.execute(f"TRUNCATE {empty[name]}".encode())
                connection.execute("CHECKPOINT")
                file = Path(folder) / f"{name}.sql"
                file.write_text(f"\\set n :n + 1\n{script}\n")
                rounds[name].append(_run(url, file))
            say(", ".join(f"{name} {rates[-1]:,.0f}/s" for name, rates in rounds.items()))
    return rounds


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median over the rounds: both of a round had the same machine."""
    return round(median(one / other for one, other in zip(ours, theirs, strict=True)), 3)


def _run(url: str, script: Path) -> float:
    arguments = ["--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2"]
    done = subprocess.run(
        [
            installed_postgres() / "bin" / "pgbench",
            *arguments,
            f"--time={SECONDS}",
            "--define=n=-1",
            f"--file={script}",
            url,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise RuntimeError(done.stderr)
    return float(found.group(1))
