"""Alembic runs the revisions on the connection that ``bot.ledger.database.migrate`` hands it."""

from alembic import context
from sqlmodel import SQLModel

import bot.ledger.tables  # noqa: F401  (fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    version_table="schema_version",
)
with context.begin_transaction():
    context.run_migrations()
