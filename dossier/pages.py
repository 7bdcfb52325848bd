"""Pages: how a file's pages join a document and a volume, and in which order they stand there."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from dossier import flags, outbox, work
from dossier.catalogue.tables import Arrival, Attachment, Case, Document, Page, Volume
from dossier.contents import PageShape
from dossier.natural_order import file_key, natural_key
from dossier.place import LOOSE_VOLUME, volume_kind_and_number
from dossier.receipts.expected import volume_meant
from dossier.side_pairs import settle_side_pairs, side_named

_MOST_REPEATS_COUNTED = 100


@dataclass
class Unplaced:
    """Pages that files which come together leave without a place, until all of them are placed at once.

    Attributes:
        volumes: that have got such pages.
        paired: that have got pages whose names call them two pictures of one side, which their order tells.
    """

    volumes: set[str] = field(default_factory=set)
    paired: set[str] = field(default_factory=set)

    def place(self, session: Session) -> None:
        """Give all of them their places; nothing is left afterwards."""
        for volume_id in sorted(self.volumes):
            renumber(session, volume_id)
        for volume_id in sorted(self.paired):
            settle_side_pairs(session, volume_id)
        self.volumes.clear()
        self.paired.clear()


def register_pages(
    session: Session, arrival: Arrival, shapes: Sequence[PageShape], is_single_picture: bool, unplaced: Unplaced
) -> list[Page]:
    """Give an arrival its pages: rows, places, and the work of reading them. Returns them in their order.

    A single picture joins the document of its folder; any other file is a document of its own. A name that is known
    already with other bytes never mixes with what is there: it opens a further series at the end of the volume.

    Args:
        session: the transaction.
        arrival: a file that has no pages yet.
        shapes: its pages, at least one.
        is_single_picture: whether it is one page of a folder of pictures.
        unplaced: takes note of what is left to be done by `Unplaced.place`.
    """
    case = session.get_one(Case, arrival.case_id)
    document = _document_for(session, arrival, case, is_single_picture, unplaced)
    arrival.document_id = document.id
    arrival.state = "reading"
    key = file_key(PurePosixPath(arrival.path).name) if is_single_picture else ""
    is_parted = any(shape.part != "whole" for shape in shapes)
    pages = [
        Page(
            case_id=arrival.case_id, volume_id=arrival.volume_id, document_id=document.id, arrival_id=arrival.id,
            index_in_file=place if is_parted else shape.index, picture_in_file=shape.index if is_parted else None,
            part=shape.part, cut=shape.cut, source_kind=shape.kind, order_key=key,
            width=shape.width, height=shape.height, dpi=shape.dpi,
        )
        for place, shape in enumerate(shapes)
    ]  # fmt: skip
    if arrival.volume_id not in unplaced.volumes and not _place_last(session, document, pages):
        unplaced.volumes.add(arrival.volume_id)
    session.add_all(pages)
    session.flush()
    document.settled = False
    work.request(session, work.READ, [page.id for page in pages], due_on=case.due_on)
    _flag_repeats(session, arrival)
    if side_named(arrival.path) is not None:
        unplaced.paired.add(arrival.volume_id)
    return pages


def _place_last(session: Session, document: Document, pages: Sequence[Page]) -> bool:
    """Give new pages of one file the places behind all others of their volume; False where that is not theirs."""
    if session.get_one(Volume, document.volume_id).ordered_by_hand:
        return False
    last = session.execute(
        select(Page.place, Document.series, Document.order_key, Document.id, Page.order_key)
        .join(Document, Document.id == Page.document_id)
        .where(Page.volume_id == document.volume_id)
        .order_by(Page.place.desc())
        .limit(1)
    ).first()
    here = (document.series, document.order_key, document.id, pages[0].order_key)
    if last is not None and tuple(last[1:]) > here:
        return False
    first_place = last.place + 1 if last else 1
    first_number = last_number(session, document.volume_id) + 1
    for offset, page in enumerate(pages):
        page.place, page.page_number = first_place + offset, first_number + offset
    return True


def register_attachment(session: Session, arrival: Arrival, size: int) -> None:
    """List an arrival that is not pages."""
    known = session.scalars(select(Attachment).where(Attachment.arrival_id == arrival.id)).first()
    if known is None:
        session.add(
            Attachment(
                arrival_id=arrival.id, case_id=arrival.case_id, name=PurePosixPath(arrival.path).name,
                media_type=arrival.media_type, size=size,
            )
        )  # fmt: skip
    arrival.state = "done"
    arrival.done_at = arrival.received_at


def renumber(session: Session, volume_id: str) -> None:
    """Number a volume's pages from 1 in their order, those outside it left out; moved ones are indexed anew.

    The order is that of the files' names, or a person's, in which pages that have no place yet find theirs.
    """
    session.flush()
    if session.get_one(Volume, volume_id).ordered_by_hand:
        _place_newcomers(session, volume_id)
    else:
        _place_by_name(session, volume_id)
    moved = session.execute(
        text(
            """
            WITH counted AS (
                SELECT id AS page_id, CASE WHEN outside IS NULL
                    THEN row_number() OVER (PARTITION BY outside IS NULL ORDER BY place, id) ELSE 0 END AS number
                FROM pages WHERE volume_id = :volume_id
            )
            UPDATE pages SET page_number = counted.number FROM counted
            WHERE pages.id = counted.page_id AND pages.page_number <> counted.number
            RETURNING pages.id, pages.page_number
            """
        ),
        {"volume_id": volume_id},
    ).all()  # fmt: skip
    numbers: dict[str, int] = dict(moved)
    _note(session, "page_number", numbers)
    outbox.enqueue(session, numbers)


def stands_outside_as_blank(page: Page) -> bool:
    """Whether a page is left out of the count for being blank: folded, or as the back of a separator sheet."""
    return page.outside == "folded" or (page.outside == "separator" and page.sheet_code is None)


def last_number(session: Session, volume_id: str) -> int:
    """The number of a volume's last page; 0 where it has none."""
    return session.scalar(select(func.max(Page.page_number)).where(Page.volume_id == volume_id)) or 0


