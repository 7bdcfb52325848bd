"""The watcher with real events and with polling."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path

import pytest
from watchdog.events import FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileSystemEvent

from pipeline.intake.watch import Nominator, Sign, needs_polling, watch
from tests.house import CASE, encoded, open_house, tiff_of_pages, wait_for, watched
from tests.recorded import print_page

HOURS = 3600


@pytest.mark.parametrize("mode", ["events", "polling"])
def test_files_are_taken_however_they_come(tmp_path: Path, mode: str) -> None:
    with open_house(tmp_path / "home", watch_mode=mode, scan_interval_seconds=3600, settle_seconds=0.2) as house:
        house.drop(f"{CASE}/卷一/0001.png", print_page(1))  # lay there before the start
        stop = threading.Event()
        watcher = threading.Thread(
            target=watch, args=(house.home.inbox, house.intake, house.settings, stop.is_set), name="watch"
        )
        watcher.start()
        try:
            wait_for(lambda: len(house.order()) == 1)
            house.drop(f"{CASE}/卷一/0002.png", print_page(2))  # written in place
            moved_in = tmp_path / "elsewhere" / "卷二"
            moved_in.mkdir(parents=True)
            (moved_in / "0001.png").write_bytes(encoded(print_page(3), ".png"))
            moved_in.rename(house.home.inbox / CASE / "卷二")  # a whole folder at once
            part = house.drop(f"{CASE}/卷一/0003.png.part", encoded(print_page(4), ".png"))
            part.rename(part.with_suffix(""))  # renamed when complete
            wait_for(lambda: len(house.order()) == 4)
        finally:
            stop.set()
            watcher.join()

        assert house.order() == [
            ("卷一", 1, "0001.png"),
            ("卷一", 2, "0002.png"),
            ("卷一", 3, "0003.png"),
            ("卷二", 1, "0001.png"),
        ]


def test_the_periodic_scan_finds_what_events_missed(tmp_path: Path) -> None:
    with open_house(tmp_path, watch_mode="events", scan_interval_seconds=0.5) as house:
        deaf = house.intake.nominate
        house.intake.nominate = lambda *_: None  # type: ignore[method-assign]
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(house.home.inbox, house.intake, house.settings, stop.is_set))
        watcher.start()
        try:
            house.drop(f"{CASE}/卷一/0001.png", print_page(1))
            time.sleep(1.0)
            assert house.order() == []
            house.intake.nominate = deaf  # type: ignore[method-assign]
            wait_for(lambda: len(house.order()) == 1)
        finally:
            stop.set()
            watcher.join()


@pytest.mark.parametrize("name", ["0001.png", "0001.tif"])
def test_a_file_renamed_into_the_inbox_is_taken_without_a_rest(tmp_path: Path, name: str) -> None:
    with open_house(tmp_path / "home", settle_seconds=HOURS, scan_interval_seconds=HOURS) as house, watched(house):
        house.drop("first.png", print_page(2)).rename(house.home.inbox / "second.png")
        wait_for(lambda: house.order() != [])  # from now on events are heard
        elsewhere = tmp_path / name
        elsewhere.write_bytes(encoded(print_page(1), ".png") if name.endswith("png") else tiff_of_pages([1, 3]))
        elsewhere.rename(house.home.inbox / name)

        wait_for(lambda: name in {path for _, _, path in house.order()})


def test_a_file_renamed_while_it_is_written_is_left_alone_until_its_writer_lets_go(tmp_path: Path) -> None:
    content = encoded(print_page(1), ".png")
    with open_house(tmp_path / "home", settle_seconds=HOURS, scan_interval_seconds=HOURS) as house, watched(house):
        house.drop("first.png", print_page(2)).rename(house.home.inbox / "second.png")
        wait_for(lambda: house.order() != [])
        elsewhere = tmp_path / "0001.png"
        with elsewhere.open("wb") as writer:
            writer.write(content)
            writer.flush()
            elsewhere.rename(house.home.inbox / "0001.png")
            house.drop("third.png", print_page(3)).rename(house.home.inbox / "fourth.png")
            wait_for(lambda: len(house.order()) == 2)  # one that was renamed later has been taken
            assert (house.home.inbox / "0001.png").exists()

        wait_for(lambda: len(house.order()) == 3)
        assert not (house.home.inbox / "0001.png").exists()


@pytest.mark.parametrize(
    ("event", "sign"),
    [
        (FileMovedEvent("", "/in/a"), Sign(Path("/in/a"), is_renamed=True)),
        (FileMovedEvent("/in/b", "/in/a"), Sign(Path("/in/a"), is_renamed=True)),
        (FileMovedEvent("/in/a", ""), Sign(Path("/in/a"))),
        (FileClosedEvent("/in/a"), Sign(Path("/in/a"), is_closed=True)),
        (FileCreatedEvent("/in/a"), Sign(Path("/in/a"))),
    ],
)
def test_an_event_tells_no_more_than_it_knows(event: FileSystemEvent, sign: Sign) -> None:
    signs: queue.SimpleQueue[Sign] = queue.SimpleQueue()

    Nominator(signs).on_any_event(event)

    assert signs.get_nowait() == sign
    assert signs.empty()


@pytest.mark.parametrize(
    ("kind", "polls"),
    [("ext4", False), ("xfs", False), ("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("9p", True)],
)
def test_network_file_systems_are_polled(tmp_path: Path, kind: str, polls: bool) -> None:
    inbox = tmp_path / "in box"
    inbox.mkdir()
    mounts = tmp_path / "mounts"
    point = str(inbox).replace(" ", "\\040")
    mounts.write_text(f"/dev/root / ext4 rw 0 0\nserver:/scans {point} {kind} rw 0 0\n")

    assert needs_polling(inbox, mounts) is polls
