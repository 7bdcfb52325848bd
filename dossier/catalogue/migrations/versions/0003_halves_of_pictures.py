"""Halves of pictures that show two pages"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    # Columns only: to make the table anew would break the references to its rows while that lasts.
    op.add_column("pages", sa.Column("picture_in_file", sa.Integer(), nullable=True))
    op.add_column("pages", sa.Column("part", sa.String(), server_default="whole", nullable=False))
    op.add_column("pages", sa.Column("cut", sa.Float(), server_default="0", nullable=False))
