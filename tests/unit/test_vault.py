from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from dossier.errors import ObjectChanged, ObjectMissing
from dossier.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def test_an_original_is_kept_under_its_digest_and_read_only(vault: Vault, tmp_path: Path) -> None:
    source = tmp_path / "scan.jpg"
    source.write_bytes(b"scan")

    stored = vault.store_original(source)

    path = vault.original_path(stored.sha256)
    assert stored.sha256 == hashlib.sha256(b"scan").hexdigest()
    assert stored.md5 == hashlib.md5(b"scan").hexdigest()
    assert (path.read_bytes(), path.stat().st_mode & 0o222) == (b"scan", 0)
    assert source.read_bytes() == b"scan"


def test_an_original_that_rotted_is_made_whole_by_its_next_arrival(vault: Vault, tmp_path: Path) -> None:
    source = tmp_path / "scan.jpg"
    source.write_bytes(b"scan")
    path = vault.original_path(vault.store_original(source).sha256)
    path.chmod(0o644)
    path.write_bytes(b"rot!")

    vault.store_original(source)

    assert path.read_bytes() == b"scan"


def test_a_write_that_fails_leaves_nothing_under_a_final_name(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "scan.jpg"
    source.write_bytes(b"scan")

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        vault.store_original(source)

    assert [path for path in (tmp_path / "vault").rglob("*") if path.is_file()] == []
    assert source.is_file()


def test_readings_of_two_processes_stand_side_by_side(vault: Vault) -> None:
    first, second = vault.store_reading("p1", 1, b"one"), vault.store_reading("p1", 1, b"two")

    assert (vault.reading("p1", 1, first), vault.reading("p1", 1, second)) == (b"one", b"two")


def test_a_lost_or_altered_reading_is_told(vault: Vault) -> None:
    sha256 = vault.store_reading("p1", 1, b"one")
    vault.reading_path("p1", 1, sha256).write_bytes(b"eno")

    with pytest.raises(ObjectChanged):
        vault.reading("p1", 1, sha256)
    vault.reading_path("p1", 1, sha256).unlink()
    with pytest.raises(ObjectMissing):
        vault.reading("p1", 1, sha256)


def test_only_old_leftovers_are_swept(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "vault" / "tmp"
    folder.mkdir(parents=True)
    (folder / "young").write_bytes(b"")
    (folder / "old").write_bytes(b"")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(folder / "old", (two_days_ago, two_days_ago))

    vault.sweep_temporary()

    assert [path.name for path in folder.iterdir()] == ["young"]
