"""What a picture of a large folder asks for stands in indexes"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.create_index("ix_arrivals_document_path", "arrivals", ["document_id", "path"])
    op.create_index("ix_pages_volume_place", "pages", ["volume_id", "place"])
