"""The sequence of a volume's page labels 页码: which number at its edge each page means, and what is missing, doubled
or out of order.

One number at the edge of one page says little: it may be a form's, a table's, a document's own, or misread. The numbers
of a volume rise from page to page, so the ones that form the best rising sequence are the labels, and only a sequence
that most pages support is called the volume's. What follows from it is said with care: a false alarm costs a walk to
the paper, and an operator who has walked in vain stops looking.
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

LEAST_PAGES = 3
"""Labelled pages from which on there is a sequence to speak of."""

_LEAST_SHARE = 0.5
"""Of the pages that bear numbers of its kind: how many a volume's sequence takes in."""

_LEAST_SHARE_BESIDE_RESTARTS = 0.75
"""The same, where numbers begin again at 1, as those of single documents do."""

_LEAST_SHARE_OF_PAGES = 0.4
"""Of the pages that were read: where only fronts are stamped, half of them bear a label."""

_EVEN = 0.8
"""Of the steps between consecutive labels: those that must be alike for a pace to speak of."""

_WINDOW = 80
"""Numbers to look back for the one before; behind it only the best of all smaller ones counts."""

_NEAR = (0.12, 0.05)
"""How far, as fractions of the page, a label stands from the usual place; machines are held by hand."""

_OUT_OF_PLACE = 0.6
"""What a number counts that stands elsewhere."""

_FAR = 9
"""Numbers from the one expected: a missing stack, not a missing sheet or two."""

_MOST_LEADING = 10
"""A volume that begins at a number up to this should have begun at 1; one that begins higher goes on from another."""


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
class LabelSequence:
    """What the labels of a volume are, and what a person should look at.

    Attributes:
        labels: for each page its label and how it is known, "read", "proposed" or "confirmed"; None without one.
        missing: numbers without a page, as (first, last) and the place, from 0, of the page after them.
        repeated: labels that came before or come again, with the place of the page that is too many.
        disordered: labels that stand where they do not belong, with the place.
    """

    labels: tuple[tuple[str, str] | None, ...]
    missing: tuple[tuple[int, int, int], ...] = ()
    repeated: tuple[tuple[str, int], ...] = ()
    disordered: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    """A candidate on its page: `place` from 0, what it counts, and whether it has leading zeros."""

    place: int
    key: Key
    weight: float
    at: tuple[float, float]
    padded: bool


@dataclass(frozen=True, slots=True)
class _Pace:
    """How far it usually is from one label to the next, in sides of paper.

    Attributes:
        positions: for each page how many sides come before it, with or without the blank ones.
        stride: sides from a label to the next; 0 where it is uneven.
        counts_blanks: whether blank sides count: where only fronts are stamped, every other side is a back.
    """

    positions: tuple[int, ...]
    stride: int
    counts_blanks: bool

    def lacking(self, before: _Mark, after: _Mark) -> float:
        """How many numbers between two labels have no page to stand on; negative where pages are left over."""
        sides = self.positions[after.place] - self.positions[before.place]
        return after.key[0] - before.key[0] - sides / max(self.stride, 1)


def _pace_of(chain: Sequence[_Mark], pages: Sequence[LabelPage]) -> _Pace:
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
        paces.append((even, stride > 1, _Pace(positions, stride if even >= _EVEN else 0, counts_blanks)))
    return max(paces, key=lambda entry: entry[:2])[2]


def label_sequence(pages: Sequence[LabelPage]) -> LabelSequence:
    """The labels of a volume's pages, in their order, and what is wrong with them.

    Stamps are tried first, then typed numbers. Where neither form a sequence, nothing is known and nothing is wrong.
    """
    for stamped in (True, False):
        marks = _marks(pages, stamped)
        chain = _best_chain(marks)
        if len(chain) < LEAST_PAGES:
            continue
        marks = _weighed(marks, chain)
        pace = _pace_of(chain, pages)
        chain = _without_stray_ends(_best_chain(marks, pace), pages)
        if _is_the_volumes(chain, marks, pages):
            return _Findings(pages, marks, chain, _pace_of(chain, pages)).sequence()
    return LabelSequence(tuple((page.confirmed, "confirmed") if page.confirmed else None for page in pages))


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


