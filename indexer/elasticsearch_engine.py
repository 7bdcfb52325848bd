"""The engine on a server: Elasticsearch 8 or 9. Nothing else imports elasticsearch.

The index is reached by an alias, `<index>-v<schema>`; behind it stands `<index>-v<schema>-<n>`, and a cleared index is
the next n. An index that is built beside it has the alias `<index>-v<schema>-next` until it takes its place.
Writing only through an alias keeps a server from making up an index of its own when ours is gone.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, Literal, NamedTuple, TypeVar

from elastic_transport import ConnectionTimeout, TransportError
from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError

from dossier.errors import EngineBusy, EngineUnreachable
from indexer.clause import AllOf, AnyOf, Apart, Clause, Not, OneOf, Phrase, Prefix, Range, Term
from indexer.engine import (
    COUNT_KEYS,
    DEEPEST,
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
    groups_of,
    most_frequent,
    newest_of_each_page,
    place_of_cursor,
)
from indexer.entry import SCHEMA_VERSION, IndexEntry

_LIVE, _REMOVED = "live", "removed"
# A bulk request of a few megabytes is what the vendor advises, and what proxies in between let through.
_BULK_BYTES = 5_000_000
_BULK_CHANGES = 500
_IDS_AT_ONCE = 1_000
_TERMS_AT_ONCE = 65_536  # index.max_terms_count
_VALUES_AT_ONCE = 10_000  # search.max_buckets is 65,536
# "Later": the server is full, restarting, or without its shards at the moment.
_LATER = (429, 502, 503, 504)
# "Never": the change itself is at fault.
_NEVER = (400, 413)

_KEYWORD = {"type": "keyword"}
_EXACT = {"type": "keyword", "doc_values": False}
_TOKENS: dict[str, Any] = {"type": "text", "analyzer": "whitespace", "norms": False}
_MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"excludes": ["singles", "pairs", "turn"]},  # the vault has the text
    "properties": {
        "page_id": _EXACT,
        "state": _EXACT,
        "order": _KEYWORD,
        "newest": _KEYWORD,
        "received": {"type": "long", "index": False},
        "volume_key": _KEYWORD,
        "document_key": _KEYWORD,
        "case_id": _KEYWORD,
        "department": _KEYWORD,
        "volume_id": _KEYWORD,
        "document_id": _KEYWORD,
        "identifiers": _EXACT,
        "tails": _EXACT,
        "dates": _EXACT,
        "amounts": _EXACT,
        "singles": {**_TOKENS, "index_options": "docs"},
        "pairs": {**_TOKENS, "index_options": "positions"},
        "turn": {**_TOKENS, "index_options": "positions"},
    },
}

_REASON = 300  # characters
# What may stand in quotes or brackets in a reason that people read; anything else may be the page's text.
_OF_THE_MAPPING = {*_MAPPINGS["properties"], *(field["type"] for field in _MAPPINGS["properties"].values())}
_QUOTED = re.compile(r"""'([^']*)'?|"([^"]*)"?|\[([^\]]*)\]?|Preview of""")

Answer = TypeVar("Answer")


