"""Deeds on pages: each does what it says, can be repeated and undone, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from dossier import flags, work
from dossier.catalogue.tables import ChangeRow
from dossier.deeds import page_deeds, page_order
from dossier.deeds.deed import Done
from dossier.errors import DeedRefused, OrderChanged
from tests.bundle import VOLUME, Bundle, Shape

ACTOR = "制作人甲"


@pytest.fixture
def ids(bundle: Bundle) -> list[str]:
    """Six pages of one document, read; the fourth is blank."""
    ids = [bundle.receive(f"{name:04}.jpg")[0] for name in range(1, 7)]
    for at, page_id in enumerate(ids):
        bundle.read(page_id, *([] if at == 3 else [f"第{at}页的内容"]), blank=at == 3, stamp=str(at + 1))
    bundle.settle()
    return ids


def undo(bundle: Bundle, done: Done) -> None:
    for step in done.undo:
        with bundle.catalogue.writing() as session:
            match step.name:
                case "turn":
                    page_deeds.turn(session, step.subject_id, step.details["turn_degrees"], ACTOR)
                case "blank":
                    page_deeds.mark_blank(session, step.subject_id, step.details["blank"], ACTOR)
                case "label":
                    page_deeds.correct_label(session, step.subject_id, step.details["label"], ACTOR)
                case "remove":
                    page_order.remove(session, step.subject_id, step.details["reason"], ACTOR)
                case "restore":
                    page_order.restore(session, step.subject_id, ACTOR)
                case "fold":
                    folded = step.details.get("folded", True)
                    page_order.fold(session, step.subject_id, step.details["pages"], folded, ACTOR)
                case "move":
                    page_order.move(session, step.subject_id, step.details["after"], step.details["document_id"], ACTOR)
                case "order":
                    details = step.details
                    page_order.set_order(
                        session, step.subject_id, details["pages"], details["version"], details["documents"], ACTOR
                    )
                case name:
                    raise AssertionError(name)


# Turned, read again


def test_a_page_that_a_person_turned_waits_to_be_read_that_way_up(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        done = page_deeds.turn(session, ids[1], 90, ACTOR)

    page = bundle.page(ids[1])
    assert (page.turn_by_hand, page.state, page.reading_version) == (90, "waiting", 1)
    assert ids[1] in bundle.requested(work.READ)
    undo(bundle, done)
    assert bundle.page(ids[1]).turn_by_hand is None
    assert [row.details["turn_degrees"] for row in bundle.audited("turn")] == [90, None]


def test_a_turn_that_is_said_twice_is_done_once(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_deeds.turn(session, ids[1], 180, ACTOR)
    with bundle.catalogue.writing() as session:
        again = page_deeds.turn(session, ids[1], 180, ACTOR)

    assert again.undo == ()
    assert len(bundle.audited("turn")) == 1


@pytest.mark.parametrize("degrees", [45, 360, -90])
def test_a_page_is_turned_by_quarters_only(bundle: Bundle, ids: list[str], degrees: int) -> None:
    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        page_deeds.turn(session, ids[0], degrees, ACTOR)


def test_a_page_whose_text_is_the_files_own_is_not_turned(bundle: Bundle) -> None:
    (page_id,) = bundle.receive("打印件.pdf", shapes=[Shape(kind="pdf_text")])

    with pytest.raises(DeedRefused, match="PDF"), bundle.catalogue.writing() as session:
        page_deeds.turn(session, page_id, 90, ACTOR)


def test_a_page_is_read_again_while_its_reading_stays(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_deeds.read_again(session, ids[2], ACTOR)

    page = bundle.page(ids[2])
    assert (page.state, page.reading_version) == ("waiting", 1)
    assert ids[2] in bundle.requested(work.READ)


# Blank


def test_a_folded_blank_page_keeps_its_place_and_the_numbers_close_up(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        done = page_order.fold(session, bundle.volume_id(), None, True, ACTOR)

    assert [(page.id, page.place, page.page_number) for page in bundle.pages()] == [
        (ids[0], 1, 1), (ids[1], 2, 2), (ids[2], 3, 3), (ids[3], 4, 0), (ids[4], 5, 4), (ids[5], 6, 5),
    ]  # fmt: skip
    undo(bundle, done)
    assert bundle.order() == ids


def test_a_page_that_bears_ink_is_not_folded(bundle: Bundle, ids: list[str]) -> None:
    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        page_order.fold(session, bundle.volume_id(), [ids[0]], True, ACTOR)


def test_a_folded_page_that_proves_not_to_be_blank_counts_again(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_order.fold(session, bundle.volume_id(), None, True, ACTOR)
    with bundle.catalogue.writing() as session:
        done = page_deeds.mark_blank(session, ids[3], False, ACTOR)

    assert bundle.order() == ids
    assert bundle.page(ids[3]).blank is False
    undo(bundle, done)
    assert bundle.order() == [*ids[:3], *ids[4:]]


def test_the_page_before_one_called_blank_is_indexed_anew(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_deeds.mark_blank(session, ids[4], True, ACTOR)

    # The page before is blank itself: the sentence goes on from the third.
    assert {ids[2], ids[4]} <= bundle.waiting_for_index()


# Labels


def test_a_confirmed_label_stays_and_its_neighbours_follow(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        done = page_deeds.correct_label(session, ids[0], " ３５－１ ", ACTOR)

    page = bundle.page(ids[0])
    assert (page.page_label, page.page_label_state) == ("35-1", "confirmed")
    undo(bundle, done)
    assert (bundle.page(ids[0]).page_label, bundle.page(ids[0]).page_label_state) == ("1", "read")


def test_a_page_without_a_number_on_its_paper_is_given_none(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_deeds.correct_label(session, ids[2], "", ACTOR)

    assert (bundle.page(ids[2]).page_label, bundle.page(ids[2]).page_label_state) == (None, "confirmed")


@pytest.mark.parametrize("text", ["第三页", "100000", "35-", "1" * 40])
def test_what_is_no_label_is_refused(bundle: Bundle, ids: list[str], text: str) -> None:
    with pytest.raises(DeedRefused, match="不是"), bundle.catalogue.writing() as session:
        page_deeds.correct_label(session, ids[0], text, ACTOR)


# Out of the order and back


def test_a_page_taken_out_is_kept_with_its_reason_and_can_be_put_back(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        done = page_order.remove(session, ids[1], "  重复  扫描 ", ACTOR)

    page = bundle.page(ids[1])
    assert (page.outside, page.outside_reason, page.page_number) == ("removed", "重复 扫描", 0)
    assert bundle.order() == [ids[0], *ids[2:]]
    # Taken out of the index; the page before reads on to another one now, and all behind have other numbers.
    assert bundle.waiting_for_index() == set(ids)
    undo(bundle, done)
    assert bundle.order() == ids


def test_the_page_before_a_last_one_that_was_taken_out_is_indexed_anew(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_order.remove(session, ids[5], "重复", ACTOR)

    assert bundle.waiting_for_index() == {ids[4], ids[5]}


def test_a_page_is_not_taken_out_without_a_reason(bundle: Bundle, ids: list[str]) -> None:
    with pytest.raises(DeedRefused, match="原因"), bundle.catalogue.writing() as session:
        page_order.remove(session, ids[0], "  ", ACTOR)


def test_a_page_that_comes_later_finds_its_place_beside_pages_outside(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_order.remove(session, ids[5], "重复", ACTOR)
    (new,) = bundle.receive("0007.jpg")

    assert bundle.order() == [*ids[:5], new]
    assert bundle.page(new).page_number == 6


# Moved


def test_a_page_is_inserted_behind_another(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        done = page_order.move(session, ids[5], ids[0], None, ACTOR)

    assert bundle.order() == [ids[0], ids[5], *ids[1:5]]
    undo(bundle, done)
    assert bundle.order() == ids


def test_a_page_moved_into_another_document_belongs_to_it(bundle: Bundle, ids: list[str]) -> None:
    loose, second = bundle.receive("附页/1.jpg") + bundle.receive("附页/2.jpg")
    former = bundle.page(second).document_id

    with bundle.catalogue.writing() as session:
        done = page_order.move(session, second, ids[2], None, ACTOR)

    assert bundle.page(second).document_id == bundle.page(ids[2]).document_id
    assert bundle.order() == [*ids[:3], second, *ids[3:], loose]
    undo(bundle, done)
    assert bundle.page(second).document_id == former


def test_a_whole_document_that_is_moved_stays_one(bundle: Bundle, ids: list[str]) -> None:
    others = bundle.receive("附页/1.jpg") + bundle.receive("附页/2.jpg")
    former = bundle.page(others[0]).document_id
    with bundle.catalogue.writing() as session:
        version = page_order.order_version(page_order.pages_in_place(session, bundle.volume_id()))
        page_order.set_order(session, bundle.volume_id(), [*others, *ids], version, {}, ACTOR)

    assert bundle.order() == [*others, *ids]
    assert {bundle.page(page_id).document_id for page_id in others} == {former}


def test_an_order_made_from_an_old_one_is_refused(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        version = page_order.order_version(page_order.pages_in_place(session, bundle.volume_id()))
    bundle.receive("0007.jpg")

    with pytest.raises(OrderChanged), bundle.catalogue.writing() as session:
        page_order.set_order(session, bundle.volume_id(), ids[::-1], version, {}, ACTOR)


def test_pages_outside_stay_behind_the_page_behind_which_they_stood(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_order.remove(session, ids[1], "重复", ACTOR)
    with bundle.catalogue.writing() as session:
        version = page_order.order_version(page_order.pages_in_place(session, bundle.volume_id()))
        wanted = [*ids[2:], ids[0]]
        done = page_order.set_order(session, bundle.volume_id(), wanted, version, {}, ACTOR)

    assert [page.id for page in bundle.pages()] == [*ids[2:], ids[0], ids[1]]
    undo(bundle, done)
    assert [page.id for page in bundle.pages()] == ids


def test_what_is_dropped_later_into_an_order_by_hand_stands_behind_the_name_before_it(
    bundle: Bundle, ids: list[str]
) -> None:
    with bundle.catalogue.writing() as session:
        page_order.move(session, ids[2], None, None, ACTOR)
    (new,) = bundle.receive("0003_1.jpg")

    assert bundle.order() == [ids[2], new, ids[0], ids[1], *ids[3:]]


# Replaced


def test_a_re_scan_takes_the_place_of_a_page_which_stays_reachable(bundle: Bundle, ids: list[str]) -> None:
    (new,) = bundle.receive("0002.jpg")  # the scanner begins again: other bytes under a known name
    former = bundle.page(new).document_id
    assert bundle.order() == [*ids, new]

    with bundle.catalogue.writing() as session:
        done = page_order.replace(session, ids[1], new, ACTOR)

    old = bundle.page(ids[1])
    assert (old.outside, old.replaced_by, old.page_number) == ("replaced", new, 0)
    assert bundle.order() == [ids[0], new, *ids[2:]]
    assert bundle.page(new).document_id == old.document_id
    undo(bundle, done)
    assert bundle.order() == [*ids, new]
    assert bundle.page(new).document_id == former


def test_a_page_of_another_volume_replaces_nothing(bundle: Bundle, ids: list[str]) -> None:
    (other,) = bundle.receive("0001.jpg", volume="证据材料卷二")

    with pytest.raises(DeedRefused), bundle.catalogue.writing() as session:
        page_order.replace(session, ids[0], other, ACTOR)
    assert bundle.order(VOLUME) == ids


def test_a_file_whose_last_open_page_is_taken_out_is_told_of_as_searchable_once(bundle: Bundle) -> None:
    first, second, third = bundle.receive("0007.pdf", shapes=[Shape(at) for at in range(3)])
    bundle.read(first, "某页")
    bundle.read(second, "某页")

    def told() -> list[str | None]:
        with bundle.catalogue.reading() as session:
            return list(session.scalars(select(ChangeRow.file_id).where(ChangeRow.kind == "searchable")))

    assert told() == []
    for page_id in (third, second):  # the second could be found, and was told of
        with bundle.catalogue.writing() as session:
            page_order.remove(session, page_id, "不属于本案", ACTOR)
        assert told() == [bundle.page(first).arrival_id]


def test_a_page_moved_over_the_edge_of_a_document_takes_no_other_page_along(bundle: Bundle, ids: list[str]) -> None:
    first, second = bundle.receive("附页/1.jpg") + bundle.receive("附页/2.jpg")
    document, other = bundle.page(ids[5]).document_id, bundle.page(first).document_id

    with bundle.catalogue.writing() as session:
        page_order.move(session, ids[5], first, None, ACTOR)

    assert bundle.order() == [*ids[:5], first, ids[5], second]
    assert [bundle.page(page_id).document_id for page_id in (ids[4], first, ids[5])] == [document, other, other]


def test_of_two_pages_that_change_places_the_one_that_was_moved_changes_its_document(
    bundle: Bundle, ids: list[str]
) -> None:
    first, second = bundle.receive("附页/1.jpg") + bundle.receive("附页/2.jpg")
    document, other = bundle.page(ids[5]).document_id, bundle.page(first).document_id
    wanted = [*ids[:5], first, ids[5], second]

    for moved, expected in ((ids[5], [other, other]), (first, [document, document])):
        with bundle.catalogue.writing() as session:
            version = page_order.version_of(session, bundle.volume_id())
            done = page_order.set_order(session, bundle.volume_id(), wanted, version, {}, ACTOR, [moved])
        assert [bundle.page(page_id).document_id for page_id in (first, ids[5])] == expected
        undo(bundle, done)
        assert [bundle.page(page_id).document_id for page_id in (first, ids[5])] == [other, document]


def test_a_page_taken_out_is_the_last_that_its_file_waited_for(bundle: Bundle) -> None:
    first, second = bundle.receive("合同.pdf", shapes=[Shape(0), Shape(1)])
    bundle.read(first, "某页")
    with bundle.catalogue.writing() as session:
        page_order.remove(session, second, "试扫页", ACTOR)

    with bundle.catalogue.reading() as session:
        said = session.scalars(select(ChangeRow.file_id).where(ChangeRow.kind == "searchable")).all()
    assert said == [bundle.page(first).arrival_id]


def statements(bundle: Bundle, deed: Callable[[Session], object]) -> int:
    """How many statements a deed takes."""
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    with bundle.catalogue.writing() as session:
        engine = session.connection().engine
        event.listen(engine, "before_cursor_execute", count)
        try:
            deed(session)
            session.flush()
        finally:
            event.remove(engine, "before_cursor_execute", count)
    return len(counted)


def reversed_order(session: Session, volume_id: str) -> None:
    pages = page_order.pages_in_place(session, volume_id)
    wanted = [page.id for page in reversed(pages)]
    page_order.set_order(session, volume_id, wanted, page_order.version_of(session, volume_id), {}, ACTOR)


def test_a_new_order_takes_as_many_statements_for_few_pages_as_for_many(tmp_path: Path) -> None:
    taken = []
    for pages in (5, 50):
        bundle = Bundle(tmp_path / str(pages))
        for page_id in bundle.receive("合同.pdf", shapes=[Shape(index) for index in range(pages)]):
            bundle.read(page_id, "某页")
        taken.append(statements(bundle, partial(reversed_order, volume_id=bundle.volume_id())))
        bundle.close()

    assert taken[0] == taken[1]


def test_a_stack_scanned_anew_is_put_in_place_at_once(tmp_path: Path) -> None:
    taken = []
    for pages in (3, 12):
        bundle = Bundle(tmp_path / str(pages))
        names = [f"{name:04}.jpg" for name in range(pages)]
        first = [bundle.receive(name)[0] for name in names]
        second = [bundle.receive(name)[0] for name in names]
        for page_id in (*first, *second):
            bundle.read(page_id, "某页")
        replace = partial(page_order.replace_earlier, document_id=bundle.page(second[0]).document_id, actor=ACTOR)
        taken.append(statements(bundle, replace))
        assert bundle.order() == second
        assert [bundle.page(page_id).replaced_by for page_id in first] == second
        assert len({bundle.page(page_id).document_id for page_id in (*first, *second)}) == 1
        bundle.close()

    # Rows of two kinds are written in turn; nothing is read, counted or laid anew for each.
    assert taken[1] - taken[0] <= 3 * (12 - 3)


def test_what_comes_after_a_stack_scanned_anew_asks_again(bundle: Bundle, ids: list[str]) -> None:
    again = [bundle.receive(f"{name:04}.jpg")[0] for name in (1, 2)]
    document_id = bundle.page(again[0]).document_id
    with bundle.catalogue.writing() as session:
        page_order.replace_earlier(session, document_id, ACTOR)
    assert not is_asked(bundle, document_id)

    (third,) = bundle.receive("0003.jpg")

    assert bundle.page(third).document_id == document_id
    assert is_asked(bundle, document_id)
    assert bundle.order() == [*again, third, *ids[2:]]


def is_asked(bundle: Bundle, document_id: str) -> bool:
    with bundle.catalogue.reading() as session:
        return flags.stands(session, "document", document_id, "name_reused")
