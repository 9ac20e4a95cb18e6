"""Running a revision's SQL: revisions are plain SQL files, up and down, beside a line or two of Python."""

from contextlib import closing
from pathlib import Path

from alembic import op

VERSIONS = Path(__file__).parent / "versions"


def run(file_name: str) -> None:
    """Execute a file of `migrations/versions` as it stands, percent signs and all."""
    connection = op.get_bind().connection.dbapi_connection
    if connection is None:
        raise RuntimeError("the migration's connection is closed")
    with closing(connection.cursor()) as cursor:
        cursor.execute((VERSIONS / file_name).read_text(encoding="utf-8"))
