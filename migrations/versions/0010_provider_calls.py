"""What calls to providers of pictures were made, and what a day of them has cost."""

from migrations.sql import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run("0010_provider_calls.up.sql")


def downgrade() -> None:
    run("0010_provider_calls.down.sql")
