"""Sorting by separator sheets: any stack, read in any order, any number of times; no page is lost or counted twice."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from dossier import flags, work
from dossier.acceptance import Incoming, accept
from dossier.case_metadata import NumberGiven
from dossier.catalogue.tables import Arrival, AuditRow, Case, ChangeRow, Document, Page, Volume, Work
from dossier.contents import Contents
from dossier.deeds import page_deeds, page_order, page_volumes
from dossier.home import Home
from dossier.place import Place
from dossier.receipts.receipt import ReceiptGiven, VolumeGiven, save
from dossier.receipts.sheet_code import LABEL, code_of
from dossier.receipts.sorting import settle_stack
from dossier.verify import verify_store
from dossier.viewers import AT_MACHINE
from pipeline.crew import results
from tests.web.scanroom import Scanroom, Shape, reading_of_lines

NUMBER = "临检起诉受[2031]99010100031号"


class Stacks(Scanroom):
    """A scanning room with two announced volumes, A and B, into which stacks are put."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        volumes = [VolumeGiven("证据材料卷", number) for number in (1, 2)]
        came = ReceiptGiven(dt.date(2031, 7, 4), numbers=[NumberGiven(number=NUMBER)], volumes=volumes)
        with self.catalogue.writing() as session:
            save(session, AT_MACHINE, came, "test")
            ids = session.scalars(select(Volume.id).order_by(Volume.number)).all()
            self.volumes = dict(zip("AB", ids, strict=True))
            self.codes = {name: code_of(session, id_) for name, id_ in self.volumes.items()}
            self.codes["x"] = self.codes["A"][:-16] + "0" * 16
            self.codes["L"] = code_of(session, self.volumes["A"], LABEL)

    def file(self, place: Place, pages: int, content: str = "") -> list[str]:
        """Take a file in; its pages' ids."""
        path = self.home.inbox / "scan"
        path.write_bytes(f"{place} {content}".encode())
        shapes = [Shape(index) for index in range(pages)]
        contents = Contents("application/pdf", shapes, is_single_picture=pages == 1)
        found = accept(self.catalogue, self.vault, Incoming(path, place, place.path, "watch", contents), "watch")
        with self.catalogue.reading() as session:
            of_file = select(Page.id).join(Arrival, Arrival.id == Page.arrival_id)
            mine = (Arrival.id == found.arrival_id) | (Arrival.split_from == found.arrival_id)
            return list(session.scalars(of_file.where(mine).order_by(Page.index_in_file)))

    def read_page(self, page_id: str, mark: str) -> None:
        """Read a page as a worker does: what it says, whether it is blank (_), and then the code on it."""
        if self.page(page_id).state == "waiting":
            self.read(page_id, [f"第{page_id}页"])
            self.finish_work("read", page_id)
        with self.catalogue.writing() as session:
            page = session.get_one(Page, page_id)
            page.sheet_code = page.sheet_code or self.codes.get(mark)
            page.blank = page.blank or mark == "_"
            settle_stack(session, page)
            arrival = session.get_one(Arrival, page.arrival_id)
            waiting = select(func.count()).where(Page.arrival_id == arrival.id, Page.state.in_(("waiting", "reading")))
            if not session.scalar(waiting):
                arrival.state = "done"

    def where(self, page_ids: list[str]) -> list[str]:
        """For each page its volume, A, B or - (elsewhere), in capitals; sheets in small letters."""
        names = {id_: name for name, id_ in self.volumes.items()}
        found = []
        for page_id in page_ids:
            page = self.page(page_id)
            name = names.get(page.volume_id, "-")
            found.append(name.lower() if page.outside == "separator" else name)
        return found

    def numbers(self, volume: str) -> list[str]:
        """The pages in the order of a volume, by their numbers 1 to n."""
        with self.catalogue.reading() as session:
            in_order = (Page.volume_id == self.volumes[volume]) & Page.outside.is_(None)
            rows = session.execute(select(Page.id, Page.page_number).where(in_order).order_by(Page.page_number)).all()
        assert [number for _, number in rows] == list(range(1, len(rows) + 1))
        return [id_ for id_, _ in rows]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Stacks]:
    stacks = Stacks(Home.at(tmp_path))
    yield stacks
    stacks.close()


