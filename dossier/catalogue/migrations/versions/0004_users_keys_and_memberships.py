"""Users, API keys, and who sees which case"""

import time
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("departments", sa.JSON(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("disabled_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("departments", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "memberships",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("viewer_id", sa.String(), nullable=False),
        sa.Column("admitted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "viewer_id"),
    )
    op.create_index("ix_memberships_viewer_id", "memberships", ["viewer_id"])
    op.create_table(
        "department_moves",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index("ix_cases_department", "cases", ["department"])
    op.create_index("ix_cases_handler", "cases", ["handler"])
    op.create_index("ix_cases_sealed", "cases", ["sealed"])
    _spell_departments_and_handlers_plainly()


def _spell_departments_and_handlers_plainly() -> None:
    """Users' names and departments have one spelling; a case with another would match nobody."""
    connection = op.get_bind()
    cases, pages, outbox, moves, counters = (
        sa.table(name, *map(sa.column, columns))
        for name, columns in (
            ("cases", ("id", "department", "handler")),
            ("pages", ("id", "case_id", "reading_version")),
            ("outbox", ("page_id", "version", "attempts", "not_before", "error", "dead")),
            ("department_moves", ("case_id", "at")),
            ("counters", ("name", "value")),
        )
    )
    moved = []
    for case_id, department, handler in connection.execute(sa.select(cases)).all():
        plain = {"department": _plain_name(department), "handler": _plain_name(handler)}
        if plain != {"department": department, "handler": handler}:
            connection.execute(sa.update(cases).where(cases.c.id == case_id).values(plain))
        if plain["department"] != department:
            moved.append(case_id)
    # The index has these pages under the department as it was spelt, until it takes them again.
    last = of_counter = connection.scalar(sa.select(counters.c.value).where(counters.c.name == "index_version"))
    for case_id in moved:
        page_ids = connection.scalars(
            sa.select(pages.c.id).where(pages.c.case_id == case_id, pages.c.reading_version.is_not(None))
        ).all()
        if not page_ids:
            continue
        connection.execute(sa.insert(moves).values(case_id=case_id, at=time.time()))
        for page_id in page_ids:
            last = (last or 0) + 1
            connection.execute(sa.delete(outbox).where(outbox.c.page_id == page_id))
            unsent = {"attempts": 0, "not_before": 0.0, "error": "", "dead": False}
            connection.execute(sa.insert(outbox).values(page_id=page_id, version=last, **unsent))
    if of_counter is not None:
        connection.execute(sa.update(counters).where(counters.c.name == "index_version").values(value=last))
    elif last is not None:
        connection.execute(sa.insert(counters).values(name="index_version", value=last))


def _plain_name(given: str) -> str:
    # As in dossier/viewers.py when this was written: what a migration does stays as it is.
    return " ".join(unicodedata.normalize("NFKC", given).split())
