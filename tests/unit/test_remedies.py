"""Remedies on the attention list: each is a call that answers its question."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dossier import flags, work
from dossier.attention import Question, count_questions, questions
from dossier.deeds import claims, page_deeds, page_order
from dossier.errors import DeedRefused
from dossier.quality.making import open_in
from dossier.reading import Box, Line, Reading
from pipeline.crew import results
from tests.bundle import Bundle

ACTOR = "制作人甲"
NUMBER = "临检起诉受[2031]99010100055号"


def asked(bundle: Bundle, code: str) -> list[Question]:
    with bundle.catalogue.reading() as session:
        return [row for row in questions(session) if row.code == code]


def test_a_doubtful_turn_is_answered_by_the_turn_that_a_person_sees(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("0001.jpg")
    bundle.read(page_id, "某页")
    with bundle.catalogue.writing() as session:
        flags.raise_flag(session, "page", page_id, bundle.page(page_id).case_id, "turn_uncertain")

    (row,) = asked(bundle, "turn_uncertain")
    assert [(remedy.words, remedy.address, remedy.body) for remedy in row.remedies] == [
        ("向右转", f"/api/v1/pages/{page_id}/turn", {"turn_degrees": 90}),
        ("倒过来", f"/api/v1/pages/{page_id}/turn", {"turn_degrees": 180}),
        ("方向正确", f"/api/v1/pages/{page_id}/turn", {"turn_degrees": 0}),
    ]
    with bundle.catalogue.writing() as session:
        page_deeds.turn(session, page_id, 0, ACTOR)
    assert asked(bundle, "turn_uncertain") == []
    # It lies as it was read: there is nothing to read again.
    assert bundle.page(page_id).state == "searchable"


LINE = Line("某页", Box(0.1, 0.1, 0.9, 0.13), 0.98)


def read_by_worker(bundle: Bundle, *lines: Line, blank: bool = False, separator: str | None = None) -> None:
    """A worker reads the page that waits."""
    with bundle.catalogue.writing() as session:
        (job,) = work.lease(session, [work.READ], ACTOR, 60.0)
    reading = Reading(1000, 1400, 120.0, lines=lines, blank=blank, separator=separator)
    results.page_read(bundle.catalogue, bundle.vault, job, ACTOR, reading)


def test_a_page_with_ink_but_without_text_is_asked_about_until_a_person_has_seen_it(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("0001.jpg")
    read_by_worker(bundle)

    (row,) = asked(bundle, "no_text")
    assert row.page_id == page_id
    with bundle.catalogue.reading() as session:  # whoever hands the volume in mends or explains it
        assert open_in(session, bundle.volume_id()).questions == 1
    assert [(remedy.words, remedy.address, remedy.body) for remedy in row.remedies] == [
        ("看过了，没问题", f"/api/v1/pages/{page_id}/blank", {"blank": False}),
        ("是空白页", f"/api/v1/pages/{page_id}/blank", {"blank": True}),
        ("重新识别", f"/api/v1/pages/{page_id}/read-again", {}),
    ]
    with bundle.catalogue.writing() as session:
        done = page_deeds.mark_blank(session, page_id, False, ACTOR)
    assert asked(bundle, "no_text") == []
    assert done.undo == ()  # there is nothing that an undo could change

    with bundle.catalogue.writing() as session:
        page_deeds.read_again(session, page_id, ACTOR)
    read_by_worker(bundle)
    assert asked(bundle, "no_text") == []


def test_a_page_whose_text_is_found_later_is_asked_about_no_more(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("0001.jpg")
    read_by_worker(bundle, replace(LINE, text=" "))
    assert len(asked(bundle, "no_text")) == 1

    with bundle.catalogue.writing() as session:
        page_deeds.read_again(session, page_id, ACTOR)
    read_by_worker(bundle, LINE)

    assert asked(bundle, "no_text") == []


@pytest.mark.parametrize(
    "read", [{"blank": True}, {"separator": "EDS-2-0000"}], ids=["a blank page", "a separator sheet"]
)
def test_what_needs_no_text_is_not_asked_about(bundle: Bundle, read: dict[str, Any]) -> None:
    bundle.receive("0001.jpg")
    read_by_worker(bundle, **read)
    assert asked(bundle, "no_text") == []


def test_a_page_without_text_may_be_said_to_be_blank(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("0001.jpg")
    read_by_worker(bundle)
    with bundle.catalogue.writing() as session:
        page_deeds.mark_blank(session, page_id, True, ACTOR)
    assert asked(bundle, "no_text") == []
    assert bundle.page(page_id).blank


def test_a_form_that_only_adobe_shows_is_asked_about_until_its_pages_are_taken_out(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("申请表.pdf", is_dynamic_form=True)
    bundle.receive("申请表（打印）.pdf")

    (row,) = asked(bundle, "dynamic_form")
    assert row.page_id == page_id
    assert [(remedy.words, remedy.address, remedy.page) for remedy in row.remedies] == [
        ("查看这一卷", "", f"/volumes/{bundle.volume_id()}"),
        ("移出这一页", f"/api/v1/pages/{page_id}/remove", ""),
    ]
    with bundle.catalogue.reading() as session:
        assert open_in(session, bundle.volume_id()).questions == 1

    with bundle.catalogue.writing() as session:
        page_order.remove(session, page_id, "动态表单，内容另收", ACTOR)
    assert asked(bundle, "dynamic_form") == []


def test_loose_files_are_claimed_one_by_one_and_folders_as_volumes(bundle: Bundle) -> None:
    (loose,) = bundle.receive("a.jpg", volume="未分卷", case="")
    (filed,) = bundle.receive("0001.jpg", case="新建文件夹")
    document_id, volume_id = bundle.page(loose).document_id, bundle.page(filed).volume_id
    with bundle.catalogue.writing() as session:
        for page_id in (loose, filed):
            page = bundle.page(page_id)
            flags.raise_flag(session, "document", page.document_id, page.case_id, "unclaimed", numbers=[NUMBER])

    remedies = {remedy for row in asked(bundle, "unclaimed") for remedy in map(_plain, row.remedies)}

    assert remedies == {
        (f"归入 {NUMBER}", f"/api/v1/documents/{document_id}/claim", NUMBER),
        ("归入", f"/api/v1/documents/{document_id}/claim", None),
        (f"归入 {NUMBER}", f"/api/v1/volumes/{volume_id}/claim", NUMBER),
        ("归入", f"/api/v1/volumes/{volume_id}/claim", None),
    }
    with bundle.catalogue.writing() as session:
        claims.claim_volume(session, volume_id, claims.case_named(session, NUMBER, ACTOR), ACTOR)
        claims.claim_document(session, document_id, claims.case_named(session, NUMBER, ACTOR), ACTOR)
    assert asked(bundle, "unclaimed") == []


def test_a_folder_of_several_volumes_is_claimed_as_a_whole_or_volume_by_volume(bundle: Bundle) -> None:
    first, second = (bundle.receive("0001.jpg", volume=name, case="新建文件夹")[0] for name in ("卷一", "卷二"))
    folder, volume = bundle.page(first).case_id, bundle.page(second).volume_id
    with bundle.catalogue.writing() as session:
        page = bundle.page(second)
        flags.raise_flag(session, "document", page.document_id, folder, "unclaimed", numbers=[NUMBER])

    (row,) = [row for row in asked(bundle, "unclaimed") if row.subject_kind == "case"]

    assert [(remedy.words, remedy.address, remedy.body, remedy.asks, remedy.page) for remedy in row.remedies] == [
        (f"整个文件夹归入 {NUMBER}", f"/api/v1/cases/{folder}/claim", {"number": NUMBER}, "", ""),
        ("整个文件夹归入", f"/api/v1/cases/{folder}/claim", {}, "number", ""),
        ("查看 卷一", "", {}, "", f"/volumes/{bundle.page(first).volume_id}"),
        ("查看 卷二", "", {}, "", f"/volumes/{volume}"),
    ]
    assert row.page_id == first
    with bundle.catalogue.writing() as session:
        claims.claim_folder(session, folder, claims.case_named(session, NUMBER, ACTOR), ACTOR)
    assert asked(bundle, "unclaimed") == []
    assert bundle.page(first).case_id == bundle.page(second).case_id != folder


def test_only_a_folder_that_waits_is_claimed_as_a_whole(bundle: Bundle) -> None:
    (loose,) = bundle.receive("a.jpg", volume="未分卷", case="")
    (filed,) = bundle.receive("0001.jpg")
    (waiting,) = bundle.receive("0001.jpg", case="新建文件夹")
    folder = bundle.page(waiting).case_id
    for page_id in (loose, filed):
        with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
            of = bundle.page(page_id).case_id
            claims.claim_folder(session, of, claims.case_named(session, NUMBER, ACTOR), ACTOR)
    for _ in range(2):
        with bundle.catalogue.writing() as session:
            claims.claim_folder(session, folder, claims.case_named(session, NUMBER, ACTOR), ACTOR)
    assert len(bundle.audited("claim")) == 1
    with pytest.raises(DeedRefused, match="别的案件"), bundle.catalogue.writing() as session:
        claims.claim_folder(session, folder, claims.case_named(session, NUMBER.replace("55", "56"), ACTOR), ACTOR)


def _plain(remedy: object) -> tuple[str, str, str | None]:
    return remedy.words, remedy.address, remedy.body.get("number")  # type: ignore[attr-defined]


def test_a_stack_scanned_once_more_takes_the_places_of_the_pages_of_the_same_names(bundle: Bundle) -> None:
    first = [bundle.receive(f"{name:04}.jpg")[0] for name in (1, 2, 3)]
    second = [bundle.receive(f"{name:04}.jpg")[0] for name in (2, 3)]

    (row,) = asked(bundle, "name_reused")
    assert row.remedies[0].address == f"/api/v1/documents/{bundle.page(second[0]).document_id}/replace-earlier"
    with bundle.catalogue.writing() as session:
        done = page_order.replace_earlier(session, row.subject_id, ACTOR)

    assert bundle.order() == [first[0], *second]
    assert [bundle.page(page_id).replaced_by for page_id in first] == [None, *second]
    assert len(done.undo) == 4
    assert asked(bundle, "name_reused") == []


def test_what_a_person_has_taken_out_asks_nothing_more(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("0001.jpg")
    page = bundle.page(page_id)
    with bundle.catalogue.writing() as session:
        flags.raise_flag(session, "page", page_id, page.case_id, "low_confidence")
        flags.raise_flag(session, "arrival", page.arrival_id, page.case_id, "repeated", path="0001.jpg", others=1)
    (row,) = asked(bundle, "repeated")
    assert [(one.words, one.body) for one in row.remedies] == [
        ("左右对照", {}),
        ("移出这一页", {"reason": "重复扫描"}),
    ]

    with bundle.catalogue.writing() as session:
        page_order.remove(session, page_id, "重复扫描", ACTOR)

    assert asked(bundle, "repeated") + asked(bundle, "low_confidence") == []
    with bundle.catalogue.reading() as session:
        assert count_questions(session) == len(questions(session))
