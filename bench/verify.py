"""Verifying a log of a million events against its anchors, every hash computed anew."""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from obstore.store import LocalStore

from bench.long_log import fill
from bench.pgbench import server
from bench.report import say
from domain import catalogue
from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchoring import Anchoring
from infrastructure.event_store.audit import audit_database
from infrastructure.event_store.reader import Watermark
from infrastructure.postgres.database import Database

EVENTS, ROUNDS = 1_000_000, 3


def run() -> dict[str, Any]:
    """As `stage events verify` does it, on one core and PostgreSQL's other."""
    assert catalogue.AGGREGATES, "what registers the events' names"
    with server() as postgres, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
            fill(connection, EVENTS)
        key, files = Ed25519PrivateKey.generate(), AnchorFiles(LocalStore(Path(folder)))
        anchored = _anchored(postgres.app_url, files, key)
        rates: list[float] = []
        busy: list[float] = []
        for _ in range(ROUNDS):
            with psycopg.connect(postgres.app_url, autocommit=True) as connection:
                began, worked = time.perf_counter(), time.process_time()
                verdict = audit_database(connection, files, key.public_key())
                rates.append(EVENTS / (time.perf_counter() - began))
                busy.append((time.process_time() - worked) / EVENTS * 1e6)
            assert (verdict.events, verdict.unanchored) == (EVENTS, 0)
            assert (verdict.findings, verdict.unchecked, verdict.unreadable) == ([], [], {})
            say(f"{rates[-1]:,.0f} events/s")
    return {
        "events_per_second": round(median(rates)),
        "events": EVENTS,
        "cpu_us_per_event": round(median(busy), 2),
        "anchoring_events_per_second": round(EVENTS / anchored),
    }


def _anchored(url: str, files: AnchorFiles, key: Ed25519PrivateKey) -> float:
    database, watermark = Database(url), Watermark(url)
    database.open()
    try:
        began = time.perf_counter()
        Anchoring(database, watermark, files, key).anchor()
        return time.perf_counter() - began
    finally:
        watermark.close()
        database.close()
