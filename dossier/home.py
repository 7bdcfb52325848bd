"""A home folder: where everything of one installation lies, and who may hold which part of it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dossier.errors import HomeBusy, SettingsError, UsageError

FOLDERS = ("inbox", "vault", "derived", "index", "models", "logs")
_CODE = tuple(Path(__file__).parents[1] / name for name in ("dossier", "pipeline", "indexer", "search_api", "cli"))


@dataclass(frozen=True)
class Home:
    """The folders of one installation; `vault/` and the catalogue are what must be backed up."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        """The home at `root`, made where it is missing.

        Raises:
            SettingsError: the folder cannot be made or written.
        """
        home = cls(root.absolute())
        try:
            if not home.root.exists():
                home.root.mkdir(parents=True)
                home.root.chmod(0o711)  # a share leads through it to the inbox; nothing can be listed
            for name in FOLDERS:
                (home.root / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"--home {root}: {error.strerror}") from error
        if not os.access(home.root, os.W_OK):
            raise SettingsError(f"--home {root}: not writable")
        home._require_apart()
        return home

    @property
    def inbox(self) -> Path:
        """Where scanners write."""
        return self.root / "inbox"

    @property
    def vault(self) -> Path:
        """Originals and readings."""
        return self.root / "vault"

    @property
    def derived(self) -> Path:
        """What can be made again: upright pictures, PDFs."""
        return self.root / "derived"

    @property
    def catalogue(self) -> Path:
        """The database file."""
        return self.root / "catalogue.db"

    @property
    def index(self) -> Path:
        """The embedded search index."""
        return self.root / "index"

    @property
    def models(self) -> Path:
        """OCR models of this home, where it has its own."""
        return self.root / "models"

    @property
    def logs(self) -> Path:
        """Log files and lock files."""
        return self.root / "logs"

    def require_outside(self, path: Path, option: str) -> None:
        """Make sure that what a command writes does not land where the program keeps or takes in files.

        Raises:
            UsageError: `path` is, or lies in, one of the folders of this home.
        """
        for name in FOLDERS:
            if path.resolve().is_relative_to((self.root / name).resolve()):
                raise UsageError(f"{option} {path}: 在 {name}/ 里，请另选文件夹 / in {name}/, choose another folder")

    def _require_apart(self) -> None:
        """Make sure that no folder lies in another, or among the program's own files, by a link for instance.

        An inbox that holds the vault would be taken in with it, and emptied.

        Raises:
            SettingsError: one does.
        """
        places = {name: (self.root / name).resolve() for name in FOLDERS}
        fixed = {"home": self.root.resolve(), **{str(code): code.resolve() for code in _CODE}}
        for name, place in places.items():
            others = {other: path for other, path in {**places, **fixed}.items() if other != name}
            for other, path in others.items():
                is_within = place.is_relative_to(path) and other != "home"
                if is_within or path.is_relative_to(place):
                    raise SettingsError(
                        f"--home {self.root}: {name}/（{place}）与 {other} 重叠 / {name}/ ({place}) and {other} overlap"
                    )

    def is_held(self, part: str) -> bool:
        """Whether a living process holds `part` ("watch", "index", "run")."""
        with self._lock_file(part) as file:
            return not _lock(file)

    @contextmanager
    def hold(self, part: str) -> Iterator[None]:
        """Be the only process of this home that does `part`; the system lets go when the process dies.

        Raises:
            HomeBusy: another process does.
        """
        with self._lock_file(part) as file:
            # Another process may hold it for the blink in which it asks `is_held`: ask again before giving up.
            for attempt in range(5):
                if _lock(file):
                    break
                time.sleep(0.05 * attempt)
            else:
                raise HomeBusy(part)
            yield

    @contextmanager
    def hold_waiting(self, part: str) -> Iterator[None]:
        """As `hold`, but waits until the other process is done."""
        with self._lock_file(part) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _lock_file(self, part: str) -> IO[bytes]:
        return (self.logs / f"{part}.lock").open("ab")


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
