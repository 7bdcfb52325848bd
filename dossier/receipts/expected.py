"""Expected volumes: those that a receipt announces, found by whatever people call them, and what of them is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case as choose
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Page, Receipt, ReceiptVolume, Volume
from dossier.citations import tells_only_its_number
from dossier.permissions import Extent
from dossier.place import volume_kind_and_number
from dossier.viewers import Viewer

ABSENT, UNCOUNTED, FEWER, MORE, AGREES = "absent", "uncounted", "fewer", "more", "agrees"


@dataclass(frozen=True)
class ExpectedVolume:
    """A volume as it was announced, and what of it is here.

    Attributes:
        volume: its row.
        announced: the receipt's line.
        pages: in the order.
        folded: blank sides that are not counted.
        searchable: of `pages`.
        separators: sheets between volumes, kept outside the order.
    """

    volume: Volume
    announced: ReceiptVolume
    pages: int = 0
    folded: int = 0
    searchable: int = 0
    separators: int = 0

    @property
    def state(self) -> str:
        """absent; uncounted (nobody has counted the paper); fewer, more or as many pages as were announced.

        Paper is counted with its blank sides or without: both agree.
        """
        if not self.pages + self.folded:
            return ABSENT
        if self.announced.paper_pages is None:
            return UNCOUNTED
        if self.pages <= self.announced.paper_pages <= self.pages + self.folded:
            return AGREES
        return FEWER if self.pages < self.announced.paper_pages else MORE

    @property
    def lacking(self) -> int:
        """How many pages fewer are here than were announced; negative where there are more."""
        if self.announced.paper_pages is None or self.state == AGREES:
            return 0
        least = self.pages + self.folded if self.state == FEWER else self.pages
        return self.announced.paper_pages - least


def expected_volumes(
    session: Session, receipts: Sequence[Receipt], viewer: Viewer | None = None
) -> dict[str, list[ExpectedVolume]]:
    """What each receipt announces and what of it is here, by the receipt's id, in the order of its form.

    A volume that has become another case's since is there only for a viewer who sees that one.
    """
    found: dict[str, list[ExpectedVolume]] = {receipt.id: [] for receipt in receipts}
    is_sheet = (Page.outside == "separator") & Page.sheet_code.is_not(None)  # without their blank backs
    counted = (
        select(
            Page.volume_id,
            func.sum(choose((Page.outside.is_(None), 1), else_=0)).label("pages"),
            func.sum(choose((Page.outside == "folded", 1), else_=0)).label("folded"),
            func.sum(choose(((Page.state == "searchable") & Page.outside.is_(None), 1), else_=0)).label("searchable"),
            func.sum(choose((is_sheet, 1), else_=0)).label("separators"),
        )
        .where(
            Page.volume_id.in_(select(ReceiptVolume.volume_id).where(ReceiptVolume.receipt_id.in_(list(found))))
        )
        .group_by(Page.volume_id)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(ReceiptVolume, Volume, counted.c.pages, counted.c.folded, counted.c.searchable, counted.c.separators)
        .join(Volume, Volume.id == ReceiptVolume.volume_id)
        .outerjoin(counted, counted.c.volume_id == Volume.id)
        .where(ReceiptVolume.receipt_id.in_(list(found)), Extent(viewer).holds(Volume.case_id))
        .order_by(ReceiptVolume.receipt_id, ReceiptVolume.place)
    )
    for announced, volume, *counts in rows:
        found[announced.receipt_id].append(ExpectedVolume(volume, announced, *(count or 0 for count in counts)))
    return found


def unannounced_volumes(session: Session, case_id: str) -> list[tuple[Volume, int]]:
    """The volumes of a case that have pages, but that no receipt announces, with their pages."""
    rows = session.execute(
        select(Volume, func.count(Page.id))
        .join(Page, (Page.volume_id == Volume.id) & Page.outside.is_(None))
        .where(Volume.case_id == case_id, Volume.id.not_in(select(ReceiptVolume.volume_id)))
        .group_by(Volume.id)
        .order_by(Volume.order_key)
    )
    return [(volume, pages) for volume, pages in rows]


def is_plain_name(name: str, kind: str, number: int) -> bool:
    """Whether a volume's name says nothing but its kind and number, in whatever way: 证据卷2, 证据材料卷第二卷."""
    return volume_kind_and_number(name) == (kind, number) and tells_only_its_number(name, kind)


def volume_meant(session: Session, case_id: str, name: str) -> Volume | None:
    """The announced volume of a case that a folder's name means, which may write it otherwise (证据卷2)."""
    kind, number = volume_kind_and_number(name)
    if not kind or number is None or not is_plain_name(name, kind, number):
        return None
    found = session.scalars(
        select(Volume)
        .where(
            Volume.case_id == case_id,
            Volume.kind == kind,
            Volume.number == number,
            Volume.id.in_(select(ReceiptVolume.volume_id)),
        )
        .order_by(Volume.version.desc())
    ).all()
    return next((volume for volume in found if is_plain_name(volume.name, kind, number)), None)
