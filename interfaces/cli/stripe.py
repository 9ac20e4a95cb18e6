"""`stage stripe`: what an operator does about payments: prices brought into line, and books compared."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from application.context import Context, acting
from application.payments import PaymentsAway, PriceReport, PriceState
from application.stagers import RetryLater
from infrastructure import wiring
from infrastructure.settings import load
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container
from interfaces.cli import reconciliation_report
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import environment_of

app = App(
    name="stripe", help="Bring Stripe's prices into line with our offers, and compare our books with its."
)

JSON = Parameter(name="--json", negative="")
Folder = Path(".stage")


class StripeAway(CommandFailed):
    def __str__(self) -> str:
        return "Stripe does not answer; is STRIPE_SECRET_KEY right, and the network there?"


class SinceLater(CommandFailed):
    def __str__(self) -> str:
        return "--since lies in the future: there is nothing to compare yet"


class ReportNotWritten(CommandFailed):
    def __init__(self, out: Path, reason: str | None) -> None:
        super().__init__(out, reason)
        self.out, self.reason = out, reason

    def __str__(self) -> str:
        return f"the report cannot be written to {self.out}: {self.reason}"


class PricesDiffer(CommandFailed):
    def __str__(self) -> str:
        return "some prices are not what is offered; those are refused to customers until they are mended"


@app.command(name="sync-offers")
def sync_offers(
    *, check: bool = False, as_json: Annotated[bool, JSON] = False, folder: Path = Folder
) -> None:
    """Create the prices that are missing, and show those that differ from our offers; these must be mended there.

    Exits with 1 when an offer cannot be sold as it stands.

    Parameters:
        check: Create nothing.
        as_json: Print JSON.
        folder: Where `stage up` keeps its data, if DATABASE_URL is not set.
    """
    with _container(folder, "sync-offers") as container:
        reports = container.payments.sync_offers(create=not check)
    if as_json:
        print(reconciliation_report.as_json([_told(report) for report in reports]))
    else:
        Console(highlight=False).print(_prices(reports))
    if any(report.state in (PriceState.MISSING, PriceState.DRIFTED) for report in reports):
        raise PricesDiffer


@app.command
def reconcile(
    *,
    since: datetime | None = None,
    out: Path | None = None,
    as_json: Annotated[bool, JSON] = False,
    folder: Path = Folder,
) -> None:
    """Compare our purchases with Stripe's, both ways; record what was missed, and report it.

    Exits with 1 when something is left for an operator to look into.

    Parameters:
        since: How far to look back (UTC); four days by default, Stripe's messages reach back 30.
        out: A file for the report: JSON, or CSV if its name ends so.
        as_json: Print JSON.
        folder: Where `stage up` keeps its data, if DATABASE_URL is not set.
    """
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    if since is not None and since > datetime.now(UTC):
        raise SinceLater
    if out is not None and not out.parent.is_dir():
        raise ReportNotWritten(out, "there is no such folder")
    with _container(folder, "reconcile") as container:
        run = container.reconciling.reconcile(uuid4(), since)
    report = reconciliation_report.told(run)
    if out is not None:
        text = reconciliation_report.as_csv if out.suffix == ".csv" else reconciliation_report.as_json
        try:
            out.write_text(text(report), encoding="utf-8")
        except OSError as error:
            raise ReportNotWritten(out, error.strerror) from error
    if as_json:
        print(reconciliation_report.as_json(report))
    else:
        Console(highlight=False).print(reconciliation_report.shown(report))
    if report.left:
        raise SystemExit(1)


@contextmanager
def _container(folder: Path, errand: str) -> Iterator[Container]:
    """Everything needed, for as long as the block lasts; what it records is the operator's doing."""
    configure_logging("warning", "stripe")
    container = wiring.build(load(_environment(folder)))
    container.open()
    name = f"stripe {errand}"
    try:
        with acting(Context("operator:cli", f"command:{name}", f"command-{uuid4()}")):
            yield container
    except (PaymentsAway, RetryLater) as away:
        raise StripeAway from away
    finally:
        container.close()


def _environment(folder: Path) -> Mapping[str, str]:
    return os.environ if os.environ.get("DATABASE_URL") else environment_of(folder)


def _told(report: PriceReport) -> dict[str, object]:
    return {
        "offer": report.offer,
        "state": report.state.value,
        "price_id": report.price_id,
        "differences": list(report.differences),
    }


def _prices(reports: list[PriceReport]) -> Table:
    table = Table(title="Prices", title_justify="left", title_style="bold", pad_edge=False)
    for heading in ("Offer", "State", "Price", "Differences"):
        table.add_column(heading)
    for report in reports:
        table.add_row(report.offer, report.state.value, report.price_id or "", "\n".join(report.differences))
    return table
