"""`stage`: everything that an operator or a developer runs, each process and each errand a command."""

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from psycopg import OperationalError

from infrastructure.embedded.errors import NoEmbeddedServer
from infrastructure.metrics import MetricsPortTaken
from infrastructure.postgres.direct import NotDirect
from infrastructure.processes.child import ChildFailed
from infrastructure.processes.lock import FolderInUse
from infrastructure.settings import SettingsInvalid
from infrastructure.telemetry import UnknownLogLevel
from interfaces.cli.errors import CommandFailed

app = App(name="stage", help="Stage in Seconds: photographs of homes in, better ones out.", version_flags=[])
# Named, not imported: a command loads only what it needs, so that each process starts quickly.
app.command("interfaces.cli.serve:serve")
app.command("interfaces.cli.follow:follow")
app.command("interfaces.cli.work:work")
app.command("interfaces.cli.up:up")
app.command("interfaces.cli.demo:demo")
app.command("interfaces.cli.seed:seed")
app.command("interfaces.cli.ledger:app", name="ledger")
app.command("interfaces.cli.jobs:app", name="jobs")
app.command("interfaces.cli.migrate:app", name="migrate")
app.command("interfaces.cli.events:app", name="events")
app.command("interfaces.cli.keys:app", name="keys")
app.command("interfaces.cli.users:app", name="users")
app.command("interfaces.cli.projections:app", name="projections")
app.command("interfaces.cli.reactions:app", name="reactions")
app.command("interfaces.cli.doctor:doctor")
app.command("interfaces.cli.security_log:security_log")
app.command("interfaces.cli.stripe:app", name="stripe")

EXPLAINED = (
    ChildFailed,
    CommandFailed,
    FolderInUse,
    MetricsPortTaken,
    NoEmbeddedServer,
    NotDirect,
    OperationalError,
    SettingsInvalid,
    UnknownLogLevel,
)
"""Errors that say what is wrong and what would be right; a traceback would only hide it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the arguments say, by default the process's own.

    Exit with 0 when it went well, 1 with an explanation when not, 130 when interrupted.

    Other codes are those of which a command's help tells, so arguments that it does not take give none of them.
    """
    try:
        app(arguments, exit_on_error=False)
    except CycloptsError:  # it was explained already
        sys.exit(1)
    except EXPLAINED as error:
        sys.exit(f"stage: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
