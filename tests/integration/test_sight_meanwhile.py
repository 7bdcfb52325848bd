"""Who sees what changes while the engine answers: the answer is of afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dossier import cases, permissions
from dossier.catalogue.tables import Case
from dossier.errors import NotFound
from dossier.home import Home
from dossier.viewers import PROSECUTOR, Viewer
from indexer.search import Searcher
from tests.web.scanroom import Scanroom

SEALED, OPEN = "临检起诉受[2031]99010100001号", "临检起诉受[2031]99010100002号"
DEPARTMENT = "第一检察部"
VIEWER = Viewer("u1", "闵榆", roles=frozenset({PROSECUTOR}), departments=frozenset({DEPARTMENT}))


class Slow:
    """An engine during whose first answers something happens."""

    def __init__(self, engine: Any, deed: Callable[[], None], times: int) -> None:
        self._engine, self._deed, self._remaining, self.asks = engine, deed, times, 0

    def __getattr__(self, name: str) -> Any:
        answer = getattr(self._engine, name)

        def slow(*given: Any, **named: Any) -> Any:
            found = answer(*given, **named)
            self.asks += 1
            if self._remaining:
                self._remaining -= 1
                self._deed()
            return found

        return slow


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Scanroom]:
    """Two cases of a department, each with a page of the same words."""
    room = Scanroom(Home.at(tmp_path))
    for number in (SEALED, OPEN):
        room.read(room.receive("0001.jpg", case=number), ("林晓禾转入账户",))
    with room.catalogue.writing() as session:
        for case in session.scalars(select(Case)).all():
            permissions.move(session, case, DEPARTMENT, "test")
    room.make_searchable()
    yield room
    room.close()


def searcher_of(room: Scanroom, deed: Callable[[], None], times: int = 1) -> Searcher:
    return Searcher(room.catalogue, room.vault, Slow(room.engine, deed, times))


def sealing(room: Scanroom) -> Callable[[], None]:
    def seal() -> None:
        with room.catalogue.writing() as session:
            permissions.seal(session, cases.case_named(session, SEALED), "test")

    return seal


@pytest.mark.parametrize("group", [None, "case"])
def test_a_case_sealed_while_the_engine_answers_is_neither_given_nor_counted(room: Scanroom, group: Any) -> None:
    before = room.searcher.search("林晓禾", viewer=VIEWER, group=group)
    assert (before.total, len(before.hits)) == (2, 2)
    result = searcher_of(room, sealing(room)).search("林晓禾", viewer=VIEWER, group=group)
    assert [hit.case_number for hit in result.hits] == [OPEN]
    assert result.total == 1


def test_facets_do_not_count_a_case_sealed_while_the_engine_answers(room: Scanroom) -> None:
    facets = searcher_of(room, sealing(room)).facets("林晓禾", viewer=VIEWER)
    assert facets.total == 1
    assert [value.label for value in facets.values["case"]] == [OPEN]


def test_there_are_no_neighbours_in_a_case_sealed_while_the_engine_answers(room: Scanroom) -> None:
    page_id = next(
        hit.page_id for hit in room.searcher.search("林晓禾", viewer=VIEWER).hits if hit.case_number == SEALED
    )
    with pytest.raises(NotFound):
        searcher_of(room, sealing(room)).neighbours(page_id, "林晓禾", viewer=VIEWER)


def test_permissions_that_change_without_end_do_not_hold_an_answer_up(room: Scanroom) -> None:
    def change() -> None:
        with room.catalogue.writing() as session:
            case = cases.case_named(session, OPEN)
            permissions.hand_over(session, case, case.handler + "苏", "test")

    result = searcher_of(room, change, times=1000).search("林晓禾", viewer=VIEWER)
    assert len(result.hits) == 2