class ElasticsearchEngine:
    """`Engine` on an Elasticsearch server.

    Args:
        urls: of the server, `http://host:port` or `https://host:port`; of several nodes of a cluster, of which one that
            does not answer is passed over.
        index: the beginning of the names of alias and index.
        api_key: where the server asks for one; or
        user, password: where it asks for these.
        ca_file: the certificate authority of the server's TLS, where it is not one of the system's.
        timeout: of a request, seconds.
        waits: seconds before each repetition of what the server is too busy for; after them, it is `EngineBusy`.
        shards: of a new index.
        replicas: further copies of each shard of a new index; "auto": one where there is a second node to hold it.
    """

    name = "elasticsearch"

    def __init__(
        self,
        urls: str | Sequence[str],
        index: str,
        *,
        api_key: str = "",
        user: str = "",
        password: str = "",
        ca_file: str = "",
        timeout: float = 30.0,
        waits: Sequence[float] = (0.5, 1.0),
        shards: int = 1,
        replicas: Literal["auto"] | int = "auto",
    ) -> None:
        addresses = [urls] if isinstance(urls, str) else list(urls)
        # Only what did not connect is tried on another node by the client; what was answered, we judge ourselves.
        options: dict[str, Any] = {
            "request_timeout": timeout,
            "max_retries": len(addresses) - 1,
            "retry_on_status": (),
            "retry_on_timeout": False,
        }
        if api_key:
            options["api_key"] = api_key
        elif user:
            options["basic_auth"] = (user, password)
        if ca_file:
            options["ca_certs"] = ca_file
        self._url = ", ".join(addresses)
        self._client = Elasticsearch(addresses, **options)
        copies = {"auto_expand_replicas": "0-1"} if replicas == "auto" else {"number_of_replicas": replicas}
        self._settings = {"number_of_shards": shards, "max_result_window": DEEPEST, **copies}
        self._name = index
        self._base = f"{index}-v{SCHEMA_VERSION}"
        self._alias = self._base
        self._waits = tuple(waits)
        self._shares_client = False

    def generation(self) -> str:
        """See `Engine.generation`; it is the UUID that the server gave the index."""
        with self._mapped():
            name = self._current()
            if not name:
                self._begin()
                name = self._current()
            settings = self._client.indices.get_settings(index=name)
            return str(settings[name]["settings"]["index"]["uuid"])

    def apply(self, changes: Sequence[Change]) -> list[Refusal]:
        """See `Engine.apply`."""
        refusals: list[Refusal] = []
        for portion in _portions(list(newest_of_each_page(changes).values())):
            refusals += self._take(portion)
        if changes:
            self._on_index(lambda: self._client.indices.refresh(index=self._alias))
        return refusals

    def search(self, search: Search, limit: int, offset: int = 0, after: str = "") -> Hits:
        """See `Engine.search`."""
        check_window(limit, offset, after)
        rank_after, key_after = place_of_cursor(search, after) if after else (-1, "")
        if not search.rungs:
            return Hits(0, ())
        # The best rung is worth the most: as many as there are rungs.
        worth = {float(len(search.rungs) - rank): rung for rank, rung in enumerate(search.rungs)}
        ladder = {"dis_max": {"queries": [_constant(rung.clause, score) for score, rung in worth.items()]}}
        key = {"newest" if search.order == "received" else "order": {"order": "asc"}}
        by_rung = search.order == "relevance"
        place_after = [*([float(len(search.rungs) - rank_after)] if by_rung else []), key_after]
        answer = self._on_index(
            lambda: self._client.search(
                index=self._alias,
                query={"bool": {"must": [ladder], "filter": [_query(Term("state", _LIVE)), _query(search.scope)]}},
                sort=[*([{"_score": {"order": "desc"}}] if by_rung else []), key],
                track_scores=True,
                from_=offset,
                search_after=place_after if after else None,
                size=limit,
                track_total_hits=True,
                source=False,
                allow_partial_search_results=False,
            )
        )
        found = answer["hits"]
        hits = []
        for hit in found["hits"]:
            rung = worth[hit["_score"]].name
            hits.append(Hit(hit["_id"], rung, cursor_of(search, rung, hit["sort"][-1])))
        return Hits(int(found["total"]["value"]), tuple(hits))

    def counts(self, search: Search, counted: Counted) -> dict[str, int]:
        """See `Engine.counts`."""
        return most_frequent(self._tally(any_rung(search), COUNT_KEYS[counted]))

    def groups(self, search: Search, grouping: Grouping) -> tuple[Group, ...]:
        """See `Engine.groups`."""
        is_dated = search.order == "received"
        return groups_of(search, lambda clause: self._tally(clause, GROUP_KEYS[grouping], is_dated))

    def versions(self, page_ids: Collection[str]) -> dict[str, int]:
        """See `Engine.versions`."""
        held: dict[str, int] = {}
        wanted = sorted(page_ids)
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            for document in self._documents(wanted[start : start + _IDS_AT_ONCE]):
                if document.get("found") and document["_source"]["state"] == _LIVE:
                    held[document["_id"]] = int(document["_version"])
        return held

    def count(self) -> int:
        """See `Engine.count`."""
        live = _query(Term("state", _LIVE))
        return int(self._on_index(lambda: self._client.count(index=self._alias, query=live))["count"])

    def clear(self) -> None:
        """See `Engine.clear`."""
        with self._mapped():
            old = self._current()
            if not old:
                self._begin()
                return
            new = self._unused_name(self._indices())
            self._client.indices.create(index=new, mappings=_MAPPINGS, settings=self._settings)
            self._client.indices.update_aliases(actions=[{"remove_index": {"index": old}}, _point(self._alias, new)])

    def successor(self) -> ElasticsearchEngine:
        """See `Engine.successor`; it shares the connections of this one."""
        beside = copy(self)
        beside._alias = f"{self._base}-next"
        beside._shares_client = True
        return beside

    def promote(self) -> None:
        """See `Engine.promote`: the aliases are exchanged in one step of the cluster's state."""
        with self._mapped():
            indices = self._indices()
            actions = [
                {"remove": {"index": name, "alias": alias}}
                for name, aliases in indices.items()
                for alias in aliases
                if alias in (self._base, self._alias)
            ]
            (new,) = (name for name, aliases in indices.items() if self._alias in aliases)
            self._client.indices.update_aliases(actions=[*actions, _point(self._base, new)])

    def sweep(self) -> None:
        """See `Engine.sweep`; indices of other schemas go as well."""
        ours = re.compile(rf"{re.escape(self._name)}-v\d+-\d+")
        with self._mapped():
            found = self._client.indices.get_alias(index=f"{self._name}-v*").body
            for name, index in found.items():
                in_use = {self._base, f"{self._base}-next"} & index["aliases"].keys()
                if ours.fullmatch(name) and not in_use:
                    self._client.indices.delete(index=name, ignore_unavailable=True)

    def discard(self) -> None:
        """See `Engine.discard`."""
        with self._mapped():
            if name := self._current():
                self._client.indices.delete(index=name, ignore_unavailable=True)

    def close(self) -> None:
        """See `Engine.close`."""
        if not self._shares_client:
            self._client.close()

    def _tally(self, clause: Clause, field: str, is_dated: bool = False) -> Iterator[Tally]:
        """How many pages have each value of a field, and the time of the newest of them where that is asked for.

        A composite aggregation gives all values, some at a time; a terms aggregation gives the most frequent, and over
        several shards not exactly.
        """
        composite: dict[str, Any] = {"size": _VALUES_AT_ONCE, "sources": [{"value": {"terms": {"field": field}}}]}
        query = _query(AllOf((clause, Term("state", _LIVE))))
        while True:
            found = self._values(query, composite, is_dated)
            for bucket in found["buckets"]:
                received = int(bucket["newest"]["value"]) if is_dated else 0
                yield Tally(bucket["key"]["value"], int(bucket["doc_count"]), received)
            if len(found["buckets"]) < _VALUES_AT_ONCE:
                return
            composite = {**composite, "after": found["after_key"]}

    def _values(self, query: dict[str, Any], composite: dict[str, Any], is_dated: bool) -> Any:
        newest = {"aggregations": {"newest": {"max": {"field": "received"}}}} if is_dated else {}
        return self._on_index(
            lambda: self._client.search(
                index=self._alias,
                query=query,
                size=0,
                aggregations={"values": {"composite": composite, **newest}},
                allow_partial_search_results=False,
            )
        )["aggregations"]["values"]

    def _current(self) -> str:
        """The name of the index behind the alias, "" if there is none."""
        try:
            return str(next(iter(self._client.indices.get_alias(name=self._alias).body)))
        except NotFoundError:
            return ""

    def _indices(self) -> dict[str, set[str]]:
        """The indices of this schema, each with its aliases, as they are at one moment."""
        ours = re.compile(rf"{re.escape(self._base)}-\d+")
        found = self._client.indices.get_alias(index=f"{self._base}-*").body
        return {name: set(index["aliases"]) for name, index in found.items() if ours.fullmatch(name)}

    def _unused_name(self, indices: Iterable[str]) -> str:
        numbers = [int(name.rpartition("-")[2]) for name in indices]
        return f"{self._base}-{max(numbers, default=0) + 1}"

    def _begin(self) -> None:
        indices = self._indices()
        if any(self._alias in aliases for aliases in indices.values()):
            return  # another process was quicker
        # Who looked at the same moment takes the same name, and only one of them gets it.
        name = self._unused_name(indices)
        try:
            self._client.indices.create(
                index=name, mappings=_MAPPINGS, settings=self._settings, aliases={self._alias: {"is_write_index": True}}
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    def _documents(self, page_ids: Sequence[str]) -> Any:
        return self._on_index(lambda: self._client.mget(index=self._alias, ids=page_ids, source=["state"]))["docs"]

    def _take(self, portion: Sequence[_Handed]) -> list[Refusal]:
        """Hand a portion over; what the server has no room for now is handed over again, after a while."""
        refusals: list[Refusal] = []
        waiting = list(portion)
        for wait in (*self._waits, None):
            later: list[_Handed] = []
            try:
                answer = self._bulk(waiting)
            except ApiError as error:
                if error.meta.status in _NEVER:
                    # The whole request, for the sake of one change in it or of their number: look for the one.
                    if len(waiting) == 1:
                        return [*refusals, _refusal(waiting[0].change, _why_refused(_fault_of(error)))]
                    middle = len(waiting) // 2
                    return [*refusals, *self._take(waiting[:middle]), *self._take(waiting[middle:])]
                if error.meta.status not in _LATER:
                    raise self._unreachable(error) from error
                later, why = waiting, self._unreachable(error)
            else:
                why = self._unreachable("")
                for handed, item in zip(waiting, answer["items"], strict=True):
                    status, fault = item["index"]["status"], item["index"].get("error", {})
                    if status in _LATER:
                        later.append(handed)
                        why = self._unreachable(_why(fault), is_busy=status == 429)
                    elif status == 404:  # the index has gone since the last call
                        self.generation()
                        later.append(handed)
                        why = self._unreachable(_why(fault))
                    elif status in _NEVER:
                        refusals.append(_refusal(handed.change, _why_refused(fault)))
                    elif status not in (200, 201, 409):  # 409: it has this version or a newer one already
                        raise self._unreachable(f"{status} {_why_refused(fault)}")
            if not later:
                return refusals
            if wait is None:
                raise why
            waiting = later
            time.sleep(wait)
        raise AssertionError("the last round returns or raises")

    def _bulk(self, portion: Sequence[_Handed]) -> Any:
        operations: list[Any] = []  # the client takes lines that are JSON already, which its types do not say
        for change, page_id, document in portion:
            operations += [
                {"index": {"_id": page_id, "version": change.version, "version_type": "external"}},
                document,
            ]
        # Acknowledged means on disk (translog durability "request"); `apply` refreshes once, for searches to see it.
        return self._on_index(
            lambda: self._client.bulk(index=self._alias, operations=operations, require_alias=True), passing=ApiError
        )

    def _on_index(self, call: Callable[[], Answer], passing: type[Exception] | tuple[()] = ()) -> Answer:
        """Make a call that needs the index; a missing index is begun, and the call made again.

        Args:
            call: the call.
            passing: errors that go through as they are.
        """
        with self._mapped(passing):
            try:
                return call()
            except NotFoundError:
                self.generation()
                return call()

    @contextmanager
    def _mapped(self, passing: type[Exception] | tuple[()] = ()) -> Iterator[None]:
        try:
            yield
        except passing:
            raise
        except (ApiError, TransportError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, why: object, is_busy: bool = False) -> EngineUnreachable:
        # The text of a TransportError is its kind ("TLS error"); its message says what is wrong.
        reason = f"{why}: {why.message}" if isinstance(why, TransportError) else str(why)
        full = isinstance(why, ConnectionTimeout) or (isinstance(why, ApiError) and why.meta.status == 429)
        return (EngineBusy if is_busy or full else EngineUnreachable)(f"{self._url}: {reason}")


def _point(alias: str, index: str) -> dict[str, Any]:
    return {"add": {"index": index, "alias": alias, "is_write_index": True}}


def _document(change: Change) -> dict[str, Any]:
    if not isinstance(change, IndexEntry):
        return {"page_id": change.page_id, "state": _REMOVED}
    return {"state": _LIVE, **change.fields}


def _refusal(change: Change, reason: str) -> Refusal:
    page_id = change.place.page_id if isinstance(change, IndexEntry) else change.page_id
    return Refusal(page_id, change.version, reason)


def _why(fault: dict[str, Any]) -> str:
    """The server's reason and its cause, where the fault is its own."""
    cause = fault.get("caused_by", {})
    reasons = (f"{part.get('type')}: {str(part.get('reason'))[:_REASON]}" for part in (fault, cause) if part)
    return "; ".join(reasons)


def _why_refused(fault: dict[str, Any]) -> str:
    """The kind of a fault of a page, and the server's reason as far as it repeats nothing of the page's text."""
    reason = str(fault.get("reason") or "")
    for quoted in _QUOTED.finditer(reason):
        if not _OF_THE_MAPPING.intersection(quoted.groups()):
            reason = reason[: quoted.start()]
            break
    return ": ".join(part for part in (str(fault.get("type")), reason[:_REASON].strip()) if part)


def _fault_of(error: ApiError) -> dict[str, Any]:
    body = error.body
    fault = body.get("error") if isinstance(body, dict) else None
    return fault if isinstance(fault, dict) else {"type": "http_error", "reason": str(error.meta.status)}


class _Handed(NamedTuple):
    """A change, and what the server gets of it, as JSON: made once, since its length is asked for first."""

    change: Change
    page_id: str
    document: str


def _portions(changes: Sequence[Change]) -> Iterator[list[_Handed]]:
    portion: list[_Handed] = []
    size = 0
    for change in changes:
        made = _document(change)
        document = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        own = len(document.encode())
        if portion and (size + own > _BULK_BYTES or len(portion) == _BULK_CHANGES):
            yield portion
            portion, size = [], 0
        portion.append(_Handed(change, made["page_id"], document))
        size += own
    if portion:
        yield portion


def _constant(clause: Clause, score: float) -> dict[str, Any]:
    return {"constant_score": {"filter": _query(clause), "boost": score}}


def _one_of(field: str, values: Sequence[str]) -> dict[str, Any]:
    portions = [values[start : start + _TERMS_AT_ONCE] for start in range(0, len(values), _TERMS_AT_ONCE)]
    return {"bool": {"should": [{"terms": {field: portion}} for portion in portions or [[]]]}}


def _query(clause: Clause) -> dict[str, Any]:
    match clause:
        case Term(field, value):
            return {"term": {field: value}}
        case Prefix(field, value):
            return {"prefix": {field: value}}
        case Range(field, low, high):
            return {"range": {field: {"gte": low, "lte": high}}}
        case OneOf(field, values):
            return _one_of(field, sorted(values))
        case AllOf(clauses):
            return {"bool": {"filter": [_query(each) for each in clauses]}} if clauses else {"match_all": {}}
        case AnyOf(clauses):
            if not clauses:
                return {"match_none": {}}
            return {"bool": {"should": [_query(each) for each in clauses], "minimum_should_match": 1}}
        case Not(inner):
            return {"bool": {"must_not": [_query(inner)]}}
        case Phrase(field, values):
            return {"match_phrase": {field: {"query": " ".join(values), "analyzer": "whitespace"}}}
        case Apart(field, left, gap, right):
            spans: list[dict[str, Any]] = [{"span_term": {field: value}} for value in (*left, *right)]
            spans.insert(len(left), {"span_gap": {field: gap}})
            return {"span_near": {"clauses": spans, "slop": 0, "in_order": True}}
