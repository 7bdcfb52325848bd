"""Passwords: kept as what Argon2id makes of them, so that a stolen catalogue does not give them away.

Argon2id as in RFC 9106, with the cost that OWASP's "Password Storage Cheat Sheet" names: 19 MiB of memory, two passes,
one lane. The cost stands with each hash, so that it can be raised later: `is_outdated` says of which a new one must be
made, when its password is shown next. So it is with hashes of scrypt (RFC 7914), which was used before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dossier.errors import UsageError

SHORTEST = 8
LONGEST = 256
_PASSES, _MEMORY_KIB, _LANES = 2, 19 * 1024, 1
_SALT_BYTES, _KEY_BYTES = 16, 32
_SCRYPT_MEMORY_BYTES = 64 * 2**20
# What is easy to read out and to type: no 0 and O, no 1, l and I.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"

_hasher = PasswordHasher(_PASSES, _MEMORY_KIB, _LANES, hash_len=_KEY_BYTES, salt_len=_SALT_BYTES)

# One at a time: many at once, as when passwords are guessed, must not take the memory that pages are read with.
_alone = threading.Lock()


def hash_of(password: str) -> str:
    """What to store of a password, under a new salt.

    Raises:
        UsageError: it is shorter than `SHORTEST` or longer than `LONGEST` characters.
    """
    if not SHORTEST <= len(_plain(password)) <= LONGEST:
        raise UsageError(f"口令要有 {SHORTEST} 至 {LONGEST} 个字符 / password: {SHORTEST}–{LONGEST} characters")
    with _alone:
        return _hasher.hash(_bytes(password))


def mark_of(stored: str) -> str:
    """A digest of what is stored of a password: it tells whether that is another one now, and nothing else."""
    return hashlib.sha256(stored.encode("utf-8")).hexdigest()


def matches(password: str, stored: str) -> bool:
    """Whether a password is the one that was stored; with nothing stored, False after the same time."""
    if len(password) > LONGEST:
        return False
    with _alone:
        if stored.startswith("scrypt$"):
            return _matches_scrypt(password, stored)
        try:
            return _hasher.verify(stored or _NOBODYS, _bytes(password)) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether a stored hash is of another kind, or cheaper, than new ones."""
    return not stored.startswith("$argon2id$") or _hasher.check_needs_rehash(stored)


def new_password() -> str:
    """A password for somebody to begin with: 79 random bits, in groups that can be read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _matches_scrypt(password: str, stored: str) -> bool:
    _, *parts = stored.split("$")
    if len(parts) != 5:
        return False
    cost, block, lanes = (int(part) for part in parts[:3])
    salt, key = (base64.b64decode(part) for part in parts[3:])
    derived = hashlib.scrypt(
        _bytes(password), salt=salt, n=cost, r=block, p=lanes, maxmem=_SCRYPT_MEMORY_BYTES, dklen=len(key)
    )
    return hmac.compare_digest(derived, key)


def _plain(password: str) -> str:
    """The same text however the keyboard composes it (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", password.strip())


def _bytes(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")


def _unpadded(zeros: int) -> str:
    return base64.b64encode(bytes(zeros)).decode().rstrip("=")


_NOBODYS = f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${_unpadded(_SALT_BYTES)}${_unpadded(_KEY_BYTES)}"
