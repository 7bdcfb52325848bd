"""An office whose steps are run, killed, failed and cut off: homes with a dropped dossier, and the process for them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from dossier.catalogue.database import Catalogue
from dossier.home import Home
from tests.faults.failing_calls import CHANGES, Call, Fault, Shadow, calls_in, compiled
from tests.house import encoded, tiff_of_pages
from tests.recorded import print_page

CASE = "临检起诉受[2031]99010100007号闵照屿诈骗案"
# A share in each run; all of them: EDOSSIER_TEST_CALLS=0.
POINTS = int(os.environ.get("EDOSSIER_TEST_CALLS", "1"))
SEED = int(os.environ.get("EDOSSIER_TEST_SEED", "20311128"))
# Where scanners write, and where their files go before they are deleted: what goes there is gone at once, in the worst
# case, while all else that was not synced is lost.
INBOX = ("inbox", "vault/aside")


@dataclass(frozen=True)
class Ended:
    """How a run ended: "done", "killed", "unfinished"; what failed in it, and what failed in a way nobody foresaw."""

    how: str
    failures: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


class Office:
    """One home after the other, each with the same dossier in its inbox, and a process that does what is to be done."""

    def __init__(self, folder: Path) -> None:
        self.root, self._template, self.shadow = folder / "home", folder / "template", folder / "shadow"
        self.trace = folder / "trace"
        self.files, self.pages = _drop(self._template)
        self._plain: dict[int, list[Call]] = {}
        environment = {
            **os.environ, "LD_PRELOAD": str(compiled(folder)), "PYTHONPATH": str(Path(__file__).parents[2]),
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        command = [sys.executable, str(Path(__file__).with_name("steps_process.py"))]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._answer() == {"ended": "ready"}

    def fresh(self) -> None:
        """A home in which nothing is done yet."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self._template, self.root)

    def run(self, fault: Fault | None = None, **more: Any) -> Ended:
        """Do all there is to do, until it is done, or the fault has ended it."""
        answer = self._order("steps", fault=(fault or Fault()).as_json(), **more)
        assert answer["ended"] in ("done", "killed", "unfinished"), answer
        return Ended(answer["ended"], tuple(answer.get("failures", ())), tuple(answer.get("odd", ())))

    def cut_power(self, gone_at_once: tuple[str, ...] = (), chance: random.Random | None = None) -> None:
        """Leave of the home what a power cut at this moment leaves; it must have run with a shadow."""
        after = self.root.with_name("after")
        shutil.rmtree(after, ignore_errors=True)
        Shadow(self.root, self.shadow).rebuild(after, gone_at_once, chance)
        shutil.rmtree(self.root)
        after.rename(self.root)

    def run_watched(self, fault: Fault | None = None, goes_on: bool = False, **more: Any) -> Ended:
        """As `run`, and remember what is on the disk for good, from now on or (`goes_on`) from the run before on."""
        if not goes_on:
            Shadow.begin(self.root, self.shadow)
        return self.run(fault, shadow=str(self.shadow), **more)

    def calls(self) -> list[Call]:
        """The calls of the last run."""
        return calls_in(self.trace)

    def failed(self) -> Call | None:
        """The first call of the last run that failed."""
        return next((call for call in self.calls() if call.verdict == "failed"), None)

    def retry(self) -> None:
        """What a person does where something has failed for good."""
        self._order("retry")

    def night(self, kills: int, pages: int, seed: int) -> dict[str, Any]:
        """An empty home, whose processes are killed at random moments while `pages` pages come in."""
        self.fresh()
        shutil.rmtree(self.root / "inbox" / CASE)
        ended = self._order("night", case=CASE, kills=kills, pages=pages, seed=seed)
        assert ended["ended"] == "done", ended
        self.files, self.pages, places = [], [], Counter[str]()
        for volume, path, number in ended["written"]:
            content = encoded(print_page(number), ".png")
            places[volume] += 1
            text = f"讯问笔录第{number}页"
            self.files.append({"path": path, "sha256": hashlib.sha256(content).hexdigest()})
            self.pages.append({"volume": volume, "path": path, "index": 0, "number": places[volume], "text": text})
        return ended

    def plain(self, kinds: int = CHANGES) -> list[Call]:
        """The calls of these kinds that a run without faults makes; it must end well."""
        if kinds not in self._plain:
            self.fresh()
            assert self.run(Fault(kinds=kinds)).how == "done"
            self._plain[kinds] = self.calls()
            assert self.complaints() == []
        return self._plain[kinds]

    def run_together(self, count: int) -> list[Ended]:
        """Several processes at once do all there is to do."""
        answer = self._order("together", count=count)
        return [Ended(each["ended"], tuple(each["failures"]), tuple(each["odd"])) for each in answer["each"]]

    def losses(self, ages_seconds: float = 0.0) -> list[str]:
        """What is not as it must be at any moment; asked so many seconds later."""
        return self._found("losses", files=self.files, ages_seconds=ages_seconds)

    def complaints(self) -> list[str]:
        """What is not as it must be when everything is done."""
        return self._found("complaints", files=self.files, pages=self.pages)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _found(self, do: str, **more: Any) -> list[str]:
        answer = self._order(do, **more)
        return answer["found"] if answer["ended"] == "done" else [str(answer)]

    def _order(self, do: str, **more: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        order = {"do": do, "home": str(self.root), "trace": str(self.trace), **more}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def points(calls: Sequence[Call]) -> list[int]:
    """The calls at which something happens: a share of them, drawn with the seed, or all.

    Of calls of one kind on one file that follow each other (the pages of one commit) only the first and the last count.
    """
    runs = [list(run) for _, run in groupby(calls, lambda call: (call.what, call.path))]
    chosen = sorted({call.number for run in runs for call in (run[0], run[-1])})
    if not POINTS or len(chosen) <= POINTS:
        return chosen
    return sorted(random.Random(SEED).sample(chosen, POINTS))


def _drop(root: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A home with a dossier in its inbox; which files and pages it must become."""
    home = Home.at(root)
    Catalogue.open(home).close()
    contents = {
        ("证据材料卷一", "讯问笔录/0001.png"): (encoded(print_page(1), ".png"), [1]),
        ("证据材料卷一", "讯问笔录/0002.png"): (encoded(print_page(2), ".png"), [2]),
        ("诉讼文书卷", "起诉意见书.tif"): (tiff_of_pages([3, 4]), [3, 4]),
        ("诉讼文书卷", "录音.mp3"): (b"ID3 no picture", []),
    }
    files, pages = [], []
    for (volume, path), (content, numbers) in contents.items():
        target = home.inbox / CASE / volume / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        files.append({"path": path, "sha256": hashlib.sha256(content).hexdigest()})
        for index, number in enumerate(numbers):
            before = sum(page["volume"] == volume for page in pages)
            text = f"讯问笔录第{number}页"
            pages.append({"volume": volume, "path": path, "index": index, "number": before + 1, "text": text})
    return files, pages
