"""`stage ledger`: a user's credits as auditors read them, replayed, verified and exported."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from cyclopts import App, Parameter
from rich.console import Console

from application.projections.credit_lots import PRESENT
from application.projections.credit_places import Places
from domain.credit_ledger import CreditLedger
from infrastructure import settings, wiring
from infrastructure.event_store.past import aggregate_of
from infrastructure.queries import chains, ledgers, raw_events
from infrastructure.queries import credits as credit_queries
from infrastructure.queries.history import AsOf, history
from infrastructure.queries.ledgers import MomentRow
from infrastructure.queries.reader import Reader
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import environment_here
from interfaces.cli.statement import statement_table
from interfaces.exports import Format, exported
from interfaces.wording import described

T = TypeVar("T")

app = App(name="ledger", help="Show, replay, verify and export a user's credits.")

BROKEN = 2
"""Exit code of verify and replay for a ledger that is not what it should be."""
_SHOWN = 50
"""Movements that people are shown; --json tells all."""

AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
When = Annotated[str | None, Parameter(name="--as-of", help="A moment (2026-11-22T12:00:00Z) or a position.")]


class NotAMoment(CommandFailed):
    def __str__(self) -> str:
        return (
            "--as-of takes a moment with its time zone (2026-11-22T12:00:00Z) or a position in the log (120)"
        )


class NoSuchLedger(CommandFailed):
    def __init__(self, user_id: UUID) -> None:
        super().__init__(f"user {user_id} has no ledger as of then")


@app.command
def show(user: UUID, *, as_of: When = None, as_json: AsJson = False) -> None:
    """Show balance, lots and movements, now or as of then, as read models have them."""
    with _container() as container:
        then, lots, movements = _ask(container, lambda reader: _shown(reader, user, as_of, as_json=as_json))
    balance = _balance(then)
    told = [{**msgspec.to_builtins(row), "description": described(row)} for row in movements]
    if as_json:
        _print(
            {
                "user_id": user,
                "position": then.position,
                "balance": balance,
                "lots": lots,
                "movements": told,
            }
        )
        return
    Console().print(statement_table(told, balance))
    _tell(balance)


@app.command
def replay(user: UUID, *, as_of: When = None, as_json: AsJson = False) -> None:
    """Fold the ledger's events anew, and compare with what read models have; exits with 2 if they differ."""
    with _container() as container:
        rows, then = _ask(container, lambda reader: _past(reader, user, as_of))
        ledger = aggregate_of(container.mapper, rows)
    if not isinstance(ledger, CreditLedger):
        raise NoSuchLedger(user)
    replayed = chains.replayed(ledger)._asdict()
    agrees = replayed == _balance(then)
    if as_json:
        told = {"user_id": user, "position": rows[-1].position, "version": ledger.version}
        _print({**told, "replayed": replayed, "shown": _balance(then), "agrees": agrees})
    else:
        print(f"{ledger.version} events, up to position {rows[-1].position}")
        _tell(replayed)
        print("Read models say the same." if agrees else f"Read models say {_balance(then)}.")
    if not agrees:
        raise SystemExit(BROKEN)


@app.command
def verify(user: UUID, *, as_json: AsJson = False) -> None:
    """Check the ledger's chain of hashes; exits with 2 where it does not hold."""
    with _container() as container, container.database.connection() as connection:
        chain = chains.verify(connection, CreditLedger.id_for(user))
    if not chain.events and not chain.broken:
        raise NoSuchLedger(user)
    if as_json:
        _print({"user_id": user, "intact": chain.broken is None, **vars(chain), "head": chain.head.hex()})
    elif chain.broken:
        print(f"{chain.broken.kind} at version {chain.broken.version}, position {chain.broken.position}")
    else:
        print(f"{chain.events} events, unbroken; the last hash is {chain.head.hex()}")
    if chain.broken:
        raise SystemExit(BROKEN)


@app.command
def export(user: UUID, *, as_of: When = None, form: Format = Format.JSONL, as_json: AsJson = False) -> None:
    """Write the ledger's events with their hashes to standard output; docs/auditing.md tells how to check them.

    Parameters:
        form: jsonl or csv; --json is the same as jsonl.
    """
    with _container() as container:
        _ask(container, lambda reader: _write(reader, user, as_of, Format.JSONL if as_json else form))


async def _shown(
    reader: Reader, user: UUID, as_of: str | None, *, as_json: bool
) -> tuple[MomentRow, list[credit_queries.LotRow], list[credit_queries.MovementRow]]:
    then = await _moment(reader, user, as_of)
    lots = await credit_queries.lots(reader, user, position=then.position, at=_time(as_of, then))
    limit = then.version if as_json else _SHOWN
    return then, lots, await credit_queries.movements(reader, user, before=then.version + 1, limit=limit)


async def _past(reader: Reader, user: UUID, as_of: str | None) -> tuple[list[Any], MomentRow]:
    then = await _moment(reader, user, as_of)
    rows = await history(reader, CreditLedger.id_for(user), AsOf(version=then.version))
    return rows, then


async def _write(reader: Reader, user: UUID, as_of: str | None, form: Format) -> None:
    then = await _moment(reader, user, as_of)
    events = raw_events.whole_stream(reader, CreditLedger.id_for(user), upto=then.position)
    async for piece in exported(events, form):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


async def _moment(reader: Reader, user: UUID, as_of: str | None) -> MomentRow:
    if (then := await ledgers.moment(reader, user, _moment_or_position(as_of))) is None:
        raise NoSuchLedger(user)
    return then


def _time(as_of: str | None, then: MomentRow) -> datetime | None:
    """The moment for which expiries count."""
    when = _moment_or_position(as_of)
    if isinstance(when, datetime):
        return when
    return then.recorded_at if as_of else None


def _moment_or_position(as_of: str | None) -> datetime | int:
    if as_of is None:
        return PRESENT
    if as_of.isascii() and as_of.isdigit():
        return min(int(as_of), PRESENT)
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(as_of)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise NotAMoment


def _balance(then: MomentRow) -> dict[str, int]:
    return {place: getattr(then, place) for place in Places._fields}


def _tell(balance: dict[str, int]) -> None:
    print(", ".join(f"{count} {place.replace('_', ' ')}" for place, count in balance.items()))


def _print(told: Any) -> None:
    print(msgspec.json.encode(told).decode())


def _ask(container: Container, question: Callable[[Reader], Awaitable[T]]) -> T:
    async def asked() -> T:
        reader = Reader(container.settings.database_url, container.keyring, size=1)
        await reader.open()
        try:
            return await question(reader)
        finally:
            await reader.close()

    return asyncio.run(asked())


@contextmanager
def _container() -> Iterator[Container]:
    configure_logging("warning", "ledger")
    container = wiring.build(settings.load(environment_here()))
    container.open()
    try:
        yield container
    finally:
        container.close()
