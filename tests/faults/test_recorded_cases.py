"""A recorded case system's night: cases put, files sent, cases merged, the feed followed, the office killed in between.

All calls are made by the client that is given to others (docs/client). Nothing comes twice, and nothing is missing.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from office import Office
from sqlalchemy import func, select

from dossier.catalogue.tables import Arrival, Case, CaseNumber
from dossier.vault import Vault
from dossier.verify import verify_store
from tests.api_client import loaded
from tests.house import encoded
from tests.recorded import print_page

# The whole night by `make case-system`: 1,000 cases, 200 files, 40 kills.
CASES = int(os.environ.get("EDOSSIER_TEST_CASES", "40"))
FILES = int(os.environ.get("EDOSSIER_TEST_FILES", "8"))
KILLS = int(os.environ.get("EDOSSIER_TEST_KILLS", "2"))
SEED = int(os.environ.get("EDOSSIER_TEST_SEED", "20311127"))
PATIENCE_SECONDS = 1200.0


client = loaded()


def program_of(office: Office) -> Any:
    return client.Edossier(office.address, office.secret, timeout=30.0, patience=120.0)


class Follower(threading.Thread):
    """Follows the feed; keeps what came, with the cursor behind it, as a case system does."""

    def __init__(self, program: Any) -> None:
        super().__init__(daemon=True)
        self.program, self.is_over = program, threading.Event()
        self.changes: list[dict[str, Any]] = []
        self.fault: Exception | None = None

    def run(self) -> None:
        after = ""
        try:
            while not self.is_over.is_set():
                portion = self.program.changes(after, wait=1.0, limit=7)
                self.changes += portion.changes
                after = portion.after
        except Exception as error:
            self.fault = error


def fields(number: int) -> dict[str, str]:
    """A case as a case system has it."""
    return {
        "BMSAH": f"临检起诉受[2031]990101{number:05}号", "TYSAH": f"9901012031{number:07}",
        "AJBH": f"A9901010000002031{number:06}", "AJMC": f"闵照屿等{number}人诈骗案", "YSAY": "诈骗罪",
        "XYR": f"闵照屿、傅溪{number}", "CBBM": "第一检察部", "CBR": "苏见川", "SLRQ": "2031-03-04 08:30:00",
        "DQRQ": "2031/4/18", "AJLB": "一审公诉案件", "SFSC": "N", "ZHXGSJ": "2031-03-04 09:00:00", "GDRQ": "",
    }  # fmt: skip


@pytest.mark.timeout(3600)
def test_a_night_of_a_case_system_ends_with_each_case_and_each_file_once(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    began = time.monotonic()
    office = Office(tmp_path / "home")
    program, follower = program_of(office), Follower(program_of(office))
    follower.start()
    contents = {number: encoded(print_page(number), ".png") for number in range(1, FILES + 1)}
    file_of_case = {case: at + 1 for at, case in enumerate(sorted(chance.sample(range(CASES), FILES)))}
    kill_before = set(chance.sample(range(CASES), KILLS))
    ids: dict[int, set[str]] = {}
    file_ids: dict[int, set[str]] = {}
    merged: dict[int, int] = {}
    try:
        for number in range(CASES):
            killer = None
            if number in kill_before:
                # Somewhere within what follows: before, in the middle of, or after a request.
                killer = threading.Timer(chance.uniform(0.0, 0.1), office.kill_and_start)
                killer.start()
            for _ in range(chance.randint(1, 3)):
                ids.setdefault(number, set()).add(program.put_case(fields(number))["id"])
            (case_id,) = ids[number]
            if number % 7 == 3:
                program.change_handler(case_id, "闵榆")
                program.change_handler(case_id, "闵榆")
            if number in file_of_case:
                at = file_of_case[number]
                for send in chance.sample((program.send_file, program.upload), chance.randint(1, 2)):
                    found = send(case_id, contents[at], volume="证据材料卷一", path=f"讯问笔录/{at:04}.png")
                    file_ids.setdefault(at, set()).add(found)
            if number % 10 == 9:
                program.merge(case_id, next(iter(ids[number - 1])))
                program.merge(case_id, fields(number - 1)["BMSAH"])
                merged[number - 1] = number
            if killer is not None:
                killer.join()
        # In the morning the system puts all its cases once more.
        for number in range(CASES):
            ids[number].add(program.put_case({"TYSAH": fields(number)["TYSAH"]})["id"])
        files = {file_id for of_file in file_ids.values() for file_id in of_file}
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and told(follower.changes, "searchable").keys() != files:
            assert follower.fault is None
            time.sleep(0.2)
        shown = {number: program.case(next(iter(of_case))) for number, of_case in ids.items()}
        anew: list[dict[str, Any]] = []
        after = ""
        while (portion := program.changes(after, limit=11)).changes:
            anew += portion.changes
            after = portion.after
    finally:
        follower.is_over.set()
        follower.join(60)
        office.kill()

    print(
        f"{CASES} cases, {FILES} files, {office.kills - 1} kills, {time.monotonic() - began:.0f} s; requests sent "
        f"again: {program.repeats} of the calls, {follower.program.repeats} of the follower"
    )  # fmt: skip
    assert office.kills - 1 == KILLS
    assert follower.fault is None
    # The feed: received once, then searchable; and from its beginning the same as it was followed.
    assert told(anew, "received") == Counter(files)
    assert steps(follower.changes) == steps(anew)
    touched = merged.keys() | set(merged.values())
    for file_id in files:
        first, *then = [change["kind"] for change in anew if change["file_id"] == file_id]
        assert (first, set(then)) == ("received", {"searchable"})
        # Once more where its case was merged while it came into the index.
        is_of_merged = any(file_id in file_ids[file_of_case[case]] for case in touched & file_of_case.keys())
        assert len(then) == 1 or is_of_merged
    assert [len(of_file) for of_file in file_ids.values()] == [1] * FILES
    for number, case in shown.items():
        last = merged.get(number, number)
        own = fields(last)
        # What was merged leads to the case that it has become part of.
        assert case["id"] in ids[last]
        assert ids[number] == ({case["id"]} | ids[number] if number in merged else {case["id"]})
        assert case["name"] == own["AJMC"]
        assert (case["charge"], case["department"]) == ("诈骗罪", "第一检察部")
        assert case["handler"] == ("闵榆" if last % 7 == 3 else "苏见川")
        assert (case["accepted_on"], case["due_on"]) == ("2031-03-04", "2031-04-18")
        assert {suspect["name"] for suspect in case["suspects"]} >= set(own["XYR"].split("、"))
        assert case["details"]["category"] == "一审公诉案件"
        assert {given["number"] for given in case["numbers"]} >= {own["BMSAH"], own["TYSAH"], own["AJBH"]}
    with office.catalogue.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == CASES
        assert session.scalar(select(func.count()).where(Case.merged_into.is_not(None))) == len(merged)
        assert session.scalar(select(func.count()).select_from(CaseNumber)) == 3 * CASES
        stored = {arrival.path: arrival.sha256 for arrival in session.scalars(select(Arrival))}
        assert session.scalar(select(func.count()).select_from(Arrival)) == FILES
        assert verify_store(session, Vault(office.home.vault)) == []
    assert stored == {
        f"讯问笔录/{at:04}.png": hashlib.sha256(content).hexdigest() for at, content in contents.items()
    }  # fmt: skip
    office.catalogue.close()


def steps(changes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What happened to which file; to which case that belongs is told as of when it is asked."""
    return [(change["kind"], change["file_id"]) for change in changes]


def told(changes: list[dict[str, Any]], kind: str) -> Counter[str]:
    return Counter(change["file_id"] for change in changes if change["kind"] == kind)
