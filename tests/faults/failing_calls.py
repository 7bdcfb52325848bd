"""File calls that fail, or kill, at a chosen one, and what a power cut leaves: the other side of `failing_calls.c`."""

from __future__ import annotations

import ctypes
import errno
import random
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).with_suffix(".c")
FOR_EVER = 1 << 30
_BLOCK = 4096

# As in failing_calls.c.
_MODES = {"count": 0, "kill_before": 1, "kill_within": 2, "kill_after": 3, "fail": 4}
WRITES, SYNCS, NAMES, READS = 1, 2, 4, 8
CHANGES = WRITES | SYNCS | NAMES


@dataclass(frozen=True)
class Fault:
    """What happens at which calls.

    Attributes:
        mode: count (nothing), kill_before, kill_within (a write writes half), kill_after, fail.
        first, last: the calls that it happens to, the first call being 1; without a last one, to one call.
        error: with which number a call fails.
        kinds: which calls are counted: `WRITES`, `SYNCS`, `NAMES` (made, renamed, linked, removed), `READS`.
    """

    mode: str = "count"
    first: int = 0
    last: int = 0
    error: int = errno.EIO
    kinds: int = CHANGES

    def as_json(self) -> dict[str, Any]:
        """The form in which it is handed to the process that meets it."""
        return asdict(self)


@dataclass(frozen=True)
class Call:
    """A counted call: what it did, to which path below the home, and whether it failed or was killed."""

    number: int
    verdict: str
    what: str
    path: str


def compiled(folder: Path) -> Path:
    """The library to preload; the test is skipped where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (apt-get install gcc libc6-dev)")
    library = folder / "failing_calls.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, timeout=60)
    return library


def arm(home: Path, shadow: Path | None, trace: Path, fault: Fault) -> None:
    """From now on, in this process, calls on files below `home` meet the fault; they are written down in `trace`."""
    ctypes.CDLL(None).calls_arm(
        str(home).encode(), str(shadow or "").encode(), str(trace).encode(), fault.kinds, _MODES[fault.mode],
        fault.error, ctypes.c_long(fault.first), ctypes.c_long(fault.last or fault.first),
    )  # fmt: skip


def disarm() -> None:
    """Let all calls pass again."""
    ctypes.CDLL(None).calls_disarm()


def calls_in(trace: Path) -> list[Call]:
    """The calls that were counted, in order."""
    rows = [line.split(" ", 3) for line in trace.read_text("utf-8", errors="replace").splitlines()]
    return [Call(int(number), verdict, what, path) for number, verdict, what, path in rows]


class Shadow:
    """What of a home is on its disk for good, and what was not there long ago.

    Everything that stands there at the beginning is taken for synced. Later a file has the content that it had when it
    was synced last, and a folder the names that it had then.
    """

    def __init__(self, home: Path, folder: Path) -> None:
        self._home, self._folder = home, folder

    @classmethod
    def begin(cls, home: Path, folder: Path) -> Shadow:
        """A new shadow of a home as it stands now."""
        shutil.rmtree(folder, ignore_errors=True)
        for kind in ("content", "names", "kept"):
            (folder / kind).mkdir(parents=True)
        for each in (home, *(path for path in home.rglob("*") if path.is_dir())):
            names = folder / "names" / str(each.stat().st_ino)
            names.write_text("".join(_line(entry) for entry in each.iterdir()), "utf-8")
        for each in (path for path in home.rglob("*") if path.is_file()):
            inode = str(each.stat().st_ino)
            shutil.copyfile(each, folder / "content" / inode)
            (folder / "kept" / inode).hardlink_to(each)
        return cls(home, folder)

    def rebuild(self, target: Path, gone_at_once: tuple[str, ...] = (), chance: random.Random | None = None) -> None:
        """Write to `target` what a power cut would have left of the home.

        Args:
            target: made.
            gone_at_once: folders (relative paths) of which the latest state has reached the disk, synced or not.
            chance: makes the disk arbitrary: of what was not synced, some has reached it, block by block. Without it,
                nothing has.
        """
        live = {path.stat().st_ino: path for path in self._home.rglob("*") if path.is_dir()}
        self._rebuild_folder(self._home.stat().st_ino, self._home, target, live, gone_at_once, chance)

    def _rebuild_folder(
        self,
        inode: int,
        path: Path,
        target: Path,
        live: dict[int, Path],
        gone_at_once: tuple[str, ...],
        chance: random.Random | None,
    ) -> None:
        target.mkdir(parents=True, exist_ok=True)
        now = live.get(inode, path)
        if str(path.relative_to(self._home)) in gone_at_once:
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            return
        names = self._names(inode)
        entries = names.read_text("utf-8").splitlines() if names.is_file() else []
        if chance is not None and now.is_dir() and chance.random() < 0.5:
            entries = [_line(entry).rstrip("\n") for entry in now.iterdir()]
        for entry in entries:
            kind, number, name = entry.split(" ", 2)
            if kind == "d":
                self._rebuild_folder(int(number), path / name, target / name, live, gone_at_once, chance)
            else:
                (target / name).write_bytes(self._content(number, chance))
        for relative in gone_at_once:
            child = Path(relative)
            if self._home / child.parent == path and (self._home / child).is_dir():
                shutil.copytree(self._home / child, target / child.name, dirs_exist_ok=True)

    def _content(self, inode: str, chance: random.Random | None) -> bytes:
        synced, kept = self._folder / "content" / inode, self._folder / "kept" / inode
        durable = synced.read_bytes() if synced.is_file() else b""
        if chance is None or not kept.is_file():
            return durable
        latest = kept.read_bytes()
        size = chance.choice((len(durable), len(latest)))
        blocks = []
        for at in range(0, size, _BLOCK):
            block = chance.choice((durable, latest))[at : at + _BLOCK]
            blocks.append(block.ljust(min(_BLOCK, size - at), b"\0"))
        return b"".join(blocks)

    def _names(self, inode: int) -> Path:
        return self._folder / "names" / str(inode)


def _line(entry: Path) -> str:
    return f"{'d' if entry.is_dir() else 'f'} {entry.stat().st_ino} {entry.name}\n"
