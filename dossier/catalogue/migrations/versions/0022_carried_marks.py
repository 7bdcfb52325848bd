"""What people had put on pages that re-scans have replaced"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.create_table(
        "carried_marks",
        sa.Column("to_page_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("from_page_id", sa.String(), nullable=False),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["from_page_id"], ["pages.id"]),
        sa.ForeignKeyConstraint(["to_page_id"], ["pages.id"]),
        sa.PrimaryKeyConstraint("to_page_id", "kind", "subject_id"),
    )
