"""Pages indexed a second in Elasticsearch, against elasticsearch-py's bare `helpers.bulk` of the same documents.

    python -m bench.finding.bulk [--pages 4000] [--rounds 5] [--version 9.1.0] [--json FILE]

They begin with an empty index of the same mappings and settings, and take turns. Ours is the engine's `apply`, in
portions as the feed hands them over, and in larger ones: with versions, every item's answer looked at, and seen by
searches when it returns. The bare one has none of these; all end with everything in the index.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, helpers

from bench.finding.figures import spread
from bench.finding.many_pages import entries, pages, sentences_of
from bench.finding.servers import VERSIONS, missing, node
from bench.finding.speed import add_corpus, left_out
from bench.measurement import tell
from indexer import pace
from indexer.elasticsearch_engine import ElasticsearchEngine
from indexer.entry import IndexEntry

_SEED = 72
PORTIONS = (pace.MOST, 2 * pace.MOST)
BARE = "helpers.bulk"


def measure(url: str, corpus: Path, count: int, rounds: int) -> dict[str, Any]:
    """Pages a second of both, each round."""
    made = list(entries(pages(sentences_of(corpus), count, _SEED)))
    engine = ElasticsearchEngine(url, "bulk", timeout=100)
    client = Elasticsearch(url, request_timeout=100)
    engine.generation()
    index = next(iter(client.indices.get(index="*bulk*").body.values()))
    mappings, settings = index["mappings"], index["settings"]["index"]
    kept = {name: settings[name] for name in ("number_of_shards", "auto_expand_replicas") if name in settings}
    speeds: dict[str, list[float]] = {name: [] for name in (*map(str, PORTIONS), BARE)}
    for number in range(rounds + 1):
        # Each time another one begins.
        names = [*speeds]
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seconds = _bare(client, made, mappings, kept) if name == BARE else _ours(engine, made, int(name))
            if number:  # the first round warms the server
                speeds[name].append(count / seconds)
        print(f"\r  round {number} of {rounds} ", end="\n" if number == rounds else "", file=sys.stderr)
    engine.close()
    client.close()
    return {"pages": count, "speeds": speeds}


def _ours(engine: ElasticsearchEngine, made: Sequence[IndexEntry], portion: int) -> float:
    engine.clear()
    started = time.perf_counter()
    for start in range(0, len(made), portion):
        if engine.apply(made[start : start + portion]):
            raise RuntimeError("refused")
    seconds = time.perf_counter() - started
    assert engine.count() == len(made)
    return seconds


def _bare(client: Elasticsearch, made: Sequence[IndexEntry], mappings: Any, settings: Any) -> float:
    client.indices.delete(index="bare", ignore_unavailable=True)
    client.indices.create(index="bare", mappings=mappings, settings=settings)
    started = time.perf_counter()
    helpers.bulk(
        client,
        (
            {"_index": "bare", "_id": entry.place.page_id, "_source": {"state": "live", **entry.fields}}
            for entry in made
        ),
    )
    client.indices.refresh(index="bare")
    seconds = time.perf_counter() - started
    assert client.count(index="bare")["count"] == len(made)
    return seconds


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    speeds = measured["speeds"]
    rounds = len(speeds[BARE])
    report = [
        f"{measured['pages']} pages, {rounds} rounds in turns, Elasticsearch {measured['version']}; min/median/max",
        f"{'':<22}{'pages a second':>20}{'to the bare one':>22}",
    ]
    for name, of_rounds in speeds.items():
        ratios = spread([one / bare for one, bare in zip(of_rounds, speeds[BARE], strict=True)])
        title = BARE if name == BARE else f"ours, {name} at once"
        rates = " / ".join(f"{one:.0f}" for one in spread(of_rounds))
        report.append(f"{title:<22}{rates:>20}{' / '.join(f'{one:.2f}' for one in ratios):>22}")
    return report


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.finding.bulk", description="Pages indexed a second.")
    parser.add_argument("--pages", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--version", choices=VERSIONS, default=VERSIONS[-1])
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    add_corpus(parser)
    chosen = parser.parse_args(arguments)
    if reason := left_out(chosen.corpus):
        print(reason)
        return 1
    if reason := missing(chosen.version):
        print(f"left out: {reason}")
        return 0
    with node(chosen.version) as url:
        measured = {**measure(url, chosen.corpus, chosen.pages, chosen.rounds), "version": chosen.version}
    tell(lines_of(measured), measured, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
