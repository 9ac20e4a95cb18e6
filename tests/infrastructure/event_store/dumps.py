"""A database as its dump, by PostgreSQL's own programs."""

import subprocess
from pathlib import Path

from infrastructure.embedded.postgres_home import installed_postgres


def dump(url: str) -> str:
    """All of a database as SQL, rows as COPY, just as a backup has it."""
    return _run("pg_dump", url).decode()


def dump_to(url: str, file: Path) -> None:
    file.write_bytes(_run("pg_dump", "--format=custom", url))


def restore(file: Path, url: str) -> None:
    """Into an empty database, as a superuser; the roles are there."""
    _run("pg_restore", "--exit-on-error", f"--dbname={url}", str(file))


def _run(program: str, *arguments: str) -> bytes:
    done = subprocess.run(
        [installed_postgres() / "bin" / program, *arguments], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
