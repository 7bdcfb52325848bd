"""A page cropped by a person: picture, text, places and PDF follow, the original stays, and it comes back whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image
from sqlalchemy import select, update

from dossier import work
from dossier.catalogue.tables import Arrival, AuditRow, Page, Work
from dossier.deeds import cropping, page_deeds
from dossier.deeds.deed import Done
from dossier.errors import DeedRefused
from dossier.quality.contents import contents_of
from dossier.reading import Reading
from dossier.readings import reading_of
from dossier.transcriptions.standing import transcriptions_of
from dossier.transcriptions.writing import add_transcription, change_transcription
from dossier.viewers import AT_MACHINE
from pipeline.crew import plans, results
from pipeline.crew.worker import Worker
from tests.house import CASE, House
from tests.integration.test_deeds_meet_workers import do, found, ids_of, page, pdf_of
from tests.recorded import HEIGHT, WIDTH, recorded_reader

ACTOR = "制作人甲"
VOLUME = f"{CASE}/证据材料卷一"
# Of the invented page: its first two lines, without the third.
BOX = [0.05, 0.02, 0.95, 0.19]


def crop(house: House, page_id: str, box: list[float] | None, version: int | None = None) -> Done:
    with house.catalogue.writing() as session:
        return cropping.crop(session, house.vault, page_id, box, version, ACTOR)


def work_here(house: House) -> None:
    """Read and bind what waits for it, without processes of their own."""
    worker = Worker(Path(), recorded_reader)
    with house.catalogue.writing() as session:
        session.execute(update(Work).where(Work.kind == work.ASSEMBLE).values(not_before=0.0))
    while True:
        with house.catalogue.writing() as session:
            jobs = work.lease(session, (work.READ, work.ASSEMBLE), ACTOR, 600)
        if not jobs:
            break
        (job,) = jobs
        if job.kind == work.READ:
            with house.catalogue.reading() as session:
                task = plans.plan_reading(session, house.vault, house.derived, job.subject_id)
            reading = worker.perform(task)
            assert isinstance(reading, Reading)
            results.page_read(house.catalogue, house.vault, job, ACTOR, reading)
        else:
            with house.catalogue.reading() as session:
                binding, key = plans.plan_document(session, house.vault, house.derived, job.subject_id)
            worker.perform(binding)
            results.document_assembled(house.catalogue, house.vault, house.derived, job, ACTOR, key, "archive")
        with house.catalogue.writing() as session:
            session.execute(update(Work).where(Work.kind == work.ASSEMBLE).values(not_before=0.0))
    while house.feed.step():
        pass


def original_of(house: House, page_id: str) -> Path:
    with house.catalogue.reading() as session:
        arrival = session.get_one(Arrival, session.get_one(Page, page_id).arrival_id)
    return house.vault.original_path(arrival.sha256)


def test_a_cropped_page_is_shown_read_and_bound_so_and_comes_back_whole(house: House) -> None:
    house.drop_pages(VOLUME, [1, 2, 3])
    house.take_in()
    work_here(house)
    ids = ids_of(house)
    before = hashlib.sha256(original_of(house, ids[1]).read_bytes()).hexdigest()
    with house.catalogue.reading() as session:
        whole_contents = contents_of(session, page(house, ids[1]).volume_id)
    assert found(house, "经核对与本人所述一致") == [1, 2, 3]

    done = crop(house, ids[1], BOX, 1)
    work_here(house)

    after = page(house, ids[1])
    assert (after.state, after.reading_version, after.cropped_by) == ("searchable", 2, ACTOR)
    # 0.9 of the width and 0.17 of the height of the scan.
    assert (after.width, after.height) == (round(0.9 * WIDTH), round(0.17 * HEIGHT))
    with Image.open(house.derived.page_picture(ids[1], 2)) as picture:
        assert picture.size == (after.width, after.height)
    assert found(house, "经核对与本人所述一致") == [1, 3]
    assert found(house, "证人甲2号") == [2]
    with pikepdf.open(pdf_of(house, after.document_id)) as pdf:
        shapes = [[round(float(side)) for side in sheet.mediabox[2:]] for sheet in pdf.pages]
    assert shapes[1] == [round(after.width * 72 / after.dpi), round(after.height * 72 / after.dpi)]
    assert shapes[0] == shapes[2] != shapes[1]
    with house.catalogue.reading() as session:
        assert contents_of(session, after.volume_id)["crops"] != whole_contents["crops"]
        told = session.scalars(select(AuditRow).where(AuditRow.deed == "crop")).one()
    assert (told.subject_id, told.actor) == (ids[1], ACTOR)
    assert hashlib.sha256(original_of(house, ids[1]).read_bytes()).hexdigest() == before
    assert house.faults() == []

    # Read again it stays cropped; taken back, all is as it was.
    do(house, page_deeds.read_again, ids[1])
    work_here(house)
    assert page(house, ids[1]).height == after.height
    (step,) = done.undo
    assert (step.name, step.details["box"]) == ("crop", None)
    crop(house, ids[1], None)
    work_here(house)
    back = page(house, ids[1])
    assert (back.width, back.height, back.crop, back.cropped_by) == (WIDTH, HEIGHT, None, "")
    assert found(house, "经核对与本人所述一致") == [1, 2, 3]
    with house.catalogue.reading() as session:
        assert contents_of(session, after.volume_id) == whole_contents
    assert house.faults() == []


def test_a_part_of_a_part_and_its_turn_are_parts_of_the_same_whole_page(house: House) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in()
    work_here(house)
    (page_id,) = ids_of(house)
    crop(house, page_id, [0.0, 0.0, 1.0, 0.5], 1)
    work_here(house)
    crop(house, page_id, [0.0, 0.0, 0.5, 1.0], 2)
    work_here(house)
    quarter = page(house, page_id)
    assert quarter.crop is not None
    assert (quarter.crop["box"], quarter.crop["version"]) == ([0.0, 0.0, 0.5, 0.5], 1)

    # Turned, what is kept is the same paper: the same pixels, the other way round.
    with Image.open(house.derived.page_picture(page_id, 3)) as picture:
        pixels = np.asarray(picture.convert("L").rotate(-90, expand=True), np.int16)
    do(house, page_deeds.turn, page_id, 90)
    work_here(house)
    turned = page(house, page_id)
    assert (turned.turn_degrees, turned.width, turned.height) == (90, quarter.height, quarter.width)
    with Image.open(house.derived.page_picture(page_id, 4)) as picture:
        assert float(np.abs(np.asarray(picture.convert("L"), np.int16) - pixels).mean()) < 2

    # The page was drawn on as it lay then: its left half is now its upper half.
    crop(house, page_id, [0.0, 0.0, 1.0, 0.5], 4)
    assert page(house, page_id).crop_by_hand == {"box": [0.0, 0.0, 0.25, 0.5], "turn_degrees": 0, "version": 1}


def test_a_crop_may_be_said_again_and_what_is_no_frame_is_refused(house: House) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in()
    work_here(house)
    (page_id,) = ids_of(house)
    assert crop(house, page_id, BOX, 1).undo
    assert not crop(house, page_id, BOX, 1).undo
    work_here(house)
    # Drawn on the picture of the first reading, whichever is in use by now.
    assert not crop(house, page_id, BOX, 1).undo
    for box in (
        [0.0, 0.0, 0.5],
        [0.1, 0.1, 1.2, 0.9],
        [-0.1, 0.0, 1.0, 1.0],
        [0.6, 0.0, 0.4, 1.0],
        [0.0, 0.0, 0.01, 1.0],
    ):
        with pytest.raises(DeedRefused):
            crop(house, page_id, box, 1)
    with pytest.raises(DeedRefused, match="像素"):
        crop(house, page_id, [0.0, 0.0, 0.06, 1.0], 1)
    with pytest.raises(DeedRefused, match="第 9 次"):
        crop(house, page_id, BOX, 9)
    with pytest.raises(DeedRefused):
        crop(house, page_id, [0.0, float("nan"), 1.0, 1.0], 1)
    assert page(house, page_id).crop is not None


def test_a_page_cropped_while_it_is_being_read_is_read_once_more(house: House) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in()
    work_here(house)
    (page_id,) = ids_of(house)
    do(house, page_deeds.read_again, page_id)
    with house.catalogue.writing() as session:
        (job,) = work.lease(session, [work.READ], "somebody", 60)
        session.get_one(Page, page_id).state = "reading"
    with house.catalogue.reading() as session:
        whole = reading_of(session, house.vault, session.get_one(Page, page_id))
    assert whole is not None
    crop(house, page_id, BOX, 1)
    results.page_read(house.catalogue, house.vault, job, "somebody", whole)
    assert page(house, page_id).state == "waiting"
    work_here(house)
    assert page(house, page_id).height == round(0.17 * HEIGHT)


def test_what_people_have_written_on_a_page_stays_where_it_is_on_the_paper(house: House) -> None:
    house.drop_pages(VOLUME, [1])
    house.take_in()
    work_here(house)
    (page_id,) = ids_of(house)
    inside, outside = [0.1, 0.1, 0.5, 0.15], [0.1, 0.8, 0.5, 0.9]
    one, _ = add_transcription(house.catalogue, house.vault, AT_MACHINE, page_id, "框里的字", inside)
    other, _ = add_transcription(house.catalogue, house.vault, AT_MACHINE, page_id, "框外的字", outside)
    crop(house, page_id, [0.0, 0.0, 1.0, 0.5], 1)
    work_here(house)

    def places() -> dict[str, list[float]]:
        with house.catalogue.reading() as session:
            standing = transcriptions_of(session, house.vault, [page_id])[page_id]
        return {written.id: written.box.as_list() for written in standing}

    assert places()[one.id] == [0.1, 0.2, 0.5, 0.3]
    # What lies beyond is still there, at the edge behind which it lies.
    assert places()[other.id][3] == 1.0
    late, _ = add_transcription(house.catalogue, house.vault, AT_MACHINE, page_id, "后来写的", [0.6, 0.2, 0.9, 0.3])
    change_transcription(house.catalogue, house.vault, AT_MACHINE, other.id, 1, "框外的字改过")
    crop(house, page_id, None)
    work_here(house)
    assert places() == {one.id: inside, other.id: outside, late.id: [0.6, 0.1, 0.9, 0.15]}
    assert house.faults() == []
