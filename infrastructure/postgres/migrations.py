"""Moving the schema up and down: the only thing that ever creates a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

import migrations

_LOCK = 7_381_200_001
"""The advisory lock that lets one process migrate at a time; the number means nothing."""


@dataclass(frozen=True)
class Revision:
    name: str
    title: str
    applied: bool


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Migrate up to `revision`. Several processes may ask at once: one does it, the others find it done."""
    with _configured(owner_url) as config:
        command.upgrade(config, revision)


def downgrade(owner_url: str, revision: str) -> None:
    """Migrate down to `revision`, such as `base` or `-1`. What the undone revisions held is gone."""
    with _configured(owner_url) as config:
        command.downgrade(config, revision)


def status(owner_url: str) -> list[Revision]:
    """Every revision, oldest first, and whether this database has it."""
    with _configured(owner_url) as config:
        script = ScriptDirectory.from_config(config)
        heads = MigrationContext.configure(
            config.attributes["connection"], opts={"version_table": "migrations"}
        ).get_current_heads()
        applied = {one.revision for head in heads for one in script.iterate_revisions(head, "base")}
        return [
            Revision(one.revision, one.doc, one.revision in applied)
            for one in reversed(list(script.walk_revisions()))
        ]


@contextmanager
def _configured(owner_url: str) -> Iterator[Config]:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    engine = create_engine(make_url(owner_url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection, _alone(connection):
            config.attributes["connection"] = connection
            yield config
    finally:
        engine.dispose()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
        connection.commit()
