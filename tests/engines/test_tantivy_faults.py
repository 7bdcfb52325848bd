"""What the embedded engine does among several processes, killed ones, and lost or damaged files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from printed import entry

from dossier.errors import EngineUnreachable, HomeBusy
from indexer.engine import Engine
from indexer.entry import SCHEMA_VERSION
from indexer.query import ladder, understand
from indexer.sight import Sight
from indexer.tantivy_engine import TantivyEngine

WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from printed import entry
from indexer.tantivy_engine import TantivyEngine
engine = TantivyEngine(Path(sys.argv[1]))
for line in sys.stdin:
    page_id, version, text = line.split()
    engine.apply([entry(page_id, text, version=int(version))])
    print("applied", flush=True)
"""


class Writer:
    """Another process that writes to an index, a page at a time."""

    def __init__(self, folder: Path) -> None:
        here = Path(__file__).parent
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, folder, here, here.parents[1]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def apply(self, page_id: str, version: int, text: str) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{page_id} {version} {text}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "applied\n"

    def kill(self) -> None:
        assert self.process.stdin and self.process.stdout
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def pages(engine: Engine, text: str) -> list[str]:
    return [hit.page_id for hit in engine.search(ladder(understand(text), Sight()), 100).hits]


def test_a_reader_in_another_process_sees_what_was_applied_last(tmp_path: Path) -> None:
    reader = TantivyEngine(tmp_path)
    assert pages(reader, "甲") == []
    writer = Writer(tmp_path)
    try:
        for version in range(1, 6):
            writer.apply(f"p{version}", version, "甲")
            assert pages(reader, "甲") == [f"p{number}" for number in range(1, version + 1)]
        writer.apply("p1", 6, "乙")
        assert pages(reader, "甲") == ["p2", "p3", "p4", "p5"]
    finally:
        writer.kill()
    reader.close()


def test_what_was_applied_survives_a_kill_and_its_lock_does_not(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.apply("p1", 1, "甲")
    writer.apply("p2", 2, "甲")
    writer.kill()
    engine = TantivyEngine(tmp_path)
    assert pages(engine, "甲") == ["p1", "p2"]
    assert engine.apply([entry("p3", "甲", version=3)]) == []
    assert engine.versions(["p1", "p2", "p3"]) == {"p1": 1, "p2": 2, "p3": 3}
    engine.close()


def test_a_second_writer_is_told_that_the_home_is_busy(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    try:
        writer.apply("p1", 1, "甲")
        second = TantivyEngine(tmp_path)
        with pytest.raises(HomeBusy):
            second.apply([entry("p2", "甲", version=2)])
        assert pages(second, "甲") == ["p1"]
    finally:
        writer.kill()
    assert second.apply([entry("p2", "甲", version=2)]) == []
    second.close()


def test_an_index_outlives_its_engine(tmp_path: Path) -> None:
    first = TantivyEngine(tmp_path)
    first.apply([entry("p1", "甲")])
    generation = first.generation()
    first.close()
    second = TantivyEngine(tmp_path)
    assert second.generation() == generation
    assert pages(second, "甲") == ["p1"]
    second.close()


def test_a_reader_follows_when_another_engine_clears_the_index(tmp_path: Path) -> None:
    reader, writer = TantivyEngine(tmp_path), TantivyEngine(tmp_path)
    writer.apply([entry("p1", "甲")])
    assert pages(reader, "甲") == ["p1"]
    writer.clear()
    assert pages(reader, "甲") == []
    writer.apply([entry("p2", "甲")])
    assert pages(reader, "甲") == ["p2"]
    assert reader.generation() == writer.generation()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1
    reader.close()
    writer.close()


@pytest.mark.parametrize("lost", ["everything", "current.json", "index"])
def test_a_deleted_index_is_begun_anew_with_another_generation(tmp_path: Path, lost: str) -> None:
    engine = TantivyEngine(tmp_path / "index")
    engine.apply([entry("p1", "甲")])
    before = engine.generation()
    if lost == "everything":
        shutil.rmtree(tmp_path / "index")
    elif lost == "current.json":
        (tmp_path / "index" / "current.json").unlink()
    else:
        shutil.rmtree(tmp_path / "index" / before)
    assert engine.generation() != before
    assert engine.count() == 0
    assert engine.apply([entry("p2", "甲", version=2)]) == []
    assert pages(engine, "甲") == ["p2"]
    engine.close()


def test_an_index_of_another_schema_is_begun_anew(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    engine.apply([entry("p1", "甲")])
    before = engine.generation()
    engine.close()
    (tmp_path / "current.json").write_text(json.dumps({"schema": SCHEMA_VERSION + 1, "generation": before}))
    engine = TantivyEngine(tmp_path)
    assert engine.generation() != before
    assert engine.count() == 0
    engine.close()


def test_a_reader_leaves_an_index_of_another_schema_alone(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    engine.apply([entry("p1", "甲")])
    generation = engine.generation()
    engine.close()
    pointer = tmp_path / "current.json"
    ours = pointer.read_text()
    pointer.write_text(json.dumps({"schema": SCHEMA_VERSION + 1, "generation": generation}))
    reader = TantivyEngine(tmp_path)
    search = ladder(understand("甲"), Sight())
    assert pages(reader, "甲") == []
    assert reader.search(replace(search, order="received"), 10).hits == ()
    assert (reader.count(), reader.versions(["p1"])) == (0, {})
    assert (reader.counts(search, "case_id"), reader.groups(search, "case")) == ({}, ())
    pointer.write_text(ours)
    assert pages(reader, "甲") == ["p1"]
    assert reader.generation() == generation
    reader.close()


def test_a_reader_begins_no_index(tmp_path: Path) -> None:
    reader = TantivyEngine(tmp_path / "index")
    assert pages(reader, "甲") == []
    assert not (tmp_path / "index").exists()
    reader.close()


@pytest.mark.parametrize("damage", ["current.json", "meta.json", "segment"])
def test_a_damaged_index_is_unreachable_until_it_is_cleared(tmp_path: Path, damage: str) -> None:
    engine = TantivyEngine(tmp_path)
    engine.apply([entry("p1", "甲")])
    folder = tmp_path / engine.generation()
    engine.close()
    damaged = {"current.json": tmp_path / "current.json", "meta.json": folder / "meta.json"}
    target = damaged.get(damage) or next(folder.glob("*.term"))
    target.write_bytes(b"{")
    engine = TantivyEngine(tmp_path)
    with pytest.raises(EngineUnreachable, match=str(tmp_path)):
        engine.count()
    engine.clear()
    assert engine.apply([entry("p2", "甲")]) == []
    assert pages(engine, "甲") == ["p2"]
    engine.close()


def test_threads_may_search_while_another_applies(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    engine.apply([entry("p0", "甲", version=1)])
    faults: list[BaseException] = []
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                assert "p0" in pages(engine, "甲")
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 15):
        engine.apply([entry(f"p{number}", "甲", version=number + 1), entry("p0", "甲", version=number + 1)])
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert engine.count() == 15
    engine.close()
