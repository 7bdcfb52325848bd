"""A hundred thousand files dropped at once: each is accounted for once, and the watcher's memory does not grow.

In full by `make flood`; every run of the tests takes a small share (`EDOSSIER_TEST_FLOOD` files). The watcher is the
real one, a process that is killed in between and asked to stop in between (T6).
"""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Page, Work
from dossier.home import Home
from dossier.vault import Vault, digest
from pipeline.intake import inbox
from tests.house import CASE, open_house
from tests.recorded import print_page
from tests.statements import sent

FILES = int(os.environ.get("EDOSSIER_TEST_FLOOD", "100"))
PATIENCE_SECONDS = float(os.environ.get("EDOSSIER_TEST_FLOOD_SECONDS", "150"))
IN_A_FOLDER = 1000
BAD_EACH, PDF_EACH = 50, 40
# What the watcher may need more than when it has taken its first files: the files that it knows at a time, and the
# listing of the largest folder.
MOST_GROWTH_BYTES = 64 << 20


@pytest.mark.timeout(PATIENCE_SECONDS + 100)
def test_whatever_is_dropped_at_once_is_taken_once_or_refused_with_its_reason(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    (home.root / "settings.toml").write_text("settle_seconds = 0.5\nincomplete_after_seconds = 1\n")
    drops = Drops(home.inbox)
    drops.drop(FILES // 2)  # they lie there at the start; the others come meanwhile
    catalogue = Catalogue.open(home)
    began = time.monotonic()
    memory: list[int] = []
    for until, ending in ((0.2, signal.SIGKILL), (0.4, signal.SIGTERM), (1.0, signal.SIGTERM)):
        with watcher(home, ending) as process:
            if until == 0.4:
                drops.drop(FILES - FILES // 2)
            memory.append(wait_for(catalogue, round(until * FILES), process, began))

    assert [path for path in home.inbox.rglob("*") if path.is_file()] == []
    assert not any(path.is_file() for path in Vault(home.vault).aside.rglob("*"))
    with catalogue.reading() as session:
        paths = session.execute(select(Arrival.source, Arrival.state, Arrival.error_code, Arrival.sha256)).all()
        pages = session.scalar(select(func.count()).select_from(Page))
        waiting = session.scalar(select(func.count()).where(Work.kind == "paginate", Work.state == "waiting"))
    assert sorted(source for source, *_ in paths) == sorted(drops.names)  # none lost, none twice
    assert {source for source, state, code, _ in paths if state == "failed" and code} == drops.bad
    # On a machine that is starved, a file whose look took too long is left to a worker; it waits there as work.
    left = {source for source, state, *_ in paths if state == "received"}
    assert pages == FILES - len(drops.bad) - len(left) and waiting == len(left)
    sample = paths if FILES < 1000 else paths[:: FILES // 1000]
    assert all(digest(Vault(home.vault).original_path(sha256)) == sha256 for *_, sha256 in sample)
    assert max(memory) < MOST_GROWTH_BYTES, memory
    catalogue.close()


def test_few_files_are_known_at_a_time_and_all_are_taken(tmp_path: Path) -> None:
    known: list[int] = []
    with open_house(tmp_path / "home") as house:
        most, inbox.MOST_KNOWN = inbox.MOST_KNOWN, 6
        try:
            house.drop_pages(f"{CASE}/卷一", list(range(1, 21)))
            while house.in_inbox():
                house.intake.scan()
                known.append(house.intake.waiting)
                house.intake.take_complete()
        finally:
            inbox.MOST_KNOWN = most
        assert max(known) == 6
        assert [path for _, _, path in house.order()] == [f"{number:04d}.png" for number in range(1, 21)]


def test_files_that_cannot_be_taken_do_not_keep_the_others_out(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        most, inbox.MOST_KNOWN = inbox.MOST_KNOWN, 4
        try:
            for number in range(8):
                # A name that the catalogue's page of paths takes, of bytes that nobody may read.
                house.drop(f"{CASE}/卷一/{number:04d}.png", print_page(number))
            stuck = {house.home.inbox / CASE / "卷一" / f"{number:04d}.png" for number in range(4)}
            look = inbox.inspect_file

            def refusing(inspector: object, path: Path, *more: object) -> object:
                if path in stuck:
                    raise PermissionError(13, "no")
                return look(inspector, path, *more)  # type: ignore[arg-type]

            inbox.inspect_file = refusing  # type: ignore[assignment]
            try:
                until = time.monotonic() + 60  # a round has two seconds, in which a slow machine does little
                while len(house.order()) < 4 and time.monotonic() < until:
                    house.intake.scan()
                    house.intake.take_complete()
            finally:
                inbox.inspect_file = look
        finally:
            inbox.MOST_KNOWN = most
        assert [path for _, _, path in house.order()] == [f"{number:04d}.png" for number in range(4, 8)]
        assert len(house.in_inbox()) == 4


def test_a_picture_of_a_large_folder_is_not_held_against_all_others_of_it(tmp_path: Path) -> None:
    """A plan decides, not a time: neither the folder's files nor the volume's pages are gone through or sorted."""
    with open_house(tmp_path / "home") as house:
        house.drop_pages(f"{CASE}/卷一", [1, 2])
        house.take_in()
        house.drop_pages(f"{CASE}/卷一", [3], first_name=3)
        with sent() as statements:
            house.take_in()
        asked = [(text, told) for text, told in statements if text.startswith("SELECT")]
        with house.catalogue.reading() as session:
            plans = {
                text: [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", told)]
                for text, told in asked
                if ("pages.place" in text.split("FROM")[0] and "LIMIT" in text)
                or "documents.series, arrivals.path" in text
            }
        assert len(plans) == 2
        for plan in plans.values():
            assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in plan), plan
        (names,) = (plan for text, plan in plans.items() if "documents.series, arrivals.path" in text)
        assert any("document_id=? AND path=?" in step for step in names), names


class Drops:
    """What is dropped: small pictures and PDFs, each with bytes of its own, and bad ones among them."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self.names: list[str] = []
        self.bad: set[str] = set()
        picture = Image.new("1", (64, 88), 1)
        self._png, self._pdf = _encoded(picture, "PNG"), _encoded(picture, "PDF")

    def drop(self, count: int) -> None:
        """Put so many more in the inbox."""
        first = len(self.names)
        for number in range(first, first + count):
            case, volume_number = divmod(number // IN_A_FOLDER, 5)
            volume = f"临检起诉受[2031]{99010100000 + case:011d}号/证据材料卷{volume_number + 1}"
            if number % IN_A_FOLDER == 0 or number == first:
                (self._inbox / volume).mkdir(parents=True, exist_ok=True)
            is_pdf, is_bad = number % PDF_EACH == 7, number % BAD_EACH == 9
            name = f"{volume}/{number % IN_A_FOLDER + 1:04d}.{'pdf' if is_pdf else 'png'}"
            content = self._pdf + b"%%%d\n" % number if is_pdf else _numbered(self._png, number)
            if is_bad:
                content = content[: len(content) // 2]
                self.bad.add(name)
            (self._inbox / name).write_bytes(content)
            self.names.append(name)


@contextmanager
def watcher(home: Home, ending: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """The watcher of a home, ended so."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "--home", str(home.root), "watch"], stderr=subprocess.DEVNULL
    )
    try:
        yield process
        assert process.poll() is None
    finally:
        process.send_signal(ending)
        process.wait(30)


def wait_for(catalogue: Catalogue, files: int, process: subprocess.Popen[bytes], began: float) -> int:
    """Wait until so many files are accepted; returns by how many bytes the process has grown since its first ones."""
    first = most = at_start = 0
    said = 0.0
    while True:
        with catalogue.reading() as session:
            accepted = session.scalar(select(func.count()).select_from(Arrival)) or 0
        resident = resident_bytes(process.pid)
        at_start = at_start or accepted
        if accepted > at_start:
            first = first or resident
            most = max(most, resident)
        seconds = time.monotonic() - began
        if seconds - said > 20 or accepted >= files:
            print(f"{accepted} files, {seconds:.0f} s, {resident >> 20} MB", flush=True)
            said = seconds
        if accepted >= files:
            return most - first
        assert process.poll() is None, "the watcher has died"
        assert seconds < PATIENCE_SECONDS, f"{accepted} files only"
        time.sleep(0.3 if FILES < 1000 else 2.0)


def resident_bytes(pid: int) -> int:
    """Memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS"))


def _encoded(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, dpi=(75, 75))
    return buffer.getvalue()


def _numbered(png: bytes, number: int) -> bytes:
    """The same picture with a text chunk of its own behind the header (PNG, 11.2.2, 11.3.3.3)."""
    body = b"tEXtnumber\0%d" % number
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]
