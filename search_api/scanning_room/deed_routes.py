"""Deeds over the API: what people of the scanning room, and programs that may write, do to pages, documents, volumes.

Every deed may be repeated. Its answer says what was done and which calls undo it; cases out of sight answer 404.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import looks
from dossier.case_deeds import case_by_id
from dossier.cases import unmerged
from dossier.catalogue.tables import Arrival, Case, Document, Page, Volume
from dossier.deeds import claims, documents, doubles, gaps, insertion, page_deeds, page_order, page_volumes
from dossier.deeds.deed import Done
from dossier.doubles import Verdict
from dossier.errors import NotFound, NumberClash
from dossier.permissions import sees
from dossier.readings import reading_of
from dossier.viewers import Viewer
from search_api.contract import refusals
from search_api.problems import Problem
from search_api.scanning_room.standing_answers import TitleAnswer, VolumePagesAnswer
from search_api.site import Site, TheSite, TheViewer

MOST_PAGES = 20_000

_DEED = refusals("not_found", "deed_refused", "order_changed")
_CLAIM = refusals("not_found", "deed_refused", "number_clash", "number_insufficient")

router = APIRouter(prefix="/api/v1")

Id = Annotated[str, Field(max_length=64)]
Ids = Annotated[list[Id], Field(max_length=MOST_PAGES)]


class Body(BaseModel):
    """What a deed is told, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class Turn(Body):
    """How a page lies: the scan turned clockwise by `turn_degrees` stands upright; null: to be found out."""

    turn_degrees: Annotated[int, Field(examples=[90])] | None


class Label(Body):
    """The number on the paper: 35, 35-1, 35背; "" for none; null: to be found out."""

    label: Annotated[str, Field(max_length=40, examples=["35-1"])] | None


class Blank(Body):
    """Whether a page is blank, and whether it is to be folded out of the count then."""

    blank: Annotated[bool, Field(examples=[True])]
    folded: bool = False


class Reason(Body):
    """Why a page is taken out of the order."""

    reason: Annotated[str, Field(max_length=1000, examples=["重复扫描"])]


class Place(Body):
    """Behind which page of the volume; null: to the front. `document_id`: whose it is to be."""

    after: Annotated[Id, Field(examples=["p5f2e25435ae121a9e03d"])] | None
    document_id: Id | None = None


class Insertion(Body):
    """Behind which page of the volume: by its id, or by its number as the order stands now (0: to the front)."""

    after: Annotated[Id, Field(examples=["p5f2e25435ae121a9e03d"])] | None = None
    after_number: Annotated[int, Field(ge=0, le=MOST_PAGES)] | None = None

    @property
    def behind(self) -> insertion.Behind:
        """The place that is asked for."""
        return insertion.Behind(self.after, self.after_number)


class DoubleVerdict(Body):
    """The page beside which it looks like a double, and what both are: `kept` (one sheet twice, both stay), `different`
    (two sheets); null takes the answer back.
    """

    other: Annotated[Id, Field(examples=["p6a1b2c3d4e5f60718293"])]
    verdict: Annotated[Verdict | None, Field(examples=["kept"])]


class KnownGap(Body):
    """The numbers that the paper lacks itself, as people write them: 36、40-42."""

    gap: Annotated[str, Field(max_length=2000, examples=["36"])]
    known: bool = True


class KnownFileGap(Body):
    """The names, or ranges of names, as the flag `gap` lists them, at which no page is missing."""

    names: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=200, examples=[["0003"]])]
    known: bool = True


class OtherVolume(Body):
    """Which volume of the case, by id or by name, and behind which page there; null: at the end."""

    volume_id: Id | None = None
    volume: Annotated[str, Field(max_length=200, examples=["证据材料卷二"])] = ""
    after: Id | None = None
    at_front: bool = False
    document_id: Id | None = None


class Successor(Body):
    """The page that takes another one's place."""

    by: Annotated[Id, Field(examples=["p6a1b2c3d4e5f60718293"])]


