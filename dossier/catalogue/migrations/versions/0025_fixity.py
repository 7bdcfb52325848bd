"""Fixity: when each object was last compared with its digest, and what was wrong with it"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    for table in ("originals", "readings", "transcription_versions"):
        op.add_column(table, sa.Column("checked_at", sa.Float(), nullable=True))
    op.create_table(
        "fixity_faults",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("found_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
