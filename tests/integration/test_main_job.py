"""The main job on the sample dossier, with the real OCR, through the commands as users call them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dossier.catalogue.database import Catalogue
from dossier.home import Home
from dossier.vault import Vault
from dossier.viewers import AT_MACHINE
from indexer.search import Searcher
from indexer.tantivy_engine import TantivyEngine
from tests.conftest import Validator

pytestmark = [pytest.mark.ocr, pytest.mark.timeout(600)]

SAMPLE = Path(__file__).parents[2] / "cli" / "sample_dossier"
TRUTH: dict[str, Any] = json.loads((SAMPLE / "truth.json").read_text("utf-8"))
CASE: str = TRUTH["case_number"]


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document


@dataclass(frozen=True)
class Office:
    """A home folder, spoken to through the command line."""

    home: Path

    def __call__(self, *arguments: str) -> Answer:
        command = [sys.executable, "-m", "cli.main", "--home", str(self.home), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=500)
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The sample dossier, taken in and read."""
    office = Office(tmp_path_factory.mktemp("office"))
    answer = office("ingest", str(SAMPLE / "inbox"), "--json")
    assert answer.code == 0, answer.err
    (office.home / "ingest.json").write_text(answer.out)
    yield office


def found_in(office: Office, text: str) -> dict[str, Any]:
    """What `search --json` prints, without a process for each question."""
    home = Home.at(office.home)
    catalogue = Catalogue.open(home)
    engine = TantivyEngine(home.index)
    try:
        return (
            Searcher(catalogue, Vault(home.vault), engine)
            .search(text, case=CASE, limit=100, viewer=AT_MACHINE)
            .as_json()
        )
    finally:
        engine.close()
        catalogue.close()


def folded(text: str) -> str:
    """NFKC, without white space, the usual punctuation pairs alike: what counts as the same characters."""
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("。、“”‘’—〔〕【】", ".,\"\"''-()()"))
    return re.sub(r"\s", "", text).replace("[", "(").replace("]", ")")


def overlap(found: list[float], truth: list[float]) -> float:
    """Intersection over union of two rectangles."""
    width = min(found[2], truth[2]) - max(found[0], truth[0])
    height = min(found[3], truth[3]) - max(found[1], truth[1])
    if width <= 0 or height <= 0:
        return 0.0

    def area(box: list[float]) -> float:
        return (box[2] - box[0]) * (box[3] - box[1])

    return width * height / (area(found) + area(truth) - width * height)


def test_ingest_reports_every_document(office: Office) -> None:
    report = json.loads((office.home / "ingest.json").read_text())

    assert {key: report[key] for key in ("files", "pages", "failed")} == {"files": 10, "pages": 12, "failed": 0}
    entries = {(entry["source"].rpartition("/")[2], entry["pages"], entry["state"]) for entry in report["documents"]}
    assert entries == {
        ("证据材料卷", 8, "searchable"),
        ("起诉意见书等.tif", 4, "searchable"),
        ("case.json", 0, "attachment"),
    }
    assert all(entry["error"] is None and entry["case_number"] == CASE for entry in report["documents"])


def test_names_phones_and_cards_are_found_on_their_page_with_rectangles(office: Office) -> None:
    wanted = {
        (item["kind"], item["text"], page["volume"], page["page_number"]): item["box"]
        for page in TRUTH["pages"]
        for item in page["items"]
    }
    found = 0
    missed = []
    answers = {text: found_in(office, text) for text in {text for _, text, _, _ in wanted}}
    for (kind, text, volume, number), box in wanted.items():
        rects = [
            rect
            for hit in answers[text]["hits"]
            if (hit["volume"], hit["page_number"]) == (volume, number)
            for rect in hit["rects"]
        ]
        if any(overlap(rect, box) >= 0.5 for rect in rects):
            found += 1
        else:
            missed.append((kind, text, volume, number))

    assert found / len(wanted) >= 0.97, missed