def _place_by_name(session: Session, volume_id: str) -> None:
    moved = session.execute(
        text(
            """
            WITH ranked AS (
                SELECT p.id AS page_id, row_number() OVER (
                    ORDER BY d.series, d.order_key, d.id, p.order_key, p.arrival_id, p.index_in_file
                ) AS place
                FROM pages p JOIN documents d ON d.id = p.document_id
                WHERE p.volume_id = :volume_id
            )
            UPDATE pages SET place = ranked.place FROM ranked
            WHERE pages.id = ranked.page_id AND pages.place <> ranked.place
            RETURNING pages.id, pages.place
            """
        ),
        {"volume_id": volume_id},
    ).all()  # fmt: skip
    _note(session, "place", dict(moved))


def _note(session: Session, column: str, values: Mapping[str, int]) -> None:
    """Tell the pages that this transaction has at hand what the database has written; to read all anew is slow."""
    for page_id, value in values.items():
        page = session.identity_map.get(identity_key(Page, page_id))
        if page is not None and column in page.__dict__:
            set_committed_value(page, column, value)


def _place_newcomers(session: Session, volume_id: str) -> None:
    """In an order by hand, give the pages without a place theirs: behind the page whose name comes before.

    Names are compared within the series in which their files came, wherever the pages are now. A newcomer of the same
    folder joins the document of the page before it, which may have been divided, but never one of another series.
    """
    newcomers = select(Page.id).where(Page.volume_id == volume_id, Page.place <= 0).limit(1)
    if session.scalars(newcomers).first() is None:
        return
    came_as = aliased(Document)
    rows = session.execute(
        select(
            Page.id, Page.place, Page.document_id, Page.order_key, Page.index_in_file, Arrival.path, Document.series,
            func.coalesce(came_as.series, Document.series),
        )
        .join(Document, Document.id == Page.document_id)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .outerjoin(came_as, came_as.id == Arrival.document_id)
        .where(Page.volume_id == volume_id)
        .order_by(Page.place, Page.index_in_file, Page.id)
    ).all()  # fmt: skip
    names = {id_: (came, file_key(path), index) for id_, _, _, _, index, path, _, came in rows}
    # What a newcomer must share with the page before it to join its document; None for files of several pages.
    kin = {
        id_: (str(PurePosixPath(path).parent), series) if key else None for id_, _, _, key, _, path, series, _ in rows
    }
    documents = {id_: document_id for id_, _, document_id, *_ in rows}
    ordered = [id_ for id_, place, *_ in rows if place > 0]
    by_name = sorted((names[id_], id_) for id_ in ordered)
    joined: dict[str, str] = {}
    for id_ in sorted((id_ for id_, place, *_ in rows if place <= 0), key=lambda id_: names[id_]):
        # The nearest by name, wherever a person has put it.
        earlier = bisect_left(by_name, (names[id_], ""))
        before = by_name[earlier - 1][1] if earlier else None
        is_kin = before is not None and kin[id_] is not None and kin[id_] == kin[before]
        if before is not None and is_kin and documents[before] != documents[id_]:
            joined[id_] = documents[id_] = documents[before]
        ordered.insert(ordered.index(before) + 1 if before is not None else len(ordered), id_)
        insort(by_name, (names[id_], id_))
    places = {id_: place for place, id_ in enumerate(ordered, start=1)}
    moved = {id_: places[id_] for id_, place, *_ in rows if places[id_] != place}
    session.execute(update(Page), [{"id": id_, "place": place} for id_, place in moved.items()])
    _note(session, "place", moved)
    for id_, document_id in joined.items():
        session.get_one(Page, id_).document_id = document_id
    session.flush()


