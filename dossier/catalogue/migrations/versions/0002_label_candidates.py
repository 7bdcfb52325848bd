"""Numbers at a page's edge that may be its label"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("label_candidates", sa.JSON(), server_default="[]", nullable=False))
