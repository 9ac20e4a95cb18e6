"""Telling whether an address leads to PostgreSQL itself, as it must where locks belong to a connection."""

import psycopg
import structlog

PATIENCE = 3
"""Seconds until the database counts as away."""

log = structlog.get_logger()


class NotDirect(Exception):
    """Something between us and PostgreSQL hands our statements to connections of its own."""

    def __init__(self, variable: str) -> None:
        super().__init__(variable)
        self.variable = variable

    def __str__(self) -> str:
        return (
            f"{self.variable} leads to a connection pooler, which breaks the locks that followers lead by; "
            "DATABASE_DIRECT_URL must be PostgreSQL's own address"
        )


def refuse_pooler(url: str, variable: str) -> None:
    """Raise NotDirect for a pooler's address. A database that is away cannot be told, and is waited for.

    A pooler cannot give its clients the number of the server's process, for they have none of their own: what
    it said when we connected is another than what the server says.
    """
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=PATIENCE) as connection:
            ((serving,),) = connection.execute("SELECT pg_backend_pid()").fetchall()
            told = connection.info.backend_pid
    except psycopg.OperationalError as error:
        log.warning("database.away", error=type(error).__name__)
        return
    if serving != told:
        raise NotDirect(variable)
