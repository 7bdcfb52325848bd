"""Users: people who sign in, with a role and the departments whose cases they see."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dossier import audit, sessions
from dossier.catalogue.tables import User
from dossier.errors import NotFound, UsageError
from dossier.viewers import ADMIN, ROLES, Viewer, plain_name

LONGEST_NAME = 100


def add_user(
    session: Session, name: str, role: str, departments: Iterable[str], password_hash: str, actor: str
) -> User:
    """A new user; `password_hash` is of `passwords.hash_of`, made before the transaction, which must be short.

    Raises:
        UsageError: the name is empty, too long or taken, or there is no such role.
    """
    plain = plain_name(name)
    if not plain or len(plain) > LONGEST_NAME:
        raise UsageError(
            f"用户名要有 1 至 {LONGEST_NAME} 个字 / a user's name must have 1 to {LONGEST_NAME} characters: {name!r}"
        )
    _check_role(role)
    if session.scalars(select(User).where(User.name == plain)).first() is not None:
        raise UsageError(f"user {plain} exists")
    theirs = _plain_departments(departments)
    user = User(name=plain, role=role, departments=theirs, password=password_hash)
    session.add(user)
    session.flush()
    audit.record(session, "add_user", "user", user.id, actor, name=plain, role=role, departments=theirs)
    return user


def user_named(session: Session, name: str) -> User:
    """The user with this name or id.

    Raises:
        NotFound: there is none.
    """
    user = session.get(User, name) or find_user(session, name)
    if user is None:
        raise NotFound(name)
    return user


def find_user(session: Session, name: str) -> User | None:
    """The user with this name, if there is one."""
    return session.scalars(select(User).where(User.name == plain_name(name))).first()


def all_users(session: Session) -> Sequence[User]:
    """All users, by name, disabled ones too."""
    return session.scalars(select(User).order_by(User.name)).all()


def are_there_any(session: Session) -> bool:
    """Whether anybody has ever been added: from then on people sign in by name."""
    return bool(session.scalar(select(exists().where(User.id.is_not(None)))))


def set_role(session: Session, user: User, role: str, actor: str) -> None:
    """Give a user another role; open sessions follow at once.

    Raises:
        UsageError: there is no such role, or nobody would be left to manage.
    """
    _check_role(role)
    if user.role == role:
        return
    _leave_somebody_who_manages(session, user)
    audit.record(session, "set_role", "user", user.id, actor, name=user.name, before=user.role, after=role)
    user.role = role


def set_departments(session: Session, user: User, departments: Iterable[str], actor: str) -> None:
    """Say whose cases a user sees; open sessions follow at once."""
    theirs = _plain_departments(departments)
    if user.departments == theirs:
        return
    audit.record(
        session, "set_departments", "user", user.id, actor, name=user.name, before=user.departments, after=theirs
    )  # fmt: skip
    user.departments = theirs


def disable_user(session: Session, user: User, actor: str) -> None:
    """Let a user in no more, from this moment on.

    Raises:
        UsageError: nobody would be left to manage.
    """
    if user.disabled_at is None:
        _leave_somebody_who_manages(session, user)
        user.disabled_at = time.time()
        sessions.end_sessions_of(session, user.id)
        audit.record(session, "disable_user", "user", user.id, actor, name=user.name)


def set_password(session: Session, user: User, password_hash: str, actor: str) -> None:
    """Give a user a new password, and let them in again if they were disabled; their sessions end."""
    user.password = password_hash
    user.disabled_at = None
    sessions.end_sessions_of(session, user.id)
    audit.record(session, "set_password", "user", user.id, actor, name=user.name)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"role: {role} ({', '.join(ROLES)})")


def _plain_departments(given: Iterable[str]) -> list[str]:
    return sorted({plain_name(department) for department in given} - {""})


def _leave_somebody_who_manages(session: Session, user: User) -> None:
    """Refuse to take the last administrator away: from then on nobody could let anybody in."""
    if user.role != ADMIN or user.disabled_at is not None:
        return
    others = select(User.id).where(User.role == ADMIN, User.disabled_at.is_(None), User.id != user.id)
    if session.scalars(others).first() is None:
        raise UsageError(f"{user.name} 是唯一的管理员，请先添加另一位 / the only administrator: add another one first")


def add_first_administrator(session: Session, name: str, password_hash: str, actor: str) -> User:
    """The administrator of a home without users, who adds the others.

    Raises:
        UsageError: there are users already, or the name is none.
    """
    if are_there_any(session):
        raise UsageError("已经有用户了，请按用户名登录 / there are users already: sign in by name")
    return add_user(session, name, ADMIN, (), password_hash, actor)


def viewer_of_user(user: User) -> Viewer:
    """The user as a viewer."""
    return Viewer(
        user.id,
        user.name,
        roles=frozenset({user.role}),
        departments=frozenset(user.departments),
    )