def expected(marks: str) -> list[str]:
    """Where the pages of a stack belong: marks are A, B (a sheet), x (a forged one), . (a page)."""
    found, now = [], "-"
    for mark in marks:
        if mark in "AB":
            now = mark
            found.append(mark.lower())
        else:
            found.append(now)
    return found


def settle_everything(room: Stacks) -> None:
    with room.catalogue.writing() as session:
        session.execute(update(Work).where(Work.kind != "read").values(state="done"))


@pytest.mark.parametrize("kind", ["file", "folder", "loose"])
@pytest.mark.parametrize("seed", range(2))
def test_any_stack_read_in_any_order_is_sorted_and_loses_nothing(room: Stacks, kind: str, seed: int) -> None:
    chance = random.Random(f"{kind}{seed}")
    for stack in range(2):
        marks = "".join(chance.choice("..x..ABA") for _ in range(chance.randint(2, 7)))
        if kind == "file":
            ids = room.file(Place("", "未分卷", f"stack{stack}.pdf"), len(marks))
        else:
            folder = "一摞" if kind == "folder" else ""
            name = f"{stack}-scan" if folder else f"{'abc'[stack]}-scan"
            places = [
                Place(folder, "未分卷", f"{name}{at:04}.jpg" if not folder else f"{stack}/{name}{at:04}.jpg")
                for at in range(len(marks))
            ]
            ids = [room.file(place, 1)[0] for place in places]
        once = [*zip(ids, marks, strict=True)]
        readings = chance.sample(once, len(once)) + chance.sample(once, 2)
        for page_id, mark in readings:
            room.read_page(page_id, mark)
        assert room.where(ids) == expected(marks), marks
        mine = set(ids)
        for volume in "AB":
            kept = [page_id for page_id, at in zip(ids, expected(marks), strict=True) if at == volume]
            assert [page_id for page_id in room.numbers(volume) if page_id in mine] == kept
    settle_everything(room)
    with room.catalogue.reading() as session:
        assert list(verify_store(session, room.vault)) == []


def test_done_again_nothing_changes_and_nothing_is_told_twice(room: Stacks) -> None:
    ids = room.file(Place("", "未分卷", "stack.pdf"), 5)
    for page_id, mark in zip(ids, ".A.B.", strict=True):
        room.read_page(page_id, mark)

    def standing() -> list[object]:
        with room.catalogue.reading() as session:
            tables = (AuditRow, ChangeRow, Arrival, Document, Page)
            return [session.scalar(select(func.count()).select_from(table)) for table in tables]

    before = standing()
    for page_id, mark in zip(ids, ".A.B.", strict=True):
        room.read_page(page_id, mark)
    assert standing() == before
    assert room.file(Place("", "未分卷", "stack.pdf"), 5) == ids, "the same file again is known"


def test_a_forged_sheet_stays_a_page_and_is_flagged(room: Stacks) -> None:
    ids = room.file(Place("", "未分卷", "stack.pdf"), 3)
    for page_id, mark in zip(ids, ".x.", strict=True):
        room.read_page(page_id, mark)
    assert room.where(ids) == ["-", "-", "-"]
    assert [room.page(page_id).page_number for page_id in ids] == [1, 2, 3]
    with room.catalogue.reading() as session:
        assert flags.stands(session, "page", ids[1], "sheet_unknown")


def test_a_sheet_put_back_is_a_page_and_what_a_person_moved_stays(room: Stacks) -> None:
    ids = room.file(Place("", "未分卷", "stack.pdf"), 4)
    for page_id, mark in zip(ids, "A...", strict=True):
        room.read_page(page_id, mark)
    with room.catalogue.writing() as session:
        page_order.restore(session, ids[0], "傅溪")
        page_order.move(session, ids[3], ids[0], None, "傅溪")
    for page_id, mark in zip(ids, "A...", strict=True):
        room.read_page(page_id, mark)
    assert room.where(ids) == ["A", "A", "A", "A"]
    assert room.numbers("A") == [ids[0], ids[3], ids[1], ids[2]]


