"""What may lie in an inbox beside honest files: links, pipes, devices, and names that mean harm."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import socket
import stat
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from dossier.catalogue.tables import Arrival
from dossier.place import legible
from dossier.vault import Vault
from pipeline.intake.aside import Aside
from tests.house import CASE, House, encoded, open_house, wait_for, watched
from tests.recorded import print_page


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home") as house:
        yield house


def sources(house: House) -> list[str]:
    with house.catalogue.reading() as session:
        return sorted(session.scalars(select(Arrival.source)))


def left_out(house: House) -> list[str]:
    return sorted(question.subject_id for question in house.questions() if question.code == "not_a_file")


def _link_to_file(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "secret.png")


def _link_to_nothing(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "nothing")


def _link_to_folder(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def _link_in_a_circle(path: Path, _: Path) -> None:
    path.symlink_to(path.parents[1])


def _pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, _: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)  # a socket's path has a hundred bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


def _device(path: Path, _: Path) -> None:
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero; only root makes devices


ENTRIES = [_link_to_file, _link_to_nothing, _link_to_folder, _link_in_a_circle, _pipe, _socket]


@pytest.mark.parametrize("mode", ["events", "polling"])
def test_what_is_no_file_is_left_and_said_and_stops_nobody(mode: str, tmp_path: Path) -> None:
    """T17: links (to files, to folders, to nothing, in a circle), pipes, sockets and devices."""
    outside = tmp_path / "outside"
    outside.mkdir()
    print_page(9).save(outside / "secret.png")
    entries = [*ENTRIES, _device] if os.getuid() == 0 else ENTRIES
    with open_house(tmp_path / "home", watch_mode=mode) as house, watched(house):
        house.drop(f"{CASE}/卷一/0001.png", print_page(1))
        wait_for(lambda: sources(house) == [f"{CASE}/卷一/0001.png"])
        folder = house.home.inbox / CASE / "卷一"
        for number, make in enumerate(entries):
            make(folder / f"{number}.pdf", outside)
        house.drop(f"{CASE}/卷一/0002.png", print_page(2))
        wait_for(lambda: len(left_out(house)) == len(entries) and len(sources(house)) == 2)

        assert left_out(house) == [f"{CASE}/卷一/{number}.pdf" for number in range(len(entries))]
        assert sources(house) == [f"{CASE}/卷一/0001.png", f"{CASE}/卷一/0002.png"]
        assert len([path for path in folder.iterdir() if path.suffix == ".pdf"]) == len(entries)
        assert [path.name for path in outside.iterdir()] == ["secret.png"]


def test_files_behind_a_linked_folder_are_not_taken_even_where_they_are_named(house: House, tmp_path: Path) -> None:
    """T17: a linked ancestor; what lies behind it is neither taken in nor removed."""
    outside = tmp_path / "outside" / "卷一"
    outside.mkdir(parents=True)
    print_page(9).save(outside / "0001.png")
    (house.home.inbox / CASE).symlink_to(outside.parent)

    house.intake.nominate(house.home.inbox / CASE / "卷一" / "0001.png", is_renamed=True)
    house.take_in()

    assert sources(house) == []
    assert (outside / "0001.png").is_file()
    assert left_out(house) == [CASE]


@pytest.mark.parametrize("inside", [False, True], ids=["the folder itself", "a folder in it"])
def test_a_link_among_what_was_set_aside_leads_nowhere(house: House, inside: bool) -> None:
    """T17: what was left aside is accepted and deleted at the next start; the files of the vault would be, too."""
    house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    house.take_in()
    originals = [path for path in (house.home.vault / "originals").rglob("*") if path.is_file()]
    hidden = house.home.inbox / ".aside"
    if inside:
        hidden.mkdir()
    (hidden / "0123" if inside else hidden).symlink_to(house.home.vault / "originals")

    house.intake.recover()

    assert originals
    assert all(path.is_file() for path in originals)
    assert sources(house) == [f"{CASE}/卷一/0001.png"]
    assert left_out(house) == ([] if inside else [".aside"])


def test_nothing_is_set_aside_behind_a_link(tmp_path: Path) -> None:
    inbox, outside = tmp_path / "inbox", tmp_path / "outside"
    inbox.mkdir()
    outside.mkdir()
    (inbox / ".aside").symlink_to(outside)
    paper = inbox / "0001.png"
    paper.write_bytes(b"x")
    # Where the vault is on another file system, as /dev/shm is, the hidden folder is the one that serves.
    elsewhere = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
            Aside(inbox, elsewhere).take(paper)
    finally:
        shutil.rmtree(elsewhere)
    assert paper.read_bytes() == b"x"
    assert list(outside.iterdir()) == []


def test_a_folder_called_like_a_file_is_a_folder(house: House) -> None:
    """T17."""
    house.drop(f"{CASE}/a.pdf/0001.png", print_page(1))
    house.take_in()

    assert house.order() == [("a.pdf", 1, "0001.png")]


def test_what_was_left_is_forgotten_once_it_has_gone(house: House) -> None:
    entry = house.home.inbox / "a.pdf"
    os.mkfifo(entry)
    house.take_in()
    assert left_out(house) == ["a.pdf"]

    entry.unlink()
    house.take_in()

    assert left_out(house) == []


@pytest.mark.parametrize(
    "exchange", [os.mkfifo, lambda path: Path(path).symlink_to("/etc/passwd")], ids=["pipe", "link"]
)
def test_a_file_exchanged_at_the_last_moment_is_not_followed(exchange: Callable[[Path], None], tmp_path: Path) -> None:
    source = tmp_path / "a.pdf"
    exchange(source)

    with pytest.raises(OSError, match=r"no file|symbolic links"):
        Vault(tmp_path / "vault").store_original(source, follows_links=False)

    assert [path for path in (tmp_path / "vault").rglob("*") if path.is_file()] == []


NAMES = {
    "line break": ("a\nb.png", "a\\x0ab.png"),
    "terminal": ("a\x1b[2Jb.png", "a\\x1b[2Jb.png"),
    "turned round": ("a\u202egnp.exe.png", "a\\u202egnp.exe.png"),
    "isolated": ("a\u2066b\u2069.png", "a\\u2066b\\u2069.png"),
    "line separator": ("a\u2028b.png", "a\\u2028b.png"),
    "two dots": ("..a..png", None),
    "dots": ("a....png.png", "a....png.png"),
    "backslashes": ("a\\..\\..\\b.png", "a\\..\\..\\b.png"),
    "percent": ("%2e%2e%2fa.png", "%2e%2e%2fa.png"),
    "quotes": ("';--\"<script>`$(id)`.png", "';--\"<script>`$(id)`.png"),
    "formula": ("=cmd|' /C calc'!A0.png", "=cmd|' /C calc'!A0.png"),
    "dash": ("--json.png", "--json.png"),
    "spaces": ("  a  .png", "  a  .png"),
    "as long as can be": ("a" * 251 + ".png", "a" * 251 + ".png"),
    "as long in Chinese": ("卷" * 83 + ".png", "卷" * 83 + ".png"),
    "reserved elsewhere": ("CON.png", "CON.png"),
    "not a character": (os.fsdecode(b"a\xff\xfe.png"), "a\\xff\\xfe.png"),
}


def test_names_that_mean_harm_are_taken_in_as_lines_of_text(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for number, (name, _) in enumerate(NAMES.values(), 1):
        house.drop(f"{CASE}/卷{number}/{name}", print_page(number))
    with caplog.at_level(logging.INFO):
        house.take_in()

    hidden = [f"{CASE}/卷{number}/{name}" for number, (name, shown) in enumerate(NAMES.values(), 1) if shown is None]
    assert house.in_inbox() == hidden  # ignored, as the manual says
    assert sorted(path for _, _, path in house.order()) == sorted(shown for _, shown in NAMES.values() if shown)
    assert [record.getMessage() for record in caplog.records if not record.getMessage().isprintable()] == []


def test_names_that_look_alike_are_two_files(house: House) -> None:
    """T9: the same letters composed and decomposed, large and small; both are kept."""
    composed = unicodedata.normalize("NFC", "café.png")
    names = [composed, unicodedata.normalize("NFD", composed), composed.upper()]
    for number, name in enumerate(names, 1):
        house.drop(f"{CASE}/卷一/{name}", print_page(number))
    house.take_in()

    assert house.in_inbox() == []
    with house.catalogue.reading() as session:
        arrivals = session.scalars(select(Arrival).where(Arrival.state != "failed")).all()
    assert len({arrival.sha256 for arrival in arrivals}) == len(house.order()) == 3


def test_a_path_as_deep_as_can_be_is_taken_in_or_said(house: House) -> None:
    folder = house.home.inbox / CASE
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(60):  # deeper than a path may be long
            os.mkdir("夹" * 80, dir_fd=here)
            deeper = os.open("夹" * 80, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
        file = os.open("0001.png", os.O_CREAT | os.O_WRONLY, dir_fd=here)
        os.write(file, encoded(print_page(2), ".png"))
        os.close(file)
    finally:
        os.close(here)
    house.drop(f"{CASE}/卷一/0001.png", print_page(1))

    house.take_in()

    assert sources(house) == [f"{CASE}/卷一/0001.png"]
    assert [question.code for question in house.questions() if "夹" in question.subject_id] == ["not_accepted"]


@pytest.mark.parametrize(
    ("name", "text"), [("证据卷.png", "证据卷.png"), ("a\u3000b", "a\u3000b"), ("\u200d", "\u200d")]
)
def test_honest_names_stay_as_they_are(name: str, text: str) -> None:
    assert legible(name) == text
