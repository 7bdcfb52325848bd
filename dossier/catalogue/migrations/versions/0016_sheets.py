"""The separator sheets among the pages, found at once"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.create_index("ix_pages_sheet_state", "pages", ["sheet_state"])
