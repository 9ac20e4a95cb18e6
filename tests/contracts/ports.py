"""What the contracts are tested on, with windows into it for what no port shows."""

from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from psycopg import sql

from application.ports import (
    ApiKeyRecords,
    Clock,
    Credentials,
    ExpiringLots,
    Leftovers,
    Mailer,
    PictureUses,
    Sessions,
    Store,
    Tokens,
    Traces,
    UploadRecords,
)
from application.projections.registry import PROJECTIONS
from application.webhook_ports import WebhookRecords
from infrastructure.accounts.api_keys import PostgresApiKeys
from infrastructure.accounts.credentials import PostgresCredentials
from infrastructure.accounts.sessions import PostgresSessions
from infrastructure.accounts.tokens import PostgresTokens
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader
from infrastructure.event_store.store import EventSourcedStore
from infrastructure.postgres.database import Database
from infrastructure.projections.engine import Projector
from infrastructure.records.expiring_lots import PostgresExpiringLots
from infrastructure.records.leftovers import PostgresLeftovers
from infrastructure.records.picture_uses import PostgresPictureUses
from infrastructure.records.traces import PostgresTraces
from infrastructure.records.uploads import PostgresUploadRecords
from infrastructure.records.webhooks import PostgresWebhookRecords
from tests.fakes.bootstrap import Program

MASTER_KEY = b"a master key for tests, 32 bytes"


@dataclass(frozen=True)
class StatefulPorts:
    """Those that share one transaction."""

    clock: Clock
    store: Store
    credentials: Credentials
    sessions: Sessions
    api_keys: ApiKeyRecords
    tokens: Tokens
    traces: Traces
    records: UploadRecords
    uses: PictureUses
    webhooks: WebhookRecords
    leftovers: Leftovers
    expiring: ExpiringLots
    catch_up: Callable[[], None]
    """Bring the read models to the end of the log."""
    signed_in: Callable[[str], UUID | None]
    """Whose session a token is."""
    let_in: Callable[[str], UUID | None]
    """Whose API key this is."""


@dataclass(frozen=True)
class Post:
    mailer: Mailer
    mailbox: Callable[[str], list[tuple[str, str]]]
    """Subject and text of what was mailed to an address."""


class TransactionFailed(Exception):
    """Nothing that was done inside may be left."""


def fail_after(ports: StatefulPorts, *acts: Callable[[], object]) -> None:
    """Do all of this in one transaction, and then fail."""
    with ports.store.transaction():
        for act in acts:
            act()
        raise TransactionFailed


def in_memory() -> StatefulPorts:
    program = Program()
    program.uses.known = 0
    return StatefulPorts(
        clock=program.clock,
        store=program.store,
        credentials=program.credentials,
        sessions=program.sessions,
        api_keys=program.key_records,
        tokens=program.tokens,
        traces=program.traces,
        records=program.records,
        uses=program.uses,
        webhooks=program.webhook_records,
        leftovers=program.retention.leftovers,
        expiring=program.expiring,
        catch_up=lambda: _catch_up(program),
        signed_in=program.sessions.user,
        let_in=program.key_records.user,
    )


def on_postgres(database: Database) -> StatefulPorts:
    keyring = Keyring(database, MASTER_KEY)
    mapper = EventMapper(keyring)

    def signed_in(token: str) -> UUID | None:
        row = database.one(
            """
            SELECT user_id FROM stage.sessions
            WHERE token_hash = %s AND revoked_at IS NULL AND expires_at > clock_timestamp()
            """,
            [sha256(token.encode()).digest()],
        )
        return row[0] if row else None

    def let_in(key: str) -> UUID | None:
        row = database.one(
            "SELECT user_id FROM stage.api_keys WHERE key_hash = %s", [sha256(key.encode()).digest()]
        )
        return row[0] if row else None

    return StatefulPorts(
        clock=database,
        store=EventSourcedStore(database, mapper, on_commit=lambda: None),
        credentials=PostgresCredentials(database),
        sessions=PostgresSessions(database, keyring),
        api_keys=PostgresApiKeys(database, keyring),
        tokens=PostgresTokens(database),
        traces=PostgresTraces(database, keyring),
        records=PostgresUploadRecords(database, keyring),
        uses=PostgresPictureUses(database),
        webhooks=PostgresWebhookRecords(database, keyring),
        leftovers=PostgresLeftovers(database, security_log_days=90),
        expiring=PostgresExpiringLots(database),
        catch_up=lambda: _project(database, mapper),
        signed_in=signed_in,
        let_in=let_in,
    )


def _catch_up(program: Program) -> None:
    program.uses.known = len(program.world.log)


def _project(database: Database, mapper: EventMapper) -> None:
    """Fold the whole log anew."""
    with database.connection() as connection, connection.transaction():
        for projector in map(Projector, PROJECTIONS):
            connection.execute(
                sql.SQL("DELETE FROM {}").format(sql.Identifier("read_models", projector.name))
            )
            batch = LogReader(mapper).read(
                connection, after=0, upto=2**62, names=projector.events, limit=10_000
            )
            if batch:
                projector.consume(connection, batch)


def letters_in(outbox: Path, address: str) -> list[tuple[str, str]]:
    """Subject and text of the message files to this address."""
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in outbox.glob("*.eml")]
    return [(str(mail["Subject"]), mail.get_content()) for mail in mails if mail["To"] == address]
