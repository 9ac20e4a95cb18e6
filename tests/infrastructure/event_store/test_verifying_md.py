"""docs/verifying.md tells outsiders enough: a verifier written from it alone comes to the same as ours."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infrastructure.event_store.audit import audit
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.log_rows import NotExported, exported_rows
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.tampering import Kind
from infrastructure.queries.log import Log
from tests.infrastructure.event_store.anchored import ANN, KEY, AnchoredLog, anchored_log
from tests.servers import FreshDatabase

LINE = (
    b'{"position":%b,"stream_id":"00000000-0000-0000-0000-000000000001","version":1,"topic":"Test.Happened",'
    b'"recorded_at":"%b","hash":"%b"}'
)
OUTSIDER = Path(__file__).parent / "outsider.py"
PUBLIC = KEY.public_key().public_bytes_raw().hex()


@pytest.fixture
def log(database: FreshDatabase, tmp_path: Path) -> Iterator[AnchoredLog]:
    with anchored_log(database, tmp_path) as log:
        log.append((ANN, 6))
        log.tamper("UPDATE event_store.events SET state = '\\xff00', owner = NULL WHERE position = 12")
        log.rechain(ANN)  # above the anchor, bytes that are no text and an event of nobody's
        yield log


@pytest.fixture
def lines(log: AnchoredLog) -> list[bytes]:
    keyring = Keyring(log.anchoring._database, b"m" * 32)
    return list(Log(log.database.app_url, EventMapper(keyring)).lines(0, None))


def said_outside(folder: Path, lines: list[bytes]) -> list[str]:
    (folder / "log.jsonl").write_bytes(b"\n".join(lines))
    done = subprocess.run(
        [sys.executable, OUTSIDER, folder / "log.jsonl", folder, PUBLIC],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert done.stderr == ""
    return done.stdout.split("\n") if done.returncode else []


def found(log: AnchoredLog, lines: list[bytes]) -> dict[int, Kind]:
    verdict = audit(exported_rows(lines), log.files, KEY.public_key())
    assert (verdict.anchored, verdict.unchecked) == (11, [])
    return {one.position: one.kind for one in verdict.findings}


def test_an_export_is_verified_with_the_public_key_and_the_anchors_alone(
    log: AnchoredLog, lines: list[bytes], tmp_path: Path
) -> None:
    assert len(lines) == 11
    assert found(log, lines) == {}
    assert said_outside(tmp_path, lines) == []


def test_an_edited_export_is_found_out_by_both(log: AnchoredLog, lines: list[bytes], tmp_path: Path) -> None:
    lines[2] = lines[2].replace(b"Test.Happened", b"Test.Occurred")
    assert found(log, lines) == {3: Kind.EDITED}
    assert said_outside(tmp_path, lines) == ["position 3 is not what was anchored", ""]


def test_a_shortened_export_is_found_out_by_both(
    log: AnchoredLog, lines: list[bytes], tmp_path: Path
) -> None:
    del lines[9:]
    assert found(log, lines) == {11: Kind.TRUNCATED}
    assert said_outside(tmp_path, lines) == ["position 11 is gone", ""]


def test_lines_that_changed_places_are_named(log: AnchoredLog, lines: list[bytes]) -> None:
    lines[2], lines[3] = lines[3], lines[2]
    assert found(log, lines) == {3: Kind.REORDERED}


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"nothing",
        b'{"position": 99999999999999999999}',
        LINE % (b"9" * 30, b"2026-11-22T12:00:00Z", b"00"),
        LINE % (b"1", b"2026-11-22T12:00:00", b"00"),
        LINE % (b"1", b"2026-11-22T12:00:00Z", b"no hash"),
    ],
)
def test_what_is_no_line_of_an_export_is_told_with_its_number(
    log: AnchoredLog, lines: list[bytes], line: bytes
) -> None:
    with pytest.raises(NotExported, match="line 3 is not one of an export"):
        found(log, [*lines[:2], line, *lines[2:]])


def test_an_exported_event_can_be_read_by_anybody(lines: list[bytes]) -> None:
    assert msgspec.json.decode(lines[0]).keys() == {
        *("position", "stream_id", "version", "topic", "recorded_at", "hash", "owner", "state", "metadata")
    }
