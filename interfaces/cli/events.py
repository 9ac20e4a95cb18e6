"""`stage events`: the log as operators and auditors see it, and the proof that nobody changed it."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cyclopts import App, Parameter

from application.recorded import Recorded
from domain.personal import Personal
from infrastructure import settings, wiring
from infrastructure.event_store.anchor_files import AnchorFiles, OtherAnchorExported
from infrastructure.event_store.anchoring import LogChanged
from infrastructure.event_store.audit import audit, audit_database
from infrastructure.event_store.log_rows import exported_rows
from infrastructure.event_store.past import aggregate_of
from infrastructure.event_store.verification import Verdict
from infrastructure.queries.history import AsOf
from infrastructure.queries.log import Log
from infrastructure.settings import Settings
from infrastructure.storage.object_store import object_store
from infrastructure.telemetry import configure_logging
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import environment_here

app = App(name="events", help="Look at the log, take it elsewhere, and prove that it is what it was.")

TAMPERED, UNCHECKED = 2, 3
"""Exit codes of verify, besides 0 for a log that is what it was and 1 for a command that could not run."""
_SHOWN = 100
"""Findings that people are shown; --json tells all."""

_ENVELOPE = [name for name in Recorded._fields if name != "event"]

AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON.")]


class NotAMoment(CommandFailed):
    def __str__(self) -> str:
        return "--as-of takes a version (7), a position (@120) or a moment (2026-11-22T12:00:00Z)"


class NoSuchStream(CommandFailed):
    def __init__(self, stream_id: UUID) -> None:
        super().__init__(f"there is no stream {stream_id} as of then")


class LogNotAnchored(CommandFailed):
    """The log cannot be anchored, because it is not what was anchored before."""


class KeyMissing(CommandFailed):
    def __str__(self) -> str:
        return "--public-key must be 32 bytes in hexadecimal digits; `stage events anchor` prints it"


@app.command
def tail(*, after: int | None = None, limit: int | None = None, as_json: AsJson = False) -> None:
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
        as_of: A version (7), a position (@120) or a moment (2026-11-22T12:00:00Z).
    """
    with _log() as (log, container):
        rows = log.stream(stream, _as_of(as_of))
        if not rows:
            raise NoSuchStream(stream)
        aggregate = aggregate_of(container.mapper, rows)
        state = None if aggregate is None else _plain(vars(aggregate))
        events = [container.mapper.recorded(msgspec.structs.astuple(row)[:-1]) for row in rows]
    if as_json:
        told = {"position": rows[-1].position, "events": [_told(one) for one in events], "aggregate": state}
        print(json.dumps(told))
        return
    for one in events:
        print(_line(one, as_json=False))
    print(json.dumps(state, indent=2))


@app.command
def export(*, out: Path | None = None, after: int = 0, upto: int | None = None) -> None:
    """Write events with their hashes as JSON Lines, from the first to the last that is gap-safe.

    Parameters:
        out: The file; standard output if not given.
        after: Leave out everything at or below this position.
        upto: Leave out everything above this position.
    """
    with _log() as (log, _), _opened(out) as file:
        for line in log.lines(after, upto):
            file.write(line + b"\n")


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
        key = _own_key(container.settings).public_bytes_raw().hex()
    if as_json:
        told = [{"number": one.number, "position": one.position, "events": one.events} for one in made]
        print(json.dumps({"public_key": key, "anchors": told}))
        return
    for one in made:
        print(f"anchor {one.number}: {one.events:,} events up to position {one.position:,}")
    if not made:
        print("nothing is new since the last anchor")
    print(f"public key: {key}")


@app.command
def verify(
    *,
    export: Path | None = None,
    anchors: str | None = None,
    public_key: str | None = None,
    as_json: AsJson = False,
) -> None:
    """Prove that the log is what it was; docs/verifying.md tells how.

    Exits with 0 when it is, 2 when events were changed, 3 when something could not be checked.

    Parameters:
        export: A file of `stage events export`, instead of the database that DATABASE_URL names.
        anchors: Where the exported anchors are, as an address or a folder; ANCHORS_URL if not given.
        public_key: Of the key that signed them, in hexadecimal digits; ANCHOR_KEY's if not given.
    """
    key = _public_key(public_key) if public_key else _own_key(_settings())
    files = AnchorFiles(object_store(_address(anchors))) if anchors else wiring.anchor_files(_settings())
    if export is not None:
        with export.open("rb") as lines:
            verdict = audit(exported_rows(lines), files, key)
    else:
        with _log() as (log, _), log.connected() as connection:
            verdict = audit_database(connection, files, key)
    print(json.dumps(_verdict(verdict))) if as_json else _explain(verdict)
    sys.exit(TAMPERED if verdict.findings else UNCHECKED if verdict.unreadable or verdict.unchecked else 0)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(verdict)
    return told


def _explain(verdict: Verdict) -> None:
    for one in verdict.findings[:_SHOWN]:
        which = f"  {one.stream_id} version {one.version}" if one.stream_id else ""
        origin = f", from position {one.came_from}" if one.came_from is not None else ""
        proof = "" if one.anchored else " (not yet anchored: only its chain tells)"
        print(f"position {one.position}: {one.kind}{origin}{which}{proof}")
    if len(verdict.findings) > _SHOWN:
        print(f"and {len(verdict.findings) - _SHOWN:,} more; --json tells all")
    for name, count in verdict.unreadable.items():
        print(f"not checked: {count:,} events {name}, which nothing here can decode")
    for problem in verdict.unchecked:
        print(f"not checked: {problem}")
    print(
        f"{verdict.events:,} events, anchored up to position {verdict.anchored:,}; "
        f"{verdict.unanchored:,} above it are not yet anchored; {len(verdict.findings):,} were changed"
    )


def _settings() -> Settings:
    return settings.load(environment_here())


@contextmanager
def _log() -> Iterator[tuple[Log, wiring.Container]]:
    configure_logging("warning", "events")
    container = wiring.build(_settings())
    container.open()
    try:
        yield Log(container.settings.direct_url, container.mapper), container
    finally:
        container.close()


@contextmanager
def _opened(out: Path | None) -> Iterator[Any]:
    if out is None:
        yield sys.stdout.buffer
        return
    with out.open("wb") as file:
        yield file


def _own_key(settings: Settings) -> Ed25519PublicKey:
    return Ed25519PrivateKey.from_private_bytes(settings.anchor_key_bytes).public_key()


def _public_key(digits: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits))
    except ValueError:
        raise KeyMissing from None


def _address(place: str) -> str:
    return place if "://" in place else Path(place).resolve().as_uri()


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
    return AsOf(moment=moment.astimezone())


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
