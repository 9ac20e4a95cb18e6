"""A dump restored into a new cluster is the same log: it verifies, followers go on, positions go on."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.event_store.audit import audit_database
from infrastructure.event_store.reader import Watermark
from tests.infrastructure.event_store.anchored import ANN, EVE, KEY, anchored_log
from tests.infrastructure.event_store.appending import append
from tests.infrastructure.event_store.dumps import dump_to, restore
from tests.servers import FreshDatabase


@pytest.fixture
def elsewhere() -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(Path(mkdtemp(prefix="stage-elsewhere-")), durable=False)
    server.start()
    yield server
    server.remove()


def test_a_restored_log_goes_on_where_it_was(
    database: FreshDatabase, elsewhere: EmbeddedPostgres, tmp_path: Path
) -> None:
    with anchored_log(database, tmp_path) as log:
        log.append((ANN, 6))
        with psycopg.connect(database.app_url, autocommit=True) as connection:
            connection.execute("INSERT INTO stage.checkpoints (follower, position) VALUES ('some', 11)")
            burnt = append(connection, (EVE, 1))
        dump_to(database.superuser_url, tmp_path / "dump")
        restore(tmp_path / "dump", elsewhere.superuser_url)

        with psycopg.connect(elsewhere.app_url, autocommit=True) as connection:
            verdict = audit_database(connection, log.files, KEY.public_key())
            assert (verdict.findings, verdict.unchecked, verdict.unanchored) == ([], [], 2)
            assert append(connection, (ANN, 7)) == [burnt[0] + 1]
            with pytest.raises(psycopg.errors.UniqueViolation):
                append(connection, (ANN, 7))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM event_store.events")
            watermark = Watermark(elsewhere.app_url)
            reached = watermark.next()
            watermark.close()
            unread = connection.execute(
                """
                SELECT array_agg(events.position ORDER BY events.position)
                FROM event_store.events, stage.checkpoints
                WHERE follower = 'some' AND events.position > checkpoints.position AND events.position <= %s
                """,
                [reached],
            ).fetchone()
        assert unread == ([12, burnt[0], burnt[0] + 1],)