def _marks(pages: Sequence[LabelPage], stamped: bool) -> list[_Mark]:
    marks = []
    for place, page in enumerate(pages):
        if page.confirmed is not None:
            key = key_of(page.confirmed)
            marks += [_Mark(place, key, 5.0, _middle(page.candidates, key), False)] if key else []
            continue
        for rank, candidate in enumerate(c for c in page.candidates if c.stamped is stamped):
            key = key_of(candidate.text)
            if key is not None:
                weight = 1.0 - 0.01 * rank
                marks.append(_Mark(place, key, weight, _middle([candidate]), candidate.text.startswith("0")))
    return marks


def _middle(candidates: Iterable[LabelCandidate], key: Key | None = None) -> tuple[float, float]:
    """Where a candidate stands: how far from the page's middle line (duplex backs mirror fronts), and how far down."""
    for candidate in candidates:
        if key is None or key_of(candidate.text) == key:
            box = candidate.box
            return abs((box.x0 + box.x1) / 2 - 0.5), (box.y0 + box.y1) / 2
    return math.nan, math.nan


def _weighed(marks: Sequence[_Mark], chain: Sequence[_Mark]) -> list[_Mark]:
    """The marks, with those counting less that stand elsewhere than the chain usually does."""
    placed = [mark.at for mark in chain if not math.isnan(mark.at[0])]
    if not placed:
        return list(marks)
    usual = median(across for across, _ in placed), median(down for _, down in placed)
    return [
        mark
        if all(abs(at - there) <= near for at, there, near in zip(mark.at, usual, _NEAR, strict=True))
        else replace(mark, weight=mark.weight * (1.0 if math.isnan(mark.at[0]) else _OUT_OF_PLACE))
        for mark in marks
    ]


def _cost(before: _Mark, after: _Mark, pace: _Pace | None) -> float:
    """What a jump costs: more, the more numbers have no page between, or pages no number; never more than a page."""
    if pace is None or not pace.stride:
        lacking = float(max(after.key[0] - before.key[0] - (after.place - before.place), 0))
    else:
        lacking = pace.lacking(before, after)
    return min(0.95 if lacking > 0 else 0.65, 0.3 + 0.2 * math.log2(1 + abs(lacking))) if lacking else 0.0


def _best_chain(marks: Sequence[_Mark], pace: _Pace | None = None) -> list[_Mark]:
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


def _without_stray_ends(chain: list[_Mark], pages: Sequence[LabelPage]) -> list[_Mark]:
    """The chain without a first or last number that is far from the rest: farther than the chain is long, or far and
    like the right one misread.
    """
    for end, beside in ((-1, -2), (0, 1)):
        if len(chain) <= LEAST_PAGES or pages[chain[end].place].confirmed:
            continue
        if end == 0 and chain[end].key[0] == 1:
            continue
        apart = chain[end].place - chain[beside].place
        expected = chain[beside].key[0] + apart
        off = abs(chain[end].key[0] - expected)
        if off > len(chain) or (off >= _FAR and _is_like(chain[end].key[0], expected)):
            del chain[end]
    return chain


def _is_the_volumes(chain: Sequence[_Mark], marks: Sequence[_Mark], pages: Sequence[LabelPage]) -> bool:
    if len(chain) < LEAST_PAGES:
        return False
    steps = [after.key[0] - before.key[0] for before, after in pairwise(chain)]
    if sum(step <= 1 for step in steps) < len(steps) / 2:
        return False  # numbers that merely rise: amounts, rows of a table
    inside = {mark.place for mark in chain}
    outside = _outside(chain, marks)
    numbered = len(inside | {mark.place for mark in outside})
    share = _LEAST_SHARE_BESIDE_RESTARTS if _restarts(outside) else _LEAST_SHARE
    read = sum(not page.is_open and not page.is_blank for page in pages)
    return len(chain) >= share * numbered and len(chain) >= _LEAST_SHARE_OF_PAGES * read


