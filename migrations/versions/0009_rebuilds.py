"""Rebuilds of read models while the old ones serve, and events that a read model cannot digest."""

from migrations.sql import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run("0009_rebuilds.up.sql")


def downgrade() -> None:
    run("0009_rebuilds.down.sql")
