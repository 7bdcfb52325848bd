"""The sample dossier that `edossier demo` drops into the inbox: two volumes of an invented fraud case."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

from bench.press.cast import cast
from bench.press.documents import (
    arrest_warrant,
    bank_statement,
    case_registration,
    enquiry,
    expert_opinion,
    interrogation,
    prosecution_opinion,
    seizure_list,
    transfer_record,
)
from bench.press.scanner import Feed, scan
from bench.press.truth import page_truth

SEED = 20310704
EVIDENCE = "证据材料卷"
DOCUMENTS = "诉讼文书卷"
INBOX = "inbox"
"""The folder in the sample that is shaped like an inbox; truth.json lies beside it."""

# How each side of the evidence volume lay in the scanner: skew within 2°, the bank statement turned by a quarter.
_EVIDENCE_FEEDS = (
    Feed(skew_degrees=0.6, seed=1),
    Feed(skew_degrees=-1.2, seed=2, mode="grey"),
    Feed(skew_degrees=1.9, seed=3, mode="grey"),
    Feed(skew_degrees=0.0, seed=4, mode="grey"),
    Feed(skew_degrees=-0.4, seed=5),
    Feed(skew_degrees=0.8, turn_degrees=270, seed=6, mode="grey"),
    Feed(skew_degrees=-2.0, seed=7),
    Feed(skew_degrees=1.4, seed=8),
)
_DOCUMENT_SKEWS = (0.3, -0.9, 1.1, 0.0, -1.7, 0.5)


def write_sample(folder: Path) -> int:
    """Writes the sample anew: `inbox/<number and name>/<volume>/…` and `truth.json`; returns its size in bytes.

    Raises:
        ValueError: the documents came out at another number of sides than there are feeds.
    """
    chance = random.Random(SEED)
    people = cast(chance)
    name = f"{people.suspects[0].name}等3人诈骗案"
    shutil.rmtree(folder / INBOX, ignore_errors=True)
    case_folder = folder / INBOX / f"{people.number}{name}"
    pages: list[dict[str, Any]] = []

    evidence = [
        sheet
        for document in (
            case_registration,
            interrogation,
            enquiry,
            seizure_list,
            bank_statement,
            transfer_record,
            expert_opinion,
        )
        for sheet in document(people, chance)
    ]
    (case_folder / EVIDENCE).mkdir(parents=True)
    for number, (sheet, feed) in enumerate(zip(evidence, _EVIDENCE_FEEDS, strict=True), 1):
        path = case_folder / EVIDENCE / f"{number:04}.jpg"
        scan(sheet, feed).save(path, quality=60, dpi=(feed.dpi, feed.dpi))
        pages.append({"volume": EVIDENCE, "file": path.name, "page_number": number, **page_truth(sheet, feed, people)})

    documents = [sheet for document in (prosecution_opinion, arrest_warrant) for sheet in document(people, chance)]
    feeds = [Feed(skew_degrees=skew, mode="bitonal", seed=90 + place) for place, skew in enumerate(_DOCUMENT_SKEWS)]
    path = case_folder / DOCUMENTS / "起诉意见书等.tif"
    path.parent.mkdir()
    scans = [scan(sheet, feed) for sheet, feed in zip(documents, feeds, strict=False)]
    if len(documents) > len(feeds):
        raise ValueError(f"{len(documents)} sides for {len(feeds)} feeds")
    dpi = (feeds[0].dpi, feeds[0].dpi)
    scans[0].save(path, save_all=True, append_images=scans[1:], compression="group4", dpi=dpi)
    for number, (sheet, feed) in enumerate(zip(documents, feeds, strict=False), 1):
        pages.append({"volume": DOCUMENTS, "file": path.name, "page_number": number, **page_truth(sheet, feed, people)})

    case = {
        "numbers": [{"system": "tyyw", "kind": "部门受案号", "number": people.number}],
        "name": name,
        "charge": "诈骗罪",
        "suspects": [{"name": suspect.name} for suspect in people.suspects],
        "department": "第一检察部",
        "handler": people.victims[7].name,
        "accepted_on": "2031-07-04",
        "due_on": "2031-08-04",
    }
    _write_json(case_folder / "case.json", case)
    _write_json(folder / "truth.json", {"case_number": people.number, "name": name, "pages": pages})
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
