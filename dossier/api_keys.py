"""API keys: with which programs ask. A key is shown once; the catalogue knows its SHA-256 alone.

That is enough for a secret of 256 random bits, which nobody can guess; what people choose needs more (passwords.py).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import ApiKey
from dossier.errors import NotFound, UsageError
from dossier.viewers import READ, SCOPES, SEARCH, Viewer, plain_name

# Tells what it is where it turns up: in a settings file, in a scanner for secrets.
_PREFIX = "edossier_"
LONGEST = 200
DEFAULT_SCOPES = (READ, SEARCH)


def add_key(
    session: Session, name: str, scopes: Iterable[str], departments: Iterable[str], actor: str
) -> tuple[ApiKey, str]:
    """A new key, and the key itself, which nobody can be told again. Without scopes it may read and search.

    Raises:
        UsageError: the name is empty, or there is no such scope.
    """
    wanted = set(scopes) or set(DEFAULT_SCOPES)
    plain = plain_name(name)
    if not plain:
        raise UsageError("密钥名称不能为空 / the key's name must not be empty")
    if unknown := wanted - set(SCOPES):
        raise UsageError(f"scope: {', '.join(sorted(unknown))} ({', '.join(SCOPES)})")
    secret = _PREFIX + secrets.token_urlsafe(32)
    theirs = sorted({plain_name(department) for department in departments} - {""})
    key = ApiKey(name=plain, sha256=_hash(secret), scopes=sorted(wanted), departments=theirs)
    session.add(key)
    session.flush()
    audit.record(session, "add_key", "key", key.id, actor, name=plain, scopes=sorted(wanted), departments=theirs)
    return key, secret


def key_named(session: Session, name: str) -> ApiKey:
    """The key with this id, or the one with this name that is not revoked.

    Raises:
        NotFound: there is none.
        UsageError: several bear the name.
    """
    by_id = session.get(ApiKey, name)
    if by_id is not None:
        return by_id
    named = session.scalars(select(ApiKey).where(ApiKey.name == plain_name(name), ApiKey.revoked_at.is_(None))).all()
    if not named:
        raise NotFound(name)
    if len(named) > 1:
        raise UsageError(f"{name}: {', '.join(key.id for key in named)}")
    return named[0]


def all_keys(session: Session) -> Sequence[ApiKey]:
    """All keys, the oldest first, revoked ones too."""
    return session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)).all()


def revoke_key(session: Session, key: ApiKey, actor: str) -> None:
    """Let a key open nothing more, from this moment on."""
    if key.revoked_at is None:
        key.revoked_at = time.time()
        audit.record(session, "revoke_key", "key", key.id, actor, name=key.name)


def viewer_of_secret(session: Session, secret: str) -> Viewer | None:
    """The program that shows this key; None if the key is unknown or revoked."""
    if len(secret) > LONGEST:
        return None
    key = session.scalars(
        select(ApiKey).where(ApiKey.sha256 == _hash(secret), ApiKey.revoked_at.is_(None))
    ).first()  # fmt: skip
    return None if key is None else viewer_of_key(key)


def viewer_of_key(key: ApiKey) -> Viewer:
    """The program that a key stands for."""
    return Viewer(
        key.id,
        key.name,
        departments=frozenset(key.departments),
        sees_every_department=not key.departments,
        scopes=frozenset(key.scopes),
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
