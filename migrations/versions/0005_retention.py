"""Retention: pictures that go, what tells who still needs them, and reactions that time asks for."""

from migrations.sql import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run("0005_retention.up.sql")


def downgrade() -> None:
    run("0005_retention.down.sql")
