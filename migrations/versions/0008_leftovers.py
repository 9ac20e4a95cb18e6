"""Leftovers: what is past its time is found without reading everything else."""

from migrations.sql import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run("0008_leftovers.up.sql")


def downgrade() -> None:
    run("0008_leftovers.down.sql")