class Order(Body):
    """All pages in the order as they are to stand, and the version of the order that this was made from.

    `moved`: which of them were moved, and so belong where they are now; empty: as few as can be.
    """

    pages: Annotated[Ids, Field(examples=[["p6a1b2c3d4e5f60718293", "p5f2e25435ae121a9e03d"]])]
    version: Annotated[Id, Field(examples=["0f3a9c1b2d4e5f60"])]
    documents: dict[Id, Id] = {}
    moved: Ids = []


class Fold(Body):
    """Which blank pages are folded, or counted again; null: all of the volume."""

    pages: Ids | None = None
    folded: bool = True


class Claim(Body):
    """The case, by a number as people write it, or by its id."""

    number: Annotated[str, Field(max_length=200, examples=["临检起诉受[2031]99010100031号"])] | None = None
    case_id: Id | None = None


class Title(Body):
    """What a document is called."""

    title: Annotated[str, Field(max_length=1000, examples=["讯问笔录（第1次）"])]


class Division(Body):
    """The first page of the new document, its title, and a document without pages that is to take them."""

    at: Annotated[Id, Field(examples=["p5f2e25435ae121a9e03d"])]
    title: Annotated[str, Field(max_length=1000)] = ""
    into: Id | None = None


class Merger(Body):
    """The document that is the next one: repeated, the call merges no further one."""

    next: Annotated[Id, Field(examples=["d5f2e25435ae121a9e03d"])]


class UndoCall(BaseModel):
    """A call that undoes, alone or with others in their order."""

    address: str
    body: dict[str, Any]


class Answer(BaseModel):
    """What was done, the version of the volume's order now, what came into being, and the calls that undo it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "done": "图像第 4 页已移出页序，原件保留。", "volume_id": "v0d7c0e6a5b1f2c3d4e5",
                "version": "0f3a9c1b2d4e5f60", "created": None,
                "undo": [{"address": "/api/v1/pages/p5f2e25435ae121a9e03d/restore", "body": {}}],
            }
        }
    )  # fmt: skip
    done: str
    volume_id: str
    version: str
    created: str | None
    undo: list[UndoCall]


@router.post("/pages/{page_id}/turn", responses=_DEED)
def turn(site: TheSite, viewer: TheViewer, page_id: str, asked: Turn) -> Answer:
    """Say how a page lies; it is read again upright."""
    return on_page(site, viewer, page_id, lambda s, by: page_deeds.turn(s, page_id, asked.turn_degrees, by))


@router.post("/pages/{page_id}/read-again", responses=_DEED)
def read_again(site: TheSite, viewer: TheViewer, page_id: str) -> Answer:
    """Have a page read once more."""
    return on_page(site, viewer, page_id, lambda s, by: page_deeds.read_again(s, page_id, by))


@router.post("/pages/{page_id}/blank", responses=_DEED)
def blank(site: TheSite, viewer: TheViewer, page_id: str, asked: Blank) -> Answer:
    """Say whether a page is blank."""

    def deed(session: Session, actor: str) -> Done:
        done = page_deeds.mark_blank(session, page_id, asked.blank, actor)
        if not asked.folded:
            return done
        folded = page_order.fold(session, done.volume_id, [page_id], True, actor)
        return Done(folded.sentence, done.volume_id, (*folded.undo, *done.undo))

    return on_page(site, viewer, page_id, deed)


@router.post("/pages/{page_id}/label", responses=_DEED)
def label(site: TheSite, viewer: TheViewer, page_id: str, asked: Label) -> Answer:
    """Confirm or correct a page's label."""
    return on_page(site, viewer, page_id, lambda s, by: page_deeds.correct_label(s, page_id, asked.label, by))


@router.post("/pages/{page_id}/remove", responses=_DEED)
def remove(site: TheSite, viewer: TheViewer, page_id: str, asked: Reason) -> Answer:
    """Take a page out of the order; it is kept and can be put back."""
    return on_page(site, viewer, page_id, lambda s, by: page_order.remove(s, page_id, asked.reason, by))


@router.post("/pages/{page_id}/restore", responses=_DEED)
def restore(site: TheSite, viewer: TheViewer, page_id: str) -> Answer:
    """Put a page back where it stood."""
    return on_page(site, viewer, page_id, lambda s, by: page_order.restore(s, page_id, by))


