"""Two pictures of one side: pages of which a person has said that they are none"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.add_column("pages", sa.Column("is_no_pair", sa.Boolean(), nullable=False, server_default="0"))
