"""`stage migrate`: the schema up, down, and as it stands."""

import json
import os

from cyclopts import App

from infrastructure.postgres import migrations
from interfaces.cli.errors import CommandFailed

app = App(name="migrate", help="Move the database's schema up or down, or show where it stands.")


class OwnerUnknown(CommandFailed):
    def __str__(self) -> str:
        return (
            "DATABASE_OWNER_URL is not set: migrations run as the role stage_owner, which owns the tables; "
            "migrations/roles.sql makes it"
        )


@app.command
def up(revision: str = "head") -> None:
    """Migrate up to a revision, or as far as there is."""
    migrations.upgrade(_owner_url(), revision)
    _print()


@app.command
def down(revision: str) -> None:
    """Migrate down to a revision, `base` or `-1`; what the revisions undone had held is lost."""
    migrations.downgrade(_owner_url(), revision)
    _print()


@app.command
def status(*, as_json: bool = False) -> None:
    """Show every revision and whether this database has it; exits with 1 when some are missing."""
    revisions = migrations.status(_owner_url())
    if as_json:
        print(
            json.dumps(
                [{"revision": one.name, "title": one.title, "applied": one.applied} for one in revisions]
            )
        )
    else:
        _print()
    if not all(one.applied for one in revisions):
        raise SystemExit(1)


def _print() -> None:
    for one in migrations.status(_owner_url()):
        print(f"{one.name}  {'applied' if one.applied else 'missing'}  {one.title}")


def _owner_url() -> str:
    if url := os.environ.get("DATABASE_OWNER_URL", "").strip():
        return url
    raise OwnerUnknown
