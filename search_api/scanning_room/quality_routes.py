"""Quality 质检 over the API: handing a volume in, approving or refusing it, faults, pages seen, paper given back.

As with all deeds, every call may be repeated, and volumes out of sight answer 404.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Fault, Page, Volume, VolumeCheck
from dossier.deeds.deed import Done
from dossier.derived import Derived
from dossier.errors import NotFound
from dossier.permissions import sees
from dossier.quality import counts, faults, making, returns, sample
from dossier.quality.contents import contents_of, version_of
from dossier.quality.printed import paper_says
from dossier.quality.unshown import acknowledge, unshown_pages
from dossier.vault import Vault
from dossier.viewers import Viewer
from search_api.contract import refusals
from search_api.scanning_room.deed_routes import Id, UndoCall
from search_api.scanning_room.quality_answers import PagesToSee, QualityAnswer, QualityStanding, SeenAnswer, SeenCount
from search_api.site import Site, TheSite, TheViewer

MOST_SEEN = 500
"""Pages that are noted as seen with one call."""

_LOOK = refusals("not_found")
_DEED = refusals("not_found", "deed_refused")
_HANDING_IN = refusals("not_found", "deed_refused", "pages_unsettled", "volume_unclaimed")
_CHECKING = refusals("not_found", "deed_refused", "two_persons_needed")
_APPROVAL = refusals(
    "not_found", "deed_refused", "two_persons_needed", "pages_unseen", "volume_unclaimed", "volume_changed"
)  # fmt: skip

router = APIRouter(prefix="/api/v1/volumes/{volume_id}")

Reading = Annotated[int, Field(ge=0, le=1_000_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HandingIn(_Body):
    """Why the volume is handed in although something of it is not settled."""

    remark: Annotated[str, Field(max_length=1000, examples=["纸上页码本来就跳过 36"])] = ""


class Approval(_Body):
    """The version of the volume that was looked at."""

    version: Annotated[Id, Field(examples=["0f3a9c1b2d4e5f60"])]


class Refusal(_Body):
    """What is wrong with the volume as a whole, besides the faults that were marked."""

    words: Annotated[str, Field(max_length=1000, examples=["第二份笔录缺末页"])] = ""


class FoundFault(_Body):
    """A fault of a page, or (null) of the volume."""

    page: Id | None = None
    kind: Annotated[str, Field(max_length=40, examples=["skewed"], description=", ".join(faults.KINDS))]
    words: Annotated[str, Field(max_length=1000, examples=["右上角"])] = ""


class OneFault(_Body):
    """Which fault."""

    fault: Annotated[Id, Field(examples=["q0f3a9c1b2d4e5f607182"])]


class OnePage(_Body):
    """Which page."""

    page: Annotated[Id, Field(examples=["p5f2e25435ae121a9e03d"])]


class Mended(_Body):
    """Which faults have been mended, or have not."""

    faults: Annotated[list[Id], Field(max_length=1000, examples=[["q0f3a9c1b2d4e5f607182"]])]
    mended: bool = True


class Seen(_Body):
    """Pages that were on somebody's screen, and at which reading each was shown (null: the scan).

    A page for which no reading is given was shown as it stands.
    """

    pages: Annotated[list[Id], Field(max_length=MOST_SEEN, examples=[["p5f2e25435ae121a9e03d"]])]
    readings: Annotated[list[Reading | None], Field(max_length=MOST_SEEN, examples=[[1]])] = []


class Return(_Body):
    """To whom the paper was given back, when (an ISO date; "": today), by whom, and who has bound it again."""

    given_to: Annotated[str, Field(max_length=200, examples=["某某派出所 内勤"])]
    given_on: Annotated[str, Field(max_length=10, examples=["2031-03-05"])] = ""
    given_by: Annotated[str, Field(max_length=200)] = ""
    bound_by: Annotated[str, Field(max_length=200)] = ""
    remarks: Annotated[str, Field(max_length=1000)] = ""


class Slip(_Body):
    """Why a record is undone."""

    reason: Annotated[str, Field(max_length=1000, examples=["登记有误"])]


@router.get("/quality", responses=_LOOK)
def quality(site: TheSite, viewer: TheViewer, volume_id: str) -> QualityStanding:
    """How far making and checking a volume is: its state and version, what is open, counts, sample and faults.

    `seen` counts the pages that whoever asks has seen as they are now; `sample` those of them that belong to the
    sample.
    """
    with site.catalogue.reading() as session:
        volume = volume_in_sight(session, viewer, volume_id)
        return QualityStanding(**quality_of(session, viewer, volume, site.vault, site.derived))


@router.post("/hand-in", responses=_HANDING_IN)
def hand_in(site: TheSite, viewer: TheViewer, volume_id: str, asked: HandingIn) -> QualityAnswer:
    """Hand a volume to the checkers; with open questions a remark is needed."""
    sampling = sample.Sampling(site.settings.sample_share, site.settings.sample_least)
    return _do(site, viewer, volume_id, lambda s: making.hand_in(s, volume_id, viewer, asked.remark, sampling))


@router.post("/take-back", responses=_DEED)
def take_back(site: TheSite, viewer: TheViewer, volume_id: str) -> QualityAnswer:
    """Take a volume back that waits for its check."""
    return _do(site, viewer, volume_id, lambda s: making.take_back(s, volume_id, _name(viewer)))


@router.post("/approve", responses=_APPROVAL)
def approve(site: TheSite, viewer: TheViewer, volume_id: str, asked: Approval) -> QualityAnswer:
    """Approve a volume as it was looked at; 409 `volume_changed` where it is no longer so."""
    return _do(site, viewer, volume_id, lambda s: making.approve(s, volume_id, viewer, asked.version))


@router.post("/refuse", responses=_CHECKING)
def refuse(site: TheSite, viewer: TheViewer, volume_id: str, asked: Refusal) -> QualityAnswer:
    """Send a volume back to its maker, with the faults that stand."""
    return _do(site, viewer, volume_id, lambda s: making.refuse(s, volume_id, viewer, asked.words))


@router.post("/faults", responses=_CHECKING)
def mark_fault(site: TheSite, viewer: TheViewer, volume_id: str, asked: FoundFault) -> QualityAnswer:
    """Note a fault of a volume that waits for its check."""
    return _do(
        site, viewer, volume_id,
        lambda s: making.mark_fault(s, volume_id, viewer, asked.page, asked.kind, asked.words),
    )  # fmt: skip


@router.post("/withdraw-fault", responses=_CHECKING)
def withdraw_fault(site: TheSite, viewer: TheViewer, volume_id: str, asked: OneFault) -> QualityAnswer:
    """Take back a fault that is none."""
    return _do(site, viewer, volume_id, lambda s: making.withdraw_fault(s, volume_id, viewer, asked.fault))


@router.post("/mended", responses=_DEED)
def mended(site: TheSite, viewer: TheViewer, volume_id: str, asked: Mended) -> QualityAnswer:
    """Say that faults for which the volume was refused have been mended."""
    return _do(
        site, viewer, volume_id, lambda s: faults.mend(s, volume_id, asked.faults, asked.mended, _name(viewer))
    )  # fmt: skip


@router.get("/seen", responses=_LOOK)
def seen(site: TheSite, viewer: TheViewer, volume_id: str) -> SeenAnswer:
    """The pages of a volume in its order, and which of them whoever asks has seen: what the flip-through shows.

    `pages` has a list for each of `page_ids`, `labels`, `readings` (null before a page has been read), `seen`,
    `sampled` (of the sample of the latest handing in) and `faults` (those that stand, by kind).
    """
    with site.catalogue.reading() as session:
        volume = volume_in_sight(session, viewer, volume_id)
        rows = session.execute(
            select(Page.id, Page.page_label, Page.reading_version)
            .where(Page.volume_id == volume_id, Page.outside.is_(None))
            .order_by(Page.page_number, Page.id)
        ).all()
        known = sample.seen_pages(session, volume_id, viewer.id)
        check = session.get(VolumeCheck, volume_id)
        drawn = making.sample_in(check, [row.id for row in rows]) if check is not None and check.seed else set()
        unshown = unshown_pages(session, site.derived, volume_id)
        of_page: dict[str, list[str]] = {}
        for fault in faults.standing_faults(session, volume_id):
            of_page.setdefault(fault.page_id or "", []).append(fault.kind)
        return SeenAnswer(
            volume_id=volume_id,
            volume=volume.name,
            version=version_of(contents_of(session, volume_id)),
            pages=PagesToSee(
                page_ids=[row.id for row in rows],
                labels=[row.page_label for row in rows],
                readings=[row.reading_version for row in rows],
                seen=[row.id in known for row in rows],
                sampled=[row.id in drawn for row in rows],
                faults=[of_page.get(row.id, []) for row in rows],
                unshown=[unshown[row.id].chinese if row.id in unshown else None for row in rows],
            ),
        )


@router.post("/seen", responses=_LOOK)
def note_seen(site: TheSite, viewer: TheViewer, volume_id: str, asked: Seen) -> SeenCount:
    """Note pages that were on the screen of whoever asks.

    Passed over are those that are not of this volume, those that have been read again since they were shown, and those
    whose picture cannot be made.
    """
    shown = dict(zip(asked.pages, asked.readings, strict=False))
    with site.catalogue.writing() as session:
        volume_in_sight(session, viewer, volume_id)
        unshown = unshown_pages(session, site.derived, volume_id, asked.pages)
        pages = [page_id for page_id in asked.pages if page_id not in unshown]
        sample.note_seen(session, volume_id, viewer.id, pages, shown)
        session.flush()
        return SeenCount(seen=len(sample.seen_pages(session, volume_id, viewer.id)))


@router.post("/unshown", responses=_DEED)
def acknowledge_unshown(site: TheSite, viewer: TheViewer, volume_id: str, asked: OnePage) -> QualityAnswer:
    """Say of a page whose picture cannot be made that one looked at the paper or the original: it counts as seen."""
    return _do(site, viewer, volume_id, lambda s: acknowledge(s, site.derived, volume_id, asked.page, viewer))


@router.post("/return", responses=_DEED)
def give_back(site: TheSite, viewer: TheViewer, volume_id: str, asked: Return) -> QualityAnswer:
    """Record that a volume's paper was given back 还卷."""
    return _do(
        site, viewer, volume_id,
        lambda s: returns.give_back(
            s, volume_id, _name(viewer), given_to=asked.given_to, given_on=asked.given_on, given_by=asked.given_by,
            bound_by=asked.bound_by, remarks=asked.remarks,
        ),
    )  # fmt: skip


