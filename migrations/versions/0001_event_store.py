"""The event store."""

from migrations.sql import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("0001_event_store.up.sql")


def downgrade() -> None:
    run("0001_event_store.down.sql")
