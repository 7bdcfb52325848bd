"""The upload page 上传: whose case and volume dropped folders are, and what has become of the files.

The bytes go by the resumable uploads of the API (search_api/rest/tus_routes.py); static/upload.js sends them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dossier.cases import case_for_folder, cases_with, numbers_of, unmerged
from dossier.catalogue.tables import Case, CaseNumber, Volume
from dossier.errors import CaseOutOfReach, NumberTaken
from dossier.numbers import canonical, find_numbers
from dossier.permissions import Extent, sees
from dossier.place import IGNORED_ENDINGS, IGNORED_NAMES, LOOSE_VOLUME
from dossier.upload_outcomes import outcomes
from dossier.viewers import Viewer
from search_api.rest.file_routes import actor_of
from search_api.site import TheSite, TheViewer

_MOST_CASES = 12
_MOST_AT_ONCE = 100

router = APIRouter(include_in_schema=False)

_Name = Annotated[str, Field(max_length=255)]


class Folders(BaseModel):
    """Names of folders that were dropped."""

    model_config = ConfigDict(extra="forbid")
    folders: Annotated[list[_Name], Field(max_length=_MOST_AT_ONCE)]


class Folder(BaseModel):
    """A folder whose case is wanted; "" for files that lie in none."""

    model_config = ConfigDict(extra="forbid")
    folder: _Name


class Uploads(BaseModel):
    """Ids of uploads."""

    model_config = ConfigDict(extra="forbid")
    uploads: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=_MOST_AT_ONCE)]


@router.get("/upload")
def upload_page(
    request: Request, site: TheSite, viewer: TheViewer, case: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The page onto which files and folders are dropped; `case`: the id of the one that it asks about first."""
    with site.catalogue.reading() as session:
        found = session.get(Case, case) if case else None
        found = unmerged(session, found) if found is not None else None
        chosen = _told(session, [found])[0] if found is not None and sees(session, viewer, found.id) else None
    context = {
        "chosen": chosen,
        "most_bytes": site.settings.max_upload_bytes,
        "keep_days": site.settings.upload_days,
        "ignored_names": sorted(IGNORED_NAMES),
        "ignored_endings": IGNORED_ENDINGS,
        "loose_volume": LOOSE_VOLUME,
        "viewer_id": viewer.id,
    }
    return site.pages.TemplateResponse(request, "upload.html", context)


@router.get("/upload/cases")
def cases(site: TheSite, viewer: TheViewer, q: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
    """Cases within sight whose number or name has these characters, the latest first; with their volumes."""
    with site.catalogue.reading() as session:
        statement = select(Case).where(
            Extent(viewer).holds(Case.id), Case.merged_into.is_(None), func.coalesce(Case.folder, "-") != ""
        )
        if q.strip():
            pattern = f"%{_plain(canonical(q))}%"
            numbered = select(CaseNumber.case_id).where(CaseNumber.canonical.like(pattern, escape="\\"))
            named = Case.name.like(f"%{_plain(q.strip())}%", escape="\\")
            statement = statement.where(or_(Case.id.in_(numbered), named))
        found = session.scalars(statement.order_by(Case.updated_at.desc(), Case.id).limit(_MOST_CASES)).all()
        return {"cases": _told(session, found)}


@router.post("/upload/folders")
def recognised(site: TheSite, viewer: TheViewer, body: Folders) -> dict[str, Any]:
    """Of each folder's name: the numbers in it, and the case that it means.

    `state`: known (`case` is it), new (the number is nobody's yet), unclaimed (no number, or one of two cases), hidden
    (it means a case that the asker may not put anything into).
    """
    with site.catalogue.reading() as session:
        return {"folders": [_recognised(session, viewer, folder) for folder in body.folders]}


@router.post("/upload/case")
def case_of_folder(site: TheSite, viewer: TheViewer, body: Folder) -> dict[str, Any]:
    """The case of a folder, as the inbox would have it: opened where there is none yet.

    Raises:
        NumberTaken: the number is of a case out of sight.
        CaseOutOfReach: the new case would not be seen by whoever opens it.
    """
    folder = body.folder.strip()
    with site.catalogue.writing() as session:
        if _recognised(session, viewer, folder)["state"] == "hidden":
            raise NumberTaken(folder)
        case = case_for_folder(session, folder, actor_of(viewer))
        session.flush()
        if not sees(session, viewer, case.id):
            raise CaseOutOfReach(folder)
        return _told(session, [case])[0]


@router.post("/upload/outcomes")
def become(site: TheSite, viewer: TheViewer, body: Uploads) -> dict[str, Any]:
    """What has become of the asker's own uploads: digests in the vault, and files that came twice."""
    with site.catalogue.reading() as session:
        return {"outcomes": [asdict(outcome) for outcome in outcomes(session, viewer, body.uploads)]}


def _recognised(session: Session, viewer: Viewer, folder: str) -> dict[str, Any]:
    numbers = find_numbers(folder)
    best = [number for number in numbers if number.kind == numbers[0].kind]
    found = cases_with(session, {number.canonical for number in best})
    if not found and not best:
        waiting = select(Case).where(Case.folder == folder, Case.state == "unclaimed")
        found = list(session.scalars(waiting.order_by(Case.created_at).limit(1)))
    seen = [case for case in found if sees(session, viewer, case.id)]
    told = {"folder": folder, "numbers": [number.as_given for number in best], "case": None}
    if len(seen) < len(found):
        return {**told, "state": "hidden"}
    if len(seen) == 1:
        return {**told, "state": "known", "case": _told(session, seen)[0]}
    return {**told, "state": "new" if best and not seen else "unclaimed"}


def _told(session: Session, found: Any) -> list[dict[str, Any]]:
    numbers = numbers_of(session, {case.id for case in found})
    volumes: dict[str, list[str]] = {}
    for case_id, name in session.execute(
        select(Volume.case_id, Volume.name)
        .where(Volume.case_id.in_([case.id for case in found]))
        .order_by(Volume.order_key)
    ):
        if name not in volumes.setdefault(case_id, []):
            volumes[case_id].append(name)
    return [
        {"id": case.id, "number": numbers.get(case.id), "name": case.name or case.folder or "收件箱",
         "volumes": volumes.get(case.id, [])}
        for case in found
    ]  # fmt: skip


def _plain(text: str) -> str:
    """A text for LIKE, in which nothing stands for something else."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
