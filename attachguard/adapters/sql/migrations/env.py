"""What Alembic runs: the migrations, on the connection that attachguard opened (migrate.py)."""

from alembic import context

from attachguard.adapters.sql.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
)
context.run_migrations()
