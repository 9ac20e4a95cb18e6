"""Idempotency: answers that are kept, to be given again to whoever repeats a request."""

from migrations.sql import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run("0006_idempotency.up.sql")


def downgrade() -> None:
    run("0006_idempotency.down.sql")
