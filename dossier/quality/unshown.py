"""Pages whose picture cannot be made: nobody can have seen them, unless whoever checks says that they looked elsewhere.

They must not stop whoever leafs through a volume, nor slip through as seen.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit, work
from dossier.catalogue.tables import Page, Work
from dossier.deeds.deed import Done, name_of, page_of
from dossier.derived import Derived
from dossier.errors import DeedRefused, EdossierError, error_of
from dossier.quality.sample import note_seen
from dossier.viewers import Viewer


def unshown_pages(
    session: Session, derived: Derived, volume_id: str, page_ids: Collection[str] | None = None
) -> dict[str, EdossierError]:
    """Of a volume's pages in the order those whose picture was tried in vain, and why.

    Args:
        session: the catalogue.
        derived: where pictures are; one that is there can be seen, whatever was tried once.
        volume_id: whose pages.
        page_ids: of these alone.
    """
    tried = (
        select(Page, Work)
        .join(Work, (Work.subject_id == Page.id) & (Work.kind == work.PICTURE) & (Work.state == "failed"))
        .where(Page.volume_id == volume_id, Page.outside.is_(None))
        .order_by(Page.page_number)
    )
    if page_ids is not None:
        tried = tried.where(Page.id.in_(page_ids))
    return {
        page.id: error_of(row.error_code or "", row.error_detail)
        for page, row in session.execute(tried)
        if not derived.page_picture(page.id, page.reading_version).is_file()
    }


def acknowledge(session: Session, derived: Derived, volume_id: str, page_id: str, checker: Viewer) -> Done:
    """Count a page as seen whose picture cannot be made: whoever checks has looked at the paper, or at the original.

    Raises:
        DeedRefused: it is not of this volume, or its picture can be seen.
    """
    page = page_of(session, page_id)
    if page.volume_id != volume_id or page.outside is not None:
        raise DeedRefused("这一页不在这一卷的页序里")
    if page_id not in unshown_pages(session, derived, volume_id, [page_id]):
        raise DeedRefused("这一页的图像可以看，请在快速翻阅里看")
    note_seen(session, volume_id, checker.id, [page_id])
    audit.record(session, "acknowledge_unshown", "page", page_id, checker.name or checker.id, volume=volume_id)
    return Done(f"{name_of(page)}看不到图像，已确认核对过原件或纸质。", volume_id)