def test_a_sheet_in_its_own_volumes_folder_only_steps_aside(room: Stacks) -> None:
    place = Place(NUMBER, "证据卷1", "stack.pdf")
    ids = room.file(place, 3)
    for page_id, mark in zip(ids, "A..", strict=True):
        room.read_page(page_id, mark)
    assert room.where(ids) == ["a", "A", "A"]
    with room.catalogue.reading() as session:
        assert session.scalar(select(func.count()).select_from(Arrival)) == 1


def test_a_picture_that_comes_late_follows_the_sheet_before_it(room: Stacks) -> None:
    names = [Place("一摞", "未分卷", f"{number:04}.jpg") for number in (1, 2, 4, 3)]
    first = [room.file(place, 1)[0] for place in names[:3]]
    for page_id, mark in zip(first, "A..", strict=True):
        room.read_page(page_id, mark)
    (late,) = room.file(names[3], 1)
    assert room.where([late]) == ["A"], "before it is read"
    assert room.numbers("A") == [first[1], late, first[2]]


def test_loose_pictures_of_another_day_are_another_stack(room: Stacks) -> None:
    ids = [room.file(Place("", "未分卷", f"{number:04}.jpg"), 1)[0] for number in (1, 2, 3)]
    with room.catalogue.writing() as session:
        late = session.get_one(Arrival, room.page(ids[2]).arrival_id)
        late.received_at += 86_400
    for page_id, mark in zip(ids, "A..", strict=True):
        room.read_page(page_id, mark)
    assert room.where(ids) == ["a", "A", "-"]


def test_no_sheet_takes_pages_out_of_a_sealed_case(room: Stacks) -> None:
    ids = room.file(Place("临检起诉受[2031]99010100099号", "证据卷9", "stack.pdf"), 2)
    with room.catalogue.writing() as session:
        session.get_one(Case, room.page(ids[0]).case_id).sealed = True
    for page_id, mark in zip(ids, "A.", strict=True):
        room.read_page(page_id, mark)
    assert room.where(ids) == ["-", "-"]
    with room.catalogue.reading() as session:
        assert flags.stands(session, "page", ids[0], "sheet_refused")


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_blank_back_of_a_sheet_steps_aside_with_it(room: Stacks, kind: str, order: tuple[int, ...]) -> None:
    if kind == "file":
        ids = room.file(Place("", "未分卷", "stack.pdf"), 4)
    else:
        ids = [room.file(Place("一摞", "未分卷", f"{number:04}.jpg"), 1)[0] for number in range(1, 5)]
    marks = "A_._"
    for at in order:
        room.read_page(ids[at], marks[at])
    assert room.where(ids) == ["a", "a", "A", "A"]
    assert room.numbers("A") == ids[2:], "a blank side anywhere else counts"
    settle_everything(room)
    with room.catalogue.reading() as session:
        assert list(verify_store(session, room.vault)) == []
    with room.catalogue.writing() as session:
        page_order.restore(session, ids[1], "傅溪")
    for page_id, mark in zip(ids, marks, strict=True):
        room.read_page(page_id, mark)
    assert room.numbers("A") == ids[1:], "put back, it stays, and the sheet separates as before"
    assert room.where(ids[:1]) == ["a"]


def test_a_back_that_a_person_finds_written_on_counts(room: Stacks) -> None:
    ids = room.file(Place("", "未分卷", "stack.pdf"), 3)
    for page_id, mark in zip(ids, "A_.", strict=True):
        room.read_page(page_id, mark)
    with room.catalogue.writing() as session:
        page_deeds.mark_blank(session, ids[1], False, "傅溪")
    assert room.numbers("A") == ids[1:]
    assert room.page(ids[1]).outside_reason == ""


def test_a_blank_page_behind_one_that_is_still_to_come_is_no_back(room: Stacks) -> None:
    ids = [room.file(Place("一摞", "未分卷", f"{number:04}.jpg"), 1)[0] for number in (1, 3)]
    for page_id, mark in zip(ids, "A_", strict=True):
        room.read_page(page_id, mark)
    assert room.numbers("A") == ids[1:]


def test_a_page_that_a_person_has_moved_is_left_there_by_a_sheet_read_later(room: Stacks) -> None:
    ids = room.file(Place(NUMBER, "证据卷9", "stack.pdf"), 3)
    with room.catalogue.writing() as session:
        page_volumes.move_to_volume(session, ids[2], room.volumes["B"], None, None, "傅溪")
    for page_id, mark in zip(ids, "A..", strict=True):
        room.read_page(page_id, mark)
    assert room.where(ids) == ["a", "A", "B"]