@router.post("/undo-return", responses=_DEED)
def undo_return(site: TheSite, viewer: TheViewer, volume_id: str, asked: Slip) -> QualityAnswer:
    """Say that the paper has not been given back after all."""
    return _do(site, viewer, volume_id, lambda s: returns.undo_return(s, volume_id, asked.reason, _name(viewer)))


def quality_of(session: Session, viewer: Viewer, volume: Volume, vault: Vault, derived: Derived) -> dict[str, Any]:
    """How far making and checking a volume is, as `/quality` answers and the page of the check shows."""
    check = session.get(VolumeCheck, volume.id)
    pages = sample.pages_to_see(session, volume.id)
    seen_ids = sample.seen_pages(session, volume.id, viewer.id)
    drawn = making.sample_in(check, pages) if check is not None and check.seed else set()
    found = faults.all_faults(session, volume.id)
    compared = counts.counts_of(session, volume, paper_says(session, vault, volume.id))
    returned = returns.return_of(session, volume.id)
    changed = making.changed_since_hand_in(session, volume.id)
    faulty = {fault.page_id for fault in found if fault.page_id in drawn and fault.mended_at is None}
    return {
        "volume_id": volume.id,
        "state": making.state_of(session, volume.id),
        "version": version_of(contents_of(session, volume.id)),
        "maker": check.maker if check else "",
        "handed_in_at": check.handed_in_at if check else None,
        "remark": check.remark if check else "",
        "checker": check.checker if check else "",
        "checked_at": check.checked_at if check else None,
        "refusals": check.refusals if check else 0,
        "reason": "送审后" + "、".join(changed) if changed else check.reason if check else "",
        "open": making.open_in(session, volume.id).words,
        "counts": {**asdict(compared), "differing": list(compared.differing)},
        "pages": len(pages),
        "seen": len(seen_ids),
        "sample": {
            "size": len(drawn), "seen": len(drawn & seen_ids), "faulty": len(faulty),
            "seed": check.seed if check else "", "share": check.share if check else 0.0,
        },
        "faults": [_told(session, fault) for fault in found],
        "returned": {
            "given_to": returned.given_to, "given_on": returned.given_on, "given_by": returned.given_by,
            "bound_by": returned.bound_by, "remarks": returned.remarks,
        } if returned else None,
        "unshown": [
            {"page_id": page_id, "message": error.chinese, "seen": page_id in seen_ids}
            for page_id, error in unshown_pages(session, derived, volume.id).items()
        ],
        "unclaimed": making.is_unclaimed(session, volume),
        "may_check": making.may_check(session, volume.id, viewer),
    }  # fmt: skip


