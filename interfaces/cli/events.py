"""`stage events`: the log as operators and auditors see it; verifying.py proves that nobody changed it."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number

from application.recorded import Recorded
from domain.personal import Personal
from infrastructure import wiring
from infrastructure.event_store.anchor_files import OtherAnchorExported
from infrastructure.event_store.anchoring import LogChanged
from infrastructure.event_store.past import aggregate_of
from infrastructure.queries.history import AsOf
from infrastructure.queries.log import Log
from interfaces.cli.errors import CommandFailed
from interfaces.cli.operating import operating
from interfaces.cli.output import AsJson, Positive

app = App(name="events", help="Look at the log, take it elsewhere, and prove that it is what it was.")
app.command("interfaces.cli.verifying:verify")

_ENVELOPE = [name for name in Recorded._fields if name != "event"]

Position = Annotated[int, Parameter(validator=Number(gte=0))]


class NotAMoment(CommandFailed):
    def __str__(self) -> str:
        return "--as-of takes a version (7), a position (@120) or a moment (2026-11-22T12:00:00Z)"


class NoSuchStream(CommandFailed):
    def __init__(self, stream_id: UUID) -> None:
        super().__init__(f"there is no stream {stream_id} as of then")


class NotWritten(CommandFailed):
    def __init__(self, out: Path, error: OSError) -> None:
        super().__init__(f"--out {out}: {error.strerror}; name a file in a folder that is there")


class LogNotAnchored(CommandFailed):
    """The log cannot be anchored, because it is not what was anchored before."""


@app.command
def tail(*, after: Position | None = None, limit: Positive | None = None, as_json: AsJson = False) -> None:
    """Print events as they come in, until Ctrl-C.

    Parameters:
        after: Begin after this position; at the end of the log if not given.
        limit: End after so many events.
    """
    with _log() as (log, _):
        for recorded in log.follow(after, limit):
            print(_line(recorded, as_json=as_json), flush=True)


@app.command
def show(stream: UUID, *, as_of: str | None = None, as_json: AsJson = False) -> None:
    """Show a stream's events, and what they make of its aggregate, now or as of then.

    Parameters:
        stream: The aggregate's id.
        as_of: A version (7), a position (@120) or a moment (2026-11-22T12:00:00Z; UTC if it names no offset).
    """
    wanted = _as_of(as_of)
    with _log() as (log, container):
        rows = log.stream(stream, wanted)
        if not rows:
            raise NoSuchStream(stream)
        aggregate = aggregate_of(container.mapper, rows)
        state = None if aggregate is None else _plain(vars(aggregate))
        events = [container.mapper.recorded(*msgspec.structs.astuple(row)[:-1]) for row in rows]
    if as_json:
        told = {"position": rows[-1].position, "events": [_told(one) for one in events], "aggregate": state}
        print(json.dumps(told))
        return
    for one in events:
        print(_line(one, as_json=False))
    print(json.dumps(state, indent=2))


@app.command
def export(
    *, out: Path | None = None, after: Position = 0, upto: Position | None = None, as_json: AsJson = False
) -> None:
    """Write events with their hashes as JSON Lines, from the first to the last that is gap-safe.

    Parameters:
        out: The file; standard output if not given.
        after: Leave out everything at or below this position.
        upto: Leave out everything above this position.
        as_json: Events are JSON in any case; with --out, what was written is told in JSON too.
    """
    events = 0
    with _log() as (log, _), _opened(out) as file:
        for line in log.lines(after, upto):
            file.write(line + b"\n")
            events += 1
    if out is not None:
        print(json.dumps({"events": events, "out": str(out)}) if as_json else f"{events:,} events in {out}")


@app.command
def anchor(*, as_json: AsJson = False) -> None:
    """Anchor everything up to now and export the anchors, and print the public key that checks them."""
    with _log() as (_, container):
        anchoring = wiring.anchoring(container.settings, container.database)
        try:
            made = anchoring.anchor()
        except (LogChanged, OtherAnchorExported) as error:
            raise LogNotAnchored(
                f"anchor {error.number} and the log contradict each other: see `stage events verify`"
            ) from error
        finally:
            anchoring.close()
        key = wiring.anchors_public_key(container.settings).public_bytes_raw().hex()
    if as_json:
        told = [{"number": one.number, "position": one.position, "events": one.events} for one in made]
        print(json.dumps({"public_key": key, "anchors": told}))
        return
    for one in made:
        print(f"anchor {one.number}: {one.events:,} events up to position {one.position:,}")
    if not made:
        print("nothing is new since the last anchor")
    print(f"public key: {key}")


@contextmanager
def _log() -> Iterator[tuple[Log, wiring.Container]]:
    with operating("events") as container:
        yield Log(container.settings.direct_url, container.mapper), container


@contextmanager
def _opened(out: Path | None) -> Iterator[Any]:
    if out is None:
        yield sys.stdout.buffer
        return
    try:
        file = out.open("wb")
    except OSError as error:
        raise NotWritten(out, error) from error
    with file:
        yield file


def _as_of(text: str | None) -> AsOf:
    if text is None:
        return AsOf()
    try:
        if text.startswith("@"):
            return AsOf(position=int(text[1:]))
        if text.isdigit():
            return AsOf(version=int(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotAMoment from None
    return AsOf(moment=moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _line(recorded: Recorded, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(_told(recorded))
    when = recorded.recorded_at.isoformat(timespec="milliseconds")
    what = json.dumps(_plain(_fields(recorded)))
    return f"{recorded.position:>8} {when} {recorded.stream_id} {recorded.version:>4} {recorded.name} {what}"


def _told(recorded: Recorded) -> dict[str, Any]:
    envelope = {name: getattr(recorded, name) for name in _ENVELOPE}
    told: dict[str, Any] = _plain({**envelope, "fields": _fields(recorded)})
    return told


def _fields(recorded: Recorded) -> dict[str, Any]:
    hidden = {"originator_id", "originator_version", "originator_topic", "timestamp"}
    return {name: value for name, value in vars(recorded.event).items() if name not in hidden}


def _plain(value: Any) -> Any:
    """As JSON can show it; personal texts stay masked, and what the library keeps to itself is left out."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items() if not str(key).startswith("_")}
    return msgspec.to_builtins(value, enc_hook=_masked, str_keys=True)


def _masked(value: Any) -> str:
    if isinstance(value, Personal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