def volume_named(session: Session, case_id: str, name: str) -> Volume:
    """The newest version of a case's volume of this name, or the announced one that it means; made where none is."""
    volume = session.scalars(
        select(Volume).where(Volume.case_id == case_id, Volume.name == name).order_by(Volume.version.desc()).limit(1)
    ).first()
    if volume is None:
        volume = volume_meant(session, case_id, name)
    if volume is None:
        kind, number = volume_kind_and_number(name)
        volume = Volume(case_id=case_id, name=name, kind=kind, number=number, order_key=volume_order_key(name))
        session.add(volume)
        session.flush()
    return volume


def volume_order_key(name: str) -> str:
    """Where a volume stands in its case: in natural order of the names, loose pages last."""
    return ("\x02" if name.startswith(LOOSE_VOLUME) else "\x01") + natural_key(name)


def _document_for(
    session: Session, arrival: Arrival, case: Case, is_single_picture: bool, unplaced: Unplaced
) -> Document:
    path = PurePosixPath(arrival.path)
    # Loose files of the inbox are claimed one by one, so each is a document of its own.
    is_loose = case.state == "unclaimed" and not case.folder
    shared = is_single_picture and not is_loose
    document_path = str(path.parent) if shared else arrival.path
    series = _series_for(session, arrival, document_path)
    order_key = file_key(arrival.path)
    document = session.scalars(
        select(Document).where(
            Document.volume_id == arrival.volume_id, Document.path == document_path, Document.series == series
        )
    ).first()
    if document is not None:
        if order_key < document.order_key:
            document.order_key = order_key
            unplaced.volumes.add(arrival.volume_id)
        _ask_about_series(session, document, arrival)
        return document
    volume = session.get_one(Volume, arrival.volume_id)
    title = (path.parent.name or volume.name) if shared else path.stem
    if series > 1:
        title = f"{title}（第{series}批）"
    document = Document(
        case_id=arrival.case_id, volume_id=arrival.volume_id, path=document_path, series=series, title=title,
        order_key=order_key,
    )  # fmt: skip
    session.add(document)
    session.flush()
    _ask_about_series(session, document, arrival)
    return document


def _ask_about_series(session: Session, document: Document, arrival: Arrival) -> None:
    """A name that is known with other bytes asks for a person; also once more, after what came before was answered."""
    if document.series > 1 and not flags.stands(session, "document", document.id, "name_reused"):
        flags.raise_flag(session, "document", document.id, document.case_id, "name_reused", path=arrival.path)


def _series_for(session: Session, arrival: Arrival, document_path: str) -> int:
    """The series of its document that a file belongs to.

    A name that other bytes have in a series belongs to a later one. A new name goes where the name before it is: if a
    counter has started again, 0004 follows the newest 0003.
    """
    names: dict[int, set[str]] = {}
    in_folder = (Document.volume_id == arrival.volume_id) & (Document.path == document_path)
    asked = (
        select(Document.series, Arrival.path)
        .join(Arrival, Arrival.document_id == Document.id)
        .where(in_folder, Arrival.id != arrival.id)
    )
    # Nearly always there is one series, and then this name alone is what matters.
    if session.scalars(select(Document.id).where(in_folder, Document.series > 1).limit(1)).first() is None:
        asked = asked.where(Arrival.path == arrival.path)
    for series, path in session.execute(asked):
        names.setdefault(series, set()).add(path)
    taken = [series for series, paths in names.items() if arrival.path in paths]
    if taken:
        return max(taken) + 1
    key = file_key(arrival.path)
    earlier = {series: max((k for k in map(file_key, paths) if k < key), default="") for series, paths in names.items()}
    nearest = max(earlier.values(), default="")
    return max((series for series, before in earlier.items() if before and before == nearest), default=1)


def _flag_repeats(session: Session, arrival: Arrival) -> None:
    """Mark bytes that came elsewhere before: normal pages, but somebody may have scanned a sheet twice."""
    # White pages may be equal by the thousand: to count all of them each time would take longer with each.
    some = (
        select(Arrival.id)
        .where(
            Arrival.sha256 == arrival.sha256,
            Arrival.id != arrival.id,
            Arrival.document_id.is_not(None),
            Arrival.split_from.is_(None),
        )
        .limit(_MOST_REPEATS_COUNTED)
    )
    others = session.scalar(select(func.count()).select_from(some.subquery()))
    if others:
        flags.raise_flag(session, "arrival", arrival.id, arrival.case_id, "repeated", path=arrival.path, others=others)
