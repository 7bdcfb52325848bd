"""Deeds on the order of a volume's pages: moved, taken out and put back, folded, replaced by a re-scan.

Every page has its place among all pages of its volume, also while it stands outside the order: nothing is lost, and
putting back needs no memory. The numbers close up over the pages in the order.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from dossier import audit, changes, flags, outbox
from dossier.catalogue.tables import Arrival, Document, Page, Volume
from dossier.deeds.carrying import carry, carry_back
from dossier.deeds.deed import Done, Step, document_of, name_of, page_of, settle, volume_of
from dossier.errors import DeedRefused, OrderChanged
from dossier.pages import renumber
from dossier.receipts.sorting import IN_EFFECT, SHEET_FLAGS, put_back

LONGEST_REASON = 200


def pages_in_place(session: Session, volume_id: str) -> list[Page]:
    """All pages of a volume by place, those outside the order among them."""
    return list(
        session.scalars(
            select(Page).where(Page.volume_id == volume_id).order_by(Page.place, Page.page_number, Page.id)
        ).all()
    )


def order_version(pages: Sequence[Page]) -> str:
    """A name for an order of pages: whoever sends a new one says which one it was made from."""
    return _version(page.id for page in pages if page.outside is None)


def version_of(session: Session, volume_id: str) -> str:
    """The name of the order in which a volume's pages stand."""
    standing = select(Page.id).where(Page.volume_id == volume_id, Page.outside.is_(None))
    return _version(session.scalars(standing.order_by(Page.place, Page.page_number, Page.id)))


def _version(page_ids: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(page_ids).encode()).hexdigest()[:16]


def remove(session: Session, page_id: str, reason: str, actor: str) -> Done:
    """Take a page out of the order, with a reason; it stays in the vault, can be looked at, and is searched no more.

    Raises:
        DeedRefused: there is no reason, or another page has replaced it already.
    """
    page = page_of(session, page_id)
    plain = " ".join(reason.split())[:LONGEST_REASON]
    if not plain:
        raise DeedRefused("请写明移出的原因")
    if page.outside == "replaced":
        raise DeedRefused("这一页已被重扫的页替换，不在页序里")
    if page.outside == "removed" and page.outside_reason == plain:
        return Done("这一页已经移出页序。", page.volume_id)
    was, name = page.outside, name_of(page)
    _take_out(session, page, "removed", plain)
    audit.record(session, "remove", "page", page.id, actor, reason=plain, before=was)
    settle(session, page.volume_id, [page.id], [page.document_id])
    undo = [Step("page", page.id, "restore")] if was != "removed" else []
    return Done(f"{name}已移出页序，原件保留。", page.volume_id, tuple(undo))


def restore(session: Session, page_id: str, actor: str) -> Done:
    """Put a page back into the order, where it stood."""
    page = page_of(session, page_id)
    if page.outside is None:
        asked = [code for code in SHEET_FLAGS if flags.stands(session, "page", page.id, code)]
        for code in asked:  # somebody says that it is a page
            flags.close_flag(session, "page", page.id, code)
            audit.record(session, "restore", "page", page.id, actor, before=code)
        return Done(f"{name_of(page)}在页序里。", page.volume_id)
    was, reason = page.outside, page.outside_reason
    if was == "replaced" and page.replaced_by is not None:
        carry_back(session, page, page.replaced_by, actor)
    page.outside, page.outside_reason, page.replaced_by = None, "", None
    if was == "separator" or page.sheet_state == IN_EFFECT:  # from now on it separates nothing
        put_back(page)
    renumber(session, page.volume_id)
    audit.record(session, "restore", "page", page.id, actor, before=was)
    settle(session, page.volume_id, [page.id], [page.document_id])
    undo = Step("page", page.id, "remove", {"reason": reason or "撤销放回"})
    if was == "folded":
        undo = Step("volume", page.volume_id, "fold", {"pages": [page.id]})
    return Done(f"已放回，现在是{name_of(page)}。", page.volume_id, (undo,))


