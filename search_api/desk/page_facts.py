"""What there is to know of a page: where it stands, what came before and after it, what was read on it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import looks, work
from dossier.attention import may_be_told, sentence_of
from dossier.carried_marks import carried_words
from dossier.cases import number_of
from dossier.catalogue.tables import Arrival, Case, Document, Flag, Page, ReadingRow, Volume, Work
from dossier.citations import CitedPage
from dossier.cited_pages import cited_page
from dossier.errors import NotFound, error_of
from dossier.page_labels import place_by_label
from dossier.permissions import sees
from dossier.reading import Reading
from dossier.readings import stored_reading
from dossier.transcriptions.standing import transcribed_reading
from dossier.viewers import Viewer
from search_api.site import Site

# What is to be known of a page outside the order, and what to do next.
_OUTSIDE = {
    "folded": ("这一页是折叠的空白页，不计页", "需要计页的，请在卷的页面上放回"),
    "separator": ("这一页是分隔页，不计页，不入卷", "不是分隔页的，请在卷的页面上放回原位"),
    "removed": ("这一页已移出页序，不参与搜索", "需要的话，可以在卷的页面上放回原位"),
    "replaced": ("这一页已被替换，不参与搜索", "引用它的仍可打开；新的页在卷里原来的位置"),
}


@dataclass(frozen=True)
class PageFacts:
    """What the catalogue says of a page and of where it is.

    Attributes:
        page: its row.
        case_number, case_name, volume, document_title, source: where it belongs, and the file it came in.
        pages_in_volume: how many the volume has.
        before, after: the ids of its neighbours in the volume.
        cited: the page as a citation needs it.
        notes: what a person should know of it: what happened, and what to do next.
        reading_sha256: of the reading in use; None before it has been read.
        behind: for whoever puts pages in order: the page (id, number) behind which this one belongs by its label.
    """

    page: Page
    case_number: str | None
    case_name: str
    volume: str
    document_title: str
    source: str
    pages_in_volume: int
    before: str | None
    after: str | None
    cited: CitedPage
    notes: tuple[tuple[str, str], ...]
    reading_sha256: str | None
    behind: tuple[str, int] | None = None


def facts_of(site: Site, viewer: Viewer, page_id: str) -> PageFacts:
    """The facts of a page.

    Raises:
        NotFound: there is no such page within the viewer's sight.
    """
    with site.catalogue.reading() as session:
        page = session.get(Page, page_id)
        if page is None or not sees(session, viewer, page.case_id):
            raise NotFound(page_id)
        case = session.get_one(Case, page.case_id)
        volume = session.get_one(Volume, page.volume_id)
        beside = select(Page.id).where(Page.volume_id == page.volume_id, Page.outside.is_(None)).limit(1)
        if page.outside is None:
            before = session.scalar(beside.where(Page.page_number == page.page_number - 1))
            after = session.scalar(beside.where(Page.page_number == page.page_number + 1))
        else:  # it has no number: the pages between which it stood
            before = session.scalar(beside.where(Page.place < page.place).order_by(Page.place.desc()))
            after = session.scalar(beside.where(Page.place > page.place).order_by(Page.place))
        version = page.reading_version
        reading = session.get_one(ReadingRow, (page_id, version)) if version is not None else None
        return PageFacts(
            page=page,
            case_number=number_of(session, case),
            case_name=case.name,
            volume=volume.name,
            document_title=session.get_one(Document, page.document_id).title,
            source=session.get_one(Arrival, page.arrival_id).source,
            pages_in_volume=session.scalar(
                select(func.count()).where(Page.volume_id == page.volume_id, Page.outside.is_(None))
            )
            or 0,
            before=before,
            after=after,
            cited=cited_page(session, page, volume),
            notes=tuple(_notes(session, viewer, page)),
            reading_sha256=reading.sha256 if reading else None,
            behind=place_by_label(session, page) if viewer.prepares else None,
        )


def hurry_reading(site: Site, page_id: str) -> None:
    """Have a page that somebody looks at read before the bulk; once, and only while it waits to be read."""
    with site.catalogue.reading() as session:
        waits = select(Work.id).where(
            Work.kind == work.READ,
            Work.subject_id == page_id,
            Work.state == "waiting",
            Work.priority > work.URGENT,
        )
        if session.scalars(waits).first() is None:
            return
    with site.catalogue.writing() as session:
        work.hurry(session, work.READ, [page_id])


def _notes(session: Session, viewer: Viewer, page: Page) -> list[tuple[str, str]]:
    """What a person should know of the page: what happened, and what to do next."""
    notes = []
    if page.outside is not None:
        notes.append(
            _OUTSIDE[page.outside]
            if not page.outside_reason
            else (f"{_OUTSIDE[page.outside][0]}：{page.outside_reason}", _OUTSIDE[page.outside][1])
        )
    if (moved := carried_words(session, viewer, page.id)) != "":
        notes.append((moved, "画在原图框里的批注，现在是整页的；原来的页仍可打开"))
    if page.crop_by_hand is not None:
        notes.append(
            (f"这一页由 {page.cropped_by} 裁切过，只显示框内的部分", "原件完整保留；扫描室可以在裁切页面恢复整页")
        )
    if page.state == "parked":
        error = error_of(page.error_code or "", page.error_detail)
        notes.append((error.chinese, error.remedy_chinese))
    subjects = (page.id, page.arrival_id, page.document_id, page.volume_id)
    flags = select(Flag).where(Flag.subject_id.in_(subjects), Flag.closed_at.is_(None)).order_by(Flag.id)
    standing = session.scalars(flags).all()
    if standing:  # of most pages there is none; then nobody need be asked what may be told
        standing = session.scalars(flags.where(may_be_told(session, viewer))).all()
    # What concerns the volume is said where it can be seen: on the page to which the attention list leads.
    return notes + [
        sentence_of(flag)
        for flag in standing
        if flag.subject_kind != "volume" or flag.details.get("page_id") == page.id
    ]


def reading_of(site: Site, viewer: Viewer, facts: PageFacts) -> Reading | None:
    """What was read on the page, for the viewer to see, which is put on record; None before it has been read.

    Raises:
        StoreError: the vault does not hold what the catalogue says.
    """
    version, sha256 = facts.page.reading_version, facts.reading_sha256
    if version is None or sha256 is None:
        return None
    site.looks.note(viewer, [facts.page.id], looks.TEXT)
    return stored_reading(site.vault, facts.page.id, version, sha256)


def human_reading_of(site: Site, facts: PageFacts) -> Reading | None:
    """What people read on the page, in the form of a reading; None where nothing stands, or the vault has lost it."""
    with site.catalogue.reading() as session:
        return transcribed_reading(session, site.vault, facts.page)
