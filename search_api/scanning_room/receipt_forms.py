"""Forms of the routes of receipts: what is sent to them, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from dossier.case_metadata import STORABLE, Day, NumberGiven
from dossier.cases import number_of, unmerged
from dossier.catalogue.tables import Case, Delivery, Receipt
from dossier.receipts.expected import ExpectedVolume, expected_volumes
from dossier.receipts.known_gaps import written
from dossier.receipts.receipt import FIRST, MOST_PAGES, MOST_VOLUMES, ReceiptGiven, VolumeGiven, delivery_name
from dossier.viewers import Viewer
from search_api.rest.case_forms import NUMBER, Whole

_Word = Annotated[str, Field(max_length=200, pattern=STORABLE)]
_Text = Annotated[str, Field(max_length=2000, pattern=STORABLE)]

EXAMPLE: dict[str, Any] = {
    "unit": "某某市公安局临江分局", "case_name": "闵照屿等3人诈骗案", "numbers": [NUMBER],
    "suspects": ["闵照屿", "邬怀青"], "secrecy": "", "delivery": {"kind": "first", "number": 1},
    "received_on": "2031-07-04", "accepted_on": "2031-07-04", "due_on": "2031-08-04", "remarks": "",
    "volumes": [
        {"kind": "诉讼文书卷", "number": 1, "paper_pages": 42},
        {"kind": "证据材料卷", "number": 1, "paper_pages": 188, "known_gaps": "36、40-42"},
    ],
}  # fmt: skip


ANSWER_EXAMPLE: dict[str, Any] = {
    **EXAMPLE, "id": "r2c9e1d2a4f5b6c7d8e9f", "version": 1, "case_id": "c44f4c777c3595fe59461",
    "case_number": NUMBER["number"], "case_state": "open", "numbers": [NUMBER["number"]],
    "delivery": {"kind": "first", "number": 1, "name": "首次移送"}, "received_by": "闵榆",
    "created_at": 1940889600.5, "updated_at": 1940889600.5,
    "volumes": [
        {
            "id": "v0d7c0e6a5b1f2c3d4e5", "name": "证据材料卷二", "kind": "证据材料卷", "number": 2,
            "paper_pages": 188, "known_gaps": "36、40-42", "remarks": "", "state": "fewer", "lacking": 4,
            "pages": 184, "folded": 0, "searchable": 180, "separators": 1,
        }
    ],
}  # fmt: skip


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DeliveryNamed(_Form):
    """Which delivery 移送批次 it is: first (首次移送), or return and 2 for 二退."""

    kind: str = Field(FIRST, min_length=1, max_length=50, pattern=STORABLE)
    number: Whole = Field(1, ge=1, le=10_000)


class AnnouncedVolume(_Form):
    """A volume that came; without kind and number it has a name."""

    kind: _Word = ""
    number: Annotated[Whole, Field(ge=1, le=9999)] | None = None
    name: _Word = Field("", description="where kind and number do not tell")
    paper_pages: Annotated[Whole, Field(ge=0, le=MOST_PAGES)] | None = Field(None, description="sides, as counted")
    known_gaps: _Text = Field("", description="numbers that the paper lacks itself: 36、40-42")
    remarks: _Text = ""


class ReceiptForm(_Form):
    """What came on paper."""

    unit: _Word = Field("", description="移送单位")
    case_name: _Word = ""
    numbers: list[NumberGiven] = Field([], max_length=50, description="none: the case waits for one")
    suspects: list[_Word] = Field([], max_length=2000)
    secrecy: str = Field("", max_length=20, description="内部, 秘密, 机密, or empty; 绝密 is refused")
    delivery: DeliveryNamed = Field(default_factory=lambda: DeliveryNamed(kind=FIRST, number=1))
    received_on: Day | None = Field(None, description="left out: today")
    accepted_on: Day | None = None
    due_on: Day | None = None
    remarks: _Text = ""
    volumes: list[AnnouncedVolume] = Field([], max_length=MOST_VOLUMES)

    def as_given(self) -> ReceiptGiven:
        """What the deed takes."""
        return ReceiptGiven(
            received_on=self.received_on, unit=_plain(self.unit), case_name=_plain(self.case_name),
            numbers=self.numbers, suspects=[name for each in self.suspects if (name := _plain(each))],
            secrecy=self.secrecy.strip(), delivery_kind=self.delivery.kind, delivery_number=self.delivery.number,
            accepted_on=self.accepted_on, due_on=self.due_on, remarks=self.remarks.strip(),
            volumes=[VolumeGiven(**volume.model_dump()) for volume in self.volumes],
        )  # fmt: skip


class NewReceipt(ReceiptForm):
    """What came, and for which case, where that is known already."""

    case_id: str = Field("", max_length=64)


class CorrectedReceipt(ReceiptForm):
    """What is right, whole, and the version that was looked at."""

    version: int = Field(ge=1)


class DeliveryNamedAnswer(BaseModel):
    """A delivery 移送批次, and what it is called."""

    kind: str
    number: int
    name: str


class AnnouncedVolumeAnswer(BaseModel):
    """A volume that was announced, and what of it is here."""

    id: str
    name: str
    kind: str
    number: int | None
    paper_pages: int | None = Field(description="sides, as counted; null: nobody has")
    known_gaps: str
    remarks: str
    state: str = Field(description="absent, uncounted, fewer, more or agrees")
    lacking: int = Field(description="sides that were announced and are not here; below 0: so many more are")
    pages: int = Field(description="in the order")
    folded: int = Field(description="blank sides that are not counted")
    searchable: int
    separators: int = Field(description="sheets between volumes, outside the order")


class ReceiptAnswer(BaseModel):
    """What came on paper, and what of it is here."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER_EXAMPLE})
    id: str
    version: int
    case_id: str
    case_number: str | None
    case_name: str | None
    case_state: str
    unit: str
    numbers: list[str]
    suspects: list[str]
    secrecy: str
    delivery: DeliveryNamedAnswer
    received_on: str
    accepted_on: str | None
    due_on: str | None
    remarks: str
    received_by: str
    created_at: float = Field(description="seconds since 1970")
    updated_at: float
    volumes: list[AnnouncedVolumeAnswer]


