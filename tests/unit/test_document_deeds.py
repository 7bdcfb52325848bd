"""Deeds on documents, and claims: titles, divisions, and what waits under 待认领."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from dossier import flags, permissions
from dossier.attention import questions
from dossier.case_metadata import NumberGiven
from dossier.catalogue.tables import Arrival, Case, Document, Flag, Page, Volume
from dossier.deeds import claims, documents
from dossier.deeds.deed import Done
from dossier.errors import DeedRefused
from dossier.reading import Box, Line, Reading
from dossier.receipts.receipt import ReceiptGiven, VolumeGiven, save
from dossier.verify import verify_store
from dossier.viewers import AT_MACHINE
from tests.bundle import CASE, Bundle

ACTOR = "制作人甲"
OTHER = "临检起诉受[2031]99010100032号"


@pytest.fixture
def ids(bundle: Bundle) -> list[str]:
    """Five pages of one document, read."""
    ids = [bundle.receive(f"{name:04}.jpg")[0] for name in range(1, 6)]
    for page_id in ids:
        bundle.read(page_id, "某页")
    bundle.settle()
    return ids


def document_ids(bundle: Bundle, ids: list[str]) -> list[str]:
    return [bundle.page(page_id).document_id for page_id in ids]


def title(bundle: Bundle, document_id: str) -> str:
    with bundle.catalogue.reading() as session:
        return session.get_one(Document, document_id).title


# Titles


def test_a_document_gets_the_title_that_a_person_gives_it(bundle: Bundle, ids: list[str]) -> None:
    (document_id,) = set(document_ids(bundle, ids))

    with bundle.catalogue.writing() as session:
        done = documents.rename(session, document_id, " 讯问笔录   （第1次） ", ACTOR)

    assert title(bundle, document_id) == "讯问笔录 （第1次）"
    assert done.undo[0].details == {"title": "证据材料卷一"}
    assert document_id in bundle.requested("assemble")


def test_a_document_is_not_left_without_a_title(bundle: Bundle, ids: list[str]) -> None:
    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        documents.rename(session, document_ids(bundle, ids)[0], "  ", ACTOR)


def line(text: str, top: float, height: float) -> Line:
    return Line(text, Box(0.2, top, 0.8, top + height))


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ((line("临江市公安局", 0.05, 0.02), line("讯 问 笔 录", 0.1, 0.04), *_body), "讯问笔录")
        for _body in [[line(f"问：第{at}个问题是什么？", 0.3 + 0.05 * at, 0.02) for at in range(6)]]
    ]
    + [
        ((line("0035", 0.01, 0.02), line("情况说明", 0.1, 0.02), line("兹证明", 0.2, 0.02)), "情况说明"),
        ((line("12345", 0.1, 0.05), line("落款在页脚", 0.9, 0.05)), ""),
        ((), ""),
    ],
    ids=["large", "all alike", "no words at the head", "nothing read"],
)
def test_the_first_large_line_at_the_head_is_suggested_as_title(lines: tuple[Line, ...], title: str) -> None:
    assert documents.title_suggestion(Reading(1000, 1400, 120.0, lines=lines)) == title


# Divided and merged


def test_a_document_is_divided_at_a_page_and_merged_again(bundle: Bundle, ids: list[str]) -> None:
    (whole,) = set(document_ids(bundle, ids))
    with bundle.catalogue.writing() as session:
        done = documents.divide(session, whole, ids[2], "询问笔录", None, ACTOR)

    assert document_ids(bundle, ids) == [whole, whole, done.created, done.created, done.created]
    assert bundle.order() == ids
    assert title(bundle, str(done.created)) == "询问笔录"
    assert set(ids[2:]) <= bundle.waiting_for_index()
    assert {whole, done.created} <= bundle.requested("assemble")

    with bundle.catalogue.writing() as session:
        merged = documents.merge(session, whole, done.undo[0].details["next"], ACTOR)
    assert document_ids(bundle, ids) == [whole] * 5

    with bundle.catalogue.writing() as session:
        details = merged.undo[0].details
        documents.divide(session, whole, details["at"], details["title"], details["into"], ACTOR)
    assert document_ids(bundle, ids) == [whole, whole, done.created, done.created, done.created]


def test_a_division_that_is_said_twice_is_done_once(bundle: Bundle, ids: list[str]) -> None:
    (whole,) = set(document_ids(bundle, ids))
    with bundle.catalogue.writing() as session:
        first = documents.divide(session, whole, ids[2], "", None, ACTOR)
    with bundle.catalogue.writing() as session:
        again = documents.divide(session, whole, ids[2], "", None, ACTOR)

    assert (again.created, again.undo) == (first.created, ())
    assert title(bundle, str(first.created)) == "证据材料卷一（续）"


def test_a_document_is_not_divided_at_its_first_page(bundle: Bundle, ids: list[str]) -> None:
    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        documents.divide(session, document_ids(bundle, ids)[0], ids[0], "", None, ACTOR)


def test_a_document_is_followed_by_the_next_that_stands_behind_its_last_page() -> None:
    pages = [("a", True), ("b", True), ("a", True), ("folded", False), ("c", True), ("a", False), ("d", True)]
    assert documents.followers(pages) == {"a": "d", "b": "a", "folded": "c", "c": "d"}
    assert documents.followers([("a", True), ("folded", False)]) == {}


def test_the_last_document_merges_with_nothing(bundle: Bundle, ids: list[str]) -> None:
    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        documents.merge(session, document_ids(bundle, ids)[0], None, ACTOR)


def test_a_page_dropped_later_joins_the_part_that_it_stands_in(bundle: Bundle, ids: list[str]) -> None:
    (whole,) = set(document_ids(bundle, ids))
    with bundle.catalogue.writing() as session:
        done = documents.divide(session, whole, ids[2], "", None, ACTOR)
    (new,) = bundle.receive("0004_1.jpg")

    assert bundle.order() == [*ids[:4], new, ids[4]]
    assert bundle.page(new).document_id == done.created


# Claims


def of_case(bundle: Bundle, number: str) -> str:
    with bundle.catalogue.writing() as session:
        return claims.case_named(session, number, ACTOR).id


def test_an_unclaimed_folder_goes_to_the_case_that_a_person_names(bundle: Bundle) -> None:
    ids = bundle.receive("0001.jpg", case="新建文件夹") + bundle.receive("0002.jpg", case="新建文件夹")
    bundle.read(ids[0], "起诉意见书")
    volume_id = bundle.volume_id()

    with bundle.catalogue.writing() as session:
        case = claims.case_named(session, OTHER, ACTOR)
        done = claims.claim_volume(session, volume_id, case, ACTOR)
        case_id = case.id

    with bundle.catalogue.reading() as session:
        assert session.get_one(Case, case_id).state == "provisional"
        for table in (Volume, Document, Arrival, Page):
            assert set(session.scalars(select(table.case_id))) == {case_id}
        assert [row.code for row in questions(session)] == ["unknown_case"]
        assert verify_store(session, bundle.vault) == []
    assert ids[0] in bundle.waiting_for_index()
    # What is dropped into the folder later follows.
    (later,) = bundle.receive("0003.jpg", case="新建文件夹")
    assert (bundle.page(later).case_id, bundle.page(later).volume_id) == (case_id, volume_id)

    with bundle.catalogue.writing() as session:
        former_id = done.undo[0].details["case_id"]
        former = session.get_one(Case, former_id)
        claims.claim_volume(session, volume_id, former, ACTOR)
    with bundle.catalogue.reading() as session:
        assert session.get_one(Volume, volume_id).case_id == former_id
        assert session.get_one(Case, former_id).state == "unclaimed"
        assert flags.stands(session, "case", former_id, "unclaimed")


def test_a_claimed_volume_never_mixes_with_one_of_the_same_name(bundle: Bundle) -> None:
    bundle.receive("0001.jpg")
    (page_id,) = bundle.receive("0001.jpg", case="新建文件夹")
    case = of_case(bundle, CASE)

    with bundle.catalogue.writing() as session:
        claims.claim_volume(session, bundle.page(page_id).volume_id, session.get_one(Case, case), ACTOR)

    with bundle.catalogue.reading() as session:
        assert set(session.scalars(select(Volume.name))) == {"证据材料卷一", "证据材料卷一（2）"}


def test_a_claimed_volume_is_the_one_that_a_receipt_announces_while_nothing_of_it_has_come(bundle: Bundle) -> None:
    received = ReceiptGiven(
        dt.date(2031, 3, 5), numbers=[NumberGiven(number=CASE)],
        volumes=(VolumeGiven("证据材料卷", 1, paper_pages=3), VolumeGiven("证据材料卷", 2, paper_pages=1)),
    )  # fmt: skip
    with bundle.catalogue.writing() as session:
        case_id = save(session, AT_MACHINE, received, ACTOR)[0].case_id
    # The scanner's folder calls the volume otherwise, and has a folder of its own for the second material.
    (first,) = bundle.receive("0001.jpg", case="新建文件夹", volume="证据卷1")
    (second,) = bundle.receive("询问笔录/0001.jpg", case="新建文件夹", volume="证据卷1")
    former_id, former_volume = bundle.page(first).case_id, bundle.page(first).volume_id

    done = claim(bundle, first, case_id)

    assert [name_of_volume(bundle, page_id) for page_id in (first, second)] == ["证据材料卷一"] * 2
    assert done.volume_id == bundle.page(first).volume_id
    with bundle.catalogue.reading() as session:
        assert sorted(session.scalars(select(Volume.name).where(Volume.case_id == case_id))) == [
            "证据材料卷一", "证据材料卷二",
        ]  # fmt: skip
    # What the scanner still drops into its folder follows.
    (later,) = bundle.receive("0002.jpg", case="新建文件夹", volume="证据卷1")
    assert bundle.page(later).volume_id == done.volume_id

    # One that comes when the volume is there already is told apart.
    (other,) = bundle.receive("0001.jpg", case="别的文件夹", volume="证据卷1")
    claim(bundle, other, case_id)
    assert bundle.page(other).volume_id not in (done.volume_id, former_volume)

    # Undone, the documents wait again where they came from.
    with bundle.catalogue.writing() as session:
        for step in done.undo:
            former = session.get_one(Case, step.details["case_id"])
            claims.claim_document(session, step.subject_id, former, ACTOR)
    assert {bundle.page(page_id).case_id for page_id in (first, second)} == {former_id}
    assert bundle.page(first).volume_id == former_volume
    with bundle.catalogue.reading() as session:
        assert flags.stands(session, "case", former_id, "unclaimed")


def test_a_loose_file_is_claimed_by_itself(bundle: Bundle) -> None:
    bundle.receive("0001.jpg", volume="未分卷")
    (mine,) = bundle.receive("a.jpg", volume="未分卷", case="")
    (other,) = bundle.receive("b.jpg", volume="未分卷", case="")
    case, former = of_case(bundle, CASE), bundle.page(other).case_id

    with bundle.catalogue.writing() as session:
        document_id = session.get_one(Page, mine).document_id
        claims.claim_document(session, document_id, session.get_one(Case, case), ACTOR)

    assert (bundle.page(mine).case_id, bundle.page(mine).page_number) == (case, 2)
    assert (bundle.page(other).case_id, bundle.page(other).page_number) == (former, 1)
    with bundle.catalogue.reading() as session:
        assert verify_store(session, bundle.vault) == []


def test_numbers_read_on_first_pages_are_suggested(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("0001.jpg", case="新建文件夹")
    page = bundle.page(page_id)
    with bundle.catalogue.writing() as session:
        flags.raise_flag(session, "document", page.document_id, page.case_id, "unclaimed", numbers=[OTHER, CASE])

    with bundle.catalogue.reading() as session:
        assert claims.suggested_numbers(session, page.volume_id) == [OTHER, CASE]


def test_what_is_no_number_opens_no_case(bundle: Bundle) -> None:
    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        claims.case_named(session, "某某的案子", ACTOR)
    with bundle.catalogue.reading() as session:
        assert session.scalars(select(Flag.id)).all() == []


def test_a_provisional_case_that_was_left_empty_asks_nothing_more(bundle: Bundle) -> None:
    bundle.receive("0001.jpg")
    with bundle.catalogue.writing() as session:
        former = session.scalars(select(Case)).one().id
        case = claims.case_named(session, OTHER, ACTOR)
        claims.claim_volume(session, session.scalars(select(Volume.id)).one(), case, ACTOR)

    with bundle.catalogue.reading() as session:
        assert not flags.stands(session, "case", former, "unknown_case")
        # Its number stays its own.
        assert claims.case_named(session, CASE, ACTOR).id == former


def claim(bundle: Bundle, page_id: str, case_id: str) -> Done:
    with bundle.catalogue.writing() as session:
        volume_id = session.get_one(Page, page_id).volume_id
        return claims.claim_volume(session, volume_id, session.get_one(Case, case_id), ACTOR)


def name_of_volume(bundle: Bundle, page_id: str) -> str:
    with bundle.catalogue.reading() as session:
        return session.get_one(Volume, session.get_one(Page, page_id).volume_id).name


def test_what_comes_later_for_a_claimed_volume_is_filed_where_it_is_now(bundle: Bundle) -> None:
    (first,) = bundle.receive("0001.jpg")
    case_id = of_case(bundle, OTHER)
    claim(bundle, first, case_id)

    (later,) = bundle.receive("0002.jpg")
    (elsewhere,) = bundle.receive("0001.jpg", volume="证据材料卷二")

    assert bundle.page(later).volume_id == bundle.page(first).volume_id
    assert bundle.page(later).case_id == case_id
    assert bundle.page(elsewhere).case_id not in (case_id, None)


def test_loose_files_wait_to_be_claimed_whatever_was_claimed_of_those_before(bundle: Bundle) -> None:
    (mine,) = bundle.receive("a.jpg", volume="未分卷", case="")
    inbox, case_id = bundle.page(mine).case_id, of_case(bundle, OTHER)
    claim(bundle, mine, case_id)

    (later,) = bundle.receive("b.jpg", volume="未分卷", case="")

    assert bundle.page(mine).case_id == case_id
    assert bundle.page(later).case_id == inbox


def test_a_claim_that_is_taken_back_gives_the_volume_its_name_back(bundle: Bundle) -> None:
    bundle.receive("0001.jpg")
    (page_id,) = bundle.receive("0001.jpg", case="新建文件夹")
    former = bundle.page(page_id).case_id
    claim(bundle, page_id, of_case(bundle, CASE))
    assert name_of_volume(bundle, page_id) == "证据材料卷一（2）"

    claim(bundle, page_id, former)

    assert name_of_volume(bundle, page_id) == "证据材料卷一"
    assert bundle.page(page_id).case_id == former


def test_a_document_that_was_claimed_and_comes_back_asks_again(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("a.jpg", volume="未分卷", case="")
    page, case_id = bundle.page(page_id), of_case(bundle, OTHER)
    with bundle.catalogue.writing() as session:
        flags.raise_flag(session, "document", page.document_id, page.case_id, "unclaimed", numbers=[OTHER])

    for goes_to, asks in ((case_id, False), (page.case_id, True)):
        with bundle.catalogue.writing() as session:
            claims.claim_document(session, page.document_id, session.get_one(Case, goes_to), ACTOR)
        with bundle.catalogue.reading() as session:
            assert flags.stands(session, "document", page.document_id, "unclaimed") is asks


def test_a_claim_loses_no_seal(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("0001.jpg")
    page, case_id = bundle.page(page_id), of_case(bundle, OTHER)
    with bundle.catalogue.writing() as session:
        permissions.seal(session, session.get_one(Case, page.case_id), ACTOR)

    with pytest.raises(DeedRefused):
        claim(bundle, page_id, case_id)
    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        claims.claim_document(session, page.document_id, session.get_one(Case, case_id), ACTOR)

    assert bundle.page(page_id).case_id == page.case_id
    # Into the sealed case it may go, but not out again.
    (other,) = bundle.receive("0001.jpg", case="新建文件夹")
    assert claim(bundle, other, page.case_id).undo == ()
