"""Quality 质检 on the screen: what waits for a check, the check of a volume, and leafing through it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dossier.cases import number_of
from dossier.catalogue.tables import Case
from dossier.quality import ledger, making
from dossier.quality.faults import KINDS
from search_api.scanning_room.quality_routes import quality_of, volume_in_sight
from search_api.site import TheSite, TheViewer

MOST_SHOWN = 200

router = APIRouter(include_in_schema=False)


@router.get("/quality")
def quality(request: Request, site: TheSite, viewer: TheViewer) -> Response:
    """What waits for a check, what was refused, and what can be handed in; the deadline first."""
    groups = (
        (making.HANDED_IN, "待审核", "打开一卷，快速翻阅，通过或退回。"),
        (making.REFUSED, "审核不通过", "制作人改好差错后重新送审。"),
        (making.MAKING, "制作中", "全部处理完就可以送审。"),
    )
    with site.catalogue.reading() as session:
        shown = [
            (state, words, advice, ledger.ledger(session, viewer, ledger.Wanted(), (state,), MOST_SHOWN + 1))
            for state, words, advice in groups
        ]
    context = {"groups": shown, "most": MOST_SHOWN, "may_check": viewer.checks, "may_change": viewer.prepares}
    return site.pages.TemplateResponse(request, "quality.html", context)


@router.get("/volumes/{volume_id}/check")
def check(request: Request, site: TheSite, viewer: TheViewer, volume_id: str) -> Response:
    """The check of a volume: its state, the four counts, the sample, the faults, and what can be done next."""
    with site.catalogue.reading() as session:
        volume = volume_in_sight(session, viewer, volume_id)
        case = session.get_one(Case, volume.case_id)
        context: dict[str, Any] = {
            "volume": volume.name,
            "volume_id": volume_id,
            "case_number": number_of(session, case),
            "case_name": case.name,
            "due_on": case.due_on,
            "quality": quality_of(session, viewer, volume, site.vault, site.derived),
            "kinds": KINDS,
            "may_change": viewer.prepares,
            "checks": viewer.checks,
        }
    return site.pages.TemplateResponse(request, "check.html", context)


@router.get("/volumes/{volume_id}/flip")
def flip(request: Request, site: TheSite, viewer: TheViewer, volume_id: str) -> Response:
    """Leaf through a volume, one picture after the other; what was on the screen is noted."""
    with site.catalogue.reading() as session:
        volume = volume_in_sight(session, viewer, volume_id)
        context = {
            "volume": volume.name,
            "volume_id": volume_id,
            "kinds": KINDS,
            "may_mark": making.may_check(session, volume_id, viewer)
            and making.state_of(session, volume_id) == making.HANDED_IN,
        }
    return site.pages.TemplateResponse(request, "flip.html", context)
