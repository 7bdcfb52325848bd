"""Golden queries: what a new index must answer before it takes the place of the one in service.

They are made of the catalogue itself. A page chosen by chance must be found by an identifier that stands on it, or by a
passage of its text, typed as a user types it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Page
from dossier.reading import Reading
from dossier.readings import reading_of
from dossier.vault import Vault
from indexer.clause import AllOf, Term
from indexer.engine import Engine
from indexer.identifiers import identifiers_of_reading, identifiers_of_text
from indexer.query import IDENTIFIER, PHRASE, ladder, understand
from indexer.sight import Sight
from indexer.tokens import Token, is_han, tokens_of_lines

PAGES = 200
_LONGEST_PASSAGE = 12  # characters; what a person copies or remembers


@dataclass(frozen=True)
class GoldenQuery:
    """A query that must find a page, on one of these rungs."""

    page_id: str
    text: str
    rungs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What the query is made of, in words that give nothing of the page away."""
        return "a number on it" if self.rungs == (IDENTIFIER,) else "a passage of its text"

    @property
    def kind_chinese(self) -> str:
        """The same in Chinese."""
        return "页上的号码" if self.rungs == (IDENTIFIER,) else "页上的一段文字"


def golden_queries(session: Session, vault: Vault) -> list[GoldenQuery]:
    """Queries for `PAGES` pages chosen by chance; pages without text give none.

    Raises:
        StoreError: a reading is missing or has changed.
    """
    # Ids alone are drawn: rows of a million pages would be sorted on disk.
    drawn = session.scalars(
        select(Page.id)
        .where(Page.reading_version.is_not(None), Page.blank.is_(False), Page.outside.is_(None))
        .order_by(func.random())
        .limit(PAGES)
    ).all()
    chosen = session.scalars(select(Page).where(Page.id.in_(drawn)))
    chance = random.Random()  # noqa: S311  (a sample, not a secret)
    queries: list[GoldenQuery] = []
    for page in chosen:
        reading = reading_of(session, vault, page)
        if reading is not None:
            queries += [GoldenQuery(page.id, text, rungs) for text, rungs in _queries_of(reading, chance)]
    return queries


def answers(engine: Engine, query: GoldenQuery) -> bool:
    """Whether an index gives a query its page, on the rung that it belongs to."""
    search = ladder(understand(query.text), Sight())
    only_the_page = replace(search, scope=AllOf((search.scope, Term("page_id", query.page_id))))
    return [hit.rung in query.rungs for hit in engine.search(only_the_page, 2).hits] == [True]


def _queries_of(reading: Reading, chance: random.Random) -> Iterator[tuple[str, tuple[str, ...]]]:
    identifiers = [each.canonical for each in identifiers_of_reading(reading) if _is_typed_so(each.canonical)]
    if identifiers:
        yield chance.choice(identifiers), (IDENTIFIER,)
    # Runs of Han characters of one line: what stands between them may be cut otherwise by a user than in print.
    tokens = tokens_of_lines([line.text for line in reading.lines])
    runs = ["".join(token.text for token in run) for (_, han), run in groupby(tokens, _kind) if han]
    passages = [run for run in runs if len(run) > 1]
    if passages:
        passage = chance.choice(passages)
        start = chance.randrange(max(len(passage) - _LONGEST_PASSAGE, 0) + 1)
        yield f'"{passage[start : start + _LONGEST_PASSAGE]}"', (IDENTIFIER, PHRASE)


def _is_typed_so(canonical: str) -> bool:
    return [each.canonical for each in identifiers_of_text(canonical)] == [canonical]


def _kind(token: Token) -> tuple[int, bool]:
    return token.line, len(token.text) == 1 and is_han(token.text)
