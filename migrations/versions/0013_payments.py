"""Payments: keys that are lent, the sandbox's till, and purchases as they are read."""

from migrations.sql import run

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run("0013_payments.up.sql")


def downgrade() -> None:
    run("0013_payments.down.sql")
