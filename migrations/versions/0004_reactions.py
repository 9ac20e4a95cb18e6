"""Reactions: what must happen because of an event."""

from migrations.sql import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("0004_reactions.up.sql")


def downgrade() -> None:
    run("0004_reactions.down.sql")
