"""Photos know their lineage, which of it is the favourite, and that an original may still have to be fetched."""

from migrations.sql import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run("0007_lineage.up.sql")


def downgrade() -> None:
    run("0007_lineage.down.sql")
