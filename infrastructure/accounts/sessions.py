"""Sessions in PostgreSQL: opaque tokens of which only hashes are kept, each revocable."""

from datetime import timedelta
from uuid import UUID, uuid4

from infrastructure.accounts.secrets import new_token, token_hash
from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.database import Database


class PostgresSessions:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def open(self, user_id: UUID, *, device: str, lifetime: timedelta) -> str:
        """A new token; the device's name is sealed with the user's key."""
        token = new_token()
        self._database.execute(
            """
            INSERT INTO stage.sessions (session_id, user_id, token_hash, device, expires_at)
            VALUES (%s, %s, %s, %s, clock_timestamp() + %s)
            """,
            [uuid4(), user_id, token_hash(token), self._keyring.seal(user_id, device), lifetime],
        )
        return token

    def revoke(self, token: str) -> None:
        """The session ends now, on whatever process it is asked about next."""
        self._database.execute(
            """
            UPDATE stage.sessions SET revoked_at = clock_timestamp()
            WHERE token_hash = %s AND revoked_at IS NULL
            """,
            [token_hash(token)],
        )

    def extend(self, token: str, lifetime: timedelta) -> bool:
        """Whether the session is not over, and so lasts anew."""
        return (
            self._database.one(
                """
                UPDATE stage.sessions SET expires_at = clock_timestamp() + %s
                WHERE token_hash = %s AND revoked_at IS NULL AND expires_at > clock_timestamp()
                RETURNING session_id
                """,
                [lifetime, token_hash(token)],
            )
            is not None
        )

    def end(self, user_id: UUID, session_id: UUID) -> bool:
        """Whether the user had such a session, which has ended now."""
        return (
            self._database.one(
                """
                UPDATE stage.sessions SET revoked_at = clock_timestamp()
                WHERE session_id = %s AND user_id = %s AND revoked_at IS NULL
                  AND expires_at > clock_timestamp()
                RETURNING session_id
                """,
                [session_id, user_id],
            )
            is not None
        )

    def revoke_all(self, user_id: UUID) -> None:
        """All of the user's sessions end now."""
        self._database.execute(
            """
            UPDATE stage.sessions SET revoked_at = clock_timestamp()
            WHERE user_id = %s AND revoked_at IS NULL
            """,
            [user_id],
        )
