"""Excerpts go where their pages go: cases are merged, volumes split off, volumes and documents claimed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dossier.case_merge import merge
from dossier.case_metadata import CaseMetadata
from dossier.case_split import split
from dossier.catalogue.tables import Case, Excerpt, Page
from dossier.deeds import claims
from dossier.excerpts import add_excerpt, excerpts_of
from dossier.viewers import AT_MACHINE, PROSECUTOR, Viewer
from tests.bundle import Bundle

HERE, THERE = "临检起诉受[2031]99010100031号", "临检起诉受[2031]99010100032号"
MINE, OTHERS = (
    Viewer(name, name, roles=frozenset({PROSECUTOR}), sees_every_department=True) for name in ("闵榆", "傅溪")
)
ACTOR = "邬怀青"


def taken(bundle: Bundle, quotation: str, *page_ids: str, viewer: Viewer = MINE) -> None:
    with bundle.catalogue.writing() as session:
        add_excerpt(session, viewer, page_ids, {"quotation": quotation})


def quoted(bundle: Bundle, page_id: str, viewer: Viewer = MINE) -> list[str]:
    """A viewer's excerpts from the case in which a page is now, in their order."""
    with bundle.catalogue.reading() as session:
        case_id = session.get_one(Page, page_id).case_id
        rows = excerpts_of(session, viewer, case_id)
        assert len({row.place for row in rows}) == len(rows), "each has a place of its own"
        return [row.quotation for row in rows]


def case_of(bundle: Bundle, page_id: str) -> str:
    return bundle.page(page_id).case_id


def test_excerpts_of_a_case_that_is_merged_stand_behind_their_owners(bundle: Bundle) -> None:
    (here,), (there,) = bundle.receive("a.jpg", case=HERE), bundle.receive("b.jpg", case=THERE)
    for quotation, page_id, viewer in (
        ("甲", there, MINE), ("乙", here, MINE), ("丙", there, MINE), ("丁", there, OTHERS),
    ):  # fmt: skip
        taken(bundle, quotation, page_id, viewer=viewer)
    with bundle.catalogue.writing() as session:
        case, other = (session.get_one(Case, case_of(bundle, page_id)) for page_id in (here, there))
        merge(session, case, other, ACTOR)
    assert case_of(bundle, there) == case_of(bundle, here)
    assert (quoted(bundle, here), quoted(bundle, here, OTHERS)) == (["乙", "甲", "丙"], ["丁"])


def test_excerpts_from_a_volume_that_is_split_off_go_with_it_and_others_stay(bundle: Bundle) -> None:
    (stays,), (goes,) = bundle.receive("a.jpg", "证据材料卷一"), bundle.receive("b.jpg", "证据材料卷二")
    taken(bundle, "甲", stays)
    taken(bundle, "乙", goes)
    # What is from pages of two volumes goes by the first of them.
    taken(bundle, "丙", stays, goes)
    taken(bundle, "丁", goes, stays)
    with bundle.catalogue.writing() as session:
        case = session.get_one(Case, case_of(bundle, stays))
        metadata = CaseMetadata.model_validate({"numbers": [{"number": THERE}]})
        split(session, AT_MACHINE, case, [bundle.page(goes).volume_id], metadata, ACTOR)
    assert case_of(bundle, goes) != case_of(bundle, stays)
    assert (quoted(bundle, stays), quoted(bundle, goes)) == (["甲", "丙"], ["乙", "丁"])


@pytest.mark.parametrize("what", ["volume", "document"])
def test_excerpts_from_what_is_claimed_go_with_it_and_come_back_when_that_is_undone(bundle: Bundle, what: str) -> None:
    (stays,), (goes,) = bundle.receive("a.jpg", "证据材料卷一", HERE), bundle.receive("b.jpg", "证据材料卷二", HERE)
    (there,) = bundle.receive("c.jpg", "证据材料卷一", THERE)
    for quotation, page_id in (("甲", goes), ("乙", stays), ("丙", there), ("丁", goes)):
        taken(bundle, quotation, page_id)

    def claim(case_id: str) -> None:
        page = bundle.page(goes)
        with bundle.catalogue.writing() as session:
            case = session.get_one(Case, case_id)
            if what == "volume":
                claims.claim_volume(session, page.volume_id, case, ACTOR)
            else:
                claims.claim_document(session, page.document_id, case, ACTOR)

    claim(case_of(bundle, there))
    assert case_of(bundle, goes) == case_of(bundle, there)
    assert (quoted(bundle, stays), quoted(bundle, there)) == (["乙"], ["丙", "甲", "丁"])
    claim(case_of(bundle, stays))
    assert (quoted(bundle, stays), quoted(bundle, there)) == (["乙", "甲", "丁"], ["丙"])


def test_no_excerpt_stands_in_a_case_where_its_first_page_is_not(bundle: Bundle) -> None:
    """Whatever was moved: the rule by which it is seen who may read it."""
    pages = [bundle.receive(f"{at}.jpg", f"证据材料卷{'一二三'[at]}")[0] for at in range(3)]
    for page_id in pages:
        taken(bundle, "甲", page_id)
    with bundle.catalogue.writing() as session:
        case = session.get_one(Case, case_of(bundle, pages[0]))
        metadata = CaseMetadata.model_validate({"numbers": [{"number": THERE}]})
        target, _ = split(session, AT_MACHINE, case, [bundle.page(pages[1]).volume_id], metadata, ACTOR)
        claims.claim_volume(session, bundle.page(pages[2]).volume_id, target, ACTOR)
        merge(session, case, target, ACTOR)
        case_id = case.id
    with bundle.catalogue.reading() as session:
        rows = session.scalars(select(Excerpt)).all()
        assert len(rows) == 3
        of_pages = {session.get_one(Page, row.page_ids[0]).case_id for row in rows}
        assert {row.case_id for row in rows} == of_pages == {case_id}
