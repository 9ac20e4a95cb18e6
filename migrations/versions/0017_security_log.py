"""The security log: what was refused, apart from the events, since strangers decide how much of it there is."""

from migrations.sql import run

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run("0017_security_log.up.sql")


def downgrade() -> None:
    run("0017_security_log.down.sql")
