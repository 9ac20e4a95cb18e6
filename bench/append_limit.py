"""Appending by SQL alone: append_event, against a bare INSERT of the same rows into an equal table."""

from statistics import median
from typing import Any

import psycopg

from bench.append_sql import OURS
from bench.pgbench import METADATA, OWNER, STATE, STREAM, VERSION, literal, measured, ratio, server

TABLE = "public.bare_events"
_MADE = f"""
CREATE TABLE {TABLE} (LIKE event_store.events INCLUDING INDEXES INCLUDING STORAGE);
CREATE SEQUENCE public.bare_events_position_seq;
ALTER TABLE {TABLE} ALTER position SET DEFAULT nextval('public.bare_events_position_seq');
"""
_BARE = f"""
INSERT INTO {TABLE}
    (originator_id, originator_version, topic, state, metadata, owner, recorded_at, hash)
VALUES (
    {STREAM}, {VERSION}, 'CreditLedger.Held', {literal(STATE)}, {literal(METADATA)}, {OWNER},
    clock_timestamp(), {literal(bytes(32))})
RETURNING position;
"""
"""The same columns and indexes, but no chain, no lookup of what comes before, no function, no rights."""


def run() -> dict[str, Any]:
    """`ratio_to_limit` is of throughput, with 32 clients and one event of 300 bytes a commit."""
    with server() as postgres:
        with psycopg.connect(postgres.superuser_url) as connection:
            connection.execute(_MADE.encode())
        rounds = measured(
            postgres.superuser_url,
            {"ours": OURS, "bare": _BARE},
            empty={"ours": "event_store.events", "bare": TABLE},
        )
    return {
        "ratio_to_limit": ratio(rounds["ours"], rounds["bare"]),
        "events_per_second": round(median(rounds["ours"])),
        "limit_events_per_second": round(median(rounds["bare"])),
    }
