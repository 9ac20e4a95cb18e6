"""`stage events verify`: the proof that nobody changed the log, also far from where it was made."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from obstore.exceptions import BaseError

from infrastructure import settings, wiring
from infrastructure.event_store.anchor_files import FOLDER, AnchorFiles
from infrastructure.event_store.audit import audit, audit_database
from infrastructure.event_store.log_rows import NotExported, exported_rows
from infrastructure.event_store.verification import Verdict
from infrastructure.storage.object_store import object_store
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import environment_here
from interfaces.cli.output import AsJson

TAMPERED, UNCHECKED = 2, 3
"""Exit codes, besides 0 for a log that is what it was and 1 for a command that could not run."""
_SHOWN = 100
"""Findings that people are shown; --json tells all."""


class KeyMissing(CommandFailed):
    def __str__(self) -> str:
        return "--public-key must be 32 bytes in hexadecimal digits; `stage events anchor` prints it"


class NoAnchorsThere(CommandFailed):
    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"--anchors {place}: {reason}; name the folder or address that has {FOLDER}/")


class ExportUnreadable(CommandFailed):
    def __init__(self, export: Path, reason: object) -> None:
        super().__init__(f"--export {export}: {reason}; `stage events export` writes such files")


class NoLog(CommandFailed):
    def __str__(self) -> str:
        return "the database has no event log: DATABASE_URL must name a migrated or restored one"


def verify(
    *,
    export: Path | None = None,
    anchors: str | None = None,
    public_key: str | None = None,
    as_json: AsJson = False,
) -> None:
    """Prove that the log is what it was; docs/verifying.md tells how.

    Exits with 0 when it is, 2 when something was changed, 3 when something could not be checked. With --anchors
    and --public-key it needs nothing of the installation but DATABASE_URL, or, with --export, nothing at all.

    Parameters:
        export: A file of `stage events export`, instead of the database that DATABASE_URL names.
        anchors: Where the exported anchors are, as an address or a folder; ANCHORS_URL if not given.
        public_key: Of the key that signed them, in hexadecimal digits; ANCHOR_KEY's if not given.
    """
    key = _key(public_key) if public_key else wiring.anchors_public_key(settings.load(environment_here()))
    files = _files(anchors) if anchors else wiring.anchor_files(settings.load(environment_here()))
    try:
        verdict = _of_export(export, files, key) if export else _of_database(environment_here(), files, key)
    except BaseError as error:
        raise NoAnchorsThere(anchors or "as configured", _first_line(error)) from error
    print(json.dumps(msgspec.to_builtins(verdict))) if as_json else _explain(verdict)
    sys.exit(_exit_code(verdict))


def _of_export(export: Path, files: AnchorFiles, key: Ed25519PublicKey) -> Verdict:
    try:
        with export.open("rb") as lines:
            return audit(exported_rows(lines), files, key)
    except OSError as error:
        raise ExportUnreadable(export, error.strerror) from error
    except NotExported as error:
        raise ExportUnreadable(export, error) from error


def _of_database(environment: Mapping[str, str], files: AnchorFiles, key: Ed25519PublicKey) -> Verdict:
    url = environment.get("DATABASE_DIRECT_URL") or environment["DATABASE_URL"]
    try:
        with psycopg.connect(url, autocommit=True, application_name="verify") as connection:
            return audit_database(connection, files, key)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise NoLog from error


def _exit_code(verdict: Verdict) -> int:
    if verdict.findings or verdict.changed_anchors:
        return TAMPERED
    return UNCHECKED if verdict.unreadable or verdict.unchecked else 0


def _explain(verdict: Verdict) -> None:
    for one in verdict.findings[:_SHOWN]:
        which = f"  {one.stream_id} version {one.version}" if one.stream_id else ""
        move = f", from position {one.came_from}" if one.came_from is not None else ""
        move += f", to position {one.went_to}" if one.went_to is not None else ""
        proof = "" if one.anchored else " (not yet anchored: only its chain tells)"
        print(f"position {one.position}: {one.kind}{move}{which}{proof}")
    if len(verdict.findings) > _SHOWN:
        print(f"and {len(verdict.findings) - _SHOWN:,} more; --json tells all")
    for number in verdict.changed_anchors:
        print(f"anchor {number}: edited in the database, or deleted from it")
    for name, count in verdict.unreadable.items():
        print(f"not checked: {count:,} events {name!r}, which nothing here can decode")
    for problem in verdict.unchecked:
        print(f"not checked: {problem}")
    print(
        f"{verdict.events:,} events, anchored up to position {verdict.anchored:,}; "
        f"{verdict.unanchored:,} above it are not yet anchored; {len(verdict.findings):,} were changed"
    )


def _key(digits: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits))
    except ValueError:
        raise KeyMissing from None


def _files(place: str) -> AnchorFiles:
    """Of an address, or of a folder: the one that anchors were exported to, or `anchors` itself within it."""
    if "://" not in place:
        folder = Path(place).resolve()
        whole = folder.parent if folder.name == FOLDER and not (folder / FOLDER).exists() else folder
        place = whole.as_uri()
    parts = urlsplit(place)
    if parts.scheme == "file" and not Path(unquote(parts.path)).is_dir():
        raise NoAnchorsThere(place, "there is no such folder")
    try:
        return AnchorFiles(object_store(place))
    except (BaseError, ValueError) as error:
        raise NoAnchorsThere(place, _first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
