"""Deeds of the scanning room: pages outside the order, orders by hand, turns and blanks by hand"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    # Columns only: to make the table anew would break the references to its rows while that lasts.
    op.add_column("volumes", sa.Column("ordered_by_hand", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("pages", sa.Column("place", sa.Integer(), server_default="0", nullable=False))
    op.add_column("pages", sa.Column("outside", sa.String(), nullable=True))
    op.add_column("pages", sa.Column("outside_reason", sa.String(), server_default="", nullable=False))
    op.add_column("pages", sa.Column("replaced_by", sa.String(), nullable=True))
    op.add_column("pages", sa.Column("turn_by_hand", sa.Integer(), nullable=True))
    op.add_column("pages", sa.Column("blank_by_hand", sa.Boolean(), nullable=True))
    op.execute("UPDATE pages SET place = page_number")
    op.create_index("ix_pages_outside", "pages", ["volume_id", "outside"])
