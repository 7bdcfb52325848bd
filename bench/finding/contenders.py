"""The search beside others, on the same pages with exact text and the same queries.

    python -m bench.finding.contenders [--each 40] [--version 9.1.0] [--json FILE]

Recall and precision are held against the oracle (bench/finding/oracle.py) over all that a contender finds: ours over
the identifier and phrase rungs. A query goes to the others as people set them up: the typed text as a phrase, to
Elasticsearch as `match_phrase` on a field with its `standard` analyser, to FTS5 in quotation marks; to bigrams in the
way of paperless-ngx 3, which asks its word field and, for runs of Han, a field of bigrams (tantivy's n-grams), either
being enough. Their texts are a page's lines joined; they do not know the page after it. Time is that of the first 20
hits.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import tantivy
from elasticsearch import Elasticsearch, helpers

from bench.finding.asking import search_of
from bench.finding.exact import collection, fill, share
from bench.finding.exact_pages import ExactPage
from bench.finding.figures import percentile
from bench.finding.items import Item
from bench.finding.servers import VERSIONS, missing, node
from bench.finding.speed import add_corpus, left_out
from bench.measurement import tell
from indexer.elasticsearch_engine import ElasticsearchEngine
from indexer.engine import Engine
from indexer.query import IDENTIFIER, PHRASE
from indexer.tantivy_engine import TantivyEngine

Find = Callable[[str], set[str]]
_MOST = 10_000
_HITS = 20  # when time is taken
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]+")
Timed = Callable[[str], object]


def ours(engine: Engine, pages: Sequence[ExactPage]) -> tuple[Find, Timed]:
    """Either engine of ours."""
    engine.clear()
    fill(engine, pages)

    def find(query: str) -> set[str]:
        hits = engine.search(search_of(query), _MOST).hits
        return {hit.page_id for hit in hits if hit.rung in (IDENTIFIER, PHRASE)}

    return find, lambda query: engine.search(search_of(query), _HITS)


def fts5_trigram(pages: Sequence[ExactPage]) -> tuple[Find, Timed]:
    """SQLite FTS5 with its trigram tokenizer."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE page USING fts5(id UNINDEXED, text, tokenize = 'trigram')")
    database.executemany(
        "INSERT INTO page VALUES (?, ?)", [(page.place.page_id, page.reading.text.replace("\n", "")) for page in pages]
    )
    database.commit()

    def ask(query: str, limit: int) -> set[str]:
        quoted = '"' + query.replace('"', '""') + '"'
        rows = database.execute("SELECT id FROM page WHERE page MATCH ? ORDER BY rank LIMIT ?", (quoted, limit))
        return {str(row[0]) for row in rows}

    return (lambda query: ask(query, _MOST)), (lambda query: ask(query, _HITS))


def standard(url: str, pages: Sequence[ExactPage]) -> tuple[Find, Timed]:
    """Elasticsearch with the analyser that it takes where none is named."""
    client = Elasticsearch(url, request_timeout=100)
    client.indices.create(index="standard", mappings={"properties": {"text": {"type": "text"}}})
    helpers.bulk(
        client,
        (
            {"_index": "standard", "_id": page.place.page_id, "text": page.reading.text.replace("\n", "")}
            for page in pages
        ),
    )
    client.indices.refresh(index="standard")

    def ask(query: str, limit: int) -> set[str]:
        answer = client.search(
            index="standard", query={"match_phrase": {"text": query}}, size=limit, source=False, track_total_hits=True
        )
        return {hit["_id"] for hit in answer["hits"]["hits"]}

    return (lambda query: ask(query, _MOST)), (lambda query: ask(query, _HITS))


