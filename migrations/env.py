"""How Alembic reaches the database: over the connection that `infrastructure.postgres.migrations` hands to it."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="migrations",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
