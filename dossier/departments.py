"""Departments: the names that cases bear, and that users and keys were given; there is no list of them elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import ApiKey, Case, User


@dataclass(frozen=True)
class Department:
    """A department.

    Attributes:
        name: "" is that of cases without one.
        cases: how many bear it.
        users, keys: the names of those who were given it, without disabled and revoked ones.
    """

    name: str
    cases: int
    users: tuple[str, ...]
    keys: tuple[str, ...]


def departments(session: Session) -> list[Department]:
    """Every department that a case bears, or a user or key was given, by name."""
    counted = dict(session.execute(select(Case.department, func.count()).group_by(Case.department)).all())
    users = session.scalars(select(User).where(User.disabled_at.is_(None)).order_by(User.name)).all()
    keys = session.scalars(select(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.name)).all()
    given = [user.departments for user in users] + [key.departments for key in keys]
    names = {*counted, *(name for theirs in given for name in theirs)}
    return [
        Department(
            name,
            counted.get(name, 0),
            tuple(user.name for user in users if name in user.departments),
            tuple(key.name for key in keys if name in key.departments),
        )
        for name in sorted(names)
    ]


def all_departments(session: Session) -> list[str]:
    """The names of the departments, without the one of cases that have none."""
    return [department.name for department in departments(session) if department.name]
