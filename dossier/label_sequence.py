"""The sequence of a volume's page labels 页码: which number at its edge each page means, and what is missing, doubled
or out of order.

One number at the edge of one page says little: it may be a form's, a table's, a document's own, or misread. The numbers
of a volume rise from page to page, so the ones that form the best rising sequence are the labels, and only a sequence
that most pages support is called the volume's. What follows from it is said with care: a false alarm costs a walk to
the paper, and an operator who has walked in vain stops looking.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dossier.label_chain import (
    OUT_OF_PLACE,
    Key,
    LabelPage,
    Mark,
    Pace,
    best_chain,
    key_of,
    label_of,
    marks_of,
    pace_of,
    weighed,
)

LEAST_PAGES = 3
"""Labelled pages from which on there is a sequence to speak of."""

_LEAST_SHARE = 0.5
"""Of the pages that bear numbers of its kind: how many a volume's sequence takes in."""

_LEAST_SHARE_BESIDE_RESTARTS = 0.75
"""The same, where numbers begin again at 1, as those of single documents do."""

_LEAST_SHARE_OF_PAGES = 0.4
"""Of the pages that were read: where only fronts are stamped, half of them bear a label."""

_FAR = 9
"""Numbers from the one expected: a missing stack, not a missing sheet or two."""

_MOST_LEADING = 10
"""A volume that begins at a number up to this should have begun at 1; one that begins higher goes on from another."""


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


def place_before(sequence: LabelSequence, label: str, own: int) -> int | None:
    """The place of the page behind which a label belongs, from 0; -1: the front; None: nobody can say.

    It is the last page before the next greater label, so that an unnumbered back stays with its front.

    Args:
        sequence: of the volume.
        label: the page's.
        own: the place where the page stands.
    """
    wanted = key_of(label)
    if wanted is None:
        return None
    astray = {place for _, place in sequence.disordered} | {own}
    keys = [
        (place, key)
        for place, known in enumerate(sequence.labels)
        if known is not None and place not in astray and (key := key_of(known[0])) is not None
    ]
    greater = [place for place, key in keys if key > wanted]
    if not keys:
        return None
    at = greater[0] - 1 if greater else keys[-1][0]
    while at in astray:
        at -= 1
    return at


def label_sequence(pages: Sequence[LabelPage]) -> LabelSequence:
    """The labels of a volume's pages, in their order, and what is wrong with them.

    Stamps are tried first, then typed numbers. Where neither form a sequence, nothing is known and nothing is wrong.
    """
    for stamped in (True, False):
        marks = marks_of(pages, stamped)
        chain = best_chain(marks)
        if len(chain) < LEAST_PAGES:
            continue
        marks = weighed(marks, chain)
        pace = pace_of(chain, pages)
        chain = _without_stray_ends(best_chain(marks, pace), pages)
        if _is_the_volumes(chain, marks, pages):
            return _Findings(pages, marks, chain, pace_of(chain, pages)).sequence()
    return LabelSequence(tuple((page.confirmed, "confirmed") if page.confirmed else None for page in pages))


def _without_stray_ends(chain: list[Mark], pages: Sequence[LabelPage]) -> list[Mark]:
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


def _is_the_volumes(chain: Sequence[Mark], marks: Sequence[Mark], pages: Sequence[LabelPage]) -> bool:
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


def _outside(chain: Sequence[Mark], marks: Sequence[Mark]) -> list[Mark]:
    """The marks on pages without a label that stand at the height of the page where the chain's usually do."""
    inside = {mark.place for mark in chain}
    heads = sum(mark.at[1] < 0.5 for mark in chain) / len(chain)
    return [mark for mark in marks if mark.place not in inside and (heads if mark.at[1] < 0.5 else 1 - heads) >= 0.2]


def _restarts(marks: Iterable[Mark]) -> set[int]:
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

    def __init__(self, pages: Sequence[LabelPage], marks: Sequence[Mark], chain: Sequence[Mark], pace: Pace) -> None:
        self._pages = pages
        self._chain = chain
        self._pace = pace
        self._labels: dict[int, tuple[str, str]] = {}
        for mark in chain:
            state = "confirmed" if pages[mark.place].confirmed else "read"
            self._labels[mark.place] = (pages[mark.place].confirmed or label_of(mark.key), state)
        self._held = {mark.key for mark in chain}
        self._numbers = {mark.key[0] for mark in chain}
        self._outside: dict[int, list[Mark]] = {}
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
                    # Alone among pages that have their numbers, or put behind them: a page scanned anew.
                    is_added = mark.weight > OUT_OF_PLACE and (after is None or not self._expected(before, after))
                    if not (beside or in_a_run or is_added):
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

    def _neighbours(self, place: int) -> tuple[Mark | None, Mark | None]:
        at = bisect_left([mark.place for mark in self._chain], place)
        return self._chain[at - 1] if at else None, self._chain[at] if at < len(self._chain) else None

    def _expected(self, before: Mark | None, after: Mark | None) -> range:
        """The numbers that are free between two labels, or behind the last."""
        if before is None:
            return range(max(1, (after.key[0] if after else 1) - 3), after.key[0] if after else 1)
        return range(before.key[0] + 1, after.key[0] if after else before.key[0] + 3)

    def _is_misread(self, mark: Mark, before: Mark | None, after: Mark | None) -> bool:
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
