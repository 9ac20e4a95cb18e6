"""API keys: with which a user's programs act for them, each within its scopes."""

from migrations.sql import run

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run("0015_api_keys.up.sql")


def downgrade() -> None:
    run("0015_api_keys.down.sql")
