"""Users in the order in which they registered, for administrators to go through."""

from migrations.sql import run

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run("0016_users.up.sql")


def downgrade() -> None:
    run("0016_users.down.sql")
