"""Rows that have served their time: nobody will ask for them again, and nothing follows from their going."""

from typing import Final

from infrastructure.postgres.database import Database

REACTION_DAYS: Final = 90
"""How long it can be looked up what was done because of an event; a backfill that goes further back would do
again what was done."""

# Each with an index on what it is chosen by, and a few at a time: an open transaction holds followers back.
_REMOVE: Final = {
    "answers": """
        DELETE FROM stage.answers WHERE answer_id IN (
            SELECT answer_id FROM stage.answers WHERE expires_at <= clock_timestamp()
            ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    """,
    "tokens": """
        DELETE FROM stage.tokens WHERE token_hash IN (
            SELECT token_hash FROM stage.tokens WHERE expires_at <= clock_timestamp()
            ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    """,
    "reactions": """
        DELETE FROM stage.reactions WHERE id IN (
            SELECT id FROM stage.reactions
            WHERE state = 'done' AND ended_at < statement_timestamp() - make_interval(days => %(days)s)
            ORDER BY ended_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    """,
    "security_log": "SELECT FROM stage.forget_security_log(%(security_log_days)s, %(limit)s)",
}


class PostgresLeftovers:
    def __init__(self, database: Database, *, security_log_days: int) -> None:
        self._database = database
        self._terms = {"days": REACTION_DAYS, "security_log_days": security_log_days}

    def remove(self, *, limit: int) -> dict[str, int]:
        """See application.ports.Leftovers."""
        parameters = {"limit": limit, **self._terms}
        return {kind: self._database.execute(statement, parameters) for kind, statement in _REMOVE.items()}
