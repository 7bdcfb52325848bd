"""Looking for leaks: generated people ask generated queries of an invented office, between changes of who sees what.

What an answer should be is worked out here, from plain sets and by rules of its own, and not by the code that is
tested: the pages that the engine finds for the query without any limits, less those of cases out of sight. An answer
that gives or counts more, or anywhere bears the mark of a case out of sight, is a leak; one that gives less is a loss.
The index is often left behind on purpose, so that what it holds of departments is old.

    python -m tests.leaks --asks 10000
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dossier import api_keys, cases, outbox, permissions, users
from dossier.attention import questions
from dossier.catalogue.tables import ApiKey, Case, Person, User, Volume
from dossier.errors import NotFound
from dossier.home import Home
from dossier.status import status_of, volume_statuses
from dossier.viewers import OPERATOR, ROLES, Viewer
from indexer.engine import Engine, Order
from indexer.feed import Feed
from indexer.query import ladder, understand
from indexer.search import Searcher
from indexer.sight import Sight
from search_api.desk import search_page
from tests.web.scanroom import Scanroom

DEPARTMENTS = ("一部", "二部", "三部", "四部")
NAMES = ("林晓禾", "周望舒", "何景行", "苏见川", "邬怀青", "傅溪桥")
DEEDS = ("转入账户", "签订合同", "领取现金", "出具收条", "投资理财")
_MARK = "闵{}己"
_ALIKE = "闵{}已"  # as OCR may read it
_ALL_HITS = 1000
_COUNTED = ("files", "pages")


@dataclass
class KnownCase:
    """A case as the oracle knows it; `mark` stands in its texts and nowhere else."""

    id: str
    number: str
    mark: str
    department: str = ""
    handler: str = ""
    sealed: bool = False
    members: set[str] = field(default_factory=set)
    admitted: set[str] = field(default_factory=set)
    pages: tuple[str, ...] = ()
    volume: str = ""

    @property
    def traces(self) -> tuple[str, ...]:
        """What tells of it, wherever it turns up."""
        return (self.id, self.number, self.mark, self.volume, *self.pages)


@dataclass(frozen=True)
class Asker:
    """Somebody who asks, as the oracle knows them; a key has no role."""

    id: str
    name: str
    role: str | None
    departments: frozenset[str]

    def sees(self, case: KnownCase) -> bool:
        """The rule, in other words than the program's."""
        if self.role in ("admin", "auditor"):
            return False
        if case.sealed:
            return self.id in case.admitted
        sees_all = self.role is None and not self.departments
        takes_in = self.role in ("operator", "checker") and case.department == ""
        handles = self.role is not None and case.handler == self.name
        return sees_all or takes_in or handles or case.department in self.departments or self.id in case.members


@dataclass(frozen=True)
class Finding:
    """Something that was not as it should be: a leak, or a loss."""

    kind: str
    where: str
    asker: str
    query: str
    detail: str


@dataclass(frozen=True)
class Report:
    """What was found in so many asks."""

    asks: int
    changes: int
    hits: int
    hidden: int
    leaks: tuple[Finding, ...]
    losses: tuple[Finding, ...]
    seconds: float


