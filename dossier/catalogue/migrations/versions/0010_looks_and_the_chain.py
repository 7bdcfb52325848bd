"""The chain of the audit log, and what is asked of it and of the pages of a day"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.add_column("audit", sa.Column("place", sa.Integer(), nullable=True))
    op.create_index("ix_audit_place", "audit", ["place"], unique=True)
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_actor", "audit", ["actor", "at"])
    op.create_index("ix_audit_deed", "audit", ["deed", "at"])
    op.create_index("ix_audit_subject_id", "audit", ["subject_id"])
    op.create_index("ix_pages_searchable_at", "pages", ["searchable_at"])
