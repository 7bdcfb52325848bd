"""Room on the disk: whether there is enough of it to take anything in.

Intake stops at a floor, before the disk is full: what lies in the inbox or at the sender is safe there, while the
catalogue, the readings and the index of what has been taken in still need room to be written.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from dossier.home import Home

FLAG = ("machine", "disk", "disk_low")


@dataclass(frozen=True)
class Room:
    """Free bytes on the disk of originals and catalogue (the fuller, where they are two), and what must stay free."""

    free: int
    floor: int

    @property
    def left(self) -> int:
        """How many bytes may still come; less than 0 where the floor is not free."""
        return self.free - self.floor

    def holds(self, size: int = 0) -> bool:
        """Whether so many bytes more leave the floor free."""
        return size <= self.left

    def shortage(self, size: int = 0) -> str:
        """Why so many bytes more are too many."""
        more = f" - {size / 1e9:.3f} GB" if size else ""
        return f"{self.free / 1e9:.3f} GB{more} < {self.floor / 1e9:.3f} GB (disk_floor_bytes)"


def room_of(home: Home, floor: int) -> Room:
    """The room that a home has now, above a floor in bytes."""
    return Room(min(shutil.disk_usage(folder).free for folder in (home.root, home.vault)), floor)