def bigrams(folder: Path, pages: Sequence[ExactPage]) -> tuple[Find, Timed]:
    """Words and bigrams of Han in tantivy, as paperless-ngx 3 sets them up."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    builder.add_text_field("content", tokenizer_name="words")
    builder.add_text_field("bigram_content", tokenizer_name="bigrams")
    index: Any = tantivy.Index(builder.build(), path=str(folder))
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    words = words.filter(tantivy.Filter.remove_long(65)).filter(tantivy.Filter.lowercase())
    index.register_tokenizer("words", words.filter(tantivy.Filter.ascii_fold()).build())
    pairs = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(min_gram=2, max_gram=2, prefix_only=False))
    index.register_tokenizer("bigrams", pairs.filter(tantivy.Filter.lowercase()).build())
    writer = index.writer()
    for page in pages:
        text = page.reading.text.replace("\n", "")
        han = " ".join(_HAN.findall(text))
        writer.add_document(tantivy.Document(id=page.place.page_id, content=text, bigram_content=han))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def ask(query: str, limit: int) -> set[str]:
        parts = []
        for text, field in ((query, "content"), (" ".join(_HAN.findall(query)), "bigram_content")):
            try:
                parsed = index.parse_query(text, [field]) if text else None
            except ValueError:  # brackets and hyphens are its syntax
                continue
            if parsed is not None:
                parts.append((tantivy.Occur.Should, parsed))
        found = searcher.search(tantivy.Query.boolean_query(parts), limit)
        return {str(searcher.doc(address).get_first("id")) for _, address in found.hits}

    return (lambda query: ask(query, _MOST)), (lambda query: ask(query, _HITS))


def figures(items: Sequence[Item], find: Find, timed: Timed, rounds: int = 3) -> dict[str, Any]:
    """Recall, precision and milliseconds of a contender."""
    kinds: dict[str, list[int]] = {}
    for item in items:
        found = find(item.query)
        kind = kinds.setdefault(item.kind, [0, 0, 0, 0])
        for place, value in enumerate(
            (len(item.expected), len(item.expected & found), len(found), len(found & item.allowed))
        ):
            kind[place] += value
    taken = []
    for _ in range(rounds):
        for item in items:
            started = time.perf_counter()
            timed(item.query)
            taken.append(1000 * (time.perf_counter() - started))
    wanted, right, hits, good = (sum(kind[place] for kind in kinds.values()) for place in range(4))
    return {
        "recall": share(right, wanted),
        "precision": share(good, hits),
        "mean recall": sum(share(kind[1], kind[0]) for kind in kinds.values()) / len(kinds),
        "mean precision": sum(share(kind[3], kind[2]) for kind in kinds.values()) / len(kinds),
        "p50": percentile(taken, 50),
        "p95": percentile(taken, 95),
        "kinds": {name: {"recall": share(k[1], k[0]), "precision": share(k[3], k[2])} for name, k in kinds.items()},
    }


def measure(each: int, version: str, corpus: Path) -> dict[str, Any]:
    """The figures of every contender, on the same pages and queries; and what was left out."""
    some = collection(each, corpus)
    without = [left_out(corpus), f"left out: {reason}" if (reason := missing(version)) else ""]
    contenders: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        embedded = stack.enter_context(closing(TantivyEngine(folder / "ours")))
        (folder / "bigrams").mkdir()
        made = {
            "ours, tantivy": ours(embedded, some.pages),
            "FTS5 trigram": fts5_trigram(some.pages),
            "bigrams as in paperless-ngx": bigrams(folder / "bigrams", some.pages),
        }
        if not missing(version):
            url = stack.enter_context(node(version))
            server = stack.enter_context(closing(ElasticsearchEngine(url, "contenders", timeout=100)))
            made[f"ours, Elasticsearch {version}"] = ours(server, some.pages)
            made[f"Elasticsearch {version} standard"] = standard(url, some.pages)
        for name, (find, timed) in made.items():
            contenders[name] = figures(some.items, find, timed)
            print(f"  {name}", file=sys.stderr)
    return {"pages": len(some.pages), "queries": len(some.items), "contenders": contenders, "left out": without}


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    report = [
        f"{measured['pages']} pages with exact text, {measured['queries']} queries; all hits, and mean of kinds",
        f"{'':<32}{'recall':>9}{'precision':>11}{'recall':>11}{'precision':>11}{'p50 ms':>9}{'p95 ms':>9}",
    ]
    for name, one in measured["contenders"].items():
        report.append(
            f"{name:<32}{one['recall']:>9.4f}{one['precision']:>11.4f}{one['mean recall']:>11.4f}"
            f"{one['mean precision']:>11.4f}{one['p50']:>9.2f}{one['p95']:>9.2f}"
        )
    names = list(measured["contenders"])
    report += ["", "recall / precision by kind: " + "; ".join(f"{place} {name}" for place, name in enumerate(names, 1))]
    report.append(f"{'':<42}" + "".join(f"{place:>15}" for place in range(1, len(names) + 1)))
    for kind in measured["contenders"][names[0]]["kinds"]:
        cells = [measured["contenders"][name]["kinds"][kind] for name in names]
        report.append(f"{kind:<42}" + "".join(f"{one['recall']:>8.3f}/{one['precision']:.3f} " for one in cells))
    return [*report, *filter(None, measured.get("left out", ()))]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.contenders", description="The search beside others.")
    parser.add_argument("--each", type=int, default=40, help="most queries of a kind")
    parser.add_argument("--version", choices=VERSIONS, default=VERSIONS[-1])
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    add_corpus(parser)
    chosen = parser.parse_args(arguments)
    measured = measure(chosen.each, chosen.version, chosen.corpus)
    tell(lines_of(measured), measured, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
