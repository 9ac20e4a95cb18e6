"""Credits that freeze, are reversed and owed: read models that know of them, and of every moment before."""

from migrations.sql import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run("0010_whole_ledger.up.sql")


def downgrade() -> None:
    run("0010_whole_ledger.down.sql")
