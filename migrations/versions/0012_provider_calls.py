"""What calls to providers of pictures were made, and what a day of them has cost."""

from migrations.sql import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run("0012_provider_calls.up.sql")


def downgrade() -> None:
    run("0012_provider_calls.down.sql")
