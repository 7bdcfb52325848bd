"""Aside: where inbox copies are for the moment between acceptance and deletion.

Renaming is atomic and takes whatever stands under the name at that moment; what is written under the name from then on
is another file. So a file can be compared once more with the state that was accepted, and nothing that a scanner wrote
meanwhile is deleted with it.

A rename stays within one file system. The vault's own folder is tried first, since nobody watches it; where the inbox
is a share, a hidden folder in the inbox serves. Whoever may write in the inbox could have put a link there, which would
lead to the vault itself, or away with the evidence: behind a link nothing is set aside, found or deleted.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

HIDDEN = ".aside"


class Aside:
    """The folders for it.

    Args:
        inbox: whose files are set aside.
        near_vault: the vault's folder for them.
    """

    def __init__(self, inbox: Path, near_vault: Path) -> None:
        self._inbox = inbox
        self._roots = (near_vault, inbox / HIDDEN)

    @property
    def linked(self) -> Path | None:
        """The hidden folder, where somebody has put a link in its place."""
        hidden = self._roots[-1]
        return hidden if hidden.is_symlink() else None

    def take(self, path: Path) -> Path:
        """Rename a file of the inbox aside; returns where it is now, in a folder of its own.

        Raises:
            FileNotFoundError: it is gone.
            OSError: it cannot be renamed; EXDEV where yet another file system is mounted below the inbox, ELOOP where
                the hidden folder is a link.
        """
        for root in self._roots:
            if root == self.linked:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(root))
            aside = root / os.urandom(8).hex() / path.relative_to(self._inbox)
            aside.parent.mkdir(parents=True)
            try:
                path.rename(aside)
            except OSError as error:
                self.tidy(aside)
                if error.errno != errno.EXDEV or root == self._roots[-1]:
                    raise
            else:
                return aside
        raise AssertionError("there is always a last root")

    def put_back(self, aside: Path, path: Path) -> bool:
        """Return a file to where it was; False, and nothing done, where a newer one stands there by now."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # A link, unlike a rename, never takes the place of a newer file of this name.
            os.link(aside, path)
        except FileExistsError:
            return False
        except OSError:
            # No links on this file system (FAT, some shares).
            if path.exists():
                return False
            aside.rename(path)
        else:
            aside.unlink()
        self.tidy(aside)
        return True

    def delete(self, aside: Path) -> None:
        """Delete a file that was set aside, and its folders."""
        aside.unlink()
        self.tidy(aside)

    def tidy(self, aside: Path) -> None:
        """Remove the folders above a file that is no longer there, up to the root."""
        for folder in aside.parents:
            if folder in self._roots or any(folder.iterdir()):
                break
            folder.rmdir()

    def leftovers(self) -> Iterator[tuple[Path, Path]]:
        """What a killed process left aside, each with its old place in the inbox."""
        for root in self._roots:
            if root == self.linked:
                continue
            for aside in sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink()):
                # <random>/<path below inbox>
                yield aside, self._inbox.joinpath(*aside.relative_to(root).parts[1:])
            for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
                if not any(folder.iterdir()):
                    folder.rmdir()
