"""Reactions that a use case asks for, in its own transaction; those that events ask for are the writer's."""

from uuid import UUID

from psycopg.types.json import Jsonb

from application.context import current
from application.reactions import Reaction
from infrastructure.postgres.database import Database


class PostgresReactionRequests:
    """The sweepers find the rows and ring, some seconds after the transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, reaction_id: UUID, reaction: Reaction, *, owner: UUID) -> None:
        """What is there already stays as it is."""
        self._database.execute(
            """
            INSERT INTO stage.reactions (id, kind, owner, "references", due_at, correlation)
            VALUES (%s, %s, %s, %s, clock_timestamp() + %s, %s) ON CONFLICT (id) DO NOTHING
            """,
            [
                reaction_id,
                reaction.kind,
                owner,
                Jsonb(dict(reaction.references)),
                reaction.delay,
                current().correlation,
            ],
        )
