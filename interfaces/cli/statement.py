"""A credit statement as a table for a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table


def statement_table(entries: Sequence[Any], balance: Any) -> Table:
    """Every movement, the oldest first, with the balance after it, as GET /billing/statement tells them."""
    table = Table(title="Credit statement", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("When (UTC)")
    table.add_column("What")
    for heading in ("Change", "Available", "Held"):
        table.add_column(heading, justify="right")
    for entry in sorted(entries, key=lambda entry: entry["position"]):
        table.add_row(
            entry["recorded_at"][:19].replace("T", " "),
            entry["description"],
            f"{entry['change']:+d}" if entry["change"] else "",
            str(entry["available"]),
            str(entry["held"]),
        )
    table.add_section()
    table.add_row("", "Now", "", str(balance["available"]), str(balance["held"]), style="bold")
    return table