def test_pages_tell_geometry_and_text(office: Office) -> None:
    pages = office("pages", "--case", CASE, "--json").json["pages"]

    assert sorted((page["volume"], page["page_number"]) for page in pages) == sorted(
        (page["volume"], page["page_number"]) for page in TRUTH["pages"]
    )
    truths = {(page["volume"], page["page_number"]): page for page in TRUTH["pages"]}
    for page in pages:
        truth = truths[page["volume"], page["page_number"]]
        assert page["turn_degrees"] == truth["turn_degrees"]
        assert page["skew_degrees"] == pytest.approx(truth["skew_degrees"], abs=0.15)
        assert page["state"] == "searchable"
        assert page["text"] == "\n".join(line["text"] for line in page["lines"])
        assert abs(page["dpi"] - truth["dpi"]) < 1


def test_both_volumes_are_exported_as_pdf_a_with_whole_lines(
    office: Office, tmp_path: Path, verapdf: Validator
) -> None:
    answer = office("export", "--case", CASE, "--out", str(tmp_path), "--json")

    assert answer.code == 0, answer.err
    files = {file["volume"]: Path(file["path"]) for file in answer.json["files"]}
    assert set(files) == {"证据材料卷", "诉讼文书卷"}
    for file in files.values():
        assert verapdf(file).failures == ()
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is missing (apt-get install poppler-utils)")
    whole = total = 0
    for volume, file in files.items():
        text = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, text=True, check=True).stdout
        extracted = [folded(line) for line in text.splitlines()]
        printed = [line["text"] for page in TRUTH["pages"] if page["volume"] == volume for line in page["lines"]]
        # A table's row is one line of the PDF and several of the press: a cell is whole if it is in one piece there.
        whole += sum(any(folded(line) in row for row in extracted) for line in printed)
        total += len(printed)
    assert whole / total >= 0.85, f"{whole} of {total} lines"


def test_a_compact_export_is_pdf_a_smaller_and_has_the_same_text(
    office: Office, tmp_path: Path, verapdf: Validator
) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is missing (apt-get install poppler-utils)")
    sizes, texts = {}, {}
    for quality in ("archive", "compact"):
        answer = office("export", "--case", CASE, "--out", str(tmp_path / quality), "--quality", quality, "--json")
        assert answer.code == 0, answer.err
        paths = [Path(file["path"]) for file in answer.json["files"]]
        sizes[quality] = sum(path.stat().st_size for path in paths)
        texts[quality] = [
            subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True).stdout
            for path in paths
        ]

    assert texts["compact"] == texts["archive"]
    assert sizes["compact"] < 0.7 * sizes["archive"]
    assert [verapdf(path).failures for path in paths] == [()] * len(paths)


def test_verify_finds_nothing_and_says_so(office: Office) -> None:
    answer = office("verify", "--json")

    assert answer.code == 0
    objects = 10 + 12  # an original or a reading each
    assert answer.json == {"originals": 10, "pages": 12, "checked": objects, "objects": objects, "faults": []}


def test_verify_finds_a_changed_and_a_missing_original(office: Office, tmp_path: Path) -> None:
    copy = Office(tmp_path / "copy")
    shutil.copytree(office.home, copy.home)
    originals = sorted(path for path in (copy.home / "vault" / "originals").rglob("*") if path.is_file())
    originals[0].chmod(0o644)
    originals[0].write_bytes(b"\0" + originals[0].read_bytes()[1:])
    originals[1].unlink()
    (originals[2].parent / ("0" * 64)).write_bytes(b"?")

    answer = copy("verify", "--json")

    assert answer.code == 3
    assert sorted((fault["kind"], fault["subject"]) for fault in answer.json["faults"]) == sorted(
        [("changed", originals[0].name), ("missing", originals[1].name), ("unknown", "0" * 64)]
    )


def test_a_deleted_index_is_filled_anew_by_itself(office: Office, tmp_path: Path) -> None:
    copy = Office(tmp_path / "copy")
    shutil.copytree(office.home, copy.home)
    before = copy("search", "讯问", "--json").json
    shutil.rmtree(copy.home / "index")

    assert copy("ingest", str(SAMPLE / "inbox"), "--json").code == 0

    assert copy("search", "讯问", "--json").json == before
    assert before["total"] > 0


