"""Search 搜索: a box, pages with the words found, and how they divide over cases, charges, years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.cases import canonicals_named
from dossier.catalogue.tables import Case, CaseNumber, Page
from dossier.derived import THUMBNAIL
from dossier.errors import EdossierError
from dossier.permissions import case_in_sight, seen_by
from dossier.viewers import Viewer
from indexer.engine import DEEPEST
from indexer.facets import FacetValue
from indexer.hits import Hit
from indexer.narrowing import ANYTHING
from indexer.results import SearchResult
from search_api.access import start_of
from search_api.asked import Asked, Cursor, TheAsked
from search_api.desk.page_picture import picture_address
from search_api.heavy import heavy
from search_api.problems import problem_of
from search_api.site import Site, TheSite, TheViewer
from search_api.wording import FACETS, GROUPINGS, ORDERS

HITS_A_VIEW = 20
VALUES_A_FACET = 8
# So far a hit's place among all is known by its offset; beyond it the way is by cursor, and in the document.
LAST_START = DEEPEST - HITS_A_VIEW + 1
_MOST_CASES_SUGGESTED = 200

router = APIRouter()


@dataclass(frozen=True)
class FoundPage:
    """A hit as it is shown: where its page view and its picture are, the picture's size in pixels."""

    hit: Hit
    address: str
    picture: str
    width: int
    height: int


@dataclass(frozen=True)
class FoundGroup:
    """Hits that are shown together; without a heading where nobody asked for groups.

    Attributes:
        grouping: case, volume, document; "" for none.
        total: how many hits the group has.
        pages: the first of them.
        address: where all of them are.
    """

    grouping: str
    total: int
    pages: list[FoundPage]
    address: str = ""


@dataclass(frozen=True)
class Choice:
    """A link that changes one thing of the search."""

    label: str
    address: str
    is_chosen: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Coverage:
    """How much could be searched: of all pages, or of one case's."""

    searchable: int
    pages: int


@router.get("/", include_in_schema=False)
@heavy
def search_page(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    asked: TheAsked,
    start: Annotated[int, Query(ge=1)] = 1,
    after: Cursor = "",
) -> Response:
    """The search box and, where there is a query, its hits from the `start`-th on, or those after a cursor."""
    if not viewer.reads_content:
        return RedirectResponse(start_of(viewer), 303)
    context: dict[str, Any] = {"asked": asked, "q": asked.q, "case": asked.case, "start": start}
    context |= {"result": None, "problem": None, "facets": {}}
    status = 200
    try:
        if asked.q:
            offset = 0 if after else start - 1
            result = site.searcher.search(
                asked.q, asked.case or None, HITS_A_VIEW, offset, viewer=viewer,
                order=asked.order, after=after, group=asked.group, narrowing=asked.narrowing,
                facet_values=VALUES_A_FACET,
            )  # fmt: skip
            site.looks.note_search(viewer, asked.q, ((hit.case_id, hit.page_id) for hit in result.hits))
            context |= {"result": result, "found": found_groups(site, viewer, result, asked, start)}
            context["shown"] = len(result.groups.shown) if result.groups else len(result.hits)
            if result.facets is not None:
                with site.catalogue.reading() as session:
                    context["facets"] = _choices(session, viewer, asked, result.facets.values)
    except EdossierError as error:
        problem = problem_of(error)
        context["problem"], status = problem, problem.status
    with site.catalogue.reading() as session:
        context["suggested"] = _case_numbers(session, viewer)
        if context["problem"] is None:
            context["coverage"] = coverage(session, viewer, asked.case)
    context["orders"] = [
        Choice(label, replace(asked, order=name).address(), asked.order == name) for name, label in ORDERS.items()
    ]
    context["groupings"] = [
        Choice(label, replace(asked, group=name).address(), asked.group == name) for name, label in GROUPINGS.items()
    ]
    context["without_choices"] = replace(asked, narrowing=ANYTHING).address()
    context["links"] = _links(asked, start, context["result"])
    return site.pages.TemplateResponse(request, "search.html", context, status)


