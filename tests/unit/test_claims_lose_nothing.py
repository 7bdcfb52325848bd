"""Claims and files that come late, in whatever order: each page stands in one place, and none is lost or hidden."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Case, Page
from dossier.deeds import claims, documents, page_order
from dossier.errors import DeedRefused
from dossier.verify import verify_store
from tests.bundle import CASE, VOLUME, Bundle, Shape

ACTOR = "制作人甲"
OTHER = "临检起诉受[2031]99010100032号"
FOLDER = "新建文件夹"
PLACES = ((CASE, VOLUME), (OTHER, VOLUME), (FOLDER, VOLUME), (FOLDER, "证据材料卷二"), ("", "未分卷"))


def _give(session: Session, page: Page, kind: str, to: int) -> None:
    former = session.scalars(select(Case).where(Case.folder == FOLDER)).first()
    numbers = (CASE, OTHER)
    case = former if to % 3 == 2 and former is not None else claims.case_named(session, numbers[to % 2], ACTOR)
    if kind == "volume":
        claims.claim_volume(session, page.volume_id, case, ACTOR)
    else:
        claims.claim_document(session, page.document_id, case, ACTOR)


def _do(session: Session, name: str, ids: list[str], first: int, second: int) -> None:
    page = session.get_one(Page, ids[first % len(ids)])
    match name:
        case "claim volume":
            _give(session, page, "volume", second)
        case "claim document":
            _give(session, page, "document", second)
        case "replace earlier":
            page_order.replace_earlier(session, page.document_id, ACTOR)
        case "remove":
            page_order.remove(session, page.id, "重复", ACTOR)
        case "restore":
            page_order.restore(session, page.id, ACTOR)
        case "to front":
            page_order.move(session, page.id, None, None, ACTOR)
        case "divide":
            documents.divide(session, page.document_id, page.id, "", None, ACTOR)
        case "merge":
            documents.merge(session, page.document_id, None, ACTOR)


NAMES = (
    "receive", "claim volume", "claim document", "replace earlier", "remove", "restore", "to front", "divide", "merge",
)  # fmt: skip
some = st.integers(0, 11)
deeds = st.lists(st.tuples(st.sampled_from(NAMES), some, some), min_size=1, max_size=16)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds)
def test_no_sequence_of_claims_and_late_files_loses_doubles_or_hides_a_page(asked: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundle = Bundle(Path(folder) / "home")
        ids: list[str] = []
        for case, volume in PLACES:
            ids += bundle.receive("0001.jpg", volume, case) + bundle.receive("0002.jpg", volume, case)
        ids += bundle.receive("合同.pdf", VOLUME, FOLDER, [Shape(0), Shape(1)])
        for name, first, second in asked:
            if name == "receive":
                case, volume = PLACES[first % len(PLACES)]
                ids += bundle.receive(f"{second % 4:04}.jpg", volume, case)
                continue
            try:
                with bundle.catalogue.writing() as session:
                    _do(session, name, ids, first, second)
            except DeedRefused:
                pass
            with bundle.catalogue.reading() as session:
                assert sorted(session.scalars(select(Page.id))) == sorted(ids)
                assert verify_store(session, bundle.vault) == []
                # None stands in a case that has become part of another one, where nobody would look for it.
                merged = select(Case.id).where(Case.merged_into.is_not(None))
                assert session.scalars(select(Page.id).where(Page.case_id.in_(merged))).all() == []
        bundle.close()
