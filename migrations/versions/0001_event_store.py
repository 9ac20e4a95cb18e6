"""The event store, what its recorders keep besides, and the anchors that prove it."""

from migrations.sql import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("0001_event_store.up.sql")
    run("0001_recorders.up.sql")
    run("0001_anchors.up.sql")


def downgrade() -> None:
    run("0001_event_store.down.sql")