def volume_in_sight(session: Session, viewer: Viewer, volume_id: str) -> Volume:
    """The volume with this id, where it is in sight.

    Raises:
        NotFound: it is not, or does not exist.
    """
    volume = session.get(Volume, volume_id)
    if volume is None or not sees(session, viewer, volume.case_id):
        raise NotFound(volume_id)
    return volume


def _told(session: Session, fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.id, "page_id": fault.page_id, "kind": fault.kind, "words": fault.words,
        "sentence": faults.sentence_of(session, fault), "found_by": fault.found_by, "found_at": fault.found_at,
        "told_at": fault.told_at, "mended_by": fault.mended_by, "mended_at": fault.mended_at,
    }  # fmt: skip


def _do(site: Site, viewer: Viewer, volume_id: str, deed: Callable[[Session], Done]) -> QualityAnswer:
    with site.catalogue.writing() as session:
        volume_in_sight(session, viewer, volume_id)
        done = deed(session)
        # A change for others is the last thing that its transaction writes; what follows is only read.
        session.flush()
        state, version = making.state_of(session, volume_id), version_of(contents_of(session, volume_id))
    return QualityAnswer(
        done=done.sentence, volume_id=volume_id, state=state, version=version, created=done.created,
        undo=[UndoCall(address=step.address, body=step.details) for step in done.undo],
    )  # fmt: skip


def _name(viewer: Viewer) -> str:
    return viewer.name or viewer.id
