"""Submitting: what a submission writes besides its events, as functions that one statement can call."""

from migrations.sql import run

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run("0014_submitting.up.sql")


def downgrade() -> None:
    run("0014_submitting.down.sql")
