"""What the board counts stands in indexes"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.create_index("ix_pages_case_state", "pages", ["case_id", "outside", "state"])
    op.create_index("ix_pages_volume_state", "pages", ["volume_id", "outside", "state"])
    op.create_index("ix_arrivals_case_state", "arrivals", ["case_id", "state"])
