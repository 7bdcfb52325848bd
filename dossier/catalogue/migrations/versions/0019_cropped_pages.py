"""Cropped pages: the part that a person has called the page, and the one that was read"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.add_column("pages", sa.Column("crop_by_hand", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("pages", sa.Column("crop", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("pages", sa.Column("cropped_by", sa.String(), nullable=False, server_default=""))