def fold(session: Session, volume_id: str, page_ids: Sequence[str] | None, is_folded: bool, actor: str) -> Done:
    """Fold blank pages out of the count, or count them again; they stay in their places, and can be looked at.

    Args:
        session: the transaction.
        volume_id: whose pages.
        page_ids: which of them; None: all that are blank.
        is_folded: whether they are to be folded.
        actor: who does it.

    Raises:
        DeedRefused: one of them is not blank, or not of this volume.
    """
    volume_of(session, volume_id)
    pages = {page.id: page for page in pages_in_place(session, volume_id)}
    if page_ids is None:
        page_ids = [page.id for page in pages.values() if page.blank]
    elif any(page_id not in pages or (is_folded and not pages[page_id].blank) for page_id in page_ids):
        raise DeedRefused("只有这一卷里标为空白的页可以折叠")
    changed = [pages[id_] for id_ in dict.fromkeys(page_ids) if pages[id_].outside == (None if is_folded else "folded")]
    if not changed:
        return Done("没有要折叠的空白页。" if is_folded else "没有折叠的空白页。", volume_id)
    ids, documents = [page.id for page in changed], {page.document_id for page in changed}
    outbox.enqueue(session, ids)
    for page in changed:
        if is_folded:
            put_outside(session, page, "folded")
        else:
            page.outside = None
    renumber(session, volume_id)
    for id_ in ids:
        audit.record(session, "fold" if is_folded else "unfold", "page", id_, actor)
    settle(session, volume_id, ids, documents)
    sentence = f"{len(ids)} 张空白页{'已折叠，不再计页' if is_folded else '重新计页'}。"
    return Done(sentence, volume_id, (Step("volume", volume_id, "fold", {"pages": ids, "folded": not is_folded}),))


def move(session: Session, page_id: str, after: str | None, document_id: str | None, actor: str) -> Done:
    """Put a page behind another one of its volume.

    Args:
        session: the transaction.
        page_id: which page.
        after: behind which page; None: to the front.
        document_id: the document that it is to belong to; None: as its new neighbours say.
        actor: who does it.

    Raises:
        DeedRefused: that page, or document, is not of this volume.
    """
    page = page_of(session, page_id)
    volume = volume_of(session, page.volume_id)
    pages = pages_in_place(session, volume.id)
    at = next(index for index, other in enumerate(pages) if other.id == page.id)
    before = pages[at - 1].id if at else None
    rest = [other for other in pages if other.id != page.id]
    places = {other.id: index for index, other in enumerate(rest)}
    if after is not None and after not in places:
        raise DeedRefused("只能在同一卷里移动")
    document = page.document_id
    if after == before and document_id in (None, document):
        return Done(f"{name_of(page)}没有移动。", volume.id)
    rest.insert(places[after] + 1 if after is not None else 0, page)
    belongs = {page.id: document_id} if document_id is not None else {}
    name, concerned = name_of(page), lay(session, volume, pages, rest, belongs, {page.id})
    audit.record(session, "move", "page", page.id, actor, after=after, before=before, document=page.document_id)
    settle(session, volume.id, [page.id], concerned)
    undo = Step("page", page.id, "move", {"after": before, "document_id": document})
    return Done(f"{name}已移动，现在是{name_of(page)}。", volume.id, (undo,))


def set_order(
    session: Session,
    volume_id: str,
    page_ids: Sequence[str],
    version: str,
    documents: Mapping[str, str],
    actor: str,
    moved: Collection[str] = (),
) -> Done:
    """Give a volume's pages a new order.

    Args:
        session: the transaction.
        volume_id: which volume.
        page_ids: all of its pages in the order, as they are to stand.
        version: of the order that this one was made from.
        documents: of pages that are to belong to a certain document; others as their new neighbours say.
        actor: who does it.
        moved: the pages that were moved; where that is not said, or not so, as few as can be.

    Raises:
        OrderChanged: the order has become another one meanwhile, or other pages stand in it.
    """
    volume = volume_of(session, volume_id)
    pages = pages_in_place(session, volume_id)
    standing = [page.id for page in pages if page.outside is None]
    if list(page_ids) == standing:
        return Done("页序没有变。", volume_id)
    if version != order_version(pages) or sorted(page_ids) != sorted(standing):
        raise OrderChanged(volume.name)
    known_moved = set(moved) if _is_moved(standing, page_ids, set(moved)) else None
    concerned, undo = arrange(session, volume, pages, page_ids, documents, known_moved)
    audit.record(session, "order", "volume", volume_id, actor, before=version, after=undo.details["version"])
    settle(session, volume_id, [], concerned)
    return Done("页序已调整。", volume_id, (undo,))


