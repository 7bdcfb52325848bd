"""Sorting: the pages behind a separator sheet go to the volume that it names, until the next sheet.

Done anew for the whole stack whenever one of its pages has been read or has come, in the transaction that writes that:
so it does not matter in which order pages are read, how many workers read them, or how often. A page remembers which
sheet it followed, and is moved only when that becomes another one: what a person has done since stays.

Pages keep their ids, and the vault is not touched. The file stays where it came, so that it is known when it is dropped
again; in each volume an arrival is split off from it, whose pages they are. The sheet itself goes along, and stands
outside the order, where it can be looked at and put back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import case as choose
from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from dossier import audit, cases, changes, excerpts, flags, outbox, permissions
from dossier.case_metadata import move_deadline
from dossier.catalogue.tables import Arrival, Case, Document, Flag, Page, Volume
from dossier.deeds.deed import request_pdfs
from dossier.natural_order import file_key
from dossier.page_labels import settle_labels
from dossier.pages import renumber
from dossier.receipts.sheet_code import is_label, volume_named_by
from dossier.receipts.stacks import follows, origin_of, stack_of

ACTOR = "work"
IN_EFFECT, UNKNOWN, PUT_BACK = "in_effect", "unknown", "put_back"
SHEET_FLAGS = ("sheet_unknown", "sheet_unreadable")
OUTSIDE = "separator"
SHEET_WORDS = ("直到下一张分隔页", "归入上面这一卷")
"""What is printed on a sheet (search_api/templates/receipt_print.html), and on no other paper."""
BY_HAND = "by_hand"
"""What a page is sorted by that a person has put into a volume: no sheet moves it any more."""


def settle_stack(session: Session, page: Page) -> None:
    """Bring the stack that a page came in to what its separator sheets say; without sheets there is nothing to do."""
    session.flush()
    if page.sheet_code is not None and page.sheet_state is None:
        _look_at_code(session, page)
    if not _may_have_sheets(session, page):
        return
    sheet: Page | None = None
    before: Page | None = None
    groups: list[tuple[Page, list[Page]]] = []
    backs: list[tuple[Page, Page]] = []
    for each in stack_of(session, page):
        if each.sheet_state == IN_EFFECT:
            sheet = each
            groups.append((sheet, []))
        elif each.sheet_state == PUT_BACK and each.sheet_code is not None:
            sheet = None
        elif sheet is not None:
            if each.sorted_by not in (sheet.id, BY_HAND):
                groups[-1][1].append(each)
            if before is sheet:
                backs.append((sheet, each))
        before = each
    for first, pages in groups:
        if pages or first.outside is None:
            _sort(session, first, pages)
    for first, back in backs:
        if _is_blank_back(session, first, back):
            _take_back_out(session, first, back)


def ask_about_words(session: Session, page: Page, text: str) -> None:
    """A page whose words are a separator sheet's, but which bears no code that can be read, is a question."""
    plain = "".join(text.split())
    is_asked = page.sheet_code is None and page.sheet_state is None and any(words in plain for words in SHEET_WORDS)
    if is_asked:
        flags.raise_flag(session, "page", page.id, page.case_id, "sheet_unreadable")
    else:
        flags.close_flag(session, "page", page.id, "sheet_unreadable")


def put_back(page: Page) -> None:
    """A person makes a separator sheet, or its back, a page again: it sorts nothing, and is not taken out once more."""
    page.sheet_state = PUT_BACK


def _look_at_code(session: Session, page: Page) -> None:
    text = page.sheet_code or ""
    volume_id = volume_named_by(session, text)
    if volume_id is not None and session.get(Volume, volume_id) is not None:
        page.sheet_state = IN_EFFECT
    elif not is_label(session, text):
        page.sheet_state = UNKNOWN
        flags.raise_flag(session, "page", page.id, page.case_id, "sheet_unknown")
    session.flush()


def _may_have_sheets(session: Session, page: Page) -> bool:
    """Whether there may be a sheet in the stack: one query for the many stacks that have none."""
    if page.sheet_state is not None:
        return True
    origin = origin_of(session, page.arrival_id)
    came_as = aliased(Arrival)
    is_near = came_as.id == origin.id
    if page.order_key:
        is_near = is_near | (came_as.volume_id == origin.volume_id)
    found = (
        select(Page.id)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .join(came_as, came_as.id == func.coalesce(Arrival.split_from, Arrival.id))
        .where(Page.sheet_state == IN_EFFECT, is_near)
    )
    return session.scalars(found.limit(1)).first() is not None