def found_groups(site: Site, viewer: Viewer, result: SearchResult, asked: Asked, start: int) -> list[FoundGroup]:
    """The hits with what the screen needs to show their pictures, in their groups."""
    with site.catalogue.reading() as session:
        shapes = {
            page.id: page
            for page in session.scalars(select(Page).where(Page.id.in_([hit.page_id for hit in result.hits])))
        }

    def shown(hits: tuple[Hit, ...], first: int | None) -> Iterator[FoundPage]:
        for offset, hit in enumerate(hits):
            if hit.page_id in shapes:
                page = shapes[hit.page_id]
                ordinal = first + offset if first and first + offset < DEEPEST - 1 else None
                yield FoundPage(
                    hit=hit,
                    address=asked.address(f"/pages/{hit.page_id}", hit=ordinal),
                    picture=picture_address(hit.page_id, page.reading_version, THUMBNAIL),
                    width=page.width,
                    height=page.height,
                )

    if result.groups is None:
        return [FoundGroup("", result.total, list(shown(result.hits, start)))]
    groups = []
    for group in result.groups.shown:
        pages = list(shown(group.hits, None))
        # A document is read from its first hit on, hit by hit, a volume in the reader; a case has a list of its own.
        address = pages[0].address if pages else ""
        if result.groups.by == "case":
            with site.catalogue.reading() as session:
                case = _typed(session, viewer, group.id, group.hits[0].case_number or "")
            address = replace(asked, case=case, group=None).address()
        elif result.groups.by == "volume" and pages:
            address = asked.address(f"/volumes/{group.id}/read", page=group.hits[0].page_number)
        groups.append(FoundGroup(result.groups.by, group.total, pages, address))
    return groups


def coverage(session: Session, viewer: Viewer, case: str) -> Coverage:
    """How many pages could be searched, of how many the viewer sees; `case` may be empty for all."""
    counted = select(Page.state, func.count()).where(Page.outside.is_(None)).group_by(Page.state)
    if case:
        counted = counted.where(Page.case_id == case_in_sight(session, viewer, case).id)
    else:
        counted = counted.where(Page.case_id.in_(select(Case.id).where(seen_by(viewer))))
    states = dict(session.execute(counted).all())
    return Coverage(states.get("searchable", 0), sum(states.values()))


def _choices(
    session: Session, viewer: Viewer, asked: Asked, values: Mapping[str, tuple[FacetValue, ...]]
) -> dict[str, list[Choice]]:
    """The choices by facet: what would be left, or, for what was chosen, what there would be without it."""
    typed = _typed_of(session, viewer, {each.value: each.label for each in values.get("case", ())})

    def choice(facet: str, each: FacetValue) -> Choice:
        value = typed[each.value] if facet == "case" else each.value
        return Choice(
            each.label or "（未填写）", asked.with_value(facet, value).address() if value else "", count=each.count
        )

    choices = {}
    for facet, label in FACETS.items():
        chosen = asked.case if facet == "case" else asked.narrowing.chosen.get(facet, "")
        if chosen:
            choices[label] = [Choice(_label(values[facet], chosen), asked.with_value(facet, "").address(), True)]
        elif len(values[facet]) > 1:
            choices[label] = [choice(facet, each) for each in values[facet]]
    return choices


def _typed_of(session: Session, viewer: Viewer, numbers: Mapping[str, str]) -> dict[str, str]:
    """What a person would type for each of some cases, by id; with one statement for all whose number is theirs alone.

    Args:
        session: the catalogue.
        viewer: who types.
        numbers: by which the cases are shown, by their ids.
    """
    canonicals = {case_id: canonicals_named(number) for case_id, number in numbers.items()}
    bearers = dict(
        session.execute(
            select(CaseNumber.canonical, func.count(CaseNumber.case_id.distinct()))
            .where(CaseNumber.canonical.in_(set().union(*canonicals.values())))
            .group_by(CaseNumber.canonical)
        ).all()
    )
    return {
        case_id: number
        if sum(bearers.get(each, 0) for each in canonicals[case_id]) == 1
        else _typed(session, viewer, case_id, number)
        for case_id, number in numbers.items()
    }


def _typed(session: Session, viewer: Viewer, case_id: str, number: str) -> str:
    """What a person would type for a case: the number by which it is shown, unless that means another one, too."""
    try:
        return number if case_in_sight(session, viewer, number).id == case_id else case_id
    except EdossierError:
        return case_id


def _label(values: tuple[FacetValue, ...], chosen: str) -> str:
    """What people read for a chosen value: of a case its number, if it has hits; otherwise what was typed."""
    return values[0].label if len(values) == 1 and values[0].label else chosen


def _case_numbers(session: Session, viewer: Viewer) -> list[str]:
    return list(
        session.scalars(
            select(CaseNumber.as_given)
            .join(Case, Case.id == CaseNumber.case_id)
            .where(seen_by(viewer))
            .order_by(CaseNumber.id.desc())
            .limit(_MOST_CASES_SUGGESTED)
        )
    )


def _links(asked: Asked, start: int, result: SearchResult | None) -> dict[str, str | None]:
    """Addresses of the earlier and later hits; None where there are none.

    Later ones are reached by cursor, so that none is missed or comes twice while pages come in.
    """
    if result is None:
        return {"earlier": None, "later": None}
    before = min(max(1, start - HITS_A_VIEW), LAST_START)
    return {
        "earlier": asked.address(start=before if before > 1 else None) if start > 1 else None,
        "later": asked.address(start=start + HITS_A_VIEW, after=result.after) if result.after else None,
    }