def arrange(
    session: Session,
    volume: Volume,
    pages: Sequence[Page],
    page_ids: Sequence[str],
    documents: Mapping[str, str],
    moved: Set[str] | None,
) -> tuple[set[str], Step]:
    """Lay a volume's pages so that those in the order stand as told; returns the documents that change, and the undo.

    Args:
        session, volume: the transaction, and whose pages.
        pages: all of them by place.
        page_ids: those in the order, as they are to stand.
        documents, moved: as of `lay`.
    """
    standing = [page.id for page in pages if page.outside is None]
    # What stands outside stays behind the page behind which it stood.
    followers: dict[str | None, list[Page]] = {}
    anchor: str | None = None
    for page in pages:
        if page.outside is None:
            anchor = page.id
        else:
            followers.setdefault(anchor, []).append(page)
    known = {page.id: page for page in pages}
    laid = list(followers.get(None, []))
    for page_id in page_ids:
        laid += [known[page_id], *followers.get(page_id, [])]
    former = {page.id: page.document_id for page in pages}
    concerned = lay(session, volume, pages, laid, documents, moved)
    belongs = {page.id: former[page.id] for page in laid if page.document_id != former[page.id]}
    back = {"pages": standing, "version": order_version(laid), "documents": belongs}
    return concerned, Step("volume", volume.id, "order", back)


def replace(session: Session, page_id: str, by: str, actor: str) -> Done:
    """Let a re-scan stand in a page's place, also of one that was taken out before; the page stays, outside the order,
    and names its successor, to which goes what people had put on it.

    Raises:
        DeedRefused: they are not of one volume, the re-scan is not in its order, or the page is folded or replaced.
    """
    old, new = page_of(session, page_id), page_of(session, by)
    if old.outside == "replaced" and old.replaced_by == new.id:
        return Done("这一页已经替换。", old.volume_id)
    if old.id == new.id or old.volume_id != new.volume_id or new.outside is not None:
        raise DeedRefused("只能用同一卷页序里的另一页来替换")
    if old.outside not in (None, "removed"):
        raise DeedRefused("只能替换页序里的页和移出的页")
    named = name_of(old)
    undo, waiting = _replace(session, volume_of(session, old.volume_id), [(old, new)], actor)
    return Done(f"{named}已替换为重扫的页，原来的页保留。{_carried_words(waiting)}", old.volume_id, undo)


def replace_earlier(session: Session, document_id: str, actor: str) -> Done:
    """Let a document's pages take the places of those in the volume that came before under the same file names.

    A scanner that was told to scan a stack once more gives its files the names that it gave them before.

    Raises:
        DeedRefused: none of its pages has such a page.
    """
    document = document_of(session, document_id)
    came_as = aliased(Arrival)  # also where a separator sheet has sent pages on
    rows = session.execute(
        select(Page, came_as.volume_id, came_as.path, came_as.received_at)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .join(came_as, came_as.id == func.coalesce(Arrival.split_from, Arrival.id))
        .where(Page.volume_id == document.volume_id, Page.outside.is_(None))
        .order_by(came_as.received_at, Page.place)
    ).all()
    earlier = {
        (place, path, page.index_in_file): (page, at)
        for page, place, path, at in rows
        if page.document_id != document_id
    }
    own = [page for page, *_ in rows if page.document_id == document_id]
    pairs: list[tuple[Page, Page]] = []
    for page, place, path, at in rows:
        name = (place, path, page.index_in_file)
        if page.document_id == document_id and name in earlier and earlier[name][1] <= at:
            pairs.append((earlier.pop(name)[0], page))
    if own and not pairs:
        raise DeedRefused("没有同名的原来的页")
    undo, waiting = _replace(session, volume_of(session, document.volume_id), pairs, actor) if pairs else ((), 0)
    words = _carried_words(waiting) if pairs else ""
    return Done(f"{len(pairs)} 页已替换为重扫的页，原来的页保留。{words}", document.volume_id, undo)


def _carried_words(waiting: int) -> str:
    # How many notes there were is nobody else's: they may be private.
    words = "批注、书签和摘录的出处随新页走"
    return f"{words}；人工校录 {waiting} 条请在新页上核对后采用。" if waiting else f"{words}。"


def _replace(
    session: Session, volume: Volume, pairs: Sequence[tuple[Page, Page]], actor: str
) -> tuple[tuple[Step, ...], int]:
    """Let pages stand in the places of others, one after the other.

    Returns:
        What undoes it, the last one first, and how many transcriptions wait on the new pages to be confirmed.
    """
    pages = pages_in_place(session, volume.id)
    outbox.enqueue(session, [page.id for pair in pairs for page in pair])
    laid = list(pages)
    belongs: dict[str, str] = {}
    undo: list[Step] = []
    for old, new in pairs:
        at = laid.index(new)
        steps = [
            Step("page", old.id, "restore"),
            *([Step("page", old.id, "remove", {"reason": old.outside_reason})] if old.outside is not None else []),
            Step("page", new.id, "move", {"after": laid[at - 1].id if at else None, "document_id": new.document_id}),
        ]
        del laid[at]
        laid.insert(laid.index(old) + 1, new)
        belongs[new.id] = old.document_id
        if old.page_label_state == "confirmed" and new.page_label_state != "confirmed":
            new.page_label, new.page_label_state = old.page_label, "confirmed"
            steps.append(Step("page", new.id, "label", {"label": None}))
        put_outside(session, old, "replaced", "已由重扫的页替换")
        old.replaced_by = new.id
        audit.record(session, "replace", "page", old.id, actor, by=new.id)
        undo = [*steps, *undo]
    concerned = {page.document_id for pair in pairs for page in pair}
    concerned |= lay(session, volume, pages, laid, belongs, set(belongs))
    waiting = carry(session, pairs, actor)
    settle(session, volume.id, [page.id for pair in pairs for page in pair], concerned)
    return tuple(undo), waiting


