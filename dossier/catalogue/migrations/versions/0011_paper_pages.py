"""How many pages of paper a volume has, as whoever receives it counts them"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.add_column("volumes", sa.Column("paper_pages", sa.Integer(), nullable=True))