def test_status_counts_everything(office: Office) -> None:
    status = office("status", "--json").json

    assert status["pages"] == {"waiting": 0, "reading": 0, "read": 0, "searchable": 12, "parked": 0}
    assert {(volume["volume"], volume["searchable"]) for volume in status["volumes"]} == {
        ("证据材料卷", 8),
        ("诉讼文书卷", 4),
    }
    assert status["outbox"] == 0


def test_exit_codes_are_those_of_the_contract(office: Office, tmp_path: Path) -> None:
    assert office("search", "绝无此句", "--json").json == {"total": 0, "hits": []}
    assert office("search", "绝无此句").code == 0
    assert office("search").code == 2
    assert office("pages", "--case", "（1999）沪0000刑初1号").code == 2
    unreachable = tmp_path / "home"
    unreachable.mkdir()
    (unreachable / "settings.toml").write_text(
        'search_engine = "elasticsearch"\nelasticsearch_url = "http://127.0.0.1:9"\n'
    )
    assert Office(unreachable)("search", "某", "--json").code == 4
    (unreachable / "settings.toml").write_text('serch_engine = "tantivy"\n')
    wrong = Office(unreachable)("status", "--json")
    assert wrong.code == 2
    assert "serch_engine" in wrong.err
    (tmp_path / "半张.jpg").write_bytes((SAMPLE / "inbox").rglob("0001.jpg").__next__().read_bytes()[:9000])
    broken = Office(tmp_path / "other")("ingest", str(tmp_path / "半张.jpg"), "--json")
    assert broken.code == 3
    assert [entry["error"]["code"] for entry in broken.json["documents"]] == ["truncated"]
    assert broken.json["failed"] == 1


def test_a_blank_case_number_is_refused(tmp_path: Path) -> None:
    sample = str(SAMPLE / "inbox")

    assert Office(tmp_path)("ingest", sample, "--case", " ").code == 2


def test_an_export_without_a_refused_file_does_not_look_whole(office: Office, tmp_path: Path) -> None:
    copy = Office(tmp_path / "copy")
    shutil.copytree(office.home, copy.home)
    given = tmp_path / CASE / "诉讼文书卷"
    given.mkdir(parents=True)
    (given / "半张.jpg").write_bytes(next((SAMPLE / "inbox").rglob("0001.jpg")).read_bytes()[:9000])
    assert copy("ingest", str(given.parent)).code == 3

    answer = copy("export", "--case", CASE, "--out", str(tmp_path / "out"), "--json")

    assert answer.code == 3
    assert {file["volume"]: file["refused"] for file in answer.json["files"]} == {"证据材料卷": 0, "诉讼文书卷": 1}


def test_names_are_shown_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "given" / "没有编号"
    folder.mkdir(parents=True)
    (folder / "case.json").write_text(json.dumps({"name": "[/x]某案[red]"}))
    (folder / "半张.jpg").write_bytes(next((SAMPLE / "inbox").rglob("0001.jpg")).read_bytes()[:9000])
    office = Office(tmp_path / "home")
    office("ingest", str(tmp_path / "given"))

    answer = office("status")

    assert answer.code == 0
    assert "[/x]某案[red]" in answer.out


def test_a_file_that_cannot_be_opened_has_its_entry_and_the_others_go_on(tmp_path: Path) -> None:
    good = tmp_path / "b.csv"
    good.write_text("甲,乙\n")
    answer = Office(tmp_path / "home")("ingest", "/proc/self/mem", str(good), "--json")

    assert answer.code == 3
    entries = {entry["source"]: entry for entry in answer.json["documents"]}
    assert entries["mem"]["error"]["code"] == "unreadable"
    assert entries["b.csv"]["state"] == "attachment"
    assert (answer.json["files"], answer.json["failed"]) == (2, 1)


def test_with_json_nothing_else_is_on_standard_output(office: Office) -> None:
    for arguments in (("status",), ("search", "某"), ("pages", "--case", CASE), ("settings",), ("doctor",), ("retry",)):
        out = office(*arguments, "--json").out
        assert json.loads(out) is not None
        assert out.count("\n") == 1