def _sort(session: Session, sheet: Page, pages: Sequence[Page]) -> None:
    """Let pages go where the sheet before them says, and the sheet with them, out of the order."""
    volume_id = volume_named_by(session, sheet.sheet_code or "")
    volume = session.get(Volume, volume_id) if volume_id is not None else None
    if volume is None:
        return
    target = session.get_one(Case, volume.case_id)
    concerned = [sheet, *pages]
    sealed = {each.case_id for each in concerned if each.case_id != target.id}
    if not target.sealed and any(session.get_one(Case, case_id).sealed for case_id in sealed):
        flags.raise_flag(session, "page", sheet.id, sheet.case_id, "sheet_refused")
        return
    flags.close_flag(session, "page", sheet.id, "sheet_refused")
    outbox.enqueue(session, [each.id for each in concerned])  # while it can still be seen which page is before each
    sources = {each.volume_id for each in concerned} - {volume.id}
    former_cases = {each.case_id for each in concerned} - {target.id}
    documents = {each.document_id for each in concerned}
    arrivals = {each.arrival_id for each in concerned}
    moving = [each for each in concerned if each.volume_id != volume.id]
    is_new = sheet.outside is None
    if moving:
        _move(session, sheet, moving, volume, target)
        if name := _scanned_before(session, moving, volume):
            flags.raise_flag(session, "document", moving[0].document_id, target.id, "name_reused", path=name)
    for each in pages:
        each.sorted_by = sheet.id
    if is_new:
        _put_outside(sheet, f"分隔页：{volume.name}")
    session.flush()
    documents |= {each.document_id for each in concerned}
    new_arrivals = {each.arrival_id for each in concerned} - arrivals
    _settle_arrivals(session, arrivals | new_arrivals)
    for each_id in sorted(sources | {volume.id}):
        renumber(session, each_id)
        settle_labels(session, each_id)
    outbox.enqueue(session, [each.id for each in pages])
    request_pdfs(session, documents)
    for case_id in sorted(former_cases):
        excerpts.follow_pages(session, case_id)
        _leave(session, session.get_one(Case, case_id))
    if moving:
        permissions.note_change(session)
        move_deadline(session, target)
        target.version += 1
        target.updated_at = time.time()
    audit.record(
        session, "sort", "page", sheet.id, ACTOR, volume=volume.id, case=target.id,
        before=sorted(former_cases), pages=[each.id for each in pages],
    )  # fmt: skip
    for arrival_id in sorted(new_arrivals):
        changes.record(session, changes.RECEIVED, file_id=arrival_id)
    changes.record_searchable(session, arrivals | new_arrivals)


def _is_blank_back(session: Session, sheet: Page, back: Page) -> bool:
    """Whether a page is the blank side of a sheet that lies outside: a duplex scanner takes both."""
    return (
        back.blank
        and back.reading_version is not None
        and back.outside is None
        and back.sheet_state is None
        and sheet.outside == OUTSIDE
        and back.sorted_by == sheet.id
        and back.volume_id == sheet.volume_id
        and follows(session, sheet, back)
    )


def _take_back_out(session: Session, sheet: Page, back: Page) -> None:
    """Let the blank side of a sheet stand outside with it."""
    outbox.enqueue(session, [back.id])  # while it can still be seen which page is before it
    _put_outside(back, f"空白背面，{sheet.outside_reason}")
    renumber(session, back.volume_id)
    settle_labels(session, back.volume_id)
    request_pdfs(session, [back.document_id])
    audit.record(
        session, "sort", "page", back.id, ACTOR, back_of=sheet.id, volume=back.volume_id, case=back.case_id
    )  # fmt: skip
    changes.record_searchable(session, [back.arrival_id])


def _put_outside(page: Page, reason: str) -> None:
    page.outside, page.outside_reason = OUTSIDE, reason
    page.page_number = 0
    if page.state == "searchable":
        page.state = "read"


