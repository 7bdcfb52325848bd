"""Viewers: who asks, as far as it matters for what they may see."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

ADMIN, OPERATOR, CHECKER, PROSECUTOR = "admin", "operator", "checker", "prosecutor"
ROLES = {ADMIN: "管理员", OPERATOR: "制作人", CHECKER: "审核人", PROSECUTOR: "检察官"}

READ, SEARCH, WRITE = "read", "search", "write"
SCOPES = (READ, SEARCH, WRITE)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who asks: a person, or a program with an API key.

    Attributes:
        id: the user's or the API key's; opaque.
        name: the user's or the key's.
        roles: of `ROLES`; a program has none.
        departments: whose cases they see besides their own.
        sees_every_department: all cases are seen but sealed ones.
        scopes: what a program's key is for, of `SCOPES`; None: a person, who is not limited so.
    """

    id: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    sees_every_department: bool = False
    scopes: frozenset[str] | None = None

    @property
    def is_of_scanning_room(self) -> bool:
        """Whether they take in and check volumes, also those whose case nobody has assigned yet."""
        return not self.roles.isdisjoint({OPERATOR, CHECKER})


# Whoever works at the machine can read the home folder: nothing would be won by hiding what is not sealed.
AT_MACHINE = Viewer("machine", roles=frozenset({ADMIN}), sees_every_department=True)


def plain_name(given: str) -> str:
    """The one spelling of a user's or department's name: NFKC, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", given).split())
