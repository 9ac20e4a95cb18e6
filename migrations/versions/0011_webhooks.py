"""Webhooks: where users want to be told, and the log of what was sent there."""

from migrations.sql import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run("0011_webhooks.up.sql")


def downgrade() -> None:
    run("0011_webhooks.down.sql")