class World:
    """An invented office over a home folder.

    Args:
        root: a folder for it.
        seed: of all chance.
        engine: in place of tantivy; empty.
    """

    def __init__(self, root: Path, seed: int, engine: Engine | None = None, case_count: int = 30) -> None:
        self.chance = random.Random(seed)
        self.room = Scanroom(Home.at(root))
        if engine is not None:
            self.room.engine.close()
            self.room.engine = engine  # type: ignore[assignment]
            self.room.feed = Feed(self.room.catalogue, self.room.vault, engine)
            self.room.searcher = Searcher(self.room.catalogue, self.room.vault, engine)
        self.cases: dict[str, KnownCase] = {}
        self.case_of_page: dict[str, KnownCase] = {}
        self._everything: dict[str, list[str]] = {}
        for number in range(case_count):
            self._receive_case(number)
        self.askers = [*self._people(), *self._programs()]
        self.room.make_searchable()

    def close(self) -> None:
        self.room.close()

    def change(self) -> None:
        """One deed that changes who sees what; the index is told of it, at once or later or never."""
        case = self.chance.choice(list(self.cases.values()))
        asker = self.chance.choice(self.askers)
        deed = self.chance.choice(("grant", "grant", "revoke", "seal", "unseal", "move", "move", "hand over"))
        with self.room.catalogue.writing() as session:
            row = session.get_one(Case, case.id)
            viewer = session.get(User, asker.id) or session.get_one(ApiKey, asker.id)
            if deed == "grant":
                permissions.grant(session, row, viewer, "test")
                case.members.add(asker.id)
                if case.sealed:
                    case.admitted.add(asker.id)
            elif deed == "revoke":
                permissions.revoke(session, row, viewer, "test")
                case.members.discard(asker.id)
                case.admitted.discard(asker.id)
            elif deed == "seal":
                permissions.seal(session, row, "test")
                if not case.sealed:
                    case.sealed, case.admitted = True, set()
            elif deed == "unseal":
                permissions.unseal(session, row, "test")
                case.sealed = False
            elif deed == "move":
                case.department = self.chance.choice(("", *DEPARTMENTS))
                permissions.move(session, row, case.department, "test")
                outbox.enqueue(session, case.pages)
            else:
                case.handler = self.chance.choice((*NAMES, ""))
                permissions.hand_over(session, row, case.handler, "test")
        if self.chance.random() < 0.3:
            self.room.make_searchable()

    def ask(self) -> tuple[int, int, list[Finding]]:
        """One query of one asker, and now and then the lists and counts around it.

        Returns:
            How many hits there should be, how many were out of sight, and what was not as it should be.
        """
        asker, query = self.chance.choice(self.askers), self._query()
        viewer = self._viewer(asker)
        everything = self._pages_of(query)
        expected = {page for page in everything if asker.sees(self.case_of_page[page])}
        result = self.room.searcher.search(query, limit=_ALL_HITS, viewer=viewer)
        found = {hit.page_id for hit in result.hits}
        findings = self._differences("hits", asker, query, found, expected)
        findings += self._difference("total", asker, query, result.total, len(expected))
        findings += self._traces("answer", asker, query, result.as_json())
        case = self.chance.choice(list(self.cases.values()))
        if asker.sees(case):
            within = self.room.searcher.search(query, case=case.number, limit=0, viewer=viewer).total
            of_case = sum(page in expected for page in case.pages)
            findings += self._difference("total in a case", asker, query, within, of_case)
        if self.chance.random() < 0.3:
            findings += self._divided(asker, viewer, query, expected)
        if self.chance.random() < 0.05:
            findings += self._around(asker, viewer)
        return len(expected), len(everything) - len(expected), findings

    def _divided(self, asker: Asker, viewer: Viewer, query: str, expected: set[str]) -> list[Finding]:
        """Groups, facets, and the hits around a page: counted, and named."""
        searcher = self.room.searcher
        order: Order = self.chance.choice(("relevance", "page", "received"))
        grouped = searcher.search(query, limit=_ALL_HITS, viewer=viewer, order=order, group="volume")
        facets = searcher.facets(query, limit=_ALL_HITS, viewer=viewer)
        of_pages = [self.case_of_page[page] for page in expected]
        assert grouped.groups is not None
        counted = {
            "groups": {group.id: group.total for group in grouped.groups.shown},
            "facet case": {each.value: each.count for each in facets.values["case"]},
            "facet department": {each.value: each.count for each in facets.values["department"]},
        }
        true = {
            "groups": Counter(case.volume for case in of_pages),
            "facet case": Counter(case.id for case in of_pages),
            "facet department": Counter(case.department for case in of_pages),
        }
        findings = self._traces("groups", asker, query, grouped.as_json())
        findings += self._traces("facets", asker, query, facets.as_json())
        findings += self._difference("number of groups", asker, query, grouped.groups.total, len(true["groups"]))
        for where, numbers in counted.items():
            findings += self._differences(where, asker, query, set(numbers), set(true[where]))
            for value in set(numbers) & set(true[where]):
                findings += self._difference(where, asker, query, numbers[value], true[where][value])
        page, case = self.chance.choice(list(self.case_of_page.items()))
        try:
            around = searcher.neighbours(page, query, viewer=viewer)
        except NotFound:
            return findings + [Finding("loss", "neighbours", asker.name, query, page)] * asker.sees(case)
        if not asker.sees(case):
            return [*findings, Finding("leak", "neighbours", asker.name, query, page)]
        return findings + self._difference(
            "neighbours", asker, query, around.total, sum(page in expected for page in case.pages)
        )

    def _around(self, asker: Asker, viewer: Viewer) -> list[Finding]:
        """What is counted, listed and suggested beside the hits."""
        seen = [case for case in self.cases.values() if asker.sees(case)]
        with self.room.catalogue.reading() as session:
            status = status_of(session, viewer)
            volumes = volume_statuses(session, viewer)
            told = {
                "board": [asdict(row) for row in (*volumes, *questions(session, viewer))],
                "suggestions": search_page._case_numbers(session, viewer),
            }
            coverage = search_page.coverage(session, viewer, "")
        pages = sum(len(case.pages) for case in seen)
        findings = self._differences(
            "volumes", asker, "", {row.volume_id for row in volumes}, {case.volume for case in seen}
        )
        suggested, numbers = set(told["suggestions"]), {case.number for case in seen}
        findings += self._differences("suggestions", asker, "", suggested, numbers)
        for where, counted in (
            *((name, sum(getattr(status, name).values())) for name in _COUNTED),
            ("coverage", coverage.pages),
        ):
            findings += self._difference(where, asker, "", counted, pages)
        return findings + [trace for name, value in told.items() for trace in self._traces(name, asker, "", value)]

    def _traces(self, where: str, asker: Asker, query: str, answer: Any) -> list[Finding]:
        """Marks of cases out of sight; what the asker typed is no news to them."""
        text = json.dumps(answer, ensure_ascii=False)
        return [
            Finding("leak", where, asker.name, query, trace)
            for case in self.cases.values()
            if not asker.sees(case)
            for trace in case.traces
            if trace in text and trace not in query
        ]

    def _differences(self, where: str, asker: Asker, query: str, found: set[str], expected: set[str]) -> list[Finding]:
        more = [Finding("leak", where, asker.name, query, one) for one in sorted(found - expected)]
        return more + [Finding("loss", where, asker.name, query, one) for one in sorted(expected - found)]

    def _difference(self, where: str, asker: Asker, query: str, found: int, expected: int) -> list[Finding]:
        if found == expected:
            return []
        kind = "leak" if found > expected else "loss"
        return [Finding(kind, where, asker.name, query, f"{found} for {expected}")]

    def _pages_of(self, query: str) -> list[str]:
        """All pages that the engine finds, whoever asks. Texts do not change, so neither does this."""
        if query not in self._everything:
            found = self.room.engine.search(ladder(understand(query), Sight()), _ALL_HITS)
            assert found.total == len(found.hits)
            self._everything[query] = [hit.page_id for hit in found.hits]
        return self._everything[query]

    def _viewer(self, asker: Asker) -> Viewer:
        """As the site finds out for each request."""
        with self.room.catalogue.reading() as session:
            if asker.role is not None:
                return users.viewer_of_user(session.get_one(User, asker.id))
            viewer = api_keys.viewer_of_secret(session, self._secrets[asker.id])
            assert viewer is not None
            return viewer

    def _query(self) -> str:
        chance = self.chance
        case = chance.choice(list(self.cases.values()))
        syllable = case.mark[1]
        return chance.choice(
            (
                chance.choice(NAMES),
                chance.choice(DEEDS),
                f"{chance.choice(NAMES)} {chance.choice(DEEDS)}",
                chance.choice(NAMES) + chance.choice(DEEDS),
                chance.choice("林周何苏账款己"),
                case.mark,
                _ALIKE.format(syllable),
                case.number,
                f"1390000{4000 + chance.randrange(30)}",
                str(4000 + chance.randrange(30)),
            )
        )

    def _receive_case(self, number: int) -> None:
        chance = self.chance
        given = f"临检起诉受[2031]990101{number:05d}号"
        mark = _MARK.format(chr(0x5900 + 37 * number))
        pages = []
        for page in range(chance.randint(2, 4)):
            page_id = self.room.receive(f"{page + 1:04}.jpg", "证据材料卷", given)
            self.room.read(
                page_id,
                (
                    f"{chance.choice(NAMES)}{chance.choice(DEEDS)}",
                    f"{mark}的电话1390000{4000 + chance.randrange(30)}",
                    f"{chance.choice(NAMES)}称{chance.choice(DEEDS)}",
                ),
            )
            pages.append(page_id)
        with self.room.catalogue.writing() as session:
            case = cases.case_named(session, given)
            volume = session.scalars(select(Volume).where(Volume.case_id == case.id)).one()
            known = KnownCase(case.id, given, mark, pages=tuple(pages), volume=volume.id)
            case.name = f"{mark}案"
            known.department = chance.choice(("", *DEPARTMENTS))
            known.handler = chance.choice((*NAMES, "", ""))
            permissions.move(session, case, known.department, "test")
            permissions.hand_over(session, case, known.handler, "test")
            session.add(Person(case_id=case.id, name=mark))
            if chance.random() < 0.2:
                permissions.seal(session, case, "test")
                known.sealed = True
        self.cases[known.id] = known
        self.case_of_page.update(dict.fromkeys(pages, known))

    def _people(self) -> Iterator[Asker]:
        names = [*NAMES, *(f"用户{number}" for number in range(18))]
        for number, name in enumerate(names):
            role = list(ROLES)[number % len(ROLES)] if number < 8 else self.chance.choice(list(ROLES)[1:])
            theirs = self.chance.sample(DEPARTMENTS, self.chance.choice((0, 1, 1, 2 if role == OPERATOR else 1)))
            with self.room.catalogue.writing() as session:
                user_id = users.add_user(session, name, role, theirs, "unused", "test").id
            yield Asker(user_id, name, role, frozenset(theirs))

    def _programs(self) -> Iterator[Asker]:
        self._secrets: dict[str, str] = {}
        for number, theirs in enumerate(((), ("一部",), ("二部", "三部"))):
            name = NAMES[number]  # a program that is named as a handler is none
            with self.room.catalogue.writing() as session:
                key, secret = api_keys.add_key(session, name, (), theirs, "test")
                key_id, self._secrets[key.id] = key.id, secret
            yield Asker(key_id, f"key {name}", None, frozenset(theirs))


