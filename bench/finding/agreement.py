"""Whether the engines answer alike: generated queries put to tantivy and to each Elasticsearch.

    python -m bench.finding.agreement [--queries 2000] [--json FILE]

Pages and queries are those of tests/engines/test_agreement.py, so that they grow with the query language. Total, pages,
their order and their rungs must be the same.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.finding.servers import VERSIONS, missing, node, of_tests
from bench.measurement import tell
from indexer.elasticsearch_engine import ElasticsearchEngine
from indexer.engine import Engine, Hits, Search
from indexer.entry import IndexEntry, entry_of_page
from indexer.tantivy_engine import TantivyEngine

_EACH = 250  # queries to one set of pages


def sets(count: int) -> Iterator[tuple[list[IndexEntry], list[tuple[str, Search]]]]:
    """Entries and the queries to them, until there were so many queries."""
    generator, printing = of_tests("test_agreement"), of_tests("printed")
    for seed in range(-(-count // _EACH)):
        chance = random.Random(1000 + seed)
        volumes = generator.made(chance)
        entries: list[IndexEntry] = []
        for volume in volumes:
            readings = [printing.printed(*generator.print_of(page.parts, chance)) for page in volume]
            for page, reading, following in zip(volume, readings, [*readings[1:], None], strict=True):
                where = printing.place(
                    page.page_id, page.case_id, page.number, department=page.department, volume=page.volume
                )
                entries.append(entry_of_page(where, len(entries) + 1, reading, following))
        searches = []
        for _ in range(min(_EACH, count - seed * _EACH)):
            asked = generator.a_query(volumes, chance)
            searches.append((asked.typed, generator.search_of(asked, chance.choice(("一部", "二部", None)))))
        yield entries, searches


def answers(engine: Engine, count: int) -> list[Hits]:
    """What an engine answers to all queries, in order."""
    given: list[Hits] = []
    for entries, searches in sets(count):
        engine.clear()
        if engine.apply(entries):
            raise RuntimeError("refused")
        given += [engine.search(search, 1000) for _, search in searches]
        print(f"\r  {engine.name}: {len(given)} of {count} queries ", end="", file=sys.stderr)
    print(file=sys.stderr)
    return given


def measure(count: int) -> dict[str, Any]:
    """How many answers differ from tantivy's, by version of the server."""
    texts = [text for _, searches in sets(count) for text, _ in searches]
    with tempfile.TemporaryDirectory() as folder:
        engine = TantivyEngine(Path(folder))
        ours = answers(engine, count)
        engine.close()
    servers: dict[str, Any] = {}
    for version in VERSIONS:
        if reason := missing(version):
            servers[version] = {"left out": reason}
            continue
        with node(version) as url:
            server = ElasticsearchEngine(url, "agreement", timeout=100)
            theirs = answers(server, count)
            server.close()
        differing = [
            {"query": text, "tantivy": one.total, "elasticsearch": other.total}
            for text, one, other in zip(texts, ours, theirs, strict=True)
            if one != other
        ]
        servers[version] = {"differing": len(differing), "examples": differing[:10]}
    found = sum(bool(hits.total) for hits in ours)
    return {"queries": count, "with hits": found, "hits": sum(hits.total for hits in ours), "servers": servers}


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    report = [
        f"{measured['queries']} generated queries, {measured['with hits']} of them with hits, {measured['hits']} hits"
    ]
    for version, one in measured["servers"].items():
        if "left out" in one:
            report.append(f"Elasticsearch {version:<8} left out: {one['left out']}")
        else:
            report.append(f"Elasticsearch {version:<8} {one['differing']} answers differ from tantivy's")
    return report


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.agreement", description="Do the engines agree?")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    chosen = parser.parse_args(arguments)
    measured = measure(chosen.queries)
    tell(lines_of(measured), measured, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
