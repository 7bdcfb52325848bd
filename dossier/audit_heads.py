"""Heads of the audit log: where its chain stood at a moment, signed, one file each, to be kept where nobody who can
write to the catalogue can.

A head is a small JSON file: how many rows were chained, the id and the hash of the last, when, the digest of the head
before it, and an Ed25519 signature (RFC 8032) over all that. The private key lies in the home, for the service's user
alone. Whoever is that user can sign, too: against them helps only that copies of older heads are out of their reach.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import logging
import os
import time
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.audit_chain import end_of
from dossier.audit_proof import ChainFault
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import AuditRow
from dossier.derived import written_whole
from dossier.errors import UsageError
from dossier.home import Home
from dossier.settings import Settings
from dossier.vault import to_disk

FORMAT = "edossier audit head 1"
# What stands before the first head.
NO_HEAD = ""
_REST_SECONDS = 60.0
_PREFIX, _SUFFIX = "audit-head-", ".json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Head:
    """Where the chain stood: `rows` chained rows, the last of them `last_id` with `hash`, at `at` (seconds since 1970).

    `previous` is the digest of the head before this one ("" of the first), `public_key` and `signature` are base64.
    """

    rows: int
    last_id: int | None
    hash: str
    at: float
    previous: str
    public_key: str
    signature: str

    @property
    def digest(self) -> str:
        """SHA-256 of all that is signed, by which the next head names this one."""
        return hashlib.sha256(self.signed_bytes()).hexdigest()

    def signed_bytes(self) -> bytes:
        """What is signed: everything but the signature, as canonical JSON."""
        said = {"format": FORMAT, **asdict(self)}
        del said["signature"]
        return json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()

    def is_signed_by(self, keys: Collection[str]) -> bool:
        """Whether one of these public keys (base64) has signed it."""
        if self.public_key not in keys:
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.public_key, validate=True))
            key.verify(base64.b64decode(self.signature, validate=True), self.signed_bytes())
        except (InvalidSignature, ValueError, binascii.Error):
            return False
        return True


class AuditHeads:
    """The heads of a home: written, listed, and the key that signs them.

    Args:
        home: the home; the private key is `audit-key.pem` in it, mode 0600, the public one `audit-key.pub` beside it.
        settings: `audit_head_folder` and `audit_head_hours`.
    """

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._hours = settings.audit_head_hours
        self.folder = Path(settings.audit_head_folder) if settings.audit_head_folder else home.root / "audit-heads"
        self._last_at: float | None = None
        self._rests_until = 0.0

    @property
    def public_key_file(self) -> Path:
        """The public key in PEM form."""
        return self._home.root / "audit-key.pub"

    def public_key(self) -> str:
        """The public key (base64 of its 32 bytes); the pair is made where there is none."""
        return _base64_of(self._private_key().public_key())

    def heads(self) -> list[Head]:
        """All heads in the folder, the oldest first.

        Raises:
            UsageError: a file there has a head's name, but is none.
        """
        return heads_in(self.folder) if self.folder.is_dir() else []

    def first_fault(self, session: Session) -> ChainFault | None:
        """What is wrong by the heads in the folder, and by the home's own key; the chain itself must hold.

        Raises:
            UsageError: a file there is no head, or the public key is gone.
            OSError: the folder cannot be read.
        """
        heads = self.heads()
        if not heads:
            return None
        return fault_of_heads(heads, {read_public_key(self.public_key_file)}) or fault_by_heads(session, heads)

    def seconds_late(self) -> float:
        """By how much the next head is overdue, going by the names in the folder; 0 where none was ever written.

        Raises:
            OSError: the folder is away.
        """
        if not self.folder.exists():
            return 0.0
        newest = max((file.name for file in self.folder.iterdir() if file.name.startswith(_PREFIX)), default="")
        if not newest:
            return 0.0
        written = (self.folder / newest).stat().st_mtime
        return max(0.0, time.time() - written - self._hours * 3600)

    def export(self, catalogue: Catalogue) -> tuple[Path, Head]:
        """Write a head of what is chained now.

        Raises:
            OSError: the folder cannot be written.
        """
        key = self._private_key()
        with catalogue.reading() as session:
            end = end_of(session)
        before = self.heads()
        previous = before[-1].digest if before else NO_HEAD
        at = round(time.time(), 3)
        unsigned = Head(end.length, end.row_id, end.hash, at, previous, _base64_of(key.public_key()), "")
        signature = base64.b64encode(key.sign(unsigned.signed_bytes())).decode()
        head = Head(**{**asdict(unsigned), "signature": signature})
        moment = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
        file = self.folder / f"{_PREFIX}{moment}Z-{end.length}{_SUFFIX}"
        _write(file, json.dumps({"format": FORMAT, **asdict(head)}, indent=1, sort_keys=True) + "\n")
        self._last_at = at
        return file, head

    def export_if_due(self, catalogue: Catalogue) -> None:
        """Write a head where the last one is older than the setting `audit_head_hours`, or of a time yet to come."""
        if time.monotonic() < self._rests_until:
            return
        # Where it fails, as on a share that is away, it is tried again in a while.
        self._rests_until = time.monotonic() + _REST_SECONDS
        if self._last_at is None:
            heads = self.heads()
            self._last_at = heads[-1].at if heads else 0.0
        if not 0 <= time.time() - self._last_at < self._hours * 3600:
            file, head = self.export(catalogue)
            _log.info("audit head: %d rows, %s", head.rows, file.name)

    def _private_key(self) -> Ed25519PrivateKey:
        file = self._home.root / "audit-key.pem"
        # Two processes of the home may want it first.
        with self._home.hold_waiting("audit-key"):
            if not file.exists():
                key = Ed25519PrivateKey.generate()
                _write(self.public_key_file, _public_pem(key.public_key()), mode=0o644)
                _write(file, _private_pem(key))
                _log.warning("audit head: a new key was made; keep a copy of %s elsewhere", self.public_key_file.name)
        stored = serialization.load_pem_private_key(file.read_bytes(), None)
        if not isinstance(stored, Ed25519PrivateKey):
            raise UsageError(f"{file.name}: not an Ed25519 key")
        return stored


def read_head(file: Path) -> Head:
    """The head in a file.

    Raises:
        UsageError: it is none, or cannot be read.
    """
    try:
        said: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if said.pop("format") != FORMAT:
            raise ValueError
        head = Head(**said)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{file.name}: 不是审计链头 / not a head of an audit log") from error
    kinds = {"rows": int, "last_id": int | None, "at": float | int}
    if not all(isinstance(getattr(head, part.name), kinds.get(part.name, str)) for part in fields(Head)):
        raise UsageError(f"{file.name}: 不是审计链头 / not a head of an audit log")
    return head


def heads_in(place: Path) -> list[Head]:
    """The head in a file, or all in a folder, the oldest first; see `read_head`."""
    if not place.is_dir():
        return [read_head(place)]
    files = place.glob(f"{_PREFIX}*{_SUFFIX}")
    return in_order(read_head(file) for file in files)


def in_order(heads: Iterable[Head]) -> list[Head]:
    """Heads in the order of the chain, each once."""
    return sorted(set(heads), key=lambda head: (head.rows, head.at))


def read_public_key(file: Path) -> str:
    """The public key (base64 of its 32 bytes) in a PEM file.

    Raises:
        UsageError: it is none, or cannot be read.
    """
    try:
        key = serialization.load_pem_public_key(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file.name}: 不是公钥 / not a public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{file.name}: 不是 Ed25519 公钥 / not an Ed25519 public key")
    return _base64_of(key)


def fault_of_heads(heads: Iterable[Head], keys: Collection[str]) -> ChainFault | None:
    """The first head that nobody with these keys has signed, or before which others are gone.

    Args:
        heads: what was before the oldest of them is not asked.
        keys: public keys, base64.
    """
    ordered = in_order(heads)
    known = {head.digest for head in ordered}
    # By their digests, not by their times: a clock may have been set back in between.
    beginnings = [head for head in ordered if head.previous not in known]
    for head in ordered:
        moment = dt.datetime.fromtimestamp(head.at, dt.UTC).isoformat(timespec="seconds")
        if not head.is_signed_by(keys):
            return ChainFault("forged", None, None, f"the head of {moment} is not signed by a key that is known")
        if head in beginnings[1:]:
            return ChainFault("missing", None, None, f"before the head of {moment} another one is missing")
    return None


def fault_by_heads(session: Session, heads: Iterable[Head]) -> ChainFault | None:
    """The first head that the chain does not bear out; the chain itself must hold (`audit_proof.first_fault`)."""
    proved = 0
    for head in in_order(heads):
        if head.rows == 0:
            continue
        row = session.scalars(select(AuditRow).where(AuditRow.place == head.rows)).one_or_none()
        if row is None:
            length = session.scalar(select(func.max(AuditRow.place))) or 0
            said = f"the log ends with link {length}, but a head has {head.rows} (row {head.last_id})"
            return ChainFault("truncated", length + 1, None, said)
        if (row.hash, row.id) != (head.hash, head.last_id):
            said = f"links {proved + 1} to {head.rows} (row {row.id}) are not those that a head was made of"
            return ChainFault("rewritten", proved + 1, None, said)
        proved = head.rows
    return None


def _write(file: Path, text: str, mode: int = 0o600) -> None:
    with written_whole(file) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    to_disk(file.parent)


def _base64_of(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode()


def _public_pem(key: Ed25519PublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def _private_pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
