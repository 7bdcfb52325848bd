"""The audit log is append-only: rows are neither changed, but for being chained once, nor deleted"""

from alembic import op

revision = "0024"
down_revision = "0023"

_SAID = ("id", "at", "actor", "deed", "subject_kind", "subject_id", "details")


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    if op.get_bind().dialect.name != "sqlite":
        return
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _SAID)
    op.execute(
        "CREATE TRIGGER audit_rows_stay BEFORE DELETE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_rows_stay_as_they_are BEFORE UPDATE ON audit "
        f"WHEN NOT (OLD.place IS NULL AND OLD.hash IS NULL AND NEW.place IS NOT NULL AND {same}) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    )