@router.post("/pages/{page_id}/move", responses=_DEED)
def move(site: TheSite, viewer: TheViewer, page_id: str, asked: Place) -> Answer:
    """Put a page behind another one of its volume."""
    return on_page(site, viewer, page_id, lambda s, by: page_order.move(s, page_id, asked.after, asked.document_id, by))


@router.post("/pages/{page_id}/insert", responses=_DEED)
def insert_page(site: TheSite, viewer: TheViewer, page_id: str, asked: Insertion) -> Answer:
    """Put a page that came late behind page n of its volume."""
    return on_page(site, viewer, page_id, lambda s, by: insertion.insert_page(s, page_id, asked.behind, by))


@router.post("/documents/{document_id}/insert", responses=_DEED)
def insert_document(site: TheSite, viewer: TheViewer, document_id: str, asked: Insertion) -> Answer:
    """Put all pages of a document behind page n of their volume."""
    return _do(
        site, viewer, Document, document_id,
        lambda s, by: insertion.insert_document(s, document_id, asked.behind, by),
    )  # fmt: skip


@router.post("/files/{file_id}/insert", responses=_DEED)
def insert_file(site: TheSite, viewer: TheViewer, file_id: str, asked: Insertion) -> Answer:
    """Put all pages of a file that came late behind page n of their volume."""
    return _do(site, viewer, Arrival, file_id, lambda s, by: insertion.insert_file(s, file_id, asked.behind, by))


@router.post("/pages/{page_id}/double", responses=_DEED)
def answer_double(site: TheSite, viewer: TheViewer, page_id: str, asked: DoubleVerdict) -> Answer:
    """Say what two pages are that look like one page twice; they are asked about no more."""

    def deed(session: Session, actor: str) -> Done:
        _case_of(session, viewer, Page, asked.other)
        return doubles.answer_double(session, page_id, asked.other, asked.verdict, actor)

    return on_page(site, viewer, page_id, deed)


@router.post("/volumes/{volume_id}/known-gap", responses=_DEED)
def know_gap(site: TheSite, viewer: TheViewer, volume_id: str, asked: KnownGap) -> Answer:
    """Say that a volume's paper lacks numbers itself; nobody is sent to look for them again."""
    return _do(
        site, viewer, Volume, volume_id, lambda s, by: gaps.know_gap(s, volume_id, asked.gap, asked.known, by)
    )  # fmt: skip


@router.post("/documents/{document_id}/known-file-gap", responses=_DEED)
def know_file_gap(site: TheSite, viewer: TheViewer, document_id: str, asked: KnownFileGap) -> Answer:
    """Say that no page is missing where file names are."""
    return _do(
        site, viewer, Document, document_id,
        lambda s, by: gaps.know_file_gap(s, document_id, asked.names, asked.known, by),
    )  # fmt: skip


@router.post("/pages/{page_id}/volume", responses=_DEED)
def to_volume(site: TheSite, viewer: TheViewer, page_id: str, asked: OtherVolume) -> Answer:
    """Put a page into another volume of its case."""

    def deed(session: Session, actor: str) -> Done:
        if asked.volume_id is not None:
            _case_of(session, viewer, Volume, asked.volume_id)
        case_id = session.get_one(Page, page_id).case_id
        volume_id = asked.volume_id or page_volumes.volume_in_case(session, case_id, asked.volume).id
        return page_volumes.move_to_volume(
            session, page_id, volume_id, asked.after, asked.document_id, actor, asked.at_front
        )

    return on_page(site, viewer, page_id, deed)


@router.post("/pages/{page_id}/replace", responses=_DEED)
def replace(site: TheSite, viewer: TheViewer, page_id: str, asked: Successor) -> Answer:
    """Let a re-scan take a page's place."""

    def deed(session: Session, actor: str) -> Done:
        _case_of(session, viewer, Page, asked.by)
        return page_order.replace(session, page_id, asked.by, actor)

    return on_page(site, viewer, page_id, deed)


