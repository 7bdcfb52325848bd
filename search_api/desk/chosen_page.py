"""Chosen pages 示证: the page on which they are put in groups and in order, and become one PDF.

What is being chosen is in the browser, as ids of pages; nothing is kept here until a PDF is asked for.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dossier.exhibits import LONGEST_TITLE, MOST_GROUPS, MOST_KEPT, MOST_PAGES
from search_api.site import TheSite

router = APIRouter(include_in_schema=False)


@router.get("/chosen")
def chosen(request: Request, site: TheSite) -> Response:
    """The page; its script fills it."""
    context = {
        "most_pages": MOST_PAGES, "most_groups": MOST_GROUPS, "most_kept": MOST_KEPT, "longest": LONGEST_TITLE,
        "watermark": site.watermark,
    }  # fmt: skip
    return site.pages.TemplateResponse(request, "chosen.html", context)
