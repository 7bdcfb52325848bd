"""Numbers that are missing between the file names of a folder of pictures: a sheet may have been left out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import flags
from dossier.catalogue.tables import Arrival, Document, KnownFileGaps, Page
from dossier.natural_order import natural_key

MOST_LISTED = 50


@dataclass(frozen=True)
class Gap:
    """Missing names of a document, as one name or a range, and the pages before and behind them, None for none."""

    document_id: str
    names: str
    first_id: str | None
    second_id: str | None


def flag_file_gaps(session: Session, document: Document) -> None:
    """Flag the names that are missing among a document's files, without those that are known to lack no page."""
    paths = session.scalars(select(Arrival.path).where(Arrival.document_id == document.id)).all()
    known = known_names(session, document.id)
    missing = [name for name in missing_names(paths) if name not in known]
    if missing:
        flags.raise_flag(session, "document", document.id, document.case_id, "gap", missing=missing[:MOST_LISTED])
    else:
        flags.close_flag(session, "document", document.id, "gap")


def known_names(session: Session, document_id: str) -> list[str]:
    """The names, or ranges of names, of which somebody has said that no page is missing."""
    row = session.get(KnownFileGaps, document_id)
    return list(row.names) if row is not None else []


def gaps_in(session: Session, document_id: str, missing: Sequence[str]) -> list[Gap]:
    """Where names are missing among a document's files: between which pages that stand in the order."""
    rows = session.execute(
        select(Arrival.path, Page.id)
        .join(Page, Page.arrival_id == Arrival.id)
        .where(Arrival.document_id == document_id, Page.outside.is_(None))
    ).all()
    named = sorted((natural_key(PurePosixPath(path).stem), page_id) for path, page_id in rows)
    found = []
    for names in missing:
        at = bisect_left(named, (natural_key(names.split("–")[0]), ""))
        first = named[at - 1][1] if at else None
        found.append(Gap(document_id, names, first, named[at][1] if at < len(named) else None))
    return found


def missing_names(paths: Sequence[str]) -> list[str]:
    """The numbers missing between numbered file names of the same pattern, as names or ranges of names.

    0001, 0002, 0004, 0007 → ["0003", "0005–0006"].
    """
    series: dict[tuple[str, str], dict[int, int]] = {}
    for path in set(paths):
        if re.search(r"\d{8}", path):
            continue  # a date or a time of day is no counter
        match = re.fullmatch(r"(.*?)(\d{1,9})(\D*)", PurePosixPath(path).stem)
        if match:
            numbers = series.setdefault((match.group(1), match.group(3)), {})
            numbers[int(match.group(2))] = len(match.group(2))
    missing: list[str] = []
    for (before, after), numbers in series.items():
        for lower, upper in pairwise(sorted(numbers)):
            ends = [f"{before}{number:0{numbers[lower]}d}{after}" for number in (lower + 1, upper - 1)]
            if upper - lower == 2:
                missing.append(ends[0])
            elif upper - lower > 2:
                missing.append("–".join(ends))
    return missing
