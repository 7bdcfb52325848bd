"""T7, T9, and shares without events: scanners write in bursts, pause, reopen, rename and overwrite."""

from __future__ import annotations

import errno
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dossier.catalogue.tables import Arrival
from pipeline.intake import watch as watching
from tests.house import CASE, House, encoded, open_house, wait_for, watched
from tests.recorded import print_page

WHOLE = encoded(print_page(9), ".png")
PLACE = f"{CASE}/卷一/0001.png"
HOURS = 3600


def arrivals(house: House) -> list[tuple[str, str | None, bool]]:
    """(state, error, answered by another) of what has come, in its order."""
    with house.catalogue.reading() as session:
        found = session.scalars(select(Arrival).order_by(Arrival.received_at)).all()
        return [(arrival.state, arrival.error_code, arrival.answered_by is not None) for arrival in found]


def test_bursts_pauses_and_reopening_defer_a_truncated_file_and_the_whole_one_is_read(tmp_path: Path) -> None:
    with open_house(tmp_path, settle_seconds=0.1, incomplete_after_seconds=HOURS) as house:
        path = house.drop(PLACE, WHOLE[:200])
        for end in (300, 300, len(WHOLE) - 1):  # opened anew for each burst, and once without a byte
            _let_rest(house)
            assert arrivals(house) == [] and path.exists()
            with path.open("ab") as scanner:
                scanner.write(WHOLE[path.stat().st_size : end])
        _let_rest(house)
        assert arrivals(house) == []  # one byte is missing
        with path.open("ab") as scanner:
            scanner.write(WHOLE[-1:])
        _let_rest(house)
        house.work()
        assert house.searcher.search("讯问笔录第9页").total == 1
        assert [state for state, *_ in arrivals(house)] == ["done"] and house.in_inbox() == []


def test_what_stays_truncated_is_set_apart_with_its_reason_and_the_whole_file_answers_it(tmp_path: Path) -> None:
    with open_house(tmp_path, settle_seconds=0.1, incomplete_after_seconds=0.5) as house:
        house.drop(PLACE, WHOLE[: len(WHOLE) // 2])
        house.take_in()
        time.sleep(0.6)  # quiet for long enough, counted from when it was first seen
        house.take_in()
        assert arrivals(house) == [("failed", "truncated", False)]
        assert house.in_inbox() == []  # its bytes are in the vault, where a person can look at them
        house.drop(PLACE, WHOLE)  # the scanner's next attempt
        _let_rest(house)
        house.work()
        assert arrivals(house)[0] == ("failed", "truncated", True)
        assert house.searcher.search("讯问笔录第9页").total == 1


def test_a_file_that_a_scanner_holds_open_is_left_alone_however_long_it_pauses(tmp_path: Path) -> None:
    with open_house(tmp_path, settle_seconds=0.1, incomplete_after_seconds=0.3) as house:
        path = house.home.inbox / PLACE
        path.parent.mkdir(parents=True)
        with path.open("wb") as scanner:
            scanner.write(WHOLE[:500])
            scanner.flush()
            time.sleep(0.5)
            _let_rest(house)
            assert arrivals(house) == [] and path.exists()
            scanner.write(WHOLE[500:])
        _let_rest(house)
        assert len(house.order()) == 1


def test_a_name_overwritten_after_it_was_taken_is_kept_beside_and_asked_about(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        for number in (1, 2):
            temporary = house.drop(f"{CASE}/卷一/~$scan.tmp", encoded(print_page(number), ".png"))
            temporary.rename(house.home.inbox / PLACE)
            house.take_in()
        house.work()
        assert [path for _, _, path in house.order()] == ["0001.png", "0001.png"]
        assert {house.searcher.search(f"讯问笔录第{number}页").total for number in (1, 2)} == {1}
        assert "name_reused" in {question.code for question in house.questions()}


def test_a_file_renamed_again_and_again_while_it_waits_is_taken_once_under_its_last_name(tmp_path: Path) -> None:
    with open_house(tmp_path, settle_seconds=HOURS) as house:
        path = house.drop(PLACE, WHOLE)
        for name in ("a.png", "b.png", "0007.png"):
            house.take_in()
            path = path.rename(path.with_name(name))
        house.intake.nominate(path, is_renamed=True)
        house.intake.take_complete()
        assert [path for _, _, path in house.order()] == ["0007.png"]
        assert house.intake.waiting == 0


def test_the_same_name_in_another_folder_and_in_another_case_of_letters_is_another_file(tmp_path: Path) -> None:
    places = [f"{CASE}/卷一/a.png", f"{CASE}/卷一/A.png", f"{CASE}/卷二/a.png", f"{CASE}/卷一/附/a.png"]
    with open_house(tmp_path) as house:
        for number, place in enumerate(places, start=1):
            house.drop(place, print_page(number))
        house.take_in_and_work()
        assert len(house.order()) == 4 and house.in_inbox() == []
        assert [house.searcher.search(f"讯问笔录第{number}页").total for number in range(1, 5)] == [1] * 4


def test_folders_that_differ_in_unicode_form_alone_are_one_volume_and_both_their_files_are_kept(
    tmp_path: Path,
) -> None:
    forms = [unicodedata.normalize(form, "卷é") for form in ("NFC", "NFD")]
    assert forms[0] != forms[1]
    with open_house(tmp_path) as house:
        for number, folder in enumerate(forms, start=1):
            house.drop(f"{CASE}/{folder}/0001.png", print_page(number))
        house.take_in_and_work()
        order = house.order()
        assert len(order) == 2 and len({volume for volume, *_ in order}) == 1
        assert [house.searcher.search(f"讯问笔录第{number}页").total for number in (1, 2)] == [1, 1]
        assert house.in_inbox() == []


@pytest.mark.parametrize("why", ["share", "no watches left"])
def test_a_folder_without_events_is_scanned_often_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr(watching, "POLLING_SECONDS", 0.2)
    if why == "share":
        monkeypatch.setattr(watching, "needs_polling", lambda _: True)

    class NoEvents:
        def __init__(self, **_: Any) -> None:
            assert why != "share", "a share is not asked for events"

        def schedule(self, *_: Any, **more: Any) -> None:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(watching, "InotifyObserver", NoEvents)
    with open_house(tmp_path, scan_interval_seconds=HOURS, settle_seconds=0.1) as house, watched(house):
        for number in (1, 2):
            house.drop(f"{CASE}/卷{number}/0001.png", print_page(number))
            wait_for(lambda number=number: len(house.order()) == number, 60.0)  # type: ignore[misc]
        assert house.in_inbox() == []


def _let_rest(house: House) -> None:
    """Look at what is there, let it rest, and look again."""
    house.take_in()
    time.sleep(0.15)
    house.take_in()
