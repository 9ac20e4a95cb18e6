"""How benches tell what they do (on standard error) and what came of it (a table, and one line of JSON)."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

PLACES = 110
"""The width of a table, in characters."""


def say(fact: str) -> None:
    """One line of progress."""
    print(fact, file=sys.stderr, flush=True)


def show(name: str, result: Mapping[str, Any]) -> None:
    """A bench's result for people: its single values, then its lists as tables of their own."""
    console = Console(width=PLACES, highlight=False)
    figures = Table("figure", "value", title=name, title_justify="left")
    for figure, value in result.items():
        if not isinstance(value, Mapping | list):
            figures.add_row(figure, str(value))
    console.print(figures)
    for title, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            console.print(_table(title, value))


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(*rows[0], title=title, title_justify="left")
    for row in rows:
        table.add_row(*map(str, row.values()))
    return table
