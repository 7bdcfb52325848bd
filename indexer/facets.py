"""Facets: the exact numbers of hits by case, charge, department, volume kind and year.

The engine counts by case and by volume; what these are, the catalogue says, now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import cases
from dossier.case_year import years_of
from dossier.catalogue.tables import Case, Volume
from indexer.sight import Sight

CASE, CHARGE, DEPARTMENT, VOLUME_KIND, YEAR = "case", "charge", "department", "volume_kind", "year"
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value and its hits.

    Attributes:
        value: by which hits are narrowed down: the case's id, or the charge, … itself; empty where it is not known.
        label: what people read: the case's number or name, or the value.
        count: how many hits have it, exactly.
    """

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """The number of hits, and for each facet its most frequent values, then by value."""

    total: int
    values: Mapping[str, tuple[FacetValue, ...]]

    def as_json(self) -> dict[str, Any]:
        """The form of the API."""
        return {
            "total": self.total,
            "facets": {
                name: [{"value": each.value, "label": each.label, "count": each.count} for each in values]
                for name, values in self.values.items()
            },
        }


def facets_of(
    session: Session, sight: Sight, by_case: Mapping[str, int], by_volume: Mapping[str, int], limit: int
) -> Facets:
    """The facets of a search.

    Args:
        session: the catalogue.
        sight: a case out of it is neither named nor counted, whatever the engine counted a moment ago.
        by_case, by_volume: how many hits each case and each volume has.
        limit: how many values of each facet to give.
    """
    found = {case.id: case for case in _cases(session, by_case) if sight.allows(case)}
    years = years_of(session, found)
    totals: dict[str, Counter[str]] = {name: Counter() for name in (CASE, CHARGE, DEPARTMENT, VOLUME_KIND, YEAR)}
    for case_id, case in found.items():
        for name, value in (
            (CASE, case_id), (CHARGE, case.charge), (DEPARTMENT, case.department), (YEAR, years.get(case_id, "")),
        ):  # fmt: skip
            totals[name][value] += by_case[case_id]
    for volume_id, case_id, kind in _volumes(session, by_volume):
        if case_id in found:
            totals[VOLUME_KIND][kind] += by_volume[volume_id]
    shown = {
        name: sorted(counter.items(), key=lambda each: (-each[1], each[0]))[:limit] for name, counter in totals.items()
    }
    numbers = cases.numbers_of(session, [case_id for case_id, _ in shown[CASE]])
    labels = {case_id: numbers.get(case_id) or found[case_id].name for case_id, _ in shown[CASE]}
    return Facets(
        totals[CASE].total(),
        {
            name: tuple(FacetValue(value, labels[value] if name == CASE else value, count) for value, count in values)
            for name, values in shown.items()
        },
    )


def _cases(session: Session, case_ids: Collection[str]) -> Iterator[Case]:
    for some in _portions(case_ids):
        yield from session.scalars(select(Case).where(Case.id.in_(some)))


def _volumes(session: Session, volume_ids: Collection[str]) -> Iterator[tuple[str, str, str]]:
    for some in _portions(volume_ids):
        for row in session.execute(select(Volume.id, Volume.case_id, Volume.kind).where(Volume.id.in_(some))):
            yield row.id, row.case_id, row.kind


def _portions(ids: Collection[str]) -> Iterator[list[str]]:
    ordered = list(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
