"""What the program keeps beside the log."""

from migrations.sql import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run("0002_working_state.up.sql")


def downgrade() -> None:
    run("0002_working_state.down.sql")
