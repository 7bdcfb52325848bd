"""The matrix: for each person of a roster the pages that name them, by kind of document, and how much was searched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dossier.citations import CitationTemplate, CitedPage
from indexer.roster.headings import DETAILS
from indexer.roster.people import Person, Roster, plain_amount

PART_OF_NAME, NAMESAKE, OTHER_ID = "part_of_name", "namesake", "other_id"
DOUBTS = {
    PART_OF_NAME: "可能是他人姓名的一部分",
    NAMESAKE: "此页有名册中同名者的号码，可能是那个人",
    OTHER_ID: "姓名之后是另一证件号码，可能是同名的人",
}
NOT_SEARCHED = "没有可检索的项目"
DETAIL_NAMES = {"name": "姓名", "id_number": "证件号码", "phone": "手机", "card": "银行卡", "amount": "金额"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much could be searched: pages that are searchable, those that never will be by themselves, and all."""

    searchable: int
    parked: int
    pages: int

    @property
    def chinese(self) -> str:
        """What every zero says."""
        return f"可检索 {self.searchable:,} / {self.pages:,} 页"


@dataclass(frozen=True, slots=True)
class PageFacts:
    """A page and where it stands, as the catalogue says; `template` is how the office cites it."""

    page_id: str
    case_id: str
    case_number: str
    document_id: str
    document_title: str
    kind: str
    cited: CitedPage
    template: CitationTemplate


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A page that names a person.

    Attributes:
        facts: which page.
        matched: the details found on it: name, id_number, phone, card, amount.
        doubt: why it may be about somebody else: part_of_name, namesake, other_id; empty if nothing says so.
        note: what was seen: the longer name, the namesake's row, the other number.
    """

    facts: PageFacts
    matched: tuple[str, ...]
    doubt: str = ""
    note: str = ""

    @property
    def citation(self) -> str:
        """Of this page alone."""
        return _citation([self])


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person and the pages that name them.

    Attributes:
        person: who.
        searched: the details that could be searched: name, id_number, phone, card, amount. Without any, that no page
            was found says nothing.
        pages: in the order of the dossier.
    """

    person: Person
    searched: tuple[str, ...]
    pages: tuple[PersonPage, ...]

    @property
    def certain(self) -> tuple[PersonPage, ...]:
        """The pages without a doubt."""
        return tuple(page for page in self.pages if not page.doubt)

    @property
    def is_missing(self) -> bool:
        """Whether the person was searched and is on no page."""
        return bool(self.searched) and not self.pages

    def counts(self) -> dict[str, int | None]:
        """How many pages each detail was found on; None for one that was not searched."""
        return {
            detail: sum(detail in page.matched for page in self.pages) if detail in self.searched else None
            for detail in DETAILS
        }

    def by_kind(self) -> dict[str, list[PersonPage]]:
        """The pages by the kind of their document."""
        kinds: dict[str, list[PersonPage]] = {}
        for page in self.pages:
            kinds.setdefault(page.facts.kind, []).append(page)
        return kinds


@dataclass(frozen=True, slots=True)
class Matrix:
    """What a roster search gives.

    Attributes:
        case_number: of the one case that was searched; empty for all within sight.
        roster: the spreadsheet as it was understood.
        coverage: how much could be searched.
        kinds: the columns, in the order of the dossier.
        rows: one a person, in the order of the roster.
    """

    case_number: str
    roster: Roster
    coverage: Coverage
    kinds: tuple[str, ...]
    rows: tuple[PersonRow, ...]

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier roster --json` and of the API."""
        return {
            "case_number": self.case_number or None,
            "coverage": {
                "searchable": self.coverage.searchable,
                "parked": self.coverage.parked,
                "pages": self.coverage.pages,
            },
            "sheet": self.roster.sheet,
            "columns": [{"heading": column.heading, "detail": column.detail or None} for column in self.roster.columns],
            "skipped_rows": list(self.roster.skipped),
            "kinds": list(self.kinds),
            "people": [_row_as_json(row) for row in self.rows],
        }


def cell_text(pages: Sequence[PersonPage]) -> str:
    """A cell of the matrix: 3页：证据卷二P35-37；存疑1页：证据卷三图像第8页."""
    certain = [page for page in pages if not page.doubt]
    doubtful = [page for page in pages if page.doubt]
    parts = [f"{len(certain)}页：{_citation(certain)}"] if certain else []
    if doubtful:
        parts.append(f"存疑{len(doubtful)}页：{_citation(doubtful)}")
    return "；".join(parts)


def _citation(pages: Iterable[PersonPage]) -> str:
    facts = [page.facts for page in pages]
    return facts[0].template.citation_of([one.cited for one in facts]) if facts else ""


def _row_as_json(row: PersonRow) -> dict[str, Any]:
    person = row.person
    return {
        "rows": list(person.rows),
        "name": person.name,
        "id_numbers": list(person.id_numbers),
        "phones": list(person.phones),
        "cards": list(person.cards),
        "amounts": [plain_amount(amount) for amount in person.amounts],
        "remarks": [{"code": remark.code, "message": remark.chinese} for remark in person.remarks],
        "pages": len(row.certain),
        "doubtful_pages": len(row.pages) - len(row.certain),
        "matched": row.counts(),
        "kinds": {
            kind: {
                "pages": sum(not page.doubt for page in pages),
                "doubtful_pages": sum(bool(page.doubt) for page in pages),
                "citation": _citation(page for page in pages if not page.doubt),
            }
            for kind, pages in row.by_kind().items()
        },
        "citations": [_page_as_json(page) for page in row.pages],
    }


def _page_as_json(page: PersonPage) -> dict[str, Any]:
    facts = page.facts
    return {
        "page_id": facts.page_id,
        "case_id": facts.case_id,
        "case_number": facts.case_number or None,
        "volume": facts.cited.volume,
        "document_id": facts.document_id,
        "document_title": facts.document_title,
        "kind": facts.kind,
        "page_number": facts.cited.page_number,
        "page_label": facts.cited.label or None,
        "citation": page.citation,
        "matched": list(page.matched),
        "doubt": {"code": page.doubt, "message": DOUBTS[page.doubt], "note": page.note} if page.doubt else None,
    }