@contextmanager
def open_world(root: Path, seed: int, engine: Engine | None = None, case_count: int = 30) -> Iterator[World]:
    world = World(root, seed, engine, case_count)
    try:
        yield world
    finally:
        world.close()


def look_for_leaks(world: World, asks: int) -> Report:
    """Ask so often, with a change before every fourth."""
    begun, changes, hits, hidden = time.monotonic(), 0, 0, 0
    findings: list[Finding] = []
    for number in range(asks):
        if number % 4 == 0:
            world.change()
            changes += 1
        expected, out_of_sight, found = world.ask()
        hits, hidden = hits + expected, hidden + out_of_sight
        findings += found
    leaks, losses = (tuple(one for one in findings if one.kind == kind) for kind in ("leak", "loss"))
    return Report(asks, changes, hits, hidden, leaks, losses, time.monotonic() - begun)


def described(findings: Iterable[Finding]) -> str:
    """The first of them, and how many there are by where."""
    listed = list(findings)
    return f"{Counter(one.where for one in listed)} {listed[:5]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_world(Path(folder) / "home", arguments.seed) as world:
        report = look_for_leaks(world, arguments.asks)
    print(
        json.dumps(
            {
                "asks": report.asks, "changes": report.changes, "hits_given": report.hits,
                "hits_out_of_sight": report.hidden, "leaks": len(report.leaks), "losses": len(report.losses),
                "seconds": round(report.seconds, 1),
            }
        )
    )  # fmt: skip
    for finding in (*report.leaks, *report.losses)[:20]:
        print(finding, file=sys.stderr)
    return 1 if report.leaks or report.losses else 0


if __name__ == "__main__":
    sys.exit(main())
