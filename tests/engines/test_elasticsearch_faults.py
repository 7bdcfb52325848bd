"""What the Elasticsearch engine does when the server is full, gone, guarded, or has lost the index."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from front import Answer, Behaviour, Front, refusing_items, refusing_requests
from printed import entry
from shelf import open_shelf

from dossier.errors import EngineBusy, EngineUnreachable
from indexer.elasticsearch_engine import ElasticsearchEngine
from indexer.entry import SCHEMA_VERSION
from indexer.query import ladder, understand
from indexer.sight import Sight

pytestmark = pytest.mark.elasticsearch


@pytest.fixture
def front(node: str) -> Iterator[Front]:
    made = Front(node)
    yield made
    made.stop()


@pytest.fixture
def engine(front: Front) -> Iterator[ElasticsearchEngine]:
    made = ElasticsearchEngine(front.url, "faults", timeout=100, waits=(0.01, 0.01, 0.01))
    made.clear()
    yield made
    made.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_request_that_a_full_server_refuses_is_repeated(
    engine: ElasticsearchEngine, front: Front, status: int
) -> None:
    front.behaviour = refusing_requests(2, status)
    assert engine.apply([entry("p1", "甲")]) == []
    assert front.bulk_requests == 3
    assert engine.count() == 1


def test_only_the_pages_that_were_refused_are_sent_again(engine: ElasticsearchEngine, front: Front) -> None:
    front.behaviour = refusing_items("p2", 2, 429)
    assert engine.apply([entry(f"p{number}", "甲", version=number) for number in (1, 2, 3)]) == []
    assert front.bulk_requests == 3
    assert engine.versions(["p1", "p2", "p3"]) == {"p1": 1, "p2": 2, "p3": 3}


@pytest.mark.parametrize("refusing", [refusing_items("p1", 99, 429), refusing_requests(99, 429)])
def test_a_server_that_stays_full_is_busy_and_says_why(
    engine: ElasticsearchEngine, front: Front, refusing: Behaviour
) -> None:
    front.behaviour = refusing
    with pytest.raises(EngineBusy, match="es_rejected_execution_exception"):
        engine.apply([entry("p1", "甲")])
    assert front.bulk_requests == 4


def test_a_server_that_does_not_answer_in_time_is_busy(front: Front) -> None:
    answered = threading.Event()

    def slow(path: str, body: bytes, node: Callable[[bytes], Answer]) -> Answer:
        answered.wait(30)
        return node(body)

    engine = ElasticsearchEngine(front.url, "faults", timeout=0.3)
    front.behaviour = slow
    try:
        with pytest.raises(EngineBusy, match="timed out"):
            engine.apply([entry("p1", "甲")])
    finally:
        answered.set()
        engine.close()


def test_an_address_that_does_not_answer_is_passed_over(front: Front) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # taken, and not listening
        away = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        engine = ElasticsearchEngine([away, front.url], "faults", timeout=100)
        engine.clear()
        for number in range(1, 5):
            assert engine.apply([entry(f"p{number}", "甲", version=number)]) == []
            assert engine.count() == number
        engine.close()


def test_shards_and_copies_are_as_set(node: str) -> None:
    engine = ElasticsearchEngine(node, "faults-shards", shards=3, replicas=0)
    engine.clear()
    with Elasticsearch(node) as administrator:
        (index,) = administrator.indices.get_settings(index="faults-shards-v*").body.values()
    assert (index["settings"]["index"]["number_of_shards"], index["settings"]["index"]["number_of_replicas"]) == (
        "3",
        "0",
    )
    engine.apply([entry(f"p{number:02}", "甲", version=number, number=number) for number in range(1, 40)])
    hits = engine.search(ladder(understand("甲"), Sight()), 100).hits
    assert [hit.page_id for hit in hits] == [f"p{number:02}" for number in range(1, 40)]
    engine.close()


def test_a_page_that_the_server_will_never_take_is_refused_and_the_others_are_taken(
    engine: ElasticsearchEngine,
) -> None:
    unfit = entry("p2", "甲", version=2)
    # A keyword of Lucene has at most 32,766 bytes.
    unfit = replace(unfit, place=replace(unfit.place, department="部" * 20_000))
    (refusal,) = engine.apply([entry("p1", "甲", version=1), unfit, entry("p3", "甲", version=3)])
    assert (refusal.page_id, refusal.version) == ("p2", 2)
    # Its kind alone: what the server says beside it repeats the value.
    assert refusal.reason.startswith("document_parsing_exception") and "部" not in refusal.reason
    assert engine.versions(["p1", "p2", "p3"]) == {"p1": 1, "p3": 3}


def test_a_page_for_whose_sake_the_server_refuses_the_whole_request_is_found_and_refused(
    engine: ElasticsearchEngine,
) -> None:
    unfit = entry("p" * 600, "甲", version=1)  # ids have at most 512 bytes
    fit = [entry(f"p{number}", "甲", version=number) for number in range(2, 9)]
    (refusal,) = engine.apply([*fit[:3], unfit, *fit[3:]])
    assert refusal.page_id == "p" * 600
    assert "Validation Failed" in refusal.reason
    assert engine.count() == 7


def test_requests_that_a_proxy_finds_too_large_are_divided(engine: ElasticsearchEngine, front: Front) -> None:
    honest = front.behaviour
    front.behaviour = lambda path, body, node: (413, b"{}") if len(body) > 5_000 else honest(path, body, node)
    assert engine.apply([entry(f"p{number}", "甲乙丙丁" * 20, version=number + 1) for number in range(40)]) == []
    assert engine.count() == 40


def test_an_index_that_was_deleted_is_begun_anew_with_another_generation(
    engine: ElasticsearchEngine, node: str
) -> None:
    engine.apply([entry("p1", "甲")])
    before = engine.generation()
    with Elasticsearch(node) as administrator:
        (name,) = administrator.indices.get_alias(name=f"faults-v{SCHEMA_VERSION}").body
        administrator.indices.delete(index=name)
    assert engine.apply([entry("p2", "甲", version=2)]) == []
    assert engine.count() == 1
    assert engine.generation() != before
    with Elasticsearch(node) as administrator:
        # Made by us, with our mapping, not by the server on its own.
        mapping = administrator.indices.get_mapping(index=f"faults-v{SCHEMA_VERSION}")
        assert [index["mappings"]["dynamic"] for index in mapping.body.values()] == ["strict"]


def test_what_cannot_be_reached_is_unreachable_and_names_the_address() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # taken, and not listening
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        engine = ElasticsearchEngine(url, "faults", timeout=2)
        for call in (
            engine.generation,
            engine.count,
            engine.clear,
            lambda: engine.versions(["p1"]),
            lambda: engine.apply([entry("p1", "甲")]),
        ):
            with pytest.raises(EngineUnreachable, match=url):
                call()
        engine.close()


def test_a_key_is_sent_and_a_wrong_one_is_unreachable(node: str) -> None:
    front = Front(node, authorization="ApiKey c2VjcmV0")
    try:
        for key, user in (("d3Jvbmc=", ""), ("", ""), ("", "someone")):
            engine = ElasticsearchEngine(front.url, "faults", api_key=key, user=user, password="x")
            with pytest.raises(EngineUnreachable, match="security_exception") as error:
                engine.count()
            assert "d3Jvbmc=" not in error.value.message
            engine.close()
        engine = ElasticsearchEngine(front.url, "faults", api_key="c2VjcmV0")
        assert engine.generation()
        engine.close()
    finally:
        front.stop()


def test_user_and_password_are_sent(node: str) -> None:
    front = Front(node, authorization="Basic aW5kZXg6c2VjcmV0")  # index:secret
    try:
        engine = ElasticsearchEngine(front.url, "faults", user="index", password="secret")
        assert engine.generation()
        engine.close()
    finally:
        front.stop()


def test_a_busy_server_slows_the_feed_down_and_loses_nothing(node: str, tmp_path: Path) -> None:
    front = Front(node)
    try:
        with open_shelf(
            tmp_path, search_engine="elasticsearch", elasticsearch_url=front.url, elasticsearch_index="busy"
        ) as shelf:
            shelf.engine.clear()
            shelf.put(40)
            front.behaviour = refusing_requests(9, 429)  # three rounds of the feed, each with two repetitions
            paces = []
            for number in range(3):
                with pytest.raises(EngineBusy):
                    shelf.feed.step()
                paces.append((shelf.feed.pace.size, shelf.feed.pace.rest))
                shelf.put(2, f"卷{number}")  # what is read meanwhile waits in the outbox
            assert paces == [(250, 0.5), (125, 1.0), (62, 2.0)]

            shelf.make_searchable()

            assert shelf.feed.pace.size > 62
            assert shelf.found() == 46
            assert shelf.faults() == []
    finally:
        front.stop()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """The certificate of an authority of one's own, and a file with key and certificate of a server that it signed."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing (apt-get install openssl)")
    ca_key, ca, key, certificate, both = (
        tmp_path / name for name in ("ca-key.pem", "ca.pem", "key.pem", "certificate.pem", "both.pem")
    )
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    subprocess.run([*new, "-subj", "/CN=authority", "-keyout", ca_key, "-out", ca], check=True, capture_output=True)
    subprocess.run(
        [
            *(*new, "-CA", ca, "-CAkey", ca_key, "-subj", "/CN=localhost", "-keyout", key, "-out", certificate),
            *("-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:false"),
        ],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return ca, both


def test_a_server_is_trusted_only_by_its_authority(node: str, authority: tuple[Path, Path]) -> None:
    ca, both = authority
    front = Front(node, certificate=both)
    try:
        engine = ElasticsearchEngine(front.url, "faults", ca_file=str(ca))
        assert engine.generation()
        engine.close()
        engine = ElasticsearchEngine(front.url, "faults")
        with pytest.raises(EngineUnreachable, match="certificate verify failed"):
            engine.generation()
        engine.close()
    finally:
        front.stop()


def test_a_guarded_server_is_used_as_the_settings_say(
    node: str, authority: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    ca, both = authority
    front = Front(node, authorization="ApiKey c2VjcmV0", certificate=both)
    guarded: dict[str, object] = {
        "search_engine": "elasticsearch",
        "elasticsearch_url": front.url,
        "elasticsearch_index": "guarded",
        "elasticsearch_ca_file": str(ca),
        "elasticsearch_api_key": "c2VjcmV0",
    }
    try:
        with open_shelf(tmp_path / "home", **guarded) as shelf:
            shelf.engine.clear()
            shelf.put(10)
            shelf.make_searchable()
            assert shelf.found() == 10
    finally:
        front.stop()
    assert "c2VjcmV0" not in caplog.text
