"""Viewers: who asks, as far as it matters for what they may see."""

from __future__ import annotations

from dataclasses import dataclass

ADMIN, OPERATOR, CHECKER, PROSECUTOR = "admin", "operator", "checker", "prosecutor"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who asks: a person, or a program with an API key.

    Attributes:
        id: the user's or the API key's; opaque.
        roles: of `ADMIN` 管理员, `OPERATOR` 制作人, `CHECKER` 审核人, `PROSECUTOR` 检察官.
        department: whose cases they see besides their own; empty: none.
        is_at_machine: they work at the machine itself, whose files they can read anyway: only sealed cases are hidden.
    """

    id: str
    roles: frozenset[str] = frozenset()
    department: str = ""
    is_at_machine: bool = False


AT_MACHINE = Viewer("machine", is_at_machine=True)
