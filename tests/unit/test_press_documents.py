"""More documents of the press, collected texts, and the sample that must not change."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import numpy as np
import pytest

from bench.press.__main__ import main
from bench.press.cast import cast
from bench.press.columns import newspaper
from bench.press.documents import DOCUMENTS
from bench.press.more_documents import MORE_DOCUMENTS, corpus_sheets
from bench.press.pages import Document, source_of
from bench.press.sample import _EVIDENCE_FEEDS, SEED
from bench.press.scanner import printed_items, scan
from bench.press.sheet import Sheet
from bench.press.truth import wanted_items

SAMPLE = Path(__file__).parents[2] / "cli" / "sample_dossier"


def printed(document: Document, seed: int = 1) -> list[Sheet]:
    chance = random.Random(seed)
    return list(document(cast(chance), chance))


@pytest.mark.parametrize("document", MORE_DOCUMENTS, ids=lambda document: document.__name__)
def test_every_line_of_a_document_lies_on_its_sheet_and_on_ink(document: Document) -> None:
    for sheet in printed(document):
        grey = np.asarray(sheet.picture.convert("L"))
        for line in sheet.lines:
            x0, y0, x1, y1 = (round(edge) for edge in line.box)
            assert 0 <= x0 < x1 <= sheet.picture.width, line.text
            assert 0 <= y0 < y1 <= sheet.picture.height, line.text
            area = grey[y0:y1, x0:x1]
            assert int(area.max()) - int(area.min()) > 80, line.text
            assert len(line.edges) == len(line.text) + 1


@pytest.mark.parametrize("document", MORE_DOCUMENTS, ids=lambda document: document.__name__)
def test_no_two_lines_of_a_document_cover_one_another(document: Document) -> None:
    for sheet in printed(document):
        for place, line in enumerate(sheet.lines):
            for other in sheet.lines[place + 1 :]:
                across = min(line.box[2], other.box[2]) - max(line.box[0], other.box[0])
                down = min(line.box[3], other.box[3]) - max(line.box[1], other.box[1])
                assert across <= 1 or down <= 1, f"{line.text} / {other.text}"


# A newspaper names nobody.
@pytest.mark.parametrize(
    "document", sorted({*MORE_DOCUMENTS} - {newspaper}, key=lambda one: one.__name__), ids=lambda one: one.__name__
)
def test_a_document_names_somebody_of_its_case(document: Document) -> None:
    chance = random.Random(1)
    people = cast(chance)

    found = [
        kind
        for sheet in document(people, chance)
        for line in sheet.lines
        for kind, _, _ in printed_items(line, wanted_items(people))
    ]

    assert "name" in found


def test_characters_of_a_vertical_line_go_downward() -> None:
    sheet = Sheet("直排", size=(40.0, 60.0))

    left = sheet.print_column(20, 10, "国国国", 12)

    (line,) = sheet.lines
    # 12 points are 50 pixels at 300 dpi; the next column begins one and a half of them (6.35 mm) to the left.
    assert line.vertical
    assert [round(below - above) for above, below in zip(line.edges, line.edges[1:], strict=False)] == [50, 50, 50]
    assert left == pytest.approx(20 - 6.35)
    dark = np.asarray(sheet.picture.convert("L")) < 128
    for place in range(3):
        x0, y0, x1, y1 = line.box_of(place, place + 1)
        rows, columns = np.nonzero(dark[round(y0) : round(y1), round(x0) : round(x1)])
        assert rows.size
        # 国 stands in the middle of its square.
        assert (rows.min() + rows.max()) / 2 == pytest.approx((y1 - y0) / 2, abs=3)
        assert (columns.min() + columns.max()) / 2 == pytest.approx((x1 - x0) / 2, abs=3)


def test_collected_texts_are_printed_without_what_no_face_has(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    text = "被告人某甲，男，无业。" + "因涉嫌盗窃罪被刑事拘留。" * 12 + "\ue5e5\u3000现羁押。"
    path.write_text(json.dumps({"id": 1, "text": text}, ensure_ascii=False) + "\n", encoding="utf-8")

    _, sheet = next(corpus_sheets(path, random.Random(1)))

    together = "".join(line.text for line in sheet.lines)
    assert together.startswith("刑事判决书被告人某甲，男，无业。因涉嫌")
    assert together.endswith("现羁押。第1页")
    assert together.count("因涉嫌盗窃罪被刑事拘留。") == 12


def test_a_file_without_texts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "短"}\n', encoding="utf-8")

    with pytest.raises(ValueError, match="no text that could be printed"):
        next(corpus_sheets(path, random.Random(1)))


def test_documents_are_chosen_by_group_or_name() -> None:
    def titles(*names: str) -> list[str]:
        source = source_of(names)(random.Random(1))
        return [next(source)[1].title for _ in range(3)]

    assert titles("case") == ["受案登记表", "讯问笔录", "讯问笔录"]
    assert titles("receipt", "newspaper") == ["票据粘贴单", "剪报", "票据粘贴单"]
    with pytest.raises(ValueError, match="no document: menu; there are case, more, all, case_registration"):
        source_of(("menu",))


def test_options_of_damage_are_refused_without_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["pages", "--out", str(tmp_path), "--documents", "more"])

    assert "need --damage" in capsys.readouterr().err


@pytest.mark.parametrize(("place", "name"), [(0, "0001.jpg"), (5, "0006.jpg")])
def test_a_scan_of_the_sample_is_still_made_byte_for_byte(place: int, name: str) -> None:
    chance = random.Random(SEED)
    people = cast(chance)
    # The evidence of the sample is the first seven documents.
    sheets = [sheet for document in DOCUMENTS[:7] for sheet in document(people, chance)]
    file = io.BytesIO()

    scan(sheets[place], _EVIDENCE_FEEDS[place]).save(file, "JPEG", quality=60, dpi=(200, 200))

    (stored,) = (SAMPLE / "inbox").rglob(name)
    assert file.getvalue() == stored.read_bytes()


def test_every_sheet_of_the_sample_is_still_printed_as_its_truth_says() -> None:
    chance = random.Random(SEED)
    people = cast(chance)

    printed_lines = [[line.text for line in sheet.lines] for one in DOCUMENTS for sheet in one(people, chance)]

    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert printed_lines == [[line["text"] for line in page["lines"]] for page in truth["pages"]]
    assert len(DOCUMENTS) == 9