def _scanned_before(session: Session, pages: Sequence[Page], volume: Volume) -> str:
    """The name of a file of which an earlier one of this name has pages in the volume already; "" where there is none.

    Somebody has scanned the stack once more, or the scanner counts anew.
    """
    origins = {each.id: each for each in (origin_of(session, page.arrival_id) for page in pages)}
    came_as = aliased(Arrival)
    found = (
        select(came_as.path)
        .join(Arrival, func.coalesce(Arrival.split_from, Arrival.id) == came_as.id)
        .join(Page, Page.arrival_id == Arrival.id)
        .where(
            Page.volume_id == volume.id,
            Page.outside.is_(None),
            came_as.volume_id.in_({each.volume_id for each in origins.values()}),
            came_as.path.in_({each.path for each in origins.values()}),
            came_as.id.not_in(list(origins)),
        )
    )
    return session.scalars(found.limit(1)).first() or ""


def _move(session: Session, sheet: Page, pages: Sequence[Page], volume: Volume, case: Case) -> None:
    document = _document_behind(session, sheet, volume, case)
    for page in pages:
        arrival = _arrival_behind(session, sheet, page, document)
        page.case_id, page.volume_id, page.document_id, page.arrival_id = case.id, volume.id, document.id, arrival.id
        page.place = page.page_number = 0
        if page.state == "searchable":
            page.state = "read"  # the index has it as the former volume's
    session.flush()
    session.execute(
        update(Flag)
        .where(Flag.subject_kind == "page", Flag.subject_id.in_([page.id for page in pages]))
        .values(case_id=case.id)
    )


def _document_behind(session: Session, sheet: Page, volume: Volume, case: Case) -> Document:
    """The document of the pages behind a sheet, in its volume."""
    path = f"分隔页-{sheet.id}"
    known = session.scalars(select(Document).where(Document.volume_id == volume.id, Document.path == path)).first()
    if known is not None:
        return known
    origin = origin_of(session, sheet.arrival_id)
    document = Document(
        case_id=case.id, volume_id=volume.id, path=path, title=volume.name, series=_series_of(session, origin),
        order_key=f"{file_key(origin.path)}\x01{sheet.index_in_file:06}",
    )  # fmt: skip
    session.add(document)
    session.flush()
    return document


def _series_of(session: Session, origin: Arrival) -> int:
    """The series in which a file came: what has been scanned once more stands behind what was before."""
    document = session.get(Document, origin.document_id) if origin.document_id is not None else None
    return document.series if document is not None else 1


def _arrival_behind(session: Session, sheet: Page, page: Page, document: Document) -> Arrival:
    """The arrival that is split off from a page's file for the pages behind a sheet."""
    origin = origin_of(session, page.arrival_id)
    path = f"分隔页-{sheet.id}/{origin.path}"
    known = session.scalars(
        select(Arrival).where(
            Arrival.split_from == origin.id, Arrival.volume_id == document.volume_id, Arrival.path == path
        )
    ).first()
    if known is not None:
        return known
    arrival = Arrival(
        case_id=document.case_id, volume_id=document.volume_id, document_id=document.id, sha256=origin.sha256,
        path=path, source=origin.source, origin=origin.origin, media_type=origin.media_type, state="reading",
        split_from=origin.id, received_at=origin.received_at,
    )  # fmt: skip
    session.add(arrival)
    session.flush()
    return arrival


def _settle_arrivals(session: Session, arrival_ids: set[str]) -> None:
    """Files whose pages have come or gone: each is done when none of its pages is still to be read."""
    for arrival in session.scalars(select(Arrival).where(Arrival.id.in_(arrival_ids))):
        if arrival.state == "failed":
            continue
        is_open = choose((Page.state.in_(("waiting", "reading")), 1), else_=0)
        left = session.scalar(select(func.sum(is_open)).where(Page.arrival_id == arrival.id))
        arrival.state = "reading" if left else "done"
        if not left and arrival.done_at is None:
            arrival.done_at = time.time()


def _leave(session: Session, former: Case) -> None:
    """A case that waited under 待认领 asks nothing more when all its pages have found their volumes."""
    if former.state not in cases.OPENED_BY_PAPER:
        return
    has_pages = session.scalar(select(exists().where(Page.case_id == former.id)))
    has_failed = session.scalar(select(exists().where(Arrival.case_id == former.id, Arrival.state == "failed")))
    if not has_pages and not has_failed:
        flags.close_flag(session, "case", former.id, cases.OPENED_BY_PAPER[former.state])
