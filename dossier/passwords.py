"""Passwords: kept as what scrypt makes of them, so that a stolen catalogue does not give them away.

scrypt as in RFC 7914, with the cost that OWASP's "Password Storage Cheat Sheet" names for 32 MiB of memory: N = 2^15,
r = 8, p = 3. The cost stands with each hash, so that it can be raised later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import unicodedata

from dossier.errors import UsageError

SHORTEST = 8
LONGEST = 256
_COST, _BLOCK, _LANES = 2**15, 8, 3
_SALT_BYTES, _KEY_BYTES = 16, 32
_MEMORY_BYTES = 64 * 2**20

# One at a time: many at once, as when passwords are guessed, must not take the memory that pages are read with.
_alone = threading.Lock()


def hash_of(password: str) -> str:
    """What to store of a password, under a new salt.

    Raises:
        UsageError: it is shorter than `SHORTEST` or longer than `LONGEST` characters.
    """
    if not SHORTEST <= len(_plain(password)) <= LONGEST:
        raise UsageError(f"password: {SHORTEST}–{LONGEST} characters")
    salt = secrets.token_bytes(_SALT_BYTES)
    key = _derived(password, salt, _COST, _BLOCK, _LANES)
    numbers = f"{_COST}${_BLOCK}${_LANES}"
    return f"scrypt${numbers}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def matches(password: str, stored: str) -> bool:
    """Whether a password is the one that was stored; with nothing stored, False after the same time."""
    name, *parts = (stored or _NOBODYS).split("$")
    if name != "scrypt" or len(parts) != 5 or len(password) > LONGEST:
        return False
    cost, block, lanes = (int(part) for part in parts[:3])
    salt, key = (base64.b64decode(part) for part in parts[3:])
    return hmac.compare_digest(_derived(password, salt, cost, block, lanes), key) and bool(stored)


def _derived(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    with _alone:
        return hashlib.scrypt(
            _plain(password).encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=_MEMORY_BYTES, dklen=_KEY_BYTES
        )


def _plain(password: str) -> str:
    """The same text however the keyboard composes it (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", password.strip())


_NOBODYS = (
    f"scrypt${_COST}${_BLOCK}${_LANES}${base64.b64encode(bytes(_SALT_BYTES)).decode()}"
    f"${base64.b64encode(bytes(_KEY_BYTES)).decode()}"
)
