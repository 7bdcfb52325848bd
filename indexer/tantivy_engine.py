"""The embedded engine: tantivy, in the home's `index/` folder. Nothing else imports tantivy.

    index/current.json          which index is in service: {"schema": 1, "generation": "…"}
    index/next.json             which index is built beside it, in the same form
    index/<generation>/         the index itself
    index/lock                  held for the moment in which an index is exchanged

One process at a time writes; tantivy's own lock sees to it, and ends with the process. Readers in other processes look
at the index's `meta.json` before each search and see what was committed last.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from dossier.errors import EngineUnreachable, HomeBusy, IndexDamaged
from dossier.vault import to_disk
from indexer.clause import AllOf, AnyOf, Apart, Clause, Not, OneOf, Phrase, Prefix, Range, Term
from indexer.engine import (
    COUNT_KEYS,
    GROUP_KEYS,
    Change,
    Counted,
    Group,
    Grouping,
    Hit,
    Hits,
    Refusal,
    Search,
    Tally,
    any_rung,
    check_window,
    cursor_of,
    each_rung_alone,
    groups_of,
    most_frequent,
    newest_of_each_page,
    place_of_cursor,
)
from indexer.entry import HUMAN_MARK, SCHEMA_VERSION, IndexEntry

# One thread, because the machine's others read pages; the least heap that tantivy takes for one is 15 MB.
_WRITER_HEAP = 64_000_000
_LIVE, _REMOVED = "live", "removed"
_CURRENT, _NEXT = "current.json", "next.json"
_EXCHANGES = 5  # more than one while a search begins is hardly possible
# Sorted by, and compared with cursors. tantivy-py takes a range of texts only as a query string, in which hexadecimal
# digits are safe whatever stands in a text; they sort as the code points do.
_ORDERS = {"page": "order", "relevance": "order", "received": "newest"}
# tantivy-py lets no aggregation have more than 65,000 values. Where there are more, they are counted in parts by their
# last character: ids end in a hexadecimal digit, and the last part has what does not.
_PARTS = (*(rf"(.|\n)*{digit}" for digit in "0123456789abcdef"), r"((.|\n)*[^0-9a-f])?")
_ALL_VALUES = 2**31 - 1
_OF_PEOPLE = 10**8  # added to a date that a person has read


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("page_id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("version", fast=True)
    builder.add_text_field("state", tokenizer_name="raw", index_option="basic")
    for name in ("order", "newest", "case_id", "volume_key", "document_key", "department"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("received", fast=True)
    for name in ("volume_id", "document_id", "identifiers", "tails", "dates", "amounts"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    # The engine has no spans of texts; as numbers, dates stand in the same order.
    builder.add_unsigned_field("days", fast=True)
    builder.add_text_field("singles", tokenizer_name="whitespace", index_option="basic")
    for name in ("pairs", "turn"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    return builder.build()


_SCHEMA = _schema()


class TantivyEngine:
    """`Engine` on files in a folder of its own.

    Args:
        folder: made if it is missing.
        pointer: the file in it that names the index.
    """

    name = "tantivy"

    def __init__(self, folder: Path, pointer: str = _CURRENT) -> None:
        self._folder = folder
        self._pointer = folder / pointer
        self._lock = threading.RLock()
        self._generation = ""
        self._index: Any = None
        self._writer: Any = None
        self._seen: tuple[int, ...] = ()

    def generation(self) -> str:
        """See `Engine.generation`."""
        with self._lock:
            self._open_current(begins=True)
            return self._generation

    def apply(self, changes: Sequence[Change]) -> list[Refusal]:
        """See `Engine.apply`.

        Raises:
            HomeBusy: another process writes to this index.
        """
        with self._lock:
            self._open_current(begins=True)
            writer = self._open_writer()
            newest = newest_of_each_page(changes)
            try:
                self._index.reload()
                held = self._held(newest, (_LIVE, _REMOVED))
                for page_id, change in newest.items():
                    if change.version > held.get(page_id, -1):
                        writer.delete_documents_by_term("page_id", page_id)
                        writer.add_document(_document(change))
                writer.commit()
                # tantivy renames what names the new state, but leaves it to the system when that reaches the disk; and
                # it passes over a sync that fails while it clears old files away, after which the next sync proves
                # nothing (decision 0041). So the state is named once more before its name is synced.
                writer.commit()
                to_disk(self._folder / self._generation)
                self._index.reload()
            except (ValueError, OSError) as error:
                self._drop_writer()
                raise EngineUnreachable(f"{self._folder}: {error}") from error
        return []

    def search(self, search: Search, limit: int, offset: int = 0, after: str = "") -> Hits:
        """See `Engine.search`."""
        check_window(limit, offset, after)
        rank_after, key_after = place_of_cursor(search, after) if after else (-1, "")
        searcher = self._searcher()
        if search.order != "relevance":
            found = self._found(searcher, search, _live(any_rung(search)), limit, offset, key_after)
            rungs = self._best_rungs(searcher, search, [page_id for page_id, _ in found[1]])
            return Hits(found[0], tuple(Hit(page_id, rungs[page_id], key) for page_id, key in found[1]))
        total = 0
        hits: list[Hit] = []
        for rank, (rung, clause) in enumerate(each_rung_alone(search)):
            wanted = limit - len(hits) if rank >= rank_after else 0
            key = key_after if rank == rank_after else ""
            found = self._found(searcher, search, _live(clause), wanted, max(offset - total, 0), key)
            hits += [Hit(page_id, rung.name, cursor_of(search, rung.name, place)) for page_id, place in found[1]]
            total += found[0]
        return Hits(total, tuple(hits))

    def counts(self, search: Search, counted: Counted) -> dict[str, int]:
        """See `Engine.counts`."""
        return most_frequent(self._tally(self._searcher(), any_rung(search), COUNT_KEYS[counted]))

    def groups(self, search: Search, grouping: Grouping) -> tuple[Group, ...]:
        """See `Engine.groups`."""
        searcher = self._searcher()
        is_dated = search.order == "received"
        return groups_of(search, lambda clause: self._tally(searcher, clause, GROUP_KEYS[grouping], is_dated))

    def versions(self, page_ids: Collection[str]) -> dict[str, int]:
        """See `Engine.versions`."""
        with self._lock:
            self._searcher()
            return self._held(page_ids, (_LIVE,))

    def count(self) -> int:
        """See `Engine.count`."""
        return int(self._searcher().search(_query(Term("state", _LIVE)), limit=1).count)

    def clear(self) -> None:
        """See `Engine.clear`."""
        with self._lock:
            self._drop_writer()
            self._index = None
            with self._exchange():
                self._begin()

    def successor(self) -> TantivyEngine:
        """See `Engine.successor`."""
        return TantivyEngine(self._folder, _NEXT)

    def promote(self) -> None:
        """See `Engine.promote`: one file takes the name of another."""
        with self._lock:
            self._let_go()
            with self._exchange():
                self._pointer.replace(self._folder / _CURRENT)
                to_disk(self._folder)

    def sweep(self) -> None:
        """See `Engine.sweep`."""
        with self._exchange():
            named = {self._named(self._folder / pointer) for pointer in (_CURRENT, _NEXT)}
            for path in self._folder.iterdir():
                if path.is_dir() and path.name not in named:
                    shutil.rmtree(path)

    def discard(self) -> None:
        """See `Engine.discard`."""
        with self._lock:
            self._let_go()
            self._pointer.unlink(missing_ok=True)
            self.sweep()

    def close(self) -> None:
        """See `Engine.close`."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        writer = self._writer
        self._drop_writer()
        self._index = None
        self._generation = ""
        if writer is not None:
            writer.wait_merging_threads()  # raises where the disk is full; we have let go all the same

    def _found(
        self, searcher: Any, search: Search, query: Any, limit: int, offset: int, after: str
    ) -> tuple[int, list[tuple[str, str]]]:
        """The number of all pages that a query finds, and (page id, key) of some, in the search's order."""
        if limit <= 0:
            return int(searcher.search(query, limit=1).count), []
        total = None
        field = _ORDERS[search.order]
        if after:
            total = int(searcher.search(query, limit=1).count)
            later = self._index.parse_query(f"{field}:{{{_hex(after)} TO *}}", [field])
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, later)])
        result = searcher.search(query, limit=limit, offset=offset, order_by_field=field, order=tantivy.Order.Asc)
        hits = [
            (searcher.doc(address).get_first("page_id"), bytes.fromhex(key).decode()) for key, address in result.hits
        ]
        return int(result.count) if total is None else total, hits

    @staticmethod
    def _best_rungs(searcher: Any, search: Search, page_ids: Sequence[str]) -> dict[str, str]:
        """The best rung that finds each of these pages, all of which are hits."""
        rungs: dict[str, str] = {}
        for rung in search.rungs[:-1]:
            open_ids = [page_id for page_id in page_ids if page_id not in rungs]
            if open_ids:
                query = _query(AllOf((rung.clause, OneOf("page_id", frozenset(open_ids)))))
                for _, address in searcher.search(query, limit=len(open_ids)).hits:
                    rungs[searcher.doc(address).get_first("page_id")] = rung.name
        return {page_id: rungs.get(page_id, search.rungs[-1].name) for page_id in page_ids}

    @staticmethod
    def _tally(searcher: Any, clause: Clause, field: str, is_dated: bool = False) -> list[Tally]:
        """How many pages have each value of a field, and the time of the newest of them where that is asked for."""
        query = _live(clause)

        def counted(part: dict[str, str]) -> list[Tally]:
            terms = {"field": field, "size": _ALL_VALUES, "segment_size": _ALL_VALUES, **part}
            newest = {"aggs": {"newest": {"max": {"field": "received"}}}} if is_dated else {}
            found = searcher.aggregate(query, {"values": {"terms": terms, **newest}})
            return [
                Tally(bucket["key"], int(bucket["doc_count"]), int(bucket["newest"]["value"]) if is_dated else 0)
                for bucket in found["values"]["buckets"]
            ]

        try:
            return counted({})
        except ValueError as error:
            if "bucket limit" not in str(error):
                raise
        return [tally for part in _PARTS for tally in counted({"include": part})]

    def _held(self, page_ids: Collection[str], states: Sequence[str]) -> dict[str, int]:
        if not page_ids:
            return {}
        searcher = self._index.searcher()
        query = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Must, tantivy.Query.term_set_query(_SCHEMA, "page_id", sorted(page_ids))),
                (tantivy.Occur.Must, tantivy.Query.term_set_query(_SCHEMA, "state", list(states))),
            ]
        )
        addresses = [address for _, address in searcher.search(query, limit=len(page_ids)).hits]
        held = searcher.fast_field_values("version", addresses)
        return {
            searcher.doc(address).get_first("page_id"): int(version)
            for address, version in zip(addresses, held, strict=True)
        }

    def _searcher(self) -> Any:
        with self._lock:
            for _ in range(_EXCHANGES):
                try:
                    return self._newest_searcher()
                except IndexDamaged:
                    # Another process may have exchanged the index, and removed the one that was about to be read.
                    if self._read_current() == self._generation:
                        raise
            return self._newest_searcher()

    def _newest_searcher(self) -> Any:
        self._open_current(begins=False)
        if not self._generation:
            return self._index.searcher()
        seen = self._meta_signature()
        if seen != self._seen:
            try:
                self._index.reload()
            except ValueError as error:
                raise self._damaged(error) from error
            self._seen = seen
        return self._index.searcher()

    def _open_current(self, begins: bool) -> None:
        """Open the current index, if it is not the one that is open.

        Args:
            begins: begin one if there is none. Only who writes does: the index that a reader does not understand may be
                that of a newer program, which is filling it. For a reader, none is an empty one.
        """
        current = self._read_current()
        if not current and begins:
            with self._exchange():
                current = self._read_current() or self._begin()
        if self._index is not None and current == self._generation:
            return
        self._drop_writer()
        self._generation = current
        if not current:
            self._index = tantivy.Index(_SCHEMA)  # in memory, and empty
            return
        try:
            self._index = tantivy.Index.open(str(self._folder / current))
            self._index.config_reader(reload_policy="manual")
        except ValueError as error:
            self._index = None
            raise self._damaged(error) from error
        self._seen = ()

    def _read_current(self) -> str:
        """The generation of the index that is current, "" if there is none of this schema."""
        try:
            current = json.loads(self._pointer.read_bytes())
            usable = (
                current["schema"] == SCHEMA_VERSION and (self._folder / current["generation"] / "meta.json").exists()
            )
            return str(current["generation"]) if usable else ""
        except FileNotFoundError:
            return ""
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(error) from error

    def _begin(self) -> str:
        """Begin an empty index and make it the one that is pointed to; the one before goes."""
        generation = secrets.token_hex(8)
        path = self._folder / generation
        path.mkdir()
        try:
            tantivy.Index(_SCHEMA, path=str(path))
        except ValueError as error:
            raise EngineUnreachable(f"{self._folder}: {error}") from error
        old = self._named(self._pointer)
        pointer = self._pointer.with_suffix(".new")
        pointer.write_text(json.dumps({"schema": SCHEMA_VERSION, "generation": generation}), encoding="utf-8")
        to_disk(path)
        to_disk(pointer)
        pointer.replace(self._pointer)
        to_disk(self._folder)
        if old:
            shutil.rmtree(self._folder / old, ignore_errors=True)
        return generation

    def _named(self, pointer: Path) -> str:
        """The folder that a pointer names, whatever its schema; "" if it names none that is there."""
        try:
            generation = str(json.loads(pointer.read_bytes())["generation"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return ""
        return generation if Path(generation).name == generation and (self._folder / generation).is_dir() else ""

    @contextmanager
    def _exchange(self) -> Iterator[None]:
        """Hold the lock under which the current index is exchanged."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _open_writer(self) -> Any:
        if self._writer is None:
            try:
                self._writer = self._index.writer(heap_size=_WRITER_HEAP, num_threads=1)
            except ValueError as error:
                if "LockBusy" in str(error):
                    raise HomeBusy(str(self._folder)) from error
                raise self._damaged(error) from error
            # What a killed writer has begun stands in the way where this one comes to the same name.
            self._writer.garbage_collect_files()
        return self._writer

    def _drop_writer(self) -> None:
        # The lock on the index goes with the object.
        self._writer = None

    def _meta_signature(self) -> tuple[int, ...]:
        try:
            meta = (self._folder / self._generation / "meta.json").stat()
        except FileNotFoundError as error:
            raise self._damaged(error) from error
        return meta.st_mtime_ns, meta.st_ino, meta.st_size

    def _damaged(self, error: Exception) -> IndexDamaged:
        return IndexDamaged(f"{self._folder}: {error}")


def _document(change: Change) -> Any:
    if not isinstance(change, IndexEntry):
        values: dict[str, Any] = {"page_id": change.page_id, "version": change.version, "state": _REMOVED}
        return tantivy.Document.from_dict(values, _SCHEMA)
    days = [_day(date) for date in change.dates]
    values = {"version": change.version, "state": _LIVE, "days": days, **change.fields}
    values |= {name: _hex(str(values[name])) for name in ("order", "newest")}
    return tantivy.Document.from_dict(values, _SCHEMA)


def _hex(text: str) -> str:
    return text.encode().hex()


def _live(clause: Clause) -> Any:
    return _query(AllOf((clause, Term("state", _LIVE))))


def _query(clause: Clause) -> Any:
    queries = tantivy.Query
    match clause:
        case Term(field, value):
            return queries.term_query(_SCHEMA, field, value, "basic")
        case Prefix(field, value):
            return queries.fuzzy_term_query(_SCHEMA, field, value, distance=0, prefix=True)
        case Range(_, low, high):
            return queries.range_query(_SCHEMA, "days", tantivy.FieldType.Unsigned, _day(low), _day(high))
        case OneOf(field, values):
            return queries.term_set_query(_SCHEMA, field, sorted(values)) if values else queries.empty_query()
        case AllOf(clauses):
            return _boolean(tantivy.Occur.Must, clauses) if clauses else queries.all_query()
        case AnyOf(clauses):
            return _boolean(tantivy.Occur.Should, clauses) if clauses else queries.empty_query()
        case Not(inner):
            parts = [(tantivy.Occur.Must, queries.all_query()), (tantivy.Occur.MustNot, _query(inner))]
            return queries.boolean_query(parts)
        case Phrase(field, values):
            return _phrase(field, values)
        case Apart(field, left, gap, right):
            beyond = len(left) + gap
            words = [*enumerate(left), *((beyond + place, value) for place, value in enumerate(right))]
            return queries.phrase_query(_SCHEMA, field, words)


def _phrase(field: str, pairs: Sequence[str]) -> Any:
    """Pages that have these pairs, at least two, one directly after the other.

    Every other pair, and the last, hold all its tokens in their places. The pairs between are asked for as well, but
    not where they stand: places are what a phrase of common words costs.
    """
    placed = sorted({*range(0, len(pairs), 2), len(pairs) - 1})
    between = [pairs[place] for place in range(len(pairs)) if place not in placed]
    phrase = tantivy.Query.phrase_query(_SCHEMA, field, [(place, pairs[place]) for place in placed])
    present = [tantivy.Query.term_query(_SCHEMA, field, pair, "basic") for pair in between]
    if not present:
        return phrase
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in (phrase, *present)])


def _day(date: str) -> int:
    """A date as a number: 2020-03-05 is 20200305, 2020-03 is 20200300, which comes before all days of the month; what a
    person has read, beyond all that the program has."""
    plain = date.removeprefix(HUMAN_MARK)
    return int(plain.replace("-", "").ljust(8, "0")) + (0 if plain == date else _OF_PEOPLE)


def _boolean(occur: Any, clauses: Sequence[Clause]) -> Any:
    return tantivy.Query.boolean_query([(occur, _query(clause)) for clause in clauses])
