"""Sheet codes: what the QR code on a separator sheet says, and how this system knows its own again.

    EDOSSIER1:V:V3F0C2A4E8D9B4A6F9D0C:0C1B2A3E4F5A6B7C
    version   │ volume id             check: HMAC-SHA-256 with this home's key, 64 bits
              kind: V a separator sheet, L a volume's label, which separates nothing

Capitals and digits only, which QR codes hold in little room. A code that is not one of ours, or whose check is wrong,
does nothing. The key is made at first use and stays in the catalogue, so that a backup keeps printed sheets valid.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Literal

from sqlalchemy.orm import Session

from dossier.catalogue.tables import Secret

PREFIX = "EDOSSIER"
Kind = Literal["V", "L"]
SEPARATOR: Kind = "V"
LABEL: Kind = "L"

_VERSION = "EDOSSIER1"
_CODE = re.compile(rf"({_VERSION}:([VL]):(V[0-9A-F]{{20}})):([0-9A-F]{{16}})")
_KEY = "sheet_code"


def code_of(session: Session, volume_id: str, kind: Kind = SEPARATOR) -> str:
    """The code for a volume's sheet or label; makes the home's key where there is none yet (in a writing session)."""
    body = f"{_VERSION}:{kind}:{volume_id.upper()}"
    return f"{body}:{_check(_key(session) or _new_key(session), body)}"


def volume_named_by(session: Session, text: str) -> str | None:
    """The id of the volume that a separator sheet's code names; None where it is no code of this system."""
    match = _CODE.fullmatch(text)
    key = _key(session)
    if match is None or key is None or match[2] != SEPARATOR:
        return None
    return match[3].lower() if hmac.compare_digest(match[4], _check(key, match[1])) else None


def is_label(session: Session, text: str) -> bool:
    """Whether this is the code of one of our volume labels: it stands on a cover, which is a page like any other."""
    match = _CODE.fullmatch(text)
    key = _key(session)
    return (
        match is not None
        and key is not None
        and match[2] == LABEL
        and hmac.compare_digest(match[4], _check(key, match[1]))
    )


def _check(key: str, body: str) -> str:
    return hmac.new(bytes.fromhex(key), body.encode(), hashlib.sha256).hexdigest()[:16].upper()


def _key(session: Session) -> str | None:
    row = session.get(Secret, _KEY)
    return row.value if row is not None else None


def _new_key(session: Session) -> str:
    row = Secret(name=_KEY, value=secrets.token_hex(32))
    session.add(row)
    session.flush()
    return row.value
