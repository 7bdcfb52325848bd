"""The pages of excerpts 摘录: the cases that one has taken any from, and a case's, to edit, order and export."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dossier.cases import number_of
from dossier.cited_pages import page_after
from dossier.evidence_kinds import EVIDENCE_KINDS
from dossier.excerpts import LONGEST_PROVES, LONGEST_QUOTATION, LONGEST_WORD, excerpted_cases, excerpts_of
from dossier.permissions import case_in_sight
from search_api.desk.excerpt_routes import case_heading, note_excerpts, shown_excerpts
from search_api.site import TheSite, TheViewer

router = APIRouter(include_in_schema=False)


@router.get("/excerpts")
def excerpted(request: Request, site: TheSite, viewer: TheViewer) -> Response:
    """The cases from which the viewer has excerpts."""
    with site.catalogue.reading() as session:
        cases = [
            {"id": case.id, "heading": case_heading(session, case), "number": number_of(session, case), "count": count}
            for case, count in excerpted_cases(session, viewer)
        ]
    return site.pages.TemplateResponse(request, "excerpted.html", {"cases": cases})


@router.get("/cases/{case_id}/excerpts")
def excerpts_of_case(request: Request, site: TheSite, viewer: TheViewer, case_id: str) -> Response:
    """The viewer's excerpts from a case."""
    with site.catalogue.reading() as session:
        case = case_in_sight(session, viewer, case_id)
        shown = shown_excerpts(session, site, viewer, excerpts_of(session, viewer, case.id))
        context = {
            "case_id": case.id,
            "heading": case_heading(session, case),
            "number": number_of(session, case),
            "excerpts": [
                (one.excerpt, one, page_after(session, one.page_ids[-1]) if one.page_ids else None) for one in shown
            ],
            "facts": sorted({one.excerpt.fact for one in shown} - {""}),
            "kinds": EVIDENCE_KINDS,
            "longest": {"quotation": LONGEST_QUOTATION, "proves": LONGEST_PROVES, "word": LONGEST_WORD},
        }
    note_excerpts(site, viewer, shown)
    return site.pages.TemplateResponse(request, "excerpts.html", context)
