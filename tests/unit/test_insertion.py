"""What comes late goes behind page n: a page, a document, a file; said by number or by id, once or twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from dossier.attention import questions
from dossier.deeds import insertion, page_deeds, page_order
from dossier.deeds.deed import Done
from dossier.deeds.insertion import Behind
from dossier.errors import DeedRefused
from dossier.page_labels import label_questions, place_by_label, settle_labels
from tests.bundle import Bundle, Shape

ACTOR = "制作人甲"


@pytest.fixture
def ids(bundle: Bundle) -> list[str]:
    """Six pages of one document, with the labels 1 to 6; the last two came late and belong elsewhere."""
    ids = [bundle.receive(f"{name:04}.jpg")[0] for name in range(1, 7)]
    for at, page_id in enumerate(ids):
        bundle.read(page_id, f"第{at}页的内容", stamp=str(at + 1))
    bundle.settle()
    return ids


def do(bundle: Bundle, deed: Callable[[Session], Done]) -> Done:
    with bundle.catalogue.writing() as session:
        return deed(session)


def undo(bundle: Bundle, done: Done) -> None:
    for step in done.undo:
        assert step.name == "order"
        told = step.details
        do(
            bundle,
            lambda s, step=step, told=told: page_order.set_order(
                s, step.subject_id, told["pages"], told["version"], told["documents"], ACTOR
            ),
        )


def test_a_page_stands_behind_the_one_that_was_named_also_when_it_is_said_twice(bundle: Bundle, ids: list[str]) -> None:
    for page, behind, wanted in (
        (5, 2, [0, 1, 5, 2, 3, 4]),
        (0, 4, [1, 2, 3, 0, 4, 5]),
        (3, 6, [0, 1, 2, 4, 5, 3]),
        (2, 2, [0, 1, 2, 3, 4, 5]),
        (4, 0, [4, 0, 1, 2, 3, 5]),
    ):
        for place in (Behind(number=behind), *([Behind(page_id=ids[behind - 1])] if behind else [])):
            first = do(bundle, lambda s, page=page, place=place: insertion.insert_page(s, ids[page], place, ACTOR))
            again = do(bundle, lambda s, page=page, place=place: insertion.insert_page(s, ids[page], place, ACTOR))
            assert bundle.order() == [ids[at] for at in wanted]
            assert again.undo == ()
            undo(bundle, first)
            assert bundle.order() == ids


def test_a_file_that_came_late_goes_in_whole_and_in_its_own_order(bundle: Bundle, ids: list[str]) -> None:
    late = bundle.receive("补/receipts.pdf", shapes=[Shape(0), Shape(1), Shape(2)])
    for page_id in late:
        bundle.read(page_id, "收条")
    file_id = bundle.page(late[0]).arrival_id

    done = do(bundle, lambda s: insertion.insert_file(s, file_id, Behind(number=2), ACTOR))
    assert bundle.order() == [*ids[:2], *late, *ids[2:]]
    assert "图像第 3–5 页" in done.sentence
    # Between two pages of one document it is part of it.
    assert {bundle.page(page_id).document_id for page_id in bundle.order()} == {bundle.page(ids[0]).document_id}
    assert do(bundle, lambda s: insertion.insert_file(s, file_id, Behind(number=2), ACTOR)).undo == ()

    undo(bundle, done)
    assert bundle.order() == [*ids, *late]
    assert bundle.page(late[0]).document_id != bundle.page(ids[0]).document_id


def test_a_document_that_bears_known_names_is_asked_about_no_more_once_it_is_in_its_place(
    bundle: Bundle, ids: list[str]
) -> None:
    again = bundle.receive("0001.jpg")  # another sheet under a name that is known
    bundle.read(again[0], "补充的一页")
    document_id = bundle.page(again[0]).document_id
    with bundle.catalogue.reading() as session:
        (row,) = [row for row in questions(session) if row.code == "name_reused"]
    assert [(remedy.address, remedy.asks) for remedy in row.remedies if remedy.asks] == [
        (f"/api/v1/documents/{document_id}/insert", "after_number")
    ]

    do(bundle, lambda s: insertion.insert_document(s, document_id, Behind(number=3), ACTOR))
    assert bundle.order() == [*ids[:3], *again, *ids[3:]]
    with bundle.catalogue.reading() as session:
        assert [row for row in questions(session) if row.code == "name_reused"] == []


@pytest.fixture
def gapped(bundle: Bundle) -> list[str]:
    """Pages with the labels 1, 2, 4 to 9; the sheet with the number 3 came last."""
    ids = []
    for at, label in enumerate((1, 2, 4, 5, 6, 7, 8, 9, 3), start=1):
        ids.append(bundle.receive(f"{at:04}.jpg")[0])
        bundle.read(ids[-1], "某页", stamp=str(label))
    with bundle.catalogue.writing() as session:
        settle_labels(session, bundle.volume_id())
    return ids


def test_a_page_whose_number_is_missing_elsewhere_is_put_there_by_one_call(bundle: Bundle, gapped: list[str]) -> None:
    late = gapped[-1]
    with bundle.catalogue.reading() as session:
        (row,) = [row for row in questions(session) if row.code == "label_order"]
        (question,) = [found for found in label_questions(session, bundle.volume_id()) if found.second_id == late]
    (remedy,) = [remedy for remedy in row.remedies if remedy.address]
    assert (remedy.words, remedy.address) == ("页码 3 插到图像第 2 页之后", f"/api/v1/pages/{late}/insert")
    assert remedy.body == {"after": gapped[1]}
    assert question.behind == (gapped[1], 2)

    do(bundle, lambda s: insertion.insert_page(s, late, Behind(page_id=remedy.body["after"]), ACTOR))
    assert bundle.order() == [*gapped[:2], late, *gapped[2:-1]]
    with bundle.catalogue.reading() as session:
        assert [row for row in questions(session) if row.code == "label_order"] == []


def test_a_page_that_a_person_has_numbered_belongs_behind_its_number(bundle: Bundle, gapped: list[str]) -> None:
    late = gapped[-1]
    for label, behind in (("5-1", (gapped[3], 4)), ("1背", (gapped[0], 1)), ("10", None), ("", None)):
        do(bundle, lambda s, label=label: page_deeds.correct_label(s, late, label, ACTOR))
        with bundle.catalogue.reading() as session:
            assert place_by_label(session, bundle.page(late)) == behind, label


def test_what_cannot_be_is_refused_and_changes_nothing(bundle: Bundle, ids: list[str]) -> None:
    other = bundle.receive("0001.jpg", volume="证据材料卷二")[0]
    do(bundle, lambda s: page_order.remove(s, ids[5], "试扫页", ACTOR))
    before = bundle.order()
    for page, place in (
        (ids[0], Behind(number=6)),  # five stand in the order
        (ids[0], Behind(page_id=other)),
        (ids[0], Behind(page_id=ids[5])),
        (ids[0], Behind()),
        (ids[0], Behind(ids[1], 2)),
        (ids[5], Behind(number=1)),
    ):
        with pytest.raises(DeedRefused):
            do(bundle, lambda s, page=page, place=place: insertion.insert_page(s, page, place, ACTOR))

    assert bundle.order() == before


def test_a_page_outside_the_order_stays_behind_its_neighbour(bundle: Bundle, ids: list[str]) -> None:
    do(bundle, lambda s: page_order.remove(s, ids[2], "重复扫描", ACTOR))
    do(bundle, lambda s: insertion.insert_page(s, ids[5], Behind(number=1), ACTOR))
    do(bundle, lambda s: page_order.restore(s, ids[2], ACTOR))

    assert bundle.order() == [ids[0], ids[5], ids[1], ids[2], ids[3], ids[4]]