@router.get("/volumes/{volume_id}/pages", response_model=VolumePagesAnswer, responses=refusals("not_found"))
def volume_pages(site: TheSite, viewer: TheViewer, volume_id: str) -> Response:
    """All pages of a volume by place, those outside the order (number 0) among them, and the order's version."""
    with site.catalogue.reading() as session:
        _case_of(session, viewer, Volume, volume_id)
        pages = page_order.pages_in_place(session, volume_id)
        shown = {
            "version": page_order.order_version(pages),
            "pages": [
                {
                    "page_id": page.id, "page_number": page.page_number, "page_label": page.page_label,
                    "page_label_state": page.page_label_state, "document_id": page.document_id, "state": page.state,
                    "blank": page.blank, "turn_degrees": page.turn_degrees, "outside": page.outside,
                    "outside_reason": page.outside_reason, "replaced_by": page.replaced_by,
                }
                for page in pages
            ],
        }  # fmt: skip
    return JSONResponse(shown)


@router.post("/volumes/{volume_id}/order", responses=_DEED)
def order(site: TheSite, viewer: TheViewer, volume_id: str, asked: Order) -> Answer:
    """Give a volume's pages a new order; 409 where it was made from one that no longer stands."""
    return _do(
        site, viewer, Volume, volume_id,
        lambda s, by: page_order.set_order(s, volume_id, asked.pages, asked.version, asked.documents, by, asked.moved),
    )  # fmt: skip


@router.post("/volumes/{volume_id}/fold", responses=_DEED)
def fold(site: TheSite, viewer: TheViewer, volume_id: str, asked: Fold) -> Answer:
    """Fold blank pages out of the count, or count them again."""
    return _do(
        site, viewer, Volume, volume_id,
        lambda s, by: page_order.fold(s, volume_id, asked.pages, asked.folded, by),
    )  # fmt: skip


@router.post("/volumes/{volume_id}/claim", responses=_CLAIM)
def claim_volume(site: TheSite, viewer: TheViewer, volume_id: str, asked: Claim) -> Answer:
    """Give a volume to the case with a number; a provisional one is opened where nobody knows it."""
    return _claim(site, viewer, Volume, volume_id, asked, claims.claim_volume)


@router.post("/cases/{case_id}/claim", responses=_CLAIM)
def claim_folder(site: TheSite, viewer: TheViewer, case_id: str, asked: Claim) -> Answer:
    """Give a folder under 待认领, with all its volumes, to the case with a number."""
    return _claim(site, viewer, Case, case_id, asked, claims.claim_folder)


@router.post("/documents/{document_id}/claim", responses=_CLAIM)
def claim_document(site: TheSite, viewer: TheViewer, document_id: str, asked: Claim) -> Answer:
    """Give a document, with the files that it came in, to the case with a number."""
    return _claim(site, viewer, Document, document_id, asked, claims.claim_document)


@router.get("/documents/{document_id}/title", response_model=TitleAnswer, responses=refusals("not_found"))
def suggested_title(site: TheSite, viewer: TheViewer, document_id: str) -> Response:
    """A document's title, and the one that its first page suggests ("" where it suggests none)."""
    with site.catalogue.reading() as session:
        _case_of(session, viewer, Document, document_id)
        document = session.get_one(Document, document_id)
        pages = page_order.pages_in_place(session, document.volume_id)
        first = next((page for page in pages if page.document_id == document_id and page.outside is None), None)
        reading = reading_of(session, site.vault, first) if first is not None else None
        told = {"title": document.title, "suggestion": documents.title_suggestion(reading) if reading else ""}
    if first is not None and told["suggestion"]:
        site.looks.note(viewer, [first.id], looks.TEXT)
    return JSONResponse(told)


@router.post("/documents/{document_id}/title", responses=_DEED)
def title(site: TheSite, viewer: TheViewer, document_id: str, asked: Title) -> Answer:
    """Give a document a title."""
    return _do(
        site, viewer, Document, document_id, lambda s, by: documents.rename(s, document_id, asked.title, by)
    )  # fmt: skip


@router.post("/documents/{document_id}/replace-earlier", responses=_DEED)
def replace_earlier(site: TheSite, viewer: TheViewer, document_id: str) -> Answer:
    """Let a document's pages take the places of those that came before under the same file names."""
    return _do(site, viewer, Document, document_id, lambda s, by: page_order.replace_earlier(s, document_id, by))


