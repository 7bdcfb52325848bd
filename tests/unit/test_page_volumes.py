"""A page in the wrong volume: it goes to another one of its case, and comes back as it was."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dossier import outbox
from dossier.catalogue.tables import Arrival, ChangeRow, Page, Volume
from dossier.deeds import page_order
from dossier.deeds.deed import Done
from dossier.deeds.page_volumes import move_to_volume, volume_in_case
from dossier.errors import DeedRefused
from tests.bundle import VOLUME, Bundle

ACTOR = "制作人甲"
OTHER = "诉讼文书卷"


@pytest.fixture
def ids(bundle: Bundle) -> list[str]:
    """Four pages of a volume and two of another one, all read."""
    ids = [bundle.receive(f"{name:04}.jpg")[0] for name in range(1, 5)]
    ids += [bundle.receive(f"{name:04}.jpg", volume=OTHER)[0] for name in (1, 2)]
    for at, page_id in enumerate(ids):
        bundle.read(page_id, f"第{at}页的内容")
    bundle.settle()
    return ids


def volume_id(bundle: Bundle, name: str) -> str:
    with bundle.catalogue.reading() as session:
        return session.scalars(select(Volume.id).where(Volume.name == name)).one()


def order(bundle: Bundle, ids: list[str], name: str) -> list[int]:
    """A volume's pages in the order, by their places among `ids`."""
    with bundle.catalogue.reading() as session:
        pages = page_order.pages_in_place(session, session.scalars(select(Volume.id).where(Volume.name == name)).one())
        assert [page.page_number for page in pages] == list(range(1, len(pages) + 1))
        return [ids.index(page.id) for page in pages]


def move(bundle: Bundle, page_id: str, to: str, after: str | None = None, at_front: bool = False) -> Done:
    target = volume_id(bundle, to)
    with bundle.catalogue.writing() as session:
        return move_to_volume(session, page_id, target, after, None, ACTOR, at_front)


def undo(bundle: Bundle, done: Done) -> None:
    for step in done.undo:
        with bundle.catalogue.writing() as session:
            move_to_volume(session, step.subject_id, actor=ACTOR, **step.details)


@pytest.mark.parametrize(
    ("moved", "after", "at_front", "expected"),
    [(1, None, False, [4, 5, 1]), (1, 4, False, [4, 1, 5]), (0, None, True, [0, 4, 5])],
)
def test_a_page_goes_where_it_is_put_and_comes_back(
    bundle: Bundle, ids: list[str], moved: int, after: int | None, at_front: bool, expected: list[int]
) -> None:
    before = bundle.page(ids[moved])
    done = move(bundle, ids[moved], OTHER, None if after is None else ids[after], at_front)
    assert order(bundle, ids, OTHER) == expected
    assert order(bundle, ids, VOLUME) == [at for at in range(4) if at != moved]
    page = bundle.page(ids[moved])
    assert page.document_id == bundle.page(ids[4]).document_id
    assert page.reading_version == before.reading_version

    undo(bundle, done)
    assert (order(bundle, ids, VOLUME), order(bundle, ids, OTHER)) == ([0, 1, 2, 3], [4, 5])
    page = bundle.page(ids[moved])
    assert (page.document_id, page.arrival_id) == (before.document_id, before.arrival_id)


def test_a_volume_of_which_all_pages_have_gone_takes_one_back(bundle: Bundle, ids: list[str]) -> None:
    for page_id in (ids[4], ids[5]):
        move(bundle, page_id, VOLUME)
    assert order(bundle, ids, OTHER) == []
    move(bundle, ids[0], OTHER)
    assert (order(bundle, ids, OTHER), order(bundle, ids, VOLUME)) == ([0], [1, 2, 3, 4, 5])


def test_a_page_that_is_there_already_is_left_alone(bundle: Bundle, ids: list[str]) -> None:
    move(bundle, ids[1], OTHER)
    again = move(bundle, ids[1], OTHER)
    assert again.undo == ()
    assert len(bundle.audited("move_to_volume")) == 1


def test_the_file_dropped_once_more_brings_nothing_twice(bundle: Bundle, ids: list[str]) -> None:
    move(bundle, ids[1], OTHER)
    with bundle.catalogue.reading() as session:
        origins = session.scalars(select(Arrival).where(Arrival.split_from.is_(None))).all()
        page = session.get_one(Page, ids[1])
        arrival = session.get_one(Arrival, page.arrival_id)
        assert arrival.volume_id == page.volume_id
        assert arrival.split_from in {origin.id for origin in origins}
        assert (len(origins), arrival.state) == (6, "done")


def test_the_index_is_told_of_the_page_and_of_those_beside_it(bundle: Bundle, ids: list[str]) -> None:
    move(bundle, ids[1], OTHER)
    assert {ids[0], ids[1], ids[2], ids[5]} <= bundle.waiting_for_index()


def test_who_follows_the_changes_is_told_of_the_file_that_a_page_stands_in_there(
    bundle: Bundle, ids: list[str]
) -> None:
    undo(bundle, move(bundle, ids[1], OTHER))
    move(bundle, ids[1], OTHER)
    page = bundle.page(ids[1])
    assert page.state == "read", "the index has it as the former volume's"
    with bundle.catalogue.writing() as session:
        outbox.delivered(session, outbox.due(session, 100))

    assert bundle.page(ids[1]).state == "searchable"
    with bundle.catalogue.reading() as session:
        told = select(ChangeRow.kind).where(ChangeRow.file_id == page.arrival_id).order_by(ChangeRow.number)
        assert session.scalars(told).all() == ["received", "searchable"]


def test_what_cannot_be_is_refused(bundle: Bundle, ids: list[str]) -> None:
    elsewhere = bundle.receive("0001.jpg", case="临检起诉受[2031]99010100077号", volume="证据材料卷九")[0]
    with pytest.raises(DeedRefused, match="同一案件"):
        move(bundle, elsewhere, OTHER)
    with pytest.raises(DeedRefused, match="不在那一卷里"):
        move(bundle, ids[0], OTHER, after=ids[1])
    with bundle.catalogue.reading() as session, pytest.raises(DeedRefused, match="没有叫“没有的卷”的卷"):
        volume_in_case(session, bundle.page(ids[0]).case_id, "没有的卷")