def _outside(chain: Sequence[_Mark], marks: Sequence[_Mark]) -> list[_Mark]:
    """The marks on pages without a label that stand at the height of the page where the chain's usually do."""
    inside = {mark.place for mark in chain}
    heads = sum(mark.at[1] < 0.5 for mark in chain) / len(chain)
    return [mark for mark in marks if mark.place not in inside and (heads if mark.at[1] < 0.5 else 1 - heads) >= 0.2]


def _restarts(marks: Iterable[_Mark]) -> set[int]:
    """The places of numbers that begin again at 1, or at 2 behind a page that was not read: those of a document.

    A machine that prints leading zeros does not begin again.
    """
    keys: dict[int, set[Key]] = {}
    for mark in marks:
        if not mark.padded:
            keys.setdefault(mark.place, set()).add(mark.key)
    places: set[int] = set()
    for start in keys:
        for first, least in ((1, 1), (2, 2)):
            length = 0
            while (first + length, 0) in keys.get(start + length, ()):
                length += 1
            if length >= least:
                places.update(range(start, start + length))
    return places


def _is_like(seen: int, expected: int) -> bool:
    """Whether a number may be another one misread: a digit lost, added or changed."""
    short, long = sorted((str(seen), str(expected)), key=len)
    if len(short) == len(long):
        return sum(a != b for a, b in zip(short, long, strict=True)) <= 1
    left = iter(long)
    return all(digit in left for digit in short)


