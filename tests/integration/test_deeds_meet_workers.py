"""Deeds while workers, feed and search go on: what a person has said holds, and everything else follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from sqlalchemy import select

from dossier import work
from dossier.catalogue.tables import Arrival, Document, Flag, Page, ReadingRow, Volume, VolumeCheck
from dossier.contents import Contents
from dossier.deeds import documents, page_deeds, page_order
from dossier.deeds.deed import Done
from dossier.errors import PageFailed
from dossier.quality.contents import contents_of
from dossier.readings import reading_of
from dossier.transcriptions.standing import transcriptions_of
from dossier.transcriptions.writing import add_transcription
from dossier.viewers import AT_MACHINE
from pipeline.crew import plans, results
from tests.bundle import Shape
from tests.house import CASE, House
from tests.recorded import lines_of

ACTOR = "制作人甲"
VOLUME = f"{CASE}/证据材料卷一"


def ids_of(house: House) -> list[str]:
    with house.catalogue.reading() as session:
        return list(session.scalars(select(Page.id).order_by(Page.place)))


def page(house: House, page_id: str) -> Page:
    with house.catalogue.reading() as session:
        return session.get_one(Page, page_id)


def do(house: House, deed: Callable[..., Done], *arguments: object) -> Done:
    with house.catalogue.writing() as session:
        return deed(session, *arguments, ACTOR)


def pdf_of(house: House, document_id: str) -> Path:
    with house.catalogue.reading() as session:
        key = session.get_one(Document, document_id).pdf_key
    assert key is not None
    return house.derived.document_pdf(document_id, key)


def found(house: House, text: str) -> list[int]:
    return [hit.page_number for hit in house.searcher.search(text).hits]


def test_a_page_turned_by_a_person_is_read_shown_and_bound_that_way_up(house: House) -> None:
    house.drop_pages(VOLUME, [1, 2, 3])
    house.take_in_and_work()
    ids = ids_of(house)
    before = page(house, ids[1])

    do(house, page_deeds.turn, ids[1], 90)
    house.work()

    after = page(house, ids[1])
    assert (after.turn_degrees, after.reading_version, after.state) == (90, 2, "searchable")
    assert (after.width, after.height) == (before.height, before.width)
    with Image.open(house.derived.page_picture(ids[1], 2)) as picture:
        assert picture.width > picture.height
    with pikepdf.open(pdf_of(house, after.document_id)) as pdf:
        boxes = [sheet.mediabox for sheet in pdf.pages]
        assert [box[2] > box[3] for box in boxes] == [False, True, False]
    assert house.faults() == []

    # The next reading keeps the turn.
    do(house, page_deeds.read_again, ids[1])
    house.work()
    assert (page(house, ids[1]).turn_degrees, page(house, ids[1]).reading_version) == (90, 3)


def test_a_page_turned_while_it_is_being_read_is_read_once_more(house: House) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in_and_work()
    (page_id,) = ids_of(house)
    with house.catalogue.writing() as session:
        page_deeds.read_again(session, page_id, ACTOR)
    with house.catalogue.writing() as session:
        (job,) = work.lease(session, [work.READ], "another:1:1", 60)
        session.get_one(Page, page_id).state = "reading"
    with house.catalogue.reading() as session:
        reading = reading_of(session, house.vault, session.get_one(Page, page_id))
    assert reading is not None

    do(house, page_deeds.turn, page_id, 270)
    results.page_read(house.catalogue, house.vault, job, "another:1:1", reading)
    assert page(house, page_id).state == "waiting"
    house.work()

    assert (page(house, page_id).turn_degrees, page(house, page_id).state) == (270, "searchable")
    assert house.faults() == []


def test_a_page_that_cannot_be_read_again_keeps_its_text_in_the_pdf(house: House) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in_and_work()
    (page_id,) = ids_of(house)
    do(house, page_deeds.read_again, page_id)
    for _ in range(work.MOST_ATTEMPTS):
        with house.catalogue.writing() as session:
            for row in session.scalars(select(work.Work).where(work.Work.subject_id == page_id)):
                row.not_before = 0.0
        with house.catalogue.writing() as session:
            (job,) = work.lease(session, [work.READ], "another:1:1", 60)
        results.failed(house.catalogue, job, "another:1:1", PageFailed("stub"))

    assert page(house, page_id).state == "parked"
    with house.catalogue.reading() as session:
        task, _ = plans.plan_document(session, house.vault, house.derived, page(house, page_id).document_id)
    assert task.pages[0].page.hole is None
    assert task.pages[0].reading_file is not None


def test_what_is_taken_out_leaves_search_and_pdf_and_comes_back(house: House) -> None:
    house.drop_pages(VOLUME, [1, 2, 3])
    house.take_in_and_work()
    ids = ids_of(house)
    assert found(house, "证人甲2号") == [2]

    do(house, page_order.remove, ids[1], "重复扫描")
    house.work()

    assert found(house, "证人甲2号") == []
    assert found(house, "证人甲3号") == [2]
    with pikepdf.open(pdf_of(house, page(house, ids[0]).document_id)) as pdf:
        assert len(pdf.pages) == 2
    assert house.faults() == []

    do(house, page_order.restore, ids[1])
    house.work()
    assert found(house, "证人甲2号") == [2]
    assert house.faults() == []


def test_a_sentence_over_the_turn_follows_its_pages(house: House) -> None:
    house.drop_pages(VOLUME, [1, 2, 3])
    house.take_in_and_work()
    ids = ids_of(house)
    over = '"本人所述一致讯问笔录第{}页"'
    assert found(house, over.format(2)) == [1]

    do(house, page_order.move, ids[1], ids[2], None)
    house.work()

    assert found(house, over.format(2)) == [2]
    assert found(house, over.format(3)) == [1]
    do(house, page_order.remove, ids[1], "重复扫描")
    house.work()
    assert found(house, over.format(2)) == []


def test_each_part_of_a_divided_document_has_a_pdf_of_its_own(house: House) -> None:
    house.drop_pages(VOLUME, [1, 2, 3])
    house.take_in_and_work()
    ids = ids_of(house)
    whole = page(house, ids[0]).document_id

    done = do(house, documents.divide, whole, ids[1], "询问笔录", None)
    house.work()

    for document_id, pages in ((whole, 1), (str(done.created), 2)):
        with pikepdf.open(pdf_of(house, document_id)) as pdf:
            assert len(pdf.pages) == pages
    do(house, documents.merge, whole, None)
    house.work()
    with pikepdf.open(pdf_of(house, whole)) as pdf:
        assert len(pdf.pages) == 3
    with house.catalogue.reading() as session:
        assert session.scalars(select(ReadingRow.version)).all() == [1, 1, 1]
    assert house.faults() == []


def test_a_missing_file_is_asked_for_also_where_its_document_was_divided(house: House) -> None:
    house.drop_pages(VOLUME, [1, 2])
    house.drop_pages(VOLUME, [4, 5], first_name=4)
    house.take_in_and_work()
    ids = ids_of(house)
    whole = page(house, ids[0]).document_id
    assert gaps(house) == [(whole, ["0003"])]

    do(house, documents.divide, whole, ids[2], "询问笔录", None)
    house.work()
    assert gaps(house) == [(whole, ["0003"])]

    # A page that only stands elsewhere is not missing.
    do(house, page_order.move, ids[1], ids[3], None)
    house.drop_pages(VOLUME, [3], first_name=3)
    house.take_in_and_work()
    assert gaps(house) == []


def gaps(house: House) -> list[tuple[str, list[str]]]:
    with house.catalogue.reading() as session:
        standing = select(Flag).where(Flag.code == "gap", Flag.closed_at.is_(None))
        return [(flag.subject_id, flag.details["missing"]) for flag in session.scalars(standing)]


def test_a_page_that_is_read_again_keeps_what_people_have_read_on_it(house: House) -> None:
    house.drop_pages(VOLUME, [1, 2])
    house.take_in_and_work()
    page_id = ids_of(house)[0]
    box = [0.1, 0.7, 0.5, 0.75]
    add_transcription(house.catalogue, house.vault, AT_MACHINE, page_id, "今收到傅溪现金", box)

    do(house, page_deeds.read_again, page_id)
    house.work()

    assert page(house, page_id).reading_version == 2
    (hit,) = house.searcher.search("收到傅溪").hits
    assert (hit.page_id, hit.rung) == (page_id, "transcription")
    with house.catalogue.reading() as session:
        (one,) = transcriptions_of(session, house.vault, [page_id])[page_id]
        reading = reading_of(session, house.vault, session.get_one(Page, page_id))
    assert (one.text, one.box.as_list()) == ("今收到傅溪现金", box)
    assert reading is not None
    assert [line.text for line in reading.lines] == [line.text for line in lines_of(1)]
    assert house.faults() == []


def approve_as_it_stands(house: House) -> None:
    with house.catalogue.writing() as session:
        volume_id = session.scalars(select(Volume.id)).one()
        session.add(VolumeCheck(volume_id=volume_id, state="approved", contents=contents_of(session, volume_id)))


def is_approved(house: House) -> bool:
    with house.catalogue.reading() as session:
        return session.scalars(select(VolumeCheck.state)).one() == "approved"


@pytest.mark.parametrize(("turn_degrees", "holds"), [(0, True), (180, False)])
def test_an_approval_does_not_outlive_a_reading_that_turns_a_page(house: House, turn_degrees: int, holds: bool) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in_and_work()
    (page_id,) = ids_of(house)
    approve_as_it_stands(house)
    do(house, page_deeds.read_again, page_id)
    with house.catalogue.writing() as session:
        (job,) = work.lease(session, [work.READ], "another:1:1", 60)
    with house.catalogue.reading() as session:
        reading = reading_of(session, house.vault, session.get_one(Page, page_id))
    assert reading is not None
    assert is_approved(house)

    reading = replace(reading, turn_degrees=turn_degrees)
    results.page_read(house.catalogue, house.vault, job, "another:1:1", reading)
    assert is_approved(house) is holds


def test_an_approval_does_not_outlive_the_pages_of_a_file_that_is_opened_late(house: House) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in_and_work()
    with house.catalogue.writing() as session:
        arrival = session.scalars(select(Arrival)).one()
        late = Arrival(
            case_id=arrival.case_id, volume_id=arrival.volume_id, sha256=arrival.sha256, path="0002.png",
            source="0002.png", origin="upload",
        )  # fmt: skip
        session.add(late)
        session.flush()
        work.request(session, work.PAGINATE, [late.id])
    approve_as_it_stands(house)
    with house.catalogue.writing() as session:
        (job,) = work.lease(session, [work.PAGINATE], "another:1:1", 60)

    results.inspected(house.catalogue, job, "another:1:1", Contents("image/png", [Shape()], is_single_picture=True))
    assert not is_approved(house)
