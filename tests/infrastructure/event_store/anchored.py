"""A small log with an anchor, for tests that tamper with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from obstore.store import LocalStore

from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchoring import Anchoring
from infrastructure.event_store.audit import audit_database
from infrastructure.event_store.reader import Watermark
from infrastructure.event_store.verification import Verdict
from infrastructure.postgres.database import Database
from tests.infrastructure.event_store.appending import append
from tests.servers import FreshDatabase

ANN, BOB, CLEO, EVE = (UUID(int=number) for number in (1, 2, 3, 4))
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


@dataclass(frozen=True)
class AnchoredLog:
    database: FreshDatabase
    folder: Path
    anchoring: Anchoring

    @property
    def files(self) -> AnchorFiles:
        return AnchorFiles(LocalStore(self.folder))

    def append(self, *events: tuple[UUID, int]) -> list[int]:
        with psycopg.connect(self.database.app_url, autocommit=True) as connection:
            return append(connection, *events, owner=ANN)

    def tamper(self, *statements: str) -> None:
        """As a superuser, whom no trigger stops, nor a constraint. A whole schema can be used again."""
        with psycopg.connect(self.database.superuser_url) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                try:
                    with connection.transaction():
                        connection.execute(statement.encode())
                except psycopg.errors.UniqueViolation:
                    connection.execute("ALTER TABLE event_store.events DROP CONSTRAINT events_stream")
                    connection.execute(statement.encode())

    def rechain(self, stream: UUID) -> None:
        """Compute all hashes of a stream anew, as somebody would who knows what they do."""
        with psycopg.connect(self.database.superuser_url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(_RECHAIN, {"stream": stream})

    def verdict(self) -> Verdict:
        with psycopg.connect(self.database.app_url, autocommit=True) as connection:
            return audit_database(connection, self.files, KEY.public_key())


_RECHAIN: Any = """
    WITH RECURSIVE links AS (
        SELECT events.*, row_number() OVER (ORDER BY originator_version) AS link
        FROM event_store.events WHERE originator_id = %(stream)s
    ), chain AS (
        SELECT link, position, event_store.event_hash(
            decode(repeat('00', 32), 'hex'), position, originator_id, originator_version, topic, state,
            metadata, owner, recorded_at) AS hash
        FROM links WHERE link = 1
        UNION ALL
        SELECT links.link, links.position, event_store.event_hash(
            chain.hash, links.position, originator_id, originator_version, topic, state, metadata, owner,
            recorded_at)
        FROM links JOIN chain ON links.link = chain.link + 1
    )
    UPDATE event_store.events SET hash = chain.hash FROM chain WHERE chain.position = events.position
"""


@contextmanager
def anchored_log(database: FreshDatabase, folder: Path) -> Iterator[AnchoredLog]:
    """Positions 1 to 11, of which 7 was given up: Ann's are 1, 3, 5, 8 and 10, Bob's 2, 4, 6 and 9, Cleo's 11."""
    opened = Database(database.app_url)
    opened.open()
    watermark = Watermark(database.app_url)
    anchoring = Anchoring(opened, watermark, AnchorFiles(LocalStore(folder)), KEY)
    log = AnchoredLog(database, folder, anchoring)
    for version in (1, 2, 3):
        log.append((ANN, version), (BOB, version))
    with psycopg.connect(database.app_url) as connection:
        assert append(connection, (EVE, 1)) == [7]
        connection.rollback()
    log.append((ANN, 4), (BOB, 4), (ANN, 5), (CLEO, 1))
    anchoring.anchor()
    try:
        yield log
    finally:
        anchoring.close()
        opened.close()