class _Findings:
    """What follows from a chain, page by page and jump by jump."""

    def __init__(self, pages: Sequence[LabelPage], marks: Sequence[_Mark], chain: Sequence[_Mark], pace: _Pace) -> None:
        self._pages = pages
        self._chain = chain
        self._pace = pace
        self._labels: dict[int, tuple[str, str]] = {}
        for mark in chain:
            state = "confirmed" if pages[mark.place].confirmed else "read"
            self._labels[mark.place] = (pages[mark.place].confirmed or label_of(mark.key), state)
        self._held = {mark.key for mark in chain}
        self._numbers = {mark.key[0] for mark in chain}
        self._outside: dict[int, list[_Mark]] = {}
        for mark in _outside(chain, marks):
            self._outside.setdefault(mark.place, []).append(mark)
        self._missing: list[tuple[int, int, int]] = []
        self._repeated: list[tuple[str, int]] = []
        self._disordered: list[tuple[str, int]] = []

    def sequence(self) -> LabelSequence:
        """The labels, and what is wrong with them."""
        self._look_at_the_others()
        self._look_at_the_jumps()
        labels = [
            (page.confirmed, "confirmed") if page.confirmed is not None else self._labels.get(place)
            for place, page in enumerate(self._pages)
        ]
        return LabelSequence(tuple(labels), tuple(self._missing), tuple(self._repeated), tuple(self._disordered))

    def _look_at_the_others(self) -> None:
        """Pages whose number is none of the chain's: doubles, strangers out of order, or misread."""
        last, first = self._chain[-1].key[0], self._chain[0].key[0]
        restarted = _restarts([mark for marks in self._outside.values() for mark in marks])
        for place, marks in sorted(self._outside.items()):
            before, after = self._neighbours(place)
            for mark in marks:
                number = mark.key[0]
                beside = any(other is not None and other.key == mark.key for other in (before, after))
                if place in restarted or (not beside and self._is_misread(mark, before, after)):
                    continue
                in_a_run = any(
                    other.key[0] - number == step for step in (-1, 1) for other in self._outside.get(place + step, ())
                )
                if mark.key in self._held:
                    fits = mark.weight > _OUT_OF_PLACE and not self._expected(before, after)
                    if not (beside or in_a_run or fits):
                        continue
                    self._repeated.append((label_of(mark.key), place))
                elif number in self._numbers:
                    continue
                elif in_a_run or number in (first - 1, last + 1) or (first < number < last and self._is_away(number)):
                    self._disordered.append((label_of(mark.key), place))
                else:
                    continue
                self._labels[place] = (label_of(mark.key), "read")
                break

    def _neighbours(self, place: int) -> tuple[_Mark | None, _Mark | None]:
        at = bisect_left([mark.place for mark in self._chain], place)
        return self._chain[at - 1] if at else None, self._chain[at] if at < len(self._chain) else None

    def _expected(self, before: _Mark | None, after: _Mark | None) -> range:
        """The numbers that are free between two labels, or behind the last."""
        if before is None:
            return range(max(1, (after.key[0] if after else 1) - 3), after.key[0] if after else 1)
        return range(before.key[0] + 1, after.key[0] if after else before.key[0] + 3)

    def _is_misread(self, mark: _Mark, before: _Mark | None, after: _Mark | None) -> bool:
        """Whether a free number of this very place may have been read as another one; two pages that have each
        other's number were not misread, they were exchanged."""
        for number in self._expected(before, after):
            if _is_like(mark.key[0], number):
                exchanged = any(
                    other.key[0] == number and mark.key[0] in self._expected(*self._neighbours(place))
                    for place, others in self._outside.items()
                    if place != mark.place
                    for other in others
                )
                if not exchanged:
                    return True
        return False

    def _is_away(self, number: int) -> bool:
        """Whether no page lies where a number belongs; where one lies whose label was not read, it has the number."""
        at = bisect_left(self._chain, (number, 0), key=lambda mark: mark.key)
        before, after = self._chain[at - 1], self._chain[at]
        unread = (place for place in self._unlabelled(before.place, after.place) if place not in self._outside)
        return self._pace.stride != 1 or next(unread, None) is None

    def _look_at_the_jumps(self) -> None:
        """Numbers that no page bears: read past, then they are proposed where they fit exactly; or missing."""
        strays = {key[0] for label, _ in self._disordered if (key := key_of(label))}
        self._look_at_the_beginning(strays)
        backs = self._usual_backs()
        for before, after in pairwise(self._chain):
            free = [number for number in range(before.key[0] + 1, after.key[0]) if number not in strays]
            if not free or any(self._pages[place].is_open for place in range(before.place + 1, after.place)):
                continue
            sides = self._unlabelled(before.place, after.place, with_blanks=self._pace.counts_blanks)
            # The sides that there are if every number has its page, and none of their labels was read.
            enough = len(free) + (len(free) + 1) * max(backs)
            if len(sides) == enough and len(backs) == 1:
                fronts = sides[backs[0] :: backs[0] + 1]
                for number, place in zip(free, fronts, strict=True):
                    if self._pages[place].is_blank:
                        self._miss([number], after.place)
                    else:
                        self._labels[place] = (str(number), "proposed")
            elif len(sides) < enough:
                self._miss(free, after.place)

    def _usual_backs(self) -> list[int]:
        """How many sides without a label usually lie between two consecutive ones: none, or the backs where only
        fronts are stamped; several counts where it varies.
        """
        if self._pace.stride:
            return [self._pace.stride - 1]
        steps = Counter(
            len(self._unlabelled(before.place, after.place))
            for before, after in pairwise(self._chain)
            if after.key[0] - before.key[0] == 1
        )
        return [count for count, times in steps.items() if times >= 0.1 * steps.total()] or [0]

    def _look_at_the_beginning(self, strays: set[int]) -> None:
        first = self._chain[0]
        free = [number for number in range(1, first.key[0]) if number not in strays]
        ahead = range(first.place)
        if not free or first.key[0] > _MOST_LEADING or any(self._pages[place].is_open for place in ahead):
            return
        if len(self._unlabelled(-1, first.place)) < len(free):
            self._miss(free, first.place)

    def _unlabelled(self, before: int, after: int, with_blanks: bool = False) -> list[int]:
        """The places between two, without those of labelled and, if not wanted, of blank pages."""
        return [
            place
            for place in range(before + 1, after)
            if place not in self._labels and (with_blanks or not self._pages[place].is_blank)
        ]

    def _miss(self, numbers: Sequence[int], place: int) -> None:
        first = previous = numbers[0]
        for number in [*numbers[1:], -1]:
            if number != previous + 1:
                self._missing.append((first, previous, place))
                first = number
            previous = number