def _take_out(session: Session, page: Page, how: str, reason: str) -> None:
    outbox.enqueue(session, [page.id])  # while it can still be seen which page comes before it
    put_outside(session, page, how, reason)
    renumber(session, page.volume_id)


def put_outside(session: Session, page: Page, how: str, reason: str = "") -> None:
    """Let a page stand outside the order; numbers and index are the caller's to settle."""
    was_awaited = page.outside is None and page.state not in ("searchable", "parked")
    page.outside, page.outside_reason = how, reason
    if page.state == "searchable":
        page.state = "read"  # until it is put back and the index has it again
    if was_awaited:
        # It may have been the last one for which its file was not searchable yet.
        session.flush()
        changes.record_searchable(session, [page.arrival_id])


def lay(
    session: Session,
    volume: Volume,
    pages: Sequence[Page],
    laid: Sequence[Page],
    documents: Mapping[str, str],
    moved: Set[str] | None = None,
) -> set[str]:
    """Lay a volume's pages in a new order, by hand from now on; returns the documents whose pages changed.

    Args:
        session, volume: the transaction, and whose pages.
        pages, laid: all of them as they stand, and as they are to stand.
        documents: of pages that are to belong to a certain document.
        moved: the pages that a person has moved; None: as few as can be.
    """
    former = {page.id: page.document_id for page in pages}
    if moved is None:
        moved = _moved([page.id for page in pages], [page.id for page in laid])
    _assign_documents(laid, moved)
    known = set(session.scalars(select(Document.id).where(Document.volume_id == volume.id)))
    for page in laid:
        if page.id in documents:
            if documents[page.id] not in known:
                raise DeedRefused("这份材料不在这一卷里")
            page.document_id = documents[page.id]
    for place, page in enumerate(laid, start=1):
        page.place = place
    volume.ordered_by_hand = True
    changed = [page.id for page in laid if page.document_id != former[page.id]]
    outbox.enqueue(session, changed)
    concerned = {former[id_] for id_ in moved} | {page.document_id for page in laid if page.id in moved | set(changed)}
    concerned |= {former[id_] for id_ in changed}
    renumber(session, volume.id)
    return concerned


def _is_moved(before: Sequence[str], after: Sequence[str], moved: Set[str]) -> bool:
    """Whether all other pages stand in the order in which they stood."""
    return bool(moved) and [id_ for id_ in before if id_ not in moved] == [id_ for id_ in after if id_ not in moved]


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The fewest pages that must have been moved: all but a longest rising subsequence (patience sorting)."""
    places = {id_: place for place, id_ in enumerate(before)}
    tops: list[int] = []
    top_at: list[int] = []
    below: list[int] = []
    for at, id_ in enumerate(after):
        pile = bisect_left(tops, places[id_])
        below.append(top_at[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(places[id_])
            top_at.append(at)
        else:
            tops[pile], top_at[pile] = places[id_], at
    stayed, at = set(), top_at[-1] if top_at else -1
    while at >= 0:
        stayed.add(after[at])
        at = below[at]
    return set(after) - stayed


def _assign_documents(laid: Sequence[Page], moved: Set[str]) -> None:
    """Give moved pages the document that they stand in now.

    Between two pages of one document they are part of it. At its edge they stay their own document where they are all
    of it, or beside the rest of it; otherwise they join the document before them.
    """
    whole = Counter(page.document_id for page in laid)
    gone = Counter(page.document_id for page in laid if page.id in moved)
    following: list[str | None] = [None] * len(laid)
    next_document: str | None = None
    for at in range(len(laid) - 1, -1, -1):
        following[at] = next_document
        if laid[at].id not in moved:
            next_document = laid[at].document_id
    before: str | None = None
    for page, after in zip(laid, following, strict=True):
        if page.id not in moved:
            before = page.document_id
        elif before is not None and before == after:
            page.document_id = before
        elif gone[page.document_id] < whole[page.document_id] and page.document_id not in (before, after):
            page.document_id = before or after or page.document_id
