"""Four counts of a volume compared: the last label on the paper, its directory, the paper as it was counted (by hand,
or by the note at its end), the pages here. Where they differ, labels, blanks and gaps say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Document, Page, Volume
from dossier.label_chain import Key, key_of
from dossier.quality.printed import PaperSays, Printed


@dataclass(frozen=True)
class Reason:
    """Why there are more or fewer pages than the last label says: by how many, and in words."""

    pages: int
    words: str


@dataclass(frozen=True)
class Counts:
    """The four counts, and what explains their differences.

    Attributes:
        last_label, last_label_state: of the last page that bears one; None where none does. State: read, proposed or
            confirmed.
        by_label: the number in it; 0 where there is none.
        by_directory: the pages of all documents here, the last of which ends with the page `directory_end` (its label,
            or its place where it has none).
        printed_directory: where the directory on the paper ends, as it was read.
        paper: as the paper was counted; None where nobody has.
        printed_tally: what the note on the paper says, as it was read.
        pages: in the order here; what is folded, removed or replaced is not counted.
        folded, removed: what stands outside.
        reasons: together they are `pages` less `by_label`, where labels can be compared.
    """

    last_label: str | None
    last_label_state: str | None
    by_label: int
    by_directory: int
    documents: int
    directory_end: str
    printed_directory: Printed | None
    paper: int | None
    printed_tally: Printed | None
    pages: int
    folded: int
    removed: int
    reasons: tuple[Reason, ...]

    @property
    def differing(self) -> tuple[str, ...]:
        """Which of the others do not agree with the pages here: label, directory, paper, tally.

        The directory tells page labels, and is held against the last of them where there is one. The note at the end
        tells pages; offices write the last label there, too.
        """
        by_label, printed, tally = self.by_label, self.printed_directory, self.printed_tally
        end = by_label or self.pages
        differs = {
            "label": by_label not in (0, self.pages),
            # Where the last entry only begins, nothing is told of how far it reaches.
            "directory": printed is not None and (printed.pages != end if printed.is_end else printed.pages > end),
            "paper": self.paper not in (None, self.pages),
            "tally": tally is not None and tally.pages not in (by_label, self.pages),
        }
        return tuple(name for name, is_it in differs.items() if is_it)


def counts_of(session: Session, volume: Volume, says: PaperSays) -> Counts:
    """The counts of a volume as it stands, beside what its paper says."""
    rows = session.execute(
        select(Page.page_label, Page.page_label_state, Page.document_id, Page.page_number)
        .where(Page.volume_id == volume.id, Page.outside.is_(None))
        .order_by(Page.page_number, Page.id)
    ).all()
    aside = session.execute(
        select(Page.outside, func.count())
        .where(Page.volume_id == volume.id, Page.outside.is_not(None))
        .group_by(Page.outside)
    )
    outside = dict(aside.all())
    # The directory is made of the documents; one without a page has no entry.
    entries = session.execute(
        select(func.count(), func.max(Page.page_number))
        .join(Document, Document.id == Page.document_id)
        .where(Document.volume_id == volume.id, Page.outside.is_(None))
        .group_by(Document.id)
        .order_by(func.max(Page.page_number))
    ).all()
    labelled = [row for row in rows if row.page_label]
    last = labelled[-1] if labelled else None
    last_key = key_of(last.page_label) if last else None
    end = next((label or f"图像第 {number} 页" for label, _, _, number in reversed(rows)), "")
    return Counts(
        last_label=last.page_label if last else None, last_label_state=last.page_label_state if last else None,
        by_label=last_key[0] if last_key else 0, by_directory=sum(count for count, _ in entries),
        documents=len(entries), directory_end=end, printed_directory=says.directory,
        paper=volume.paper_pages, printed_tally=says.tally, pages=len(rows),
        folded=outside.get("folded", 0), removed=sum(outside.values()) - outside.get("folded", 0),
        reasons=tuple(reasons([row.page_label for row in rows], last_key[0] if last_key else 0)),
    )  # fmt: skip


def reasons(labels: Sequence[str | None], last: int) -> list[Reason]:
    """Why as many pages do not end with this label. Together the reasons are the number of labels less `last`.

    Args:
        labels: of the pages in the order; None where the paper bears none, or nobody knows it.
        last: the number in the last label; 0: there is nothing to compare with.
    """
    keys = [key_of(label) if label else None for label in labels]
    if not last:
        return []
    counted: set[Key] = set()
    parts: list[str] = []
    repeated: list[str] = []
    beyond: list[str] = []
    unlabelled = 0
    for label, key in zip(labels, keys, strict=True):
        if key is None or label is None:
            unlabelled += 1
        elif key in counted:
            repeated.append(label)
        elif key[0] > last or key[0] < 1:
            beyond.append(label)
        else:
            counted.add(key)
            if key[1]:
                parts.append(label)
    numbers = {number for number, part in counted if part == 0}
    first = min(numbers, default=1)
    missing = [number for number in range(first, last + 1) if number not in numbers]
    found = [
        Reason(unlabelled, f"{unlabelled} 页没有页码"),
        Reason(len(parts), f"附页 {_some(parts)}"),
        Reason(len(repeated), f"重号 {_some(repeated)}"),
        Reason(len(beyond), f"不在 1 至 {last} 之间的页码 {_some(beyond)}"),
        Reason(-len(missing), f"缺页码 {_some([str(number) for number in missing])}"),
        Reason(1 - first, f"页码从 {first} 起"),
    ]
    return [reason for reason in found if reason.pages]


def _some(labels: Sequence[str]) -> str:
    shown = "、".join(labels[:5])
    return f"{shown} 等 {len(labels)} 个" if len(labels) > 5 else shown
