"""What calls to providers of pictures were made, and what a day of them has cost."""

from migrations.sql import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run("0007_provider_calls.up.sql")


def downgrade() -> None:
    run("0007_provider_calls.down.sql")
