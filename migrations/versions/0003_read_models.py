"""Read models, and how far their followers have come."""

from migrations.sql import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run("0003_read_models.up.sql")


def downgrade() -> None:
    run("0003_read_models.down.sql")
