"""What commands print: a table for people, or with --json one JSON document for programs."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.table import Table

_WIDTH = 150
"""In characters, at the least: ids are read and copied whole."""
AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON.")]
"""The flag that all commands with an answer have."""
Positive = Annotated[int, Parameter(validator=Number(gte=1))]
"""How many, where none would make no sense."""


def print_json(answer: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(answer, enc_hook=str), indent=2).decode())


def print_rows(rows: Sequence[Any], *, columns: Sequence[str], empty: str) -> None:
    """These columns of rows of one kind, or a sentence when there are none."""
    if not rows:
        print(empty)
        return
    table = Table(*columns, pad_edge=False)
    for row in rows:
        table.add_row(*(_shown(getattr(row, column)) for column in columns))
    console = Console(highlight=False)
    console.width = max(console.width, _WIDTH)
    console.print(table)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
