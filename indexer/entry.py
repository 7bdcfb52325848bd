"""An index entry: what the engines hold of a page.

Both engines get the same tokens, joined by spaces, so that their answers cannot differ. Single tokens answer one-token
queries; overlapping pairs answer phrases, because a pair is rare where its tokens are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from dossier.reading import Reading
from indexer.amounts import amounts_in
from indexer.dates import dates_in
from indexer.identifiers import identifiers_in
from indexer.running_text import running_text
from indexer.tokens import tokens_of_lines
from indexer.turn import Turn, turn_between

# Raised with any change to what an entry holds or how tokens are cut: engines then begin an empty index.
SCHEMA_VERSION = 2

PAIR_MARK = "_"  # between the tokens of a pair, and
NEXT_PAGE_MARK = ">"  # before a token of the next page, and
HUMAN_MARK = "+"  # before what a person has read on the page; none of them can be in a token, a number or a date
SEPARATOR = "\x1f"  # between the parts of a key; a key's last part is an id, and has none in it

_LATEST_MS = 10**15 - 1  # the year 33658


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page belongs, as the catalogue knows it.

    Attributes:
        page_id, case_id, volume_id, document_id: opaque ids.
        department: who may see it besides those who see its case; empty if nobody.
        volume_order: text by whose plain order the volumes of a case stand in their order.
        document_order: the same for the documents of a volume.
        page_number: the place in the volume, from 1.
        received: when the page was accepted, ISO 8601 in UTC.
    """

    page_id: str
    case_id: str
    volume_id: str
    document_id: str
    page_number: int
    department: str = ""
    volume_order: str = ""
    document_order: str = ""
    received: str = "1970-01-01T00:00:00+00:00"

    @property
    def received_ms(self) -> int:
        """When the page was accepted, milliseconds since 1970."""
        return round(datetime.fromisoformat(self.received).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A page as the engines hold it.

    Attributes:
        place: where it belongs.
        version: the catalogue's counter at the change that this entry shows; a higher one wins.
        singles: the page's tokens, each once.
        pairs: its overlapping pairs, in order.
        turn: the pairs over the page turn, in order; tokens of the next page are marked.
        identifiers: canonical forms, each once.
        tails: the identifiers' last digits, backwards, each once: what ends in 8001 begins with 1008 here.
        dates: in the form of ISO 8601, as far as they are given, each once.
        amounts: plain decimal numbers of yuan, each once.
    """

    place: PagePlace
    version: int
    singles: tuple[str, ...]
    pairs: tuple[str, ...]
    turn: tuple[str, ...]
    identifiers: tuple[str, ...]
    tails: tuple[str, ...]
    dates: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()

    @property
    def order(self) -> str:
        """Text by whose plain order (by code point) hits of equal rank are shown: case, volume, page."""
        place = self.place
        return SEPARATOR.join(
            (place.case_id, place.volume_order, place.volume_id, f"{place.page_number:08d}", place.page_id)
        )

    @property
    def newest(self) -> str:
        """Text by whose plain order what was accepted last comes first, and what came together in its `order`."""
        return f"{_LATEST_MS - self.place.received_ms:015d}{SEPARATOR}{self.order}"

    @property
    def volume_key(self) -> str:
        """The volume's id, with what lets the volumes' keys stand in the `order` of their pages."""
        place = self.place
        return SEPARATOR.join((place.case_id, place.volume_order, place.volume_id))

    @property
    def document_key(self) -> str:
        """The document's id, with what lets the documents' keys stand in the `order` of their pages."""
        place = self.place
        return SEPARATOR.join((place.case_id, place.volume_order, place.document_order, place.document_id))

    @property
    def fields(self) -> dict[str, str | int | list[str]]:
        """What either engine stores of it, by field; tokens are joined by spaces, at which both cut again."""
        return {
            "page_id": self.place.page_id,
            "order": self.order,
            "newest": self.newest,
            "received": self.place.received_ms,
            "volume_key": self.volume_key,
            "document_key": self.document_key,
            "case_id": self.place.case_id,
            "department": self.place.department,
            "volume_id": self.place.volume_id,
            "document_id": self.place.document_id,
            "identifiers": list(self.identifiers),
            "tails": list(self.tails),
            "dates": list(self.dates),
            "amounts": list(self.amounts),
            "singles": " ".join(self.singles),
            "pairs": " ".join(self.pairs),
            "turn": " ".join(self.turn),
        }


@dataclass(frozen=True, slots=True)
class Removal:
    """A page that the index must no longer hold, at a version."""

    page_id: str
    version: int


def entry_of_page(
    place: PagePlace,
    version: int,
    reading: Reading,
    following: Reading | None,
    human: Reading | None = None,
) -> IndexEntry:
    """The entry of a page.

    Args:
        place, version: its own.
        reading: what the program read on it.
        following: the same of the page after it; None after the last, or if that was not read yet.
        human: what people read on it 人工校录; it stands in the same fields behind the program's, marked, so that pages
            without any have nothing of it.
    """
    read = _Words.of(reading)
    marked = _Words.of(human).marked() if human else _Words()
    return IndexEntry(
        place=place,
        version=version,
        singles=read.singles + marked.singles,
        pairs=read.pairs + marked.pairs,
        turn=turn_pairs(turn_between(reading, following)),
        identifiers=read.identifiers + marked.identifiers,
        tails=read.tails + marked.tails,
        dates=read.dates + marked.dates,
        amounts=read.amounts + marked.amounts,
    )


class _Words(NamedTuple):
    """What is to be found of a text, by field."""

    singles: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()

    @classmethod
    def of(cls, reading: Reading) -> _Words:
        tokens = [token.text for token in tokens_of_lines([line.text for line in reading.lines])]
        running = running_text(reading)
        identifiers = identifiers_in(running)
        return cls(
            singles=_each_once(tokens),
            pairs=pairs_of(tokens),
            identifiers=_each_once(identifier.canonical for identifier in identifiers),
            tails=_each_once(identifier.tail[::-1] for identifier in identifiers if identifier.tail),
            dates=_each_once(date.value for date in dates_in(running)),
            amounts=_each_once(amount.value for amount in amounts_in(running)),
        )

    def marked(self) -> _Words:
        return _Words(*(tuple(f"{HUMAN_MARK}{value}" for value in values) for values in self))


def pairs_of(tokens: Sequence[str]) -> tuple[str, ...]:
    """The overlapping pairs of a sequence of tokens: one less than tokens."""
    return tuple(f"{first}{PAIR_MARK}{second}" for first, second in pairwise(tokens))


def turn_pairs(turn: Turn) -> tuple[str, ...]:
    """The overlapping pairs over a page turn."""
    return pairs_over_turn([token.text for token in turn.before], [token.text for token in turn.after])


def pairs_over_turn(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """The overlapping pairs of tokens before and after the turn, those after it marked."""
    return pairs_of([*before, *(f"{NEXT_PAGE_MARK}{token}" for token in after)])


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
