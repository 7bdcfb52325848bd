"""What the routes of the search answer, as the description for machines has it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Rect = list[float]
RECTS = Field(description="[x0, y0, x1, y1] each, fractions 0–1 of the upright page, origin top left")

HIT: dict[str, Any] = {
    "page_id": "p5f2e25435ae121a9e03d", "case_id": "c44f4c777c3595fe59461",
    "case_number": "临检起诉受[2031]99010123306号", "volume": "证据材料卷", "document_id": "d4dd3d17be2f009625c6f",
    "document_title": "讯问笔录", "page_number": 1, "page_label": None, "score": 1.0, "rung": "identifier",
    "snippet": "…涉案账户9990012731598886405涉案金额…", "rects": [[0.42102, 0.36869, 0.62335, 0.37972]],
    "next_page": None,
}  # fmt: skip


class NextPage(BaseModel):
    """Where a phrase goes on over the turn of the page."""

    page_id: str
    rects: list[Rect] = RECTS


class HitAnswer(BaseModel):
    """A page that was found."""

    page_id: str
    case_id: str
    case_number: str | None
    volume: str
    document_id: str
    document_title: str
    page_number: int
    page_label: str | None
    score: float
    rung: str = Field(description="identifier, phrase, words or similar: how it was found")
    snippet: str
    rects: list[Rect] = RECTS
    next_page: NextPage | None


class DocumentHits(BaseModel):
    """How many of all hits a document has."""

    document_id: str
    total: int


class ProposalAnswer(BaseModel):
    """What may have been meant."""

    query: str
    name: str
    total: int


class GroupAnswer(BaseModel):
    """The hits of a case, volume or document."""

    id: str
    total: int
    case_id: str
    case_number: str | None
    volume: str
    document_title: str
    page_ids: list[str]


class GroupsAnswer(BaseModel):
    """Groups, in the order of their first hits."""

    by: str
    total: int
    shown: list[GroupAnswer]


class SearchAnswer(BaseModel):
    """Hits; what stands beside `total` and `hits` is left out where there is nothing to say."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 214, "hits": [HIT], "after": "cb0dLZ",
                "document_hits": [{"document_id": "d4dd3d17be2f009625c6f", "total": 3}],
            }
        }
    )  # fmt: skip
    total: int = Field(description="exact, of what the asker sees")
    hits: list[HitAnswer]
    after: str = Field("", description="the cursor that goes on")
    document_hits: list[DocumentHits] = []
    did_you_mean: list[ProposalAnswer] = []
    groups: GroupsAnswer | None = None


class FacetValueAnswer(BaseModel):
    """A value and its hits."""

    value: str = Field(description="what the parameter of this name takes; empty where the catalogue does not know it")
    label: str
    count: int


class FacetsOf(BaseModel):
    """The most frequent values first."""

    case: list[FacetValueAnswer]
    charge: list[FacetValueAnswer]
    department: list[FacetValueAnswer]
    volume_kind: list[FacetValueAnswer]
    year: list[FacetValueAnswer]


class FacetsAnswer(BaseModel):
    """How many hits by case, charge, department, volume kind and year."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 3,
                "facets": {
                    "case": [{"value": "c44f4c777c3595fe59461", "label": "临检起诉受[2031]99010123306号", "count": 3}],
                    "charge": [{"value": "诈骗罪", "label": "诈骗罪", "count": 3}],
                    "department": [{"value": "第一检察部", "label": "第一检察部", "count": 3}],
                    "volume_kind": [{"value": "证据材料卷", "label": "证据材料卷", "count": 3}],
                    "year": [{"value": "2031", "label": "2031", "count": 3}],
                },
            }
        }
    )
    total: int
    facets: FacetsOf


class NeighboursAnswer(BaseModel):
    """The hits of a query in a page's document, around the page."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"total": 3, "ordinal": 1, "before": None, "after": "p6a1b2c3d4e5f60718293"}}
    )
    total: int
    ordinal: int | None = Field(description="which of them the page is, from 1; null if it is none")
    before: str | None
    after: str | None


class CoverageAnswer(BaseModel):
    """How much could be searched."""

    searchable: int
    parked: int
    pages: int


class ColumnAnswer(BaseModel):
    """A column of the spreadsheet, and the detail that it was taken for."""

    heading: str
    detail: str | None


class RemarkAnswer(BaseModel):
    """What is to be known of a row."""

    code: str
    message: str


class DoubtAnswer(BaseModel):
    """Why a page may be of somebody else."""

    code: str
    message: str
    note: str


class CitedAnswer(BaseModel):
    """A page that names a person."""

    page_id: str
    case_id: str
    case_number: str | None
    volume: str
    document_id: str
    document_title: str
    kind: str
    page_number: int
    page_label: str | None
    citation: str
    matched: list[str]
    doubt: DoubtAnswer | None


class KindAnswer(BaseModel):
    """A person's pages in one kind of document."""

    pages: int
    doubtful_pages: int
    citation: str


class PersonAnswer(BaseModel):
    """A person of the roster."""

    rows: list[int]
    name: str
    id_numbers: list[str]
    phones: list[str]
    cards: list[str]
    amounts: list[str]
    remarks: list[RemarkAnswer]
    pages: int
    doubtful_pages: int
    matched: dict[str, int | None] = Field(description="pages of each detail; null for one that was not searched")
    kinds: dict[str, KindAnswer]
    citations: list[CitedAnswer]


class RosterAnswer(BaseModel):
    """The matrix person × kind of document."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "case_number": "临检起诉受[2031]99010123306号",
                "coverage": {"searchable": 12, "parked": 0, "pages": 12},
                "sheet": "名单",
                "columns": [{"heading": "姓名", "detail": "name"}, {"heading": "住址", "detail": None}],
                "skipped_rows": [],
                "kinds": ["询问笔录"],
                "people": [
                    {
                        "rows": [2], "name": "闵照屿", "id_numbers": [], "phones": ["19900001234"], "cards": [],
                        "amounts": [], "remarks": [], "pages": 0, "doubtful_pages": 0,
                        "matched": {"name": 0, "id_number": None, "phone": 0, "card": None, "amount": None},
                        "kinds": {}, "citations": [],
                    }
                ],
            }
        }
    )  # fmt: skip
    case_number: str | None
    coverage: CoverageAnswer
    sheet: str
    columns: list[ColumnAnswer]
    skipped_rows: list[int]
    kinds: list[str]
    people: list[PersonAnswer]
