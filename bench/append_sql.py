"""Appending by SQL alone: append_event, against the statements of the library's stock recorder."""

from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlsplit

from eventsourcing.postgres import PostgresFactory
from eventsourcing.utils import Environment

from bench.pgbench import METADATA, OWNER, STATE, STREAM, VERSION, literal, measured, ratio, server

OURS = f"""
SELECT event_store.append_event(
    {STREAM}, {VERSION}, 'CreditLedger.Held', {literal(STATE)}, {literal(METADATA)}, {OWNER});
"""
STOCK = f"""
\\startpipeline
BEGIN;
SET LOCAL lock_timeout = '0s';
LOCK TABLE public.stored_events IN EXCLUSIVE MODE;
NOTIFY stored_events;
INSERT INTO public.stored_events AS t (originator_id, originator_version, topic, state)
SELECT originator_id, originator_version, topic, state FROM unnest(
    ARRAY[({STREAM}, {VERSION}, 'CreditLedger.Held', {literal(STATE)})::public.stored_event_uuid])
RETURNING notification_id;
COMMIT;
\\endpipeline
"""
"""What PostgresApplicationRecorder sends in its safe mode, for one event; in one pipeline, which favours it."""


def run() -> dict[str, Any]:
    """`ratio_to_peer` is of throughput, with 32 clients and one event of 300 bytes a commit."""
    with server() as postgres:
        make_stock_tables(postgres.superuser_url)
        rounds = measured(
            postgres.superuser_url,
            {"ours": OURS, "stock": STOCK},
            empty={"ours": "event_store.events", "stock": "public.stored_events"},
        )
    return {
        "ratio_to_peer": ratio(rounds["ours"], rounds["stock"]),
        "events_per_second": round(median(rounds["ours"])),
        "peer_events_per_second": round(median(rounds["stock"])),
    }


def stock_environment(url: str, *, connections: int = 1) -> dict[str, str]:
    """Of the library's own PostgreSQL module, in its safe mode, on this server."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.lstrip("/"),
        "POSTGRES_HOST": query["host"][0],
        "POSTGRES_PORT": query["port"][0],
        "POSTGRES_USER": str(parts.username),
        "POSTGRES_PASSWORD": "none needed",
        "POSTGRES_POOL_SIZE": str(connections),
        "POSTGRES_MAX_OVERFLOW": "0",
    }


def make_stock_tables(url: str) -> None:
    """As the stock module makes them itself, once, before several processes use them."""
    factory = PostgresFactory(Environment("stored", stock_environment(url)))
    try:
        factory.application_recorder()
    finally:
        factory.close()