def test_a_stack_that_is_scanned_once_more_asks_where_its_pages_went_and_takes_their_places(room: Stacks) -> None:
    place = Place("", "未分卷", "stack.pdf")
    first, again = room.file(place, 3, "first"), room.file(place, 3, "again")
    for ids in (first, again):
        for page_id, mark in zip(ids, "A..", strict=True):
            room.read_page(page_id, mark)
    assert room.numbers("A") == [*first[1:], *again[1:]]
    document_id = room.page(again[1]).document_id
    with room.catalogue.writing() as session:
        assert flags.stands(session, "document", document_id, "name_reused")
        page_order.replace_earlier(session, document_id, "傅溪")
    assert room.numbers("A") == again[1:]
    with room.catalogue.reading() as session:
        assert not flags.stands(session, "document", document_id, "name_reused")
    assert [room.page(page_id).outside for page_id in first[1:]] == ["replaced", "replaced"]


def test_a_cover_with_a_label_that_was_out_and_back_ends_no_volume(room: Stacks) -> None:
    names = [Place("一摞", "未分卷", f"{number:04}.jpg") for number in (1, 2, 3)]
    ids = [room.file(name, 1)[0] for name in names[:2]]
    for page_id, mark in zip(ids, "AL", strict=True):
        room.read_page(page_id, mark)
    with room.catalogue.writing() as session:
        page_order.remove(session, ids[1], "看错了", "傅溪")
        page_order.restore(session, ids[1], "傅溪")
    ids += room.file(names[2], 1)
    assert room.where(ids) == ["a", "A", "A"]


def test_a_question_about_a_seal_ends_with_the_seal(room: Stacks) -> None:
    ids = room.file(Place("临检起诉受[2031]99010100099号", "证据卷9", "stack.pdf"), 2)
    for is_sealed in (True, False):
        with room.catalogue.writing() as session:
            session.get_one(Case, room.page(ids[0]).case_id).sealed = is_sealed
        for page_id, mark in zip(ids, "A.", strict=True):
            room.read_page(page_id, mark)
    assert room.where(ids) == ["a", "A"]
    with room.catalogue.reading() as session:
        assert not flags.stands(session, "page", ids[0], "sheet_refused")


def test_a_person_can_say_that_a_page_with_a_strangers_code_is_a_page(room: Stacks) -> None:
    (page_id,) = room.file(Place("", "未分卷", "stack.pdf"), 1)
    room.read_page(page_id, "x")
    with room.catalogue.writing() as session:
        page_order.restore(session, page_id, "傅溪")
    room.read_page(page_id, "x")
    with room.catalogue.reading() as session:
        assert not flags.stands(session, "page", page_id, "sheet_unknown")
    assert room.page(page_id).outside is None


def test_a_sheet_whose_code_cannot_be_read_is_asked_about_by_its_words(room: Stacks) -> None:
    (page_id,) = room.file(Place("", "未分卷", "stack.pdf"), 1)
    root = Path(__file__).parents[2]
    printed = (root / "search_api/templates/receipt_print.html").read_text(encoding="utf-8")
    (foot,) = re.findall(r'"sheet-foot">([^<]+)<', printed)

    def is_asked(*lines: str) -> bool:
        with room.catalogue.writing() as session:
            page_deeds.read_again(session, page_id, "傅溪")
            (job,) = work.lease(session, (work.READ,), "me:1:1", 60.0)
        results.page_read(room.catalogue, room.vault, job, "me:1:1", reading_of_lines(lines))
        with room.catalogue.reading() as session:
            return flags.stands(session, "page", page_id, "sheet_unreadable")

    assert is_asked("证据材料卷二", foot[:10].replace("本页", "木页"), foot[10:])
    with room.catalogue.writing() as session:
        page_order.restore(session, page_id, "傅溪")
        assert not flags.stands(session, "page", page_id, "sheet_unreadable")
    assert is_asked(foot)
    assert not is_asked("分隔页以后的内容见证据材料卷二")
