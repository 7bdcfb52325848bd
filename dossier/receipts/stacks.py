"""Stacks: the pages that went through the scanner one behind the other, as their files tell.

A file of several pages is a stack. So is a folder of single pictures, in the order of their names. Loose pictures of
the inbox are nobody's folder: of these only a run whose names count on without a gap, and which came within half an
hour of each other, is one, since the same counter begins again tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dossier import cases
from dossier.catalogue.tables import Arrival, Case, Document, Page
from dossier.natural_order import file_key

PAUSE_SECONDS = 1800.0
"""Between two loose pictures of one stack; a feeder that is filled again takes minutes."""

LONGEST_SECONDS = 86_400.0
"""From one loose picture of a stack to any other: the inbox keeps the files of years."""

_NAME = re.compile(r"(.*?)(\d{1,18})(\D*)")


def origin_of(session: Session, arrival_id: str) -> Arrival:
    """The arrival as which a file came, of one that was split off from it or of itself."""
    arrival = session.get_one(Arrival, arrival_id)
    return session.get_one(Arrival, arrival.split_from) if arrival.split_from is not None else arrival


def stack_of(session: Session, page: Page) -> list[Page]:
    """The pages of the stack that a page came in, in the order in which they went through the scanner."""
    origin = origin_of(session, page.arrival_id)
    origins = _files_of_stack(session, origin) if page.order_key else [origin]
    place = {each.id: at for at, each in enumerate(origins)}
    of_stack = or_(Arrival.id.in_(place), Arrival.split_from.in_(place))
    rows = session.execute(
        select(Page, Arrival.id, Arrival.split_from).join(Arrival, Arrival.id == Page.arrival_id).where(of_stack)
    ).all()
    rows = sorted(rows, key=lambda row: (place[row[2] or row[1]], row[0].index_in_file))
    return [row[0] for row in rows]


def follows(session: Session, before: Page, page: Page) -> bool:
    """Whether a page of a stack came right behind another one, with none between them that is still to come."""
    first, second = origin_of(session, before.arrival_id), origin_of(session, page.arrival_id)
    if first.id == second.id:
        return page.index_in_file == before.index_in_file + 1
    one, other = _counted(first.path), _counted(second.path)
    return one is not None and other is not None and other == (one[0], one[1] + 1, one[2])


def _files_of_stack(session: Session, origin: Arrival) -> Sequence[Arrival]:
    """The files of single pictures that make a stack, in their order."""
    siblings = select(Arrival).where(
        Arrival.volume_id == origin.volume_id, Arrival.split_from.is_(None), Arrival.document_id.is_not(None)
    )
    if not cases.is_inbox(session.get_one(Case, origin.case_id)):
        document = session.get_one(Document, origin.document_id)
        if document.path == origin.path:  # a file that is a document by itself
            return [origin]
        files = session.scalars(siblings.where(Arrival.document_id == origin.document_id)).all()
        return sorted(files, key=lambda each: (_file_order(each.path), each.received_at, each.id))
    near = Arrival.received_at.between(origin.received_at - LONGEST_SECONDS, origin.received_at + LONGEST_SECONDS)
    return _run_of(origin, session.scalars(siblings.where(near)).all())


def _file_order(path: str) -> str:
    return file_key(PurePosixPath(path).name)


def _run_of(origin: Arrival, files: Sequence[Arrival]) -> list[Arrival]:
    """The loose files around one whose names count on, each the nearest in time to the one before it."""
    by_name: dict[tuple[str, int, str], list[Arrival]] = {}
    for file in files:
        if (name := _counted(file.path)) is not None:
            by_name.setdefault(name, []).append(file)
    run = [origin]
    for step, end in ((1, -1), (-1, 0)):
        while (following := _neighbour(run[end], step, by_name)) is not None:
            if step > 0:
                run.append(following)
            else:
                run.insert(0, following)
    return run


def _neighbour(file: Arrival, step: int, by_name: dict[tuple[str, int, str], list[Arrival]]) -> Arrival | None:
    """The file whose name counts on from one (or before it), if each is the other's nearest in time."""
    name = _counted(file.path)
    if name is None:
        return None
    there = _nearest(file, by_name.get((name[0], name[1] + step, name[2]), []))
    if there is None or abs(there.received_at - file.received_at) > PAUSE_SECONDS:
        return None
    back = _nearest(there, by_name[name])
    return there if back is not None and back.id == file.id else None


def _nearest(file: Arrival, others: Sequence[Arrival]) -> Arrival | None:
    return min(others, key=lambda other: (abs(other.received_at - file.received_at), other.id), default=None)


def _counted(path: str) -> tuple[str, int, str] | None:
    match = _NAME.fullmatch(path)
    return (match[1], int(match[2]), match[3]) if match else None
