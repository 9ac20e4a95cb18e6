"""Outcomes: what became of photos and of messages to webhooks lately is found without reading everything else."""

from migrations.sql import run

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run("0018_outcomes.up.sql")


def downgrade() -> None:
    run("0018_outcomes.down.sql")
