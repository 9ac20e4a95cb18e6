"""`stage jobs`: what an operator asks about jobs."""

import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
from cyclopts import App
from rich import box
from rich.console import Console
from rich.table import Table

from infrastructure.staging.costs import JobMargin, StagedCost, job_margins, staged_costs
from interfaces.cli.local import environment_of

MICROS = 1_000_000
"""Of a dollar."""
DAYS = 30

app = App(name="jobs", help="What jobs have cost, and what they brought in.")


@app.default
def shown() -> None:
    """Say what there is."""
    app.help_print([])


@app.command
def costs(
    *, since: date | None = None, limit: int = 20, as_json: bool = False, folder: Path = Path(".stage")
) -> None:
    """Show what a delivered photo cost by model and preset, and each job's margin, from what was recorded.

    It reads where DATABASE_URL says, or, without it, what `stage up` runs here.

    Parameters:
        since: From this day (UTC) on; the last thirty days if not given.
        limit: How many jobs are listed, the latest first.
        as_json: One JSON object instead of tables.
        folder: Where `stage up` keeps its data.
    """
    begin = since or datetime.now(UTC).date() - timedelta(days=DAYS)
    url = os.environ.get("DATABASE_URL") or environment_of(folder)["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        staged = staged_costs(connection, since=begin)
        jobs = job_margins(connection, since=begin, limit=limit)
    if as_json:
        told = {
            "since": begin,
            "staged": [asdict(one) for one in staged],
            "jobs": [asdict(one) for one in jobs],
        }
        print(msgspec.json.encode(told).decode())
        return
    console = Console()
    console.print(_staged_table(staged, begin))
    console.print(_jobs_table(jobs))


def _staged_table(staged: Iterable[StagedCost], since: date) -> Table:
    table = _table(f"Delivered photos since {since}", "Model", "Preset")
    for heading in ("Photos", "Calls", "Cost", "A photo", "Seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in staged:
        table.add_row(
            one.model,
            one.preset,
            str(one.photos),
            str(one.attempts),
            _dollars(one.cost_micros),
            _dollars(one.micros_per_photo),
            f"{one.milliseconds / 1000:.1f}",
        )
    return table


def _jobs_table(jobs: Iterable[JobMargin]) -> Table:
    table = _table("Jobs, the latest first", "Job", "Ended")
    for heading in ("Photos", "Calls", "Revenue", "Cost", "Margin"):
        table.add_column(heading, justify="right", no_wrap=True)
    for job in jobs:
        table.add_row(
            str(job.job_id),
            f"{job.ended_at.astimezone(UTC):%Y-%m-%d}",
            str(job.delivered),
            str(job.calls),
            _dollars(job.revenue_micros),
            _dollars(job.cost_micros),
            _dollars(job.margin_micros),
        )
    return table


def _table(title: str, *texts: str) -> Table:
    """Where the terminal is narrow, texts go over several lines; a number is never cut."""
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False, box=box.SIMPLE_HEAD)
    for heading in texts:
        table.add_column(heading, overflow="fold")
    return table


def _dollars(micros: int) -> str:
    return f"${micros / MICROS:,.4f}" if micros >= 0 else f"-${-micros / MICROS:,.4f}"
