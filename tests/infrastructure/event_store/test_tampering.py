"""Whatever a superuser does to anchored events, each of them is named with what happened to it, and no other."""

import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from infrastructure.event_store.tampering import Kind
from tests.infrastructure.event_store.anchored import ANN, BOB, EVE, AnchoredLog, anchored_log
from tests.servers import FreshDatabase

EDITED, DELETED, TRUNCATED = Kind.EDITED, Kind.DELETED, Kind.TRUNCATED
INSERTED, REORDERED = Kind.INSERTED, Kind.REORDERED

_NEW = f"""
    INSERT INTO event_store.events
    SELECT 7, '{EVE}', 1, topic, state, metadata, owner, recorded_at, event_store.event_hash(
        decode(repeat('00', 32), 'hex'), 7, '{EVE}', 1, topic, state, metadata, owner, recorded_at)
    FROM event_store.events WHERE position = 1
"""
_SWAPPED_POSITIONS = """
    UPDATE event_store.events SET position = -position WHERE position IN (3, 4);
    UPDATE event_store.events SET position = CASE position WHEN -3 THEN 4 ELSE 3 END WHERE position < 0
"""
_SWAPPED_VERSIONS = """
    UPDATE event_store.events SET originator_version = CASE position WHEN 3 THEN 3 ELSE 2 END
    WHERE position IN (3, 5)
"""


@pytest.fixture
def log(database: FreshDatabase, tmp_path: Path) -> Iterator[AnchoredLog]:
    with anchored_log(database, tmp_path) as log:
        yield log


def found(log: AnchoredLog) -> dict[int, Kind]:
    verdict = log.verdict()
    assert all(finding.anchored for finding in verdict.findings)
    return {finding.position: finding.kind for finding in verdict.findings}


def test_an_untouched_log_is_what_it_was(log: AnchoredLog) -> None:
    verdict = log.verdict()
    assert (verdict.findings, verdict.unchecked, verdict.unanchored) == ([], [], 0)
    assert (verdict.events, verdict.anchored) == (10, 11)
    assert verdict.unreadable == {"Test.Happened": 10}


@pytest.mark.parametrize(
    "column",
    [
        "state = 'other'",
        "metadata = 'other'",
        "topic = 'Test.Other'",
        "owner = NULL",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "originator_version = 9",
        f"originator_id = '{BOB}'",
        "hash = sha256('')",
        "hash = ''",
        "topic = ''",
        "topic = 'antigravity:fly'",
        "recorded_at = 'infinity'",
        "recorded_at = '-infinity'",
        "originator_version = -1",
    ],
)
def test_an_edited_event_is_named(log: AnchoredLog, column: str) -> None:
    log.tamper(f"UPDATE event_store.events SET {column} WHERE position = 3")
    assert found(log) == {3: EDITED}


@pytest.mark.parametrize(
    "column", ["originator_id", "originator_version", "topic", "state", "metadata", "recorded_at", "hash"]
)
def test_an_event_of_which_a_column_was_emptied_is_named(log: AnchoredLog, column: str) -> None:
    log.tamper(
        f"ALTER TABLE event_store.events ALTER {column} DROP NOT NULL",
        f"UPDATE event_store.events SET {column} = NULL WHERE position = 3",
    )
    assert found(log) == {3: EDITED}


def test_nothing_is_run_that_a_stored_name_asks_for(log: AnchoredLog) -> None:
    log.tamper("UPDATE event_store.events SET topic = 'antigravity:fly'")
    assert log.verdict().unreadable == {"antigravity:fly": 10}
    assert "antigravity" not in sys.modules


def test_whoever_mends_the_chain_after_an_edit_has_edited_every_hash(log: AnchoredLog) -> None:
    log.tamper("UPDATE event_store.events SET state = 'other' WHERE position = 3")
    log.rechain(ANN)
    assert found(log) == {3: EDITED, 5: EDITED, 8: EDITED, 10: EDITED}


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("position = 1", {1: DELETED}),
        ("position = 3", {3: DELETED}),
        ("position IN (3, 5)", {3: DELETED, 5: DELETED}),
        ("position IN (2, 4, 6, 9)", dict.fromkeys((2, 4, 6, 9), DELETED)),
        ("position >= 10", {10: TRUNCATED, 11: TRUNCATED}),
        ("true", dict.fromkeys((1, 2, 3, 4, 5, 6, 8, 9, 10, 11), TRUNCATED)),
    ],
)
def test_a_deleted_event_is_named_and_what_follows_it_is_not(
    log: AnchoredLog, gone: str, named: dict[int, Kind]
) -> None:
    log.tamper(f"DELETE FROM event_store.events WHERE {gone}")
    assert found(log) == named


