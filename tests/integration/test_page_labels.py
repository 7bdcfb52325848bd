"""Page labels 页码 on the whole way: from stamped pages in the inbox to labels, and flags that come and go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from dossier.attention import Question
from dossier.catalogue.tables import Page, Volume
from dossier.page_labels import settle_labels
from tests.house import CASE, House, open_house, tiff_of_pages
from tests.recorded import print_page, stamped

VOLUME = f"{CASE}/证据材料卷"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as house:
        yield house


def drop(house: House, *labels: int, first_name: int = 1) -> None:
    """Put stamped pages in the volume; 0 is one without a stamp."""
    house.drop_pages(VOLUME, [stamped(first_name + place, label) for place, label in enumerate(labels)], first_name)


def labels(house: House) -> list[tuple[str | None, str | None]]:
    with house.catalogue.reading() as session:
        return [
            (label, state)
            for label, state in session.execute(
                select(Page.page_label, Page.page_label_state).order_by(Page.volume_id, Page.page_number)
            )
        ]


def of_labels(house: House) -> list[Question]:
    return [question for question in house.questions() if question.code.startswith("label_")]


def test_stamped_numbers_become_labels_and_an_unread_one_is_proposed(house: House) -> None:
    drop(house, 1, 2, 0, 4, 5)

    house.take_in_and_work()

    assert labels(house) == [("1", "read"), ("2", "read"), ("3", "proposed"), ("4", "read"), ("5", "read")]
    assert of_labels(house) == []


def test_pages_without_stamps_have_no_labels_and_raise_no_question(house: House) -> None:
    drop(house, 0, 0, 0, 0)

    house.take_in_and_work()

    assert labels(house) == [(None, None)] * 4
    assert of_labels(house) == []


def test_a_sheet_that_was_not_scanned_is_a_question_that_leads_to_the_page_after_it(house: House) -> None:
    drop(house, 1, 2, 3, 5, 6)

    house.take_in_and_work()

    (question,) = of_labels(house)
    assert (question.code, question.subject_kind, question.volume) == ("label_gap", "volume", "证据材料卷")
    assert question.message.endswith("（4）")
    with house.catalogue.reading() as session:
        assert session.scalars(select(Page.page_number).where(Page.id == question.page_id)).one() == 4


def test_the_question_is_withdrawn_when_the_sheet_comes(house: House) -> None:
    drop(house, 1, 2, 3, 5, 6)
    house.take_in_and_work()

    house.drop(f"{VOLUME}/0003_1.png", print_page(stamped(9, 4)))
    house.take_in_and_work()

    assert of_labels(house) == []
    assert [label for label, _ in labels(house)] == ["1", "2", "3", "4", "5", "6"]


def test_a_gap_that_later_pages_narrow_names_only_what_is_still_missing(house: House) -> None:
    drop(house, 1, 2, 3, 7, 8)
    house.take_in_and_work()
    assert of_labels(house)[0].message.endswith("（4–6）")

    house.drop(f"{VOLUME}/0003_1.png", print_page(stamped(9, 5)))
    house.take_in_and_work()

    assert of_labels(house)[0].message.endswith("（4、6）")


def test_a_sheet_scanned_twice_and_one_out_of_order_are_questions(house: House) -> None:
    drop(house, 1, 2, 2, 3, 7, 4, 5, 6, 8, 9)

    house.take_in_and_work()

    assert {question.code: question.message[-3:] for question in of_labels(house)} == {
        "label_repeated": "（2）",
        "label_order": "（7）",
    }


def test_a_volume_of_many_files_is_one_sequence(house: House) -> None:
    for place, numbers in enumerate([(1, 2, 3), (4, 6), (7, 8, 9)]):
        pages = [stamped(10 * place + offset, label) for offset, label in enumerate(numbers)]
        house.drop(f"{VOLUME}/{place + 1:02}.tif", tiff_of_pages(pages))

    house.take_in_and_work()

    assert [label for label, _ in labels(house)] == ["1", "2", "3", "4", "6", "7", "8", "9"]
    assert [question.message[-3:] for question in of_labels(house)] == ["（5）"]


def test_each_volume_has_a_sequence_of_its_own(house: House) -> None:
    for volume in ("证据材料卷一", "证据材料卷二"):
        house.drop_pages(f"{CASE}/{volume}", [stamped(len(volume) + number, number) for number in (1, 2, 3)])

    house.take_in_and_work()

    assert [label for label, _ in labels(house)] == ["1", "2", "3"] * 2
    assert of_labels(house) == []


def test_a_confirmed_label_is_never_written_over(house: House) -> None:
    drop(house, 1, 2, 8, 4, 5)
    house.take_in_and_work()
    with house.catalogue.writing() as session:
        page = session.scalars(select(Page).where(Page.page_number == 3)).one()
        page.page_label, page.page_label_state = "3", "confirmed"

    drop(house, 6, first_name=6)
    house.take_in_and_work()

    assert labels(house)[2] == ("3", "confirmed")
    assert labels(house)[5] == ("6", "read")


def test_settling_labels_again_changes_nothing(house: House) -> None:
    drop(house, 1, 2, 3, 5, 5)
    house.take_in_and_work()
    before = (labels(house), of_labels(house))

    with house.catalogue.writing() as session:
        rows_changed = session.connection().exec_driver_sql("SELECT total_changes()").scalar_one()
        settle_labels(session, session.scalars(select(Volume.id)).one())
        session.flush()
        again = session.connection().exec_driver_sql("SELECT total_changes()")
        assert again.scalar_one() == rows_changed

    assert (labels(house), of_labels(house)) == before


def test_search_hits_carry_the_label(house: House) -> None:
    drop(house, 1, 2, 3)
    house.take_in_and_work()

    (hit,) = house.searcher.search("证人甲2号", limit=5).hits

    assert hit.page_label == "2"