@router.post("/documents/{document_id}/divide", responses=_DEED)
def divide(site: TheSite, viewer: TheViewer, document_id: str, asked: Division) -> Answer:
    """Let a document's pages from one on become a document of their own."""
    return _do(
        site, viewer, Document, document_id,
        lambda s, by: documents.divide(s, document_id, asked.at, asked.title, asked.into, by),
    )  # fmt: skip


@router.post("/documents/{document_id}/merge", responses=_DEED)
def merge(site: TheSite, viewer: TheViewer, document_id: str, asked: Merger) -> Answer:
    """Merge a document with the next one of its volume."""
    return _do(site, viewer, Document, document_id, lambda s, by: documents.merge(s, document_id, asked.next, by))


def on_page(site: Site, viewer: Viewer, page_id: str, deed: Callable[[Session, str], Done]) -> Answer:
    """Do a deed on a page that is in sight."""
    return _do(site, viewer, Page, page_id, deed)


def on_volume(site: Site, viewer: Viewer, volume_id: str, deed: Callable[[Session, str], Done]) -> Answer:
    """Do a deed on a volume that is in sight."""
    return _do(site, viewer, Volume, volume_id, deed)


def _do(
    site: Site,
    viewer: Viewer,
    table: type[Page | Document | Volume | Arrival | Case],
    subject_id: str,
    deed: Callable[[Session, str], Done],
) -> Answer:
    """Do a deed on what is in sight, in one transaction, and say what became of it."""
    with site.catalogue.writing() as session:
        _case_of(session, viewer, table, subject_id)
        done = deed(session, viewer.name or viewer.id)
        session.flush()
        version = page_order.version_of(session, done.volume_id)
    return Answer(
        done=done.sentence,
        volume_id=done.volume_id,
        version=version,
        created=done.created,
        undo=[UndoCall(address=step.address, body=step.details) for step in done.undo],
    )


def _claim(
    site: Site,
    viewer: Viewer,
    table: type[Document | Volume | Case],
    subject_id: str,
    asked: Claim,
    deed: Callable[[Session, str, Case, str], Done],
) -> Answer:
    """Claim for a case.

    A person may put paper into a case that they do not see, as they could through the inbox; they are told nothing of
    it.
    """

    def claim(session: Session, actor: str) -> Done:
        case = _case_asked_for(session, viewer, asked, actor)
        done = deed(session, subject_id, case, actor)
        if sees(session, viewer, case.id):
            return done
        return Done(f"已归入 {asked.number}。", done.volume_id)

    if (asked.number is None) == (asked.case_id is None):
        raise Problem(422, "invalid_request", "请求中的参数不对。", "请写明编号或案件 id 中的一个。", "number, case_id")
    return _do(site, viewer, table, subject_id, claim)


def _case_asked_for(session: Session, viewer: Viewer, asked: Claim, actor: str) -> Case:
    if asked.case_id is not None:
        # By its id and no other way: it may be a folder that has become part of a case, and is to be it no more.
        case = session.get(Case, asked.case_id)
        if case is None or not sees(session, viewer, unmerged(session, case).id):
            raise NotFound(asked.case_id)
        return case
    number = str(asked.number)
    try:
        case = claims.case_named(session, number, actor)
    except NumberClash:
        raise NumberClash(number) from None  # without ids that may be out of sight
    if viewer.scopes is not None and not sees(session, viewer, case.id):
        raise NotFound(number)
    return case


def _case_of(
    session: Session, viewer: Viewer, table: type[Page | Document | Volume | Arrival | Case], subject_id: str
) -> None:
    """Make sure that a page, document, volume, file or case is in sight.

    Raises:
        NotFound: it is not, or does not exist.
    """
    if issubclass(table, Case):
        case_by_id(session, viewer, subject_id)
        return
    case_id = session.scalars(select(table.case_id).where(table.id == subject_id)).first()
    if case_id is None or not sees(session, viewer, case_id):
        raise NotFound(subject_id)
