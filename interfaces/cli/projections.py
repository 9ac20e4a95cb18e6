"""`stage projections`: read models listed, rebuilt, verified, retried, and shown as of any past moment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from cyclopts import App
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from application.projections.projection import Projection
from application.projections.registry import PROJECTIONS
from infrastructure import wiring
from infrastructure.projections import overview, parking
from infrastructure.projections.history import AsOf, rows_as_of
from infrastructure.projections.rebuild import Doing, Rebuild, Rebuilt
from infrastructure.projections.retrying import retry as retry_parked
from infrastructure.projections.shadow import Difference
from infrastructure.projections.streams import NotApart
from infrastructure.projections.verifying import Verified
from infrastructure.projections.verifying import verify as verify_rows
from interfaces.cli.errors import CommandFailed
from interfaces.cli.operating import operating
from interfaces.cli.output import AsJson, Positive, print_json, print_rows

app = App(name="projections", help="Read models: list, rebuild, verify, retry, show as of a past moment.")


class NoSuchProjection(CommandFailed):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no projection {name!r}: name one of {_NAMES}")


class OneOrAll(CommandFailed):
    def __str__(self) -> str:
        return f"name one projection, or say --all: there are {_NAMES}"


class NothingThere(CommandFailed):
    def __init__(self, whose: UUID) -> None:
        super().__init__(f"nothing was recorded of {whose} by then: a stream's id is wanted, or a user's")


_NAMES = ", ".join(projection.table.name for projection in PROJECTIONS)


@app.command(name="list")
def list_(*, json: AsJson = False) -> None:
    """Show every read model: how far it is behind, who leads it, what it lacks, whether it is rebuilt."""
    with operating("projections") as container, container.database.connection() as connection:
        found = overview.read_models(connection, wiring.followers())
    if json:
        print_json(found)
        return
    columns = ["name", "position", "behind_events", "behind_seconds", "leader", "parked", "rebuild"]
    print_rows(found, columns=columns, empty="There are none.")


@app.command
def rebuild(
    name: str | None = None,
    *,
    all: bool = False,
    accept: bool = False,
    abandon: bool = False,
    processes: Positive | None = None,
    json: AsJson = False,
) -> None:
    """Fold a read model anew while the old one serves, compare the two, and swap them.

    Killed, it goes on where it was when it is run again. Exits with 1 when the tables differ.

    Parameters:
        name: With its version or without.
        all: Every read model, one after the other.
        accept: Swap even though the tables differ.
        abandon: Throw away a rebuild that was begun, instead.
        processes: How many fold side by side; as many as there are cores if not given.
    """
    chosen = _chosen(name, every=all)
    done: list[Rebuilt] = []
    given_up: list[str] = []
    with operating("rebuild") as container, _progress(quiet=json) as watch:
        for projection in chosen:
            rebuilding = Rebuild(
                projection,
                direct_url=container.settings.direct_url,
                processes=processes or os.cpu_count() or 1,
                watch=watch,
            )
            if not abandon:
                done.append(rebuilding.run(accept=accept))
            elif rebuilding.abandon():
                given_up.append(projection.table.versioned_name)
    if json:
        print_json({"abandoned": given_up} if abandon else done)
    elif abandon:
        print(f"given up: {', '.join(given_up)}" if given_up else "no rebuild was begun, so none is given up")
    else:
        for one in done:
            _tell(one)
    if not all_well(done):
        raise SystemExit(1)


def all_well(done: list[Rebuilt]) -> bool:
    return all(one.swapped for one in done)


@app.command
def verify(name: str | None = None, *, all: bool = False, sample: bool = False, json: AsJson = False) -> None:
    """Fold streams anew and compare the rows with the read model's; nothing is written.

    Exits with 1 when rows differ.

    Parameters:
        name: With its version or without.
        all: Every read model.
        sample: One in a hundred streams, and 1,000 at the least, instead of all.
    """
    chosen = _chosen(name, every=all)
    done: list[Verified] = []
    with operating("verify") as container:
        for projection in chosen:
            try:
                done.append(verify_rows(container.settings.direct_url, projection, sample=sample))
            except NotApart as cannot:
                raise CommandFailed(str(cannot)) from cannot
    if json:
        print_json(done)
    else:
        for one in done:
            scope = "all streams" if one.whole else "a sample"
            print(
                f"{one.read_model}: {one.rows:,} rows of {scope} as of position {one.position:,}, "
                f"{one.differing:,} differ, {one.parked:,} events are parked"
            )
            _tell_differences(one.shown, "events")
    if any(one.differing for one in done):
        raise SystemExit(1)


@app.command
def retry(name: str | None = None, *, all: bool = False, json: AsJson = False) -> None:
    """Fold parked events in their order, after what could not digest them was mended.

    Exits with 1 when some are still parked.
    """
    chosen = _chosen(name, every=all)
    answer: dict[str, dict[str, int]] = {}
    with operating("retry") as container, container.database.connection() as connection:
        for projection in chosen:
            folded, left = retry_parked(connection, projection)
            answer[projection.table.versioned_name] = {"folded": folded, "left": left}
    if json:
        print_json(answer)
    else:
        for read_model, outcome in answer.items():
            print(f"{read_model}: {outcome['folded']} folded, {outcome['left']} still parked")
    if any(outcome["left"] for outcome in answer.values()):
        raise SystemExit(1)


@app.command
def parked(name: str | None = None, *, limit: Positive = 1000, json: AsJson = False) -> None:
    """Show events that a read model could not digest, and those that wait for them, oldest first."""
    read_model = None
    if name is not None:
        read_model = _named(name).table.versioned_name
    with operating("parked") as container, container.database.connection() as connection:
        found = parking.listed(connection, read_model, limit=limit)
    if json:
        print_json(found)
        return
    columns = ["read_model", "position", "name", "keys", "error", "parked_at"]
    print_rows(found, columns=columns, empty="No event is parked.")


@app.command
def show(
    name: str,
    whose: UUID,
    *,
    version: int | None = None,
    position: int | None = None,
    moment: datetime | None = None,
    json: AsJson = False,
) -> None:
    """Show the rows that a stream (or user) had made of a read model by a version, position or moment.

    Parameters:
        whose: The id of the stream (a user, a job, a ledger); for photos, of the user.
        version: Of a stream.
        position: Of the log.
        moment: In ISO 8601; UTC if it names no offset.
    """
    projection = _named(name)
    with operating("show") as container, container.database.connection() as connection:
        as_of = AsOf(version, position, moment)
        found = rows_as_of(connection, container.mapper, projection, whose, as_of)
    if not found.position:
        raise NothingThere(whose)
    columns = projection.table.columns
    rows = [dict(zip(columns, row, strict=True)) for row in found.rows]
    if json:
        print_json({"version": found.version, "position": found.position, "rows": rows})
        return
    print(f"As of version {found.version}, position {found.position}:")
    for row in rows:
        print("  " + ", ".join(f"{column}={value}" for column, value in row.items()))


def _chosen(name: str | None, *, every: bool) -> list[Projection[Any]]:
    if every == (name is not None):
        raise OneOrAll
    return list(PROJECTIONS) if name is None else [_named(name)]


def _named(name: str) -> Projection[Any]:
    for projection in PROJECTIONS:
        if name in (projection.table.name, projection.table.versioned_name):
            return projection
    raise NoSuchProjection(name)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Any]:
    """A bar with an estimate of the time left, on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("events"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        tasks: dict[str, Any] = {}

        def watch(doing: Doing) -> None:
            task = tasks.get(doing.read_model)
            if task is None:
                task = tasks[doing.read_model] = progress.add_task("", total=None)
            says = f"{doing.read_model} {doing.step}"
            progress.update(task, description=says, completed=doing.done, total=doing.of)

        yield watch


def _tell(rebuilt: Rebuilt) -> None:
    speed = rebuilt.events / rebuilt.seconds if rebuilt.seconds else 0
    said = f"{rebuilt.read_model}: {rebuilt.events:,} events in {rebuilt.seconds:.1f} s ({speed:,.0f}/s)"
    if rebuilt.compared:
        said += f", {rebuilt.compared.rows:,} rows compared, {rebuilt.compared.differing:,} differ"
    if rebuilt.parked:
        said += f", {rebuilt.parked:,} events parked"
    print(f"{said}; {'swapped' if rebuilt.swapped else 'not swapped: --accept swaps all the same'}")
    if rebuilt.compared:
        _tell_differences(rebuilt.compared.shown, "rebuilt")


def _tell_differences(shown: list[Difference], right: str) -> None:
    for one in shown:
        print(f"  {'/'.join(map(str, one.key))}")
        print(f"    serving  {'no such row' if one.live is None else ', '.join(map(str, one.live))}")
        print(f"    {right:8} {'no such row' if one.rebuilt is None else ', '.join(map(str, one.rebuilt))}")
