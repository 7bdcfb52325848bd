"""The rising chain among the numbers at the edges of a volume's pages: the candidates that can be its labels together.

The heaviest chain of numbers that rise from page to page, where every number counts and every jump costs: longest
increasing subsequence, with the jumps weighed so that one misread number does not push the right ones aside.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from statistics import median

from dossier.reading import LabelCandidate

Key = tuple[int, int]
"""What labels are ordered by: 35 → (35, 0), 35背 → (35, 1), 35-1 → (35, 2)."""

_EVEN = 0.8
"""Of the steps between consecutive labels: those that must be alike for a pace to speak of."""

_WINDOW = 80
"""Numbers to look back for the one before; behind it only the best of all smaller ones counts."""

_NEAR = (0.12, 0.05)
"""How far, as fractions of the page, a label stands from the usual place; machines are held by hand."""

OUT_OF_PLACE = 0.6
"""What a number counts that stands elsewhere."""


@dataclass(frozen=True, slots=True)
class LabelPage:
    """A page in a volume's order.

    Attributes:
        candidates: the numbers at its edge, the likeliest first.
        is_open: not read yet, so that nothing is known.
        is_blank: without print; such backs are not numbered.
        confirmed: the label that a person has confirmed.
    """

    candidates: tuple[LabelCandidate, ...] = ()
    is_open: bool = False
    is_blank: bool = False
    confirmed: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A candidate on its page: `place` from 0, what it counts, and whether it has leading zeros."""

    place: int
    key: Key
    weight: float
    at: tuple[float, float]
    padded: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """How far it usually is from one label to the next, in sides of paper.

    Attributes:
        positions: for each page how many sides come before it, with or without the blank ones.
        stride: sides from a label to the next; 0 where it is uneven.
        counts_blanks: whether blank sides count: where only fronts are stamped, every other side is a back.
    """

    positions: tuple[int, ...]
    stride: int
    counts_blanks: bool

    def lacking(self, before: Mark, after: Mark) -> float:
        """How many numbers between two labels have no page to stand on; negative where pages are left over."""
        sides = self.positions[after.place] - self.positions[before.place]
        return after.key[0] - before.key[0] - sides / max(self.stride, 1)


def pace_of(chain: Sequence[Mark], pages: Sequence[LabelPage]) -> Pace:
    """The pace at which consecutive labels follow each other, counted in the way that makes it the most even."""
    paces = []
    for counts_blanks in (False, True):
        counted = (not page.is_blank or counts_blanks for page in pages)
        positions = tuple(accumulate(counted, initial=0))[: len(pages)]
        steps = Counter(
            positions[after.place] - positions[before.place]
            for before, after in pairwise(chain)
            if after.key[0] - before.key[0] == 1
        )
        stride, times = steps.most_common(1)[0] if steps else (0, 0)
        even = times / max(steps.total(), 1)
        # Of two equally even ones, the one in which every sheet has its back, blank or not.
        paces.append((even, stride > 1, Pace(positions, stride if even >= _EVEN else 0, counts_blanks)))
    return max(paces, key=lambda entry: entry[:2])[2]


def key_of(label: str) -> Key | None:
    """What a label is ordered by; None where it is none (35, 0035, 35-1 and 35背 are)."""
    match = re.fullmatch(r"(\d+)(?:(背)|-(\d+))?", label)
    if match is None:
        return None
    return int(match[1]), 1 if match[2] else 1 + int(match[3]) if match[3] else 0


def label_of(key: Key) -> str:
    """The label of a key, without leading zeros."""
    number, part = key
    return f"{number}" + ("" if part == 0 else "背" if part == 1 else f"-{part - 1}")


def marks_of(pages: Sequence[LabelPage], stamped: bool) -> list[Mark]:
    """The candidates of a kind, stamped or typed, page by page; a confirmed label is its page's only one, and heavy."""
    marks = []
    for place, page in enumerate(pages):
        if page.confirmed is not None:
            key = key_of(page.confirmed)
            marks += [Mark(place, key, 5.0, _middle(page.candidates, key), False)] if key else []
            continue
        for rank, candidate in enumerate(c for c in page.candidates if c.stamped is stamped):
            key = key_of(candidate.text)
            if key is not None:
                weight = 1.0 - 0.01 * rank
                marks.append(Mark(place, key, weight, _middle([candidate]), candidate.text.startswith("0")))
    return marks


def _middle(candidates: Iterable[LabelCandidate], key: Key | None = None) -> tuple[float, float]:
    """Where a candidate stands: how far from the page's middle line (duplex backs mirror fronts), and how far down."""
    for candidate in candidates:
        if key is None or key_of(candidate.text) == key:
            box = candidate.box
            return abs((box.x0 + box.x1) / 2 - 0.5), (box.y0 + box.y1) / 2
    return math.nan, math.nan


def weighed(marks: Sequence[Mark], chain: Sequence[Mark]) -> list[Mark]:
    """The marks, with those counting less that stand elsewhere than the chain usually does."""
    placed = [mark.at for mark in chain if not math.isnan(mark.at[0])]
    if not placed:
        return list(marks)
    usual = median(across for across, _ in placed), median(down for _, down in placed)
    return [
        mark
        if all(abs(at - there) <= near for at, there, near in zip(mark.at, usual, _NEAR, strict=True))
        else replace(mark, weight=mark.weight * (1.0 if math.isnan(mark.at[0]) else OUT_OF_PLACE))
        for mark in marks
    ]


def _cost(before: Mark, after: Mark, pace: Pace | None) -> float:
    """What a jump costs: more, the more numbers have no page between, or pages no number; never more than a page."""
    if pace is None or not pace.stride:
        lacking = float(max(after.key[0] - before.key[0] - (after.place - before.place), 0))
    else:
        lacking = pace.lacking(before, after)
    return min(0.95 if lacking > 0 else 0.65, 0.3 + 0.2 * math.log2(1 + abs(lacking))) if lacking else 0.0


def best_chain(marks: Sequence[Mark], pace: Pace | None = None) -> list[Mark]:
    """The heaviest chain of marks, at most one a page, whose labels rise; jumps cost.

    Exact for neighbours within `_WINDOW` marks; from farther away, jumps cost the most they can. O(n (window + log n)).
    """
    keys = sorted({mark.key for mark in marks})
    best_below: list[tuple[float, int]] = [(0.0, -1)] * (len(keys) + 1)  # a Fenwick tree of prefix maxima
    totals: list[float] = []
    befores: list[int] = []
    entered = 0
    for mark in marks:
        while marks[entered].place < mark.place:
            rank = bisect_left(keys, marks[entered].key) + 1
            while rank <= len(keys):
                best_below[rank] = max(best_below[rank], (totals[entered], entered))
                rank += rank & -rank
            entered += 1
        total, before = 0.0, -1
        rank = bisect_left(keys, mark.key)
        while rank > 0:
            known, at = best_below[rank]
            if at >= 0 and known - _cost(marks[at], mark, pace) > total:
                total, before = known - _cost(marks[at], mark, pace), at
            rank -= rank & -rank
        for at in range(max(0, entered - _WINDOW), entered):
            # No cost is needed where even without one it would not do.
            if marks[at].key < mark.key and totals[at] > total:
                worth = totals[at] - _cost(marks[at], mark, pace)
                if worth > total:
                    total, before = worth, at
        totals.append(total + mark.weight)
        befores.append(before)
    chain = []
    at = max(range(len(marks)), key=totals.__getitem__, default=-1)
    while at >= 0:
        chain.append(marks[at])
        at = befores[at]
    return chain[::-1]
