"""A page that lies in the wrong volume goes to another one of its case, and back.

The page keeps its id, and the vault is not touched. The file stays where it came, so that it is known when it is
dropped again; in the other volume an arrival is split off from it, whose page this is (as behind a separator sheet).
"""

from __future__ import annotations

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier import audit, changes, outbox
from dossier.catalogue.tables import Arrival, Document, Page, Volume
from dossier.deeds.deed import Done, Step, name_of, page_of, settle, volume_of
from dossier.deeds.page_order import lay, pages_in_place
from dossier.errors import DeedRefused
from dossier.natural_order import file_key
from dossier.pages import renumber
from dossier.receipts.sorting import BY_HAND

MOVED = "移页"


def volume_in_case(session: Session, case_id: str, name: str) -> Volume:
    """The volume of a case that a person names; of several versions the latest.

    Raises:
        DeedRefused: it has none of this name.
    """
    plain = name.strip()
    of_name = select(Volume).where(Volume.case_id == case_id, Volume.name == plain).order_by(Volume.version.desc())
    volume = session.scalars(of_name.limit(1)).first()
    if volume is None:
        raise DeedRefused(f"这个案件没有叫“{plain[:60]}”的卷")
    return volume


def move_to_volume(
    session: Session,
    page_id: str,
    volume_id: str,
    after: str | None,
    document_id: str | None,
    actor: str,
    at_front: bool = False,
) -> Done:
    """Put a page into another volume of its case.

    Args:
        session: the transaction.
        page_id: which page.
        volume_id: into which volume.
        after: behind which page there; None: at the end.
        document_id: the document there that it is to belong to; None: that of the page before it.
        actor: who does it.
        at_front: it goes to the front, and `after` says nothing.

    Raises:
        DeedRefused: the volume is of another case, or the page or document is not there; or the page was replaced.
    """
    page, volume = page_of(session, page_id), volume_of(session, volume_id)
    if page.volume_id == volume.id:
        return Done("这一页已经在这一卷里。", volume.id)
    if page.case_id != volume.case_id:
        raise DeedRefused("只能移到同一案件的卷里")
    if page.outside == "replaced":
        raise DeedRefused("这一页已被重扫的页替换，不在页序里")
    there = pages_in_place(session, volume.id)
    place = _place(there, after, at_front)
    source, name, document = volume_of(session, page.volume_id), name_of(page), page.document_id
    here = pages_in_place(session, source.id)
    at = here.index(page)
    before = here[at - 1].id if at else None
    outbox.enqueue(session, [page.id])  # while it can still be seen which page comes before it
    neighbour = there[place - 1] if place else (there[0] if there else None)
    belongs = document_id or (neighbour.document_id if neighbour else _document_for(session, page, volume).id)
    former = session.get_one(Arrival, page.arrival_id)
    page.volume_id, page.page_number, page.sorted_by = volume.id, 0, BY_HAND
    if page.state == "searchable":
        page.state = "read"  # the index has it as the former volume's
    arrival, is_new = _arrival_for(session, former, volume, belongs)
    page.arrival_id = arrival.id
    session.flush()
    _settle_arrivals(session, {former.id, page.arrival_id})
    concerned = lay(
        session, volume, [*there, page], [*there[:place], page, *there[place:]], {page.id: belongs}, {page.id}
    )
    # The pages that stay keep their order, also where it is that of the files' names.
    renumber(session, source.id)
    audit.record(
        session, "move_to_volume", "page", page.id, actor, before=source.id, volume=volume.id, after=after,
        document=page.document_id,
    )  # fmt: skip
    settle(session, source.id, [page.id, *(other.id for other in here[at + 1 : at + 2])], concerned | {document})
    settle(session, volume.id, [other.id for other in there[place : place + 1]], concerned)
    if is_new:
        changes.record(session, changes.RECEIVED, file_id=arrival.id)
    back = {"volume_id": source.id, "after": before, "document_id": document, "at_front": before is None}
    return Done(
        f"{name}已移到{volume.name}，现在是{name_of(page)}。", source.id, (Step("page", page.id, "volume", back),)
    )


def _place(there: list[Page], after: str | None, at_front: bool) -> int:
    if at_front:
        return 0
    if after is None:
        return len(there)
    for place, other in enumerate(there, start=1):
        if other.id == after:
            return place
    raise DeedRefused("要放到它后面的那一页不在那一卷里")


def _document_for(session: Session, page: Page, volume: Volume) -> Document:
    """A document for the first page of a volume that has none."""
    path = f"{MOVED}-{page.id}"
    known = session.scalars(select(Document).where(Document.volume_id == volume.id, Document.path == path)).first()
    if known is None:
        known = Document(
            case_id=volume.case_id, volume_id=volume.id, path=path, title=volume.name, order_key=file_key(path)
        )
        session.add(known)
        session.flush()
    return known


def _arrival_for(session: Session, former: Arrival, volume: Volume, document_id: str) -> tuple[Arrival, bool]:
    """What the page came in, as the volume has it, and whether that is new.

    It is the file itself where it came, otherwise one split off from it.
    """
    origin = session.get_one(Arrival, former.split_from) if former.split_from else former
    if origin.volume_id == volume.id:
        return origin, False
    path = f"{MOVED}-{origin.id}/{origin.path}"
    known = session.scalars(
        select(Arrival).where(
            Arrival.split_from == origin.id, Arrival.volume_id == volume.id, Arrival.path == path
        )
    ).first()  # fmt: skip
    if known is not None:
        return known, False
    arrival = Arrival(
        case_id=volume.case_id, volume_id=volume.id, document_id=document_id, sha256=origin.sha256, path=path,
        source=origin.source, origin=origin.origin, media_type=origin.media_type, state="reading",
        split_from=origin.id, received_at=origin.received_at,
    )  # fmt: skip
    session.add(arrival)
    session.flush()
    return arrival, True


def _settle_arrivals(session: Session, arrival_ids: set[str]) -> None:
    """Files whose page has come or gone: each is done when none of its pages is still to be read."""
    for arrival in session.scalars(select(Arrival).where(Arrival.id.in_(arrival_ids), Arrival.state != "failed")):
        is_open = Page.state.in_(("waiting", "reading"))
        left = session.scalar(select(func.count()).where(Page.arrival_id == arrival.id, is_open))
        arrival.state = "reading" if left else "done"
        if not left and arrival.done_at is None:
            arrival.done_at = time.time()