def test_a_truncated_log_that_grows_again_is_found_out(log: AnchoredLog) -> None:
    log.tamper("DELETE FROM event_store.events WHERE position >= 10")
    log.append((EVE, 1))
    assert found(log) == {10: TRUNCATED, 11: TRUNCATED}


def test_an_event_inserted_where_a_position_was_given_up_is_named(log: AnchoredLog) -> None:
    log.tamper(_NEW)
    assert found(log) == {7: INSERTED}


@pytest.mark.parametrize("position", [0, -7])
def test_an_event_inserted_below_all_others_is_named(log: AnchoredLog, position: int) -> None:
    log.tamper(_NEW.replace("7", str(position)))
    assert found(log) == {position: INSERTED}


@pytest.mark.parametrize("mended", [[], [ANN, BOB]])
def test_events_that_changed_places_are_named_both(log: AnchoredLog, mended: list[UUID]) -> None:
    log.tamper(*_SWAPPED_POSITIONS.split(";"))
    for stream in mended:
        log.rechain(stream)
    named = found(log)
    assert named.items() >= {3: REORDERED, 4: REORDERED}.items()
    assert set(named.values()) == ({REORDERED, EDITED} if mended else {REORDERED})
    assert {one.came_from for one in log.verdict().findings if one.kind is REORDERED} == {3, 4}


def test_events_whose_versions_were_exchanged_are_named_both(log: AnchoredLog) -> None:
    log.tamper(_SWAPPED_VERSIONS)
    assert found(log) == {3: REORDERED, 5: REORDERED}


@pytest.mark.parametrize("position", [7, 0, -7, 100])
def test_an_event_that_was_moved_is_named_where_it_is_and_where_it_was(
    log: AnchoredLog, position: int
) -> None:
    log.tamper(f"UPDATE event_store.events SET position = {position} WHERE position = 5")
    assert found(log) == {5: REORDERED, position: REORDERED}
    there = {one.position: (one.came_from, one.went_to, one.version) for one in log.verdict().findings}
    assert there == {5: (None, position, 3), position: (5, None, 3)}


def test_the_last_event_of_a_stream_that_was_moved_is_not_taken_for_a_new_one(log: AnchoredLog) -> None:
    log.tamper("UPDATE event_store.events SET position = -1 WHERE position = 10")
    assert found(log) == {10: REORDERED, -1: REORDERED}


def test_two_streams_that_changed_places_are_named_whole(log: AnchoredLog) -> None:
    for version in range(6, 40):
        log.append((ANN, version), (BOB, version - 1))
    log.anchoring.anchor()
    log.tamper(
        "UPDATE event_store.events SET position = -position WHERE position > 11",
        "UPDATE event_store.events SET position = CASE WHEN position % 2 = 0 THEN 1 ELSE -1 END - position "
        "WHERE position < 0",
    )
    assert found(log) == dict.fromkeys(range(12, 80), REORDERED)


@pytest.mark.parametrize(
    "column",
    [
        "position = 10",
        "events = 9",
        "root = sha256('')",
        "made_at = made_at - interval '1 microsecond'",
        "made_at = 'infinity'",
        "hash = sha256('')",
        "signature = ''",
        "number = 2",
    ],
)
def test_an_anchor_that_was_changed_in_the_database_is_named(log: AnchoredLog, column: str) -> None:
    log.tamper(f"UPDATE event_store.anchors SET {column}")
    verdict = log.verdict()
    assert (verdict.changed_anchors, verdict.findings, verdict.anchored) == ([1], [], 11)


def test_deleted_anchors_are_named(log: AnchoredLog) -> None:
    log.append((ANN, 6))
    log.anchoring.anchor()
    log.tamper("DELETE FROM event_store.anchors")
    assert log.verdict().changed_anchors == [1, 2]


def test_several_kinds_at_once_are_told_apart(log: AnchoredLog) -> None:
    log.tamper(
        "UPDATE event_store.events SET state = 'other' WHERE position = 2",
        "DELETE FROM event_store.events WHERE position IN (5, 11)",
        _NEW,
    )
    assert found(log) == {2: EDITED, 5: DELETED, 7: INSERTED, 11: TRUNCATED}


def test_above_the_last_anchor_only_the_chain_tells_and_that_is_said(log: AnchoredLog) -> None:
    log.append((ANN, 6), (ANN, 7))
    log.tamper("UPDATE event_store.events SET state = 'other' WHERE position = 12")
    verdict = log.verdict()
    assert [(one.position, one.kind, one.anchored) for one in verdict.findings] == [(12, EDITED, False)]
    assert (verdict.anchored, verdict.unanchored) == (11, 2)
