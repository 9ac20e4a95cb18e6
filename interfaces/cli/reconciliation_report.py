"""A reconciliation as a report: for people like a bank reconciliation, for programs as JSON or CSV."""

import csv
import io
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Group
from rich.table import Table

from domain.reconciliation import Difference, Finding, Reconciliation, Resolution, Totals

_WORDS = {
    "paid": "Payments received",
    "refunded": "Refunds",
    "refund_failed": "Refunds that came back",
    "dispute_lost": "Disputes lost",
    "dispute_recovered": "Disputes recovered",
}
_FINDINGS = {
    Finding.MESSAGE_MISSED: "A message never arrived",
    Finding.NOT_RECORDED: "Not recorded until now",
    Finding.PAYMENT_REFUSED: "A payment does not fit what was sold",
    Finding.UNKNOWN_HERE: "Stripe has a checkout that we do not know",
    Finding.UNKNOWN_THERE: "Stripe has no checkout for a purchase of ours",
}
_RESOLUTIONS = {
    Resolution.KEPT: "kept, and followed up",
    Resolution.RECORDED: "recorded",
    Resolution.EXPIRED: "ended",
    Resolution.WAITING: "may still come right",
    Resolution.LEFT: "to be looked into",
}


class Report(Struct, frozen=True):
    """Amounts are in cents."""

    reconciliation_id: str
    since: str
    until: str
    opening: int
    movements: dict[str, int]
    closing: int
    purchases_compared: int
    ours: int
    theirs: int
    difference: int
    differences: list[dict[str, Any]]

    @property
    def left(self) -> bool:
        """Whether somebody has to look into it."""
        return bool(self.difference) or any(
            one["resolution"] == Resolution.LEFT.value for one in self.differences
        )


def told(run: Reconciliation) -> Report:
    totals = run.totals or Totals(0, {}, 0, 0, 0, 0)
    return Report(
        reconciliation_id=str(run.id),
        since=run.since.isoformat(),
        until=run.until.isoformat(),
        opening=totals.opening,
        movements=totals.movements,
        closing=totals.closing,
        purchases_compared=totals.compared,
        ours=totals.ours,
        theirs=totals.theirs,
        difference=totals.theirs - totals.ours,
        differences=[_difference(one) for one in run.differences],
    )


def as_json(report: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def as_csv(report: Report) -> str:
    """One line per sum and per difference, told apart by the first column."""
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(["section", "what", "amount", "reference", "purchase_id", "detail", "resolution"])
    lines.writerow(["books", "opening", report.opening, "", "", report.since, ""])
    for kind, amount in report.movements.items():
        lines.writerow(["books", kind, amount, "", "", "", ""])
    lines.writerow(["books", "closing", report.closing, "", "", report.until, ""])
    for name in ("ours", "theirs", "difference"):
        lines.writerow(["compared", name, getattr(report, name), "", "", report.purchases_compared, ""])
    for one in report.differences:
        lines.writerow(
            [
                "difference",
                one["finding"],
                "",
                one["reference"],
                one["purchase_id"] or "",
                one["detail"],
                one["resolution"],
            ]
        )
    return file.getvalue()


def shown(report: Report) -> Group:
    """For a terminal."""
    return Group(_books(report), _compared(report), _differences(report))


def _books(report: Report) -> Table:
    table = _table(f"Our books, {report.since[:16]} to {report.until[:16]} (UTC)")
    table.add_row(f"Opening balance, {report.since[:10]}", money(report.opening))
    for kind, amount in report.movements.items():
        table.add_row(f"  {_WORDS.get(kind, kind)}", money(amount))
    table.add_section()
    table.add_row(f"Closing balance, {report.until[:10]}", money(report.closing), style="bold")
    return table


def _compared(report: Report) -> Table:
    table = _table(f"{report.purchases_compared} purchases compared with Stripe")
    table.add_row("Net of refunds and lost disputes, by Stripe", money(report.theirs))
    table.add_row("The same by our books, with what was recorded now", money(report.ours))
    table.add_section()
    table.add_row("Difference", money(report.difference), style="bold")
    return table


def _differences(report: Report) -> Table:
    table = Table(
        title="Differences and what was done", title_justify="left", title_style="bold", pad_edge=False
    )
    for heading in ("What", "Which", "Detail", "Now"):
        table.add_column(heading)
    for one in report.differences:
        table.add_row(
            _FINDINGS[Finding(one["finding"])],
            one["reference"],
            one["detail"],
            _RESOLUTIONS[Resolution(one["resolution"])],
        )
    if not report.differences:
        table.add_row("None", "", "", "")
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False, show_header=False)
    table.add_column("")
    table.add_column("", justify="right")
    return table


def money(cents: int) -> str:
    """Dollars and cents, losses in brackets as accountants write them."""
    written = f"${abs(cents) // 100:,}.{abs(cents) % 100:02d}"
    return f"({written})" if cents < 0 else written


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "finding": one.finding,
        "reference": one.reference,
        "purchase_id": str(one.purchase_id) if one.purchase_id else None,
        "detail": one.detail,
        "resolution": one.resolution,
    }