class ReceiptsAnswer(BaseModel):
    """Receipts, the newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"receipts": [ANSWER_EXAMPLE]}})
    receipts: list[ReceiptAnswer]


def receipts_as_json(session: Session, viewer: Viewer, receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    """Receipts in the form of the API: what was announced, and what of it is here."""
    expected = expected_volumes(session, receipts, viewer)
    return [_as_json(session, receipt, expected[receipt.id]) for receipt in receipts]


def _as_json(session: Session, receipt: Receipt, volumes: Sequence[ExpectedVolume]) -> dict[str, Any]:
    case = unmerged(session, session.get_one(Case, receipt.case_id))
    delivery = session.get(Delivery, receipt.delivery_id) if receipt.delivery_id else None
    kind, number = (delivery.kind, delivery.number) if delivery is not None else (FIRST, 1)
    return {
        "id": receipt.id,
        "version": receipt.version,
        "case_id": case.id,
        "case_number": number_of(session, case),
        "case_name": case.name or receipt.case_name,
        "case_state": case.state,
        "unit": receipt.unit,
        "numbers": receipt.numbers,
        "suspects": receipt.suspects,
        "secrecy": receipt.secrecy,
        "delivery": {"kind": kind, "number": number, "name": delivery_name(kind, number)},
        "received_on": receipt.received_on,
        "accepted_on": receipt.accepted_on,
        "due_on": receipt.due_on,
        "remarks": receipt.remarks,
        "received_by": receipt.received_by,
        "created_at": receipt.created_at,
        "updated_at": receipt.updated_at,
        "volumes": [
            {
                "id": each.volume.id,
                "name": each.volume.name,
                "kind": each.volume.kind,
                "number": each.volume.number,
                "paper_pages": each.announced.paper_pages,
                "known_gaps": written(each.announced.known_gaps),
                "remarks": each.announced.remarks,
                "state": each.state,
                "lacking": each.lacking,
                "pages": each.pages,
                "folded": each.folded,
                "searchable": each.searchable,
                "separators": each.separators,
            }
            for each in volumes
        ],
    }


def _plain(text: str) -> str:
    return " ".join(text.split())
