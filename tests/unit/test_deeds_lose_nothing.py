"""Whatever is done to a volume, in whatever order: no page is lost, and each stands in exactly one place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Document, Page
from dossier.deeds import documents, page_deeds, page_order
from dossier.errors import DeedRefused
from dossier.verify import verify_store
from tests.bundle import Bundle, Shape

ACTOR = "制作人甲"
FOLDERS = ("", "询问笔录", "书证")

Deed = Callable[[Session, list[str], int, int], object]


def _order(session: Session, ids: list[str], first: int, second: int) -> object:
    pages = page_order.pages_in_place(session, session.get_one(Page, ids[0]).volume_id)
    standing = [page.id for page in pages if page.outside is None]
    start, end = sorted((first % (len(standing) + 1), second % (len(standing) + 1)))
    wanted = [*standing[start:end], *standing[:start], *standing[end:]]
    return page_order.set_order(session, pages[0].volume_id, wanted, page_order.order_version(pages), {}, ACTOR)


def _at(ids: list[str], place: int) -> str:
    return ids[place % len(ids)]


DEEDS: dict[str, Deed] = {
    "remove": lambda session, ids, a, b: page_order.remove(session, _at(ids, a), "重复", ACTOR),
    "restore": lambda session, ids, a, b: page_order.restore(session, _at(ids, a), ACTOR),
    "fold": lambda session, ids, a, b: page_order.fold(
        session, session.get_one(Page, ids[0]).volume_id, None, bool(b % 2), ACTOR
    ),
    "blank": lambda session, ids, a, b: page_deeds.mark_blank(session, _at(ids, a), bool(b % 2), ACTOR),
    "move": lambda session, ids, a, b: page_order.move(session, _at(ids, a), _at(ids, b), None, ACTOR),
    "first": lambda session, ids, a, b: page_order.move(session, _at(ids, a), None, None, ACTOR),
    "order": _order,
    "replace": lambda session, ids, a, b: page_order.replace(session, _at(ids, a), _at(ids, b), ACTOR),
    "divide": lambda session, ids, a, b: documents.divide(
        session, session.get_one(Page, _at(ids, a)).document_id, _at(ids, a), "", None, ACTOR
    ),
    "merge": lambda session, ids, a, b: documents.merge(
        session, session.get_one(Page, _at(ids, a)).document_id, None, ACTOR
    ),
    "turn": lambda session, ids, a, b: page_deeds.turn(session, _at(ids, a), 90 * (b % 4), ACTOR),
    "label": lambda session, ids, a, b: page_deeds.correct_label(session, _at(ids, a), str(b), ACTOR),
}

place = st.integers(0, 11)
deeds = st.lists(st.tuples(st.sampled_from([*DEEDS, "receive"]), place, place), min_size=1, max_size=14)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds)
def test_no_sequence_of_deeds_loses_a_page_or_leaves_a_hole_in_the_numbers(asked: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundle = Bundle(Path(folder) / "home")
        ids = [bundle.receive(f"{name:04}.jpg")[0] for name in range(1, 5)]
        ids += bundle.receive("合同.pdf", shapes=[Shape(index) for index in range(3)])
        for page_id in ids:
            bundle.read(page_id, "某页", blank=page_id == ids[1])
        originals = {page.id: (page.arrival_id, page.index_in_file) for page in bundle.pages()}
        for name, first, second in asked:
            if name == "receive":
                new = bundle.receive(f"{FOLDERS[first % 3]}/{second:04}.jpg".lstrip("/"))
                ids += new
                originals |= {page_id: (bundle.page(page_id).arrival_id, 0) for page_id in new}
                continue
            try:
                with bundle.catalogue.writing() as session:
                    DEEDS[name](session, ids, first, second)
            except DeedRefused:
                pass

            pages = bundle.pages()
            assert {page.id: (page.arrival_id, page.index_in_file) for page in pages} == originals
            assert [page.place for page in pages] == list(range(1, len(ids) + 1))
            standing = [page.page_number for page in pages if page.outside is None]
            assert standing == list(range(1, len(standing) + 1))
            assert {page.page_number for page in pages if page.outside is not None} <= {0}
            with bundle.catalogue.reading() as session:
                known = set(session.scalars(select(Document.id).where(Document.volume_id == pages[0].volume_id)))
                assert {page.document_id for page in pages} <= known
        with bundle.catalogue.reading() as session:
            assert verify_store(session, bundle.vault) == []
        bundle.close()
