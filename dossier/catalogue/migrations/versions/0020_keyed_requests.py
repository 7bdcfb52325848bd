"""Requests that came with a key: one table in place of seven ways"""

import hashlib
import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# Of what was asked for an excerpt, a note or a transcription no digest was kept; "" fits anything.
_BEFORE = {
    "case": "SELECT viewer_id, key, request, status, case_id, at FROM repeats",
    "file": "SELECT NULL, key, request, 202, arrival_id, at FROM idempotency_keys",
    "excerpt": "SELECT owner_id, idempotency_key, '', 201, id, created_at FROM excerpts"
    " WHERE idempotency_key IS NOT NULL",
    "note": "SELECT owner_id, idempotency_key, '', 201, id, created_at FROM notes WHERE idempotency_key IS NOT NULL",
    "receipt": "SELECT owner_id, idempotency_key, request, 201, id, created_at FROM receipts"
    " WHERE idempotency_key IS NOT NULL",
    "transcription": "SELECT NULL, idempotency_key, '', 201, id, NULL FROM transcriptions"
    " WHERE idempotency_key IS NOT NULL",
}
# There the owner stood in the key, before this.
_BETWEEN = {"file": ":", "transcription": " "}


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    keyed = op.create_table(
        "keyed_requests",
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", "kind"),
    )
    op.create_index("ix_keyed_requests_at", "keyed_requests", ["at"])
    connection = op.get_bind()
    for kind, before in _BEFORE.items():
        rows = []
        for owner_id, named, request, status, subject_id, at in connection.execute(sa.text(before)):
            key = named
            if owner_id is None:
                owner_id, _, key = named.partition(_BETWEEN[kind])
            rows.append(
                {
                    "owner_id": owner_id, "key": key, "kind": kind, "request": request, "status": status,
                    "subject_id": subject_id, "at": time.time() if at is None else at,
                }
            )  # fmt: skip
        if rows:
            op.bulk_insert(keyed, rows)
    connection.execute(
        sa.text(
            "UPDATE uploads SET idempotency_key = substr(idempotency_key, length(viewer_id) + 2)"
            " WHERE idempotency_key IS NOT NULL"
        )
    )
    _digest_exhibits(connection)
    op.drop_table("repeats")
    op.drop_table("idempotency_keys")
    for table in ("arrivals", "excerpts", "notes", "transcriptions"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("idempotency_key")
    with op.batch_alter_table("receipts") as batch:
        batch.drop_column("idempotency_key")
        batch.drop_column("request")


def _digest_exhibits(connection: sa.Connection) -> None:
    """An exhibit that was asked for with a key had the key's digest; now all have that of what was asked for."""
    exhibits = sa.table(
        "exhibits", *(sa.column(name) for name in ("id", "owner_id", "title", "watermark", "digest", "created_at")),
        sa.column("groups", sa.JSON()),
    )  # fmt: skip
    rows = connection.execute(sa.select(exhibits).order_by(exhibits.c.created_at.desc(), exhibits.c.id)).all()
    taken = {(row.owner_id, row.digest) for row in rows}
    for row in rows:
        said = json.dumps([row.title, row.groups, row.watermark], ensure_ascii=False)
        digest = hashlib.sha256(said.encode()).hexdigest()
        if (row.owner_id, digest) not in taken:
            taken.add((row.owner_id, digest))
            connection.execute(sa.update(exhibits).where(exhibits.c.id == row.id).values(digest=digest))
