"""Viewers: who asks, as far as it matters for what they may see."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

OPERATOR, CHECKER, PROSECUTOR, ASSISTANT = "operator", "checker", "prosecutor", "assistant"
HEAD, ADMIN, AUDITOR = "head", "admin", "auditor"
ROLES = {
    ADMIN: "管理员",
    OPERATOR: "制作人",
    CHECKER: "审核人",
    PROSECUTOR: "检察官",
    ASSISTANT: "检察官助理",
    HEAD: "部门负责人",
    AUDITOR: "审计员",
}
# Whoever works at the machine itself; no user can be given it.
MACHINE = "machine"

_SCANNING_ROOM = frozenset({OPERATOR, CHECKER})
_READERS = _SCANNING_ROOM | {PROSECUTOR, ASSISTANT, HEAD, MACHINE}

READ, SEARCH, WRITE = "read", "search", "write"
SCOPES = (READ, SEARCH, WRITE)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who asks: a person, or a program with an API key.

    Attributes:
        id: the user's or the API key's; opaque.
        name: the user's or the key's.
        roles: of `ROLES`, or `MACHINE`; a program has none.
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
        return not self.roles.isdisjoint(_SCANNING_ROOM)

    @property
    def reads_content(self) -> bool:
        """Whether they see cases at all: pages, pictures, texts, hits, and what is counted of them.

        Whoever manages or audits, and does nothing else, does not. Programs are held by their scopes.
        """
        return self.scopes is not None or not self.roles.isdisjoint(_READERS)

    @property
    def prepares(self) -> bool:
        """Whether they may take volumes in and put them in order."""
        return WRITE in self.scopes if self.scopes is not None else not self.roles.isdisjoint({OPERATOR, MACHINE})

    @property
    def transcribes(self) -> bool:
        """Whether they may say what stands on a page, for all to find: who works with it, or puts it in order.

        Whoever checks only looks.
        """
        return self.prepares or not self.roles.isdisjoint({PROSECUTOR, ASSISTANT, HEAD})

    @property
    def checks(self) -> bool:
        """Whether they may approve a volume, or send it back; programs never do."""
        return not self.roles.isdisjoint({CHECKER, MACHINE})

    @property
    def manages(self) -> bool:
        """Whether they look after users, keys and the machine."""
        return not self.roles.isdisjoint({ADMIN, MACHINE})

    @property
    def audits(self) -> bool:
        """Whether they may search the audit log."""
        return not self.roles.isdisjoint({AUDITOR, ADMIN, MACHINE})

    @property
    def is_at_machine(self) -> bool:
        """Whether they came in by the one-time password, or work at the command line."""
        return MACHINE in self.roles


# Whoever works at the machine can read the home folder: nothing would be won by hiding what is not sealed.
AT_MACHINE = Viewer("machine", roles=frozenset({MACHINE, ADMIN}), sees_every_department=True)


def plain_name(given: str) -> str:
    """The one spelling of a user's or department's name: NFKC, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", given).split())
