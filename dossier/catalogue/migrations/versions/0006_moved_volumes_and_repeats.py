"""Volumes that moved to another case, and requests that may be repeated"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.create_table(
        "volume_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("volume_id", sa.String(), nullable=False),
        sa.Column("from_case_id", sa.String(), nullable=False),
        sa.Column("name_before", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("settled_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["volume_id"], ["volumes.id"]),
        sa.ForeignKeyConstraint(["from_case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("volume_id", "from_case_id", "settled_at"):
        op.create_index(f"ix_volume_moves_{column}", "volume_moves", [column])
    op.create_table(
        "repeats",
        sa.Column("viewer_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("viewer_id", "key"),
    )
