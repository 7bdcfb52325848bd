"""Runs the migrations on the connection that dossier/catalogue/database.py hands over."""

from alembic import context

from dossier.catalogue.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
