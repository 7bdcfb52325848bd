"""Reading with the real models: the sample dossier against its truth, and pages that are awkward in one way each."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bench.press.scanner import random_feed, scan
from bench.press.sheet import Sheet
from bench.press.volume_papers import directory, tally
from dossier.quality.printed import Printed, directory_end, tally_of
from dossier.reading import Box, Reading
from pipeline.cleaning.orientation import OrientationModel
from pipeline.cleaning.upright import Picture
from pipeline.files.decode import Scan
from pipeline.files.formats import inspect
from pipeline.models import find
from pipeline.reading.ocr import open_engine
from pipeline.reading.page_reader import PageReader, PageResult

pytestmark = pytest.mark.ocr

REPOSITORY = Path(__file__).parents[2]
SAMPLE = REPOSITORY / "cli" / "sample_dossier"
SAMPLE_SCANS = Path(os.environ.get("EDOSSIER_SAMPLE_SCANS", REPOSITORY.parent / "shared" / "samples"))
MODELS = find(REPOSITORY / "data")

TRUTH: dict[str, Any] = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))

Read = Callable[[int], PageResult]


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader(MODELS)


@pytest.fixture(scope="module")
def sample(reader: PageReader) -> Read:
    """Reads a page of the sample by its place in the truth, once."""
    (case_folder,) = (SAMPLE / "inbox").iterdir()
    results: dict[int, PageResult] = {}

    def read(place: int) -> PageResult:
        if place not in results:
            page = TRUTH["pages"][place]
            path = case_folder / page["volume"] / page["file"]
            sources = inspect(path).pages
            results[place] = reader.read(path, sources[page["page_number"] - 1 if len(sources) > 1 else 0])
        return results[place]

    return read


def places_of(reading: Reading, wanted: str) -> list[Box]:
    """Where a text without spaces stands in a reading, from the boxes of its characters."""
    found = []
    for line in reading.lines:
        places = [place for place, character in enumerate(line.text) if character != " "]
        dense = "".join(line.text[place] for place in places)
        start = dense.find(wanted)
        while start >= 0:
            boxes = [line.characters[place] for place in places[start : start + len(wanted)]]
            box = boxes[0]
            for other in boxes[1:]:
                box = box.union(other)
            found.append(box)
            start = dense.find(wanted, start + 1)
    return found


def agreement(box: Box, truth: list[float]) -> float:
    """Intersection over union of two rectangles."""
    x0, y0, x1, y1 = truth
    across, down = min(box.x1, x1) - max(box.x0, x0), min(box.y1, y1) - max(box.y0, y0)
    common = max(across, 0.0) * max(down, 0.0)
    return common / ((box.x1 - box.x0) * (box.y1 - box.y0) + (x1 - x0) * (y1 - y0) - common)


def scanned(sheet: Sheet) -> Scan:
    """A sheet as a faultless scanner would see it."""
    return Scan(np.asarray(sheet.picture), 300.0, True)


def letter(lines: list[str], points: float = 14, face: str = "serif") -> Sheet:
    sheet = Sheet("letter", face=face)
    y = 30.0
    for text in lines:
        y = sheet.print_line(30, y, text, points)
    return sheet


@pytest.mark.parametrize("place", range(12))
def test_a_sample_page_is_set_upright_as_it_lay(sample: Read, place: int) -> None:
    truth, reading = TRUTH["pages"][place], sample(place).reading

    assert reading.turn_degrees == truth["turn_degrees"]
    assert reading.skew_degrees == pytest.approx(truth["skew_degrees"], abs=0.15)
    assert reading.flags == ()
    assert not reading.blank
    assert reading.text.strip()  # nobody is asked about a page without text


@pytest.mark.parametrize("place", range(12))
def test_names_and_numbers_of_a_sample_page_are_read_where_they_stand(sample: Read, place: int) -> None:
    truth, reading = TRUTH["pages"][place], sample(place).reading
    items = truth["items"]

    found = [
        item for item in items if any(agreement(box, item["box"]) > 0.5 for box in places_of(reading, item["text"]))
    ]

    missed = [item["text"] for item in items if item not in found]
    assert len(found) >= 0.97 * len(items), missed


def test_nearly_all_printed_lines_are_read_whole(sample: Read) -> None:
    printed = [(place, line["text"]) for place in range(12) for line in TRUTH["pages"][place]["lines"]]

    whole = [text for place, text in printed if text.replace(" ", "") in sample(place).reading.text.replace(" ", "")]

    assert len(whole) >= 0.93 * len(printed)


def test_the_upright_picture_is_as_large_as_the_reading_says(sample: Read) -> None:
    for place in (0, 5, 8):
        result = sample(place)
        assert result.page.pixels().shape == (result.reading.height, result.reading.width, 3)


def test_every_character_has_a_box_inside_its_page(sample: Read) -> None:
    for place in range(12):
        for line in sample(place).reading.lines:
            assert len(line.characters) == len(line.text)
            assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in line.characters)


def test_a_reading_survives_its_stored_form(sample: Read) -> None:
    reading = sample(4).reading

    assert Reading.from_bytes(reading.to_bytes()) == reading


def test_a_reading_names_its_engine_and_models(sample: Read) -> None:
    engine = sample(0).reading.engine

    assert "OpenVINO 2026.4" in engine
    assert "PP-OCRv6_small_rec" in engine


def test_paddleocr_and_openvino_read_the_same_from_the_same_models(sample: Read) -> None:
    result = sample(4)
    read = open_engine(MODELS, "paddleocr").read(result.page)

    assert sum(len(line.text) for line in read) > 200
    # Ours finds print that touches a seal as well; PaddleOCR does not tell what its detection answered there.
    nearest = [max(result.reading.lines, key=lambda ours: agreement(line.box, ours.box.as_list())) for line in read]
    ours, theirs = ("".join(line.text for line in lines) for lines in (nearest, read))
    assert SequenceMatcher(None, ours, theirs, autojunk=False).ratio() > 0.99
    for near, line in zip(nearest, read, strict=True):
        assert agreement(line.box, near.box.as_list()) > 0.7, line.text


def test_a_table_is_read_row_by_row(sample: Read) -> None:
    printed = [line["text"] for line in TRUTH["pages"][5]["lines"]]
    dates = [text for text in printed if text.startswith("2030-")]

    read = [line.text for line in sample(5).reading.lines if line.text.startswith("2030-")]

    assert read == dates


def test_a_signature_below_a_seal_is_read(sample: Read) -> None:
    # The last two printed lines of the opinion: the office and the date, with the seal across both.
    office, date = [line["text"] for line in TRUTH["pages"][7]["lines"]][-2:]

    text = sample(7).reading.text

    assert office in text
    assert date in text


def test_the_name_around_a_seal_is_a_line_of_its_own(sample: Read) -> None:
    # The opinion's seal bears the name of the office that stands in print at its top and below the seal.
    printed = [line["text"] for line in TRUTH["pages"][7]["lines"]]
    office = printed[-2]

    lines = sample(7).reading.lines

    assert [line.text for line in lines].count(office) == printed.count(office) + 1
    assert lines[-1].text == office
    assert len(lines[-1].characters) == len(office)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_is_turned_back(reader: PageReader, turn: int) -> None:
    upright = np.asarray(letter([f"第{number}条当事人应当如实陈述案件事实。" for number in range(1, 15)]).picture)
    scan = Scan(np.ascontiguousarray(np.rot90(upright, turn // 90)), 300.0, True)

    result = reader.read_scan(scan)

    assert result.reading.turn_degrees == turn
    assert result.page.pixels().shape == upright.shape
    assert result.reading.lines[0].text == "第1条当事人应当如实陈述案件事实。"


def test_a_blank_page_is_flagged_and_neither_turned_nor_doubted(reader: PageReader) -> None:
    grain = np.random.default_rng(1).normal(246, 4, (2339, 1653, 1)).clip(0, 255).astype(np.uint8)

    reading = reader.read_scan(Scan(grain.repeat(3, axis=2), 200.0, True)).reading

    assert reading.blank
    assert (reading.lines, reading.turn_degrees, reading.flags) == ((), 0, ())


def test_faint_print_keeps_a_page_from_being_blank(reader: PageReader) -> None:
    print_ = np.asarray(letter(["热敏纸打印的收据已经褪色", "合计人民币一百二十元整"]).picture).astype(np.float64)
    faded = (255 - (255 - print_) * 0.12).astype(np.uint8)

    reading = reader.read_scan(Scan(faded, 300.0, True)).reading

    assert not reading.blank
    assert "热敏纸打印的收据已经褪色" in reading.text


def test_vertical_lines_are_read_downward_with_a_box_for_each_character(reader: PageReader) -> None:
    sheet = Sheet("vertical", face="serif")
    for column, text in enumerate(("人民检察院依法行使检察权", "以事实为根据以法律为准绳")):
        for place, character in enumerate(text):
            sheet.print_line(120 - 14 * column, 40 + 8 * place, character, 20)

    lines = reader.read_scan(scanned(sheet)).reading.lines

    assert [(line.text, line.vertical) for line in lines] == [
        ("人民检察院依法行使检察权", True),
        ("以事实为根据以法律为准绳", True),
    ]
    tops = [box.y0 for box in lines[0].characters]
    assert tops == sorted(tops)
    assert lines[0].characters[0].y1 < 0.2 < 0.4 < lines[0].characters[-1].y0


def test_a_red_heading_is_read_though_red_ink_is_taken_out(reader: PageReader) -> None:
    sheet = letter(["关于移送案件的通知"])
    picture = np.asarray(sheet.picture).copy()
    heading = np.asarray(letter(["云屏市人民检察院文件"], points=26).picture)
    red = np.full((500, picture.shape[1], 3), (214, 30, 36), np.uint8)
    ink = (255 - heading[300:800, :, :1].astype(np.float64)) / 255
    picture[900:1400] = (picture[900:1400] * (1 - ink) + red * ink).astype(np.uint8)

    text = reader.read_scan(Scan(picture, 300.0, True)).reading.text

    assert text.splitlines() == ["关于移送案件的通知", "云屏市人民检察院文件"]


def test_small_print_on_a_large_sheet_is_looked_at_again(reader: PageReader) -> None:
    sheet = Sheet("A3", size=(420.0, 297.0), face="sans")
    texts = [f"{number:03} 账户交易明细第{number}笔转入金额{number * 137}.00元" for number in range(100, 140)]
    for row, text in enumerate(texts):
        sheet.print_line(20 + 130 * (row % 3), 20 + 6 * row, text, 6)

    read = reader.read_scan(scanned(sheet)).reading.text.replace(" ", "")

    assert sum(text.replace(" ", "") in read for text in texts) >= 38


def test_smeared_print_is_flagged_for_a_look(reader: PageReader) -> None:
    sharp = np.asarray(letter([f"第{number}条当事人应当如实陈述案件事实。" for number in range(1, 15)], 10).picture)
    smeared = cv2.GaussianBlur(sharp, (0, 0), 11)

    assert "low_confidence" in reader.read_scan(Scan(smeared, 300.0, True)).reading.flags


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (1, 30_000), (30_000, 1), (40, 9_000)])
@pytest.mark.parametrize("shade", [0, 255])
def test_a_picture_that_is_no_page_is_read_as_nothing(reader: PageReader, shape: tuple[int, int], shade: int) -> None:
    result = reader.read_scan(Scan(np.full((*shape, 3), shade, np.uint8), 300.0, False))

    assert result.reading.lines == ()
    assert (result.page.height, result.page.width) == (result.reading.height, result.reading.width)


def test_an_orientation_nobody_can_tell_is_uncertain_and_left(reader: PageReader) -> None:
    chance = np.random.default_rng(5)
    noise: Picture = chance.integers(0, 256, (600, 400, 3), np.uint8)

    orientation = OrientationModel(MODELS).measure(noise)

    assert orientation.uncertain
    assert orientation.correction == 0


READ_NOTHING = (
    "import sys; from pathlib import Path; import numpy as np; from pipeline.cleaning.upright_page import UprightPage\n"
    "from pipeline.reading.ocr import open_engine\n"
    "open_engine(Path(sys.argv[1]), sys.argv[2]).read(UprightPage(np.full((200, 200, 3), 255, np.uint8)))"
)


def read_nothing_in(home: Path, engine: str) -> tuple[int, str, str]:
    """Loads an engine and reads an empty page in a process with this home: exit code, output, complaints."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_", "CI"))}
    answer = subprocess.run(
        [sys.executable, "-c", READ_NOTHING, str(MODELS), engine],
        env={**inherited, "HOME": str(home), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    return answer.returncode, answer.stdout, answer.stderr


@pytest.mark.parametrize("engine", ["openvino", "paddleocr"])
def test_an_engine_works_without_a_writable_home_and_says_nothing(tmp_path: Path, engine: str) -> None:
    (tmp_path / "file").touch()

    assert read_nothing_in(tmp_path / "file" / "home", engine) == (0, "", "")  # impossible to create, even for root


@pytest.mark.parametrize("engine", ["openvino", "paddleocr"])
def test_an_engine_leaves_nothing_in_the_home_such_as_telemetry(tmp_path: Path, engine: str) -> None:
    assert read_nothing_in(tmp_path, engine) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not SAMPLE_SCANS.is_dir(), reason="the public sample scans are not on this machine")
class TestPublicSamples:
    @pytest.mark.parametrize(
        ("name", "turn", "expected"),
        [
            ("table-turned-90.png", 90, "技术服务人员表"),
            ("photographed-agreement.jpg", 0, "委托协议书"),
            ("certificate.png", 0, "质量管理体系认证证书"),
            ("vertical.jpg", 0, "壯士十年歸"),
            ("traditional.jpg", 0, "觀自在菩薩"),
            ("skewed-g4.tif", 0, "DRAFT TIFF Technical Note #2"),
        ],
    )
    def test_a_public_scan_is_read(self, reader: PageReader, name: str, turn: int, expected: str) -> None:
        path = SAMPLE_SCANS / name

        reading = reader.read(path, inspect(path).pages[0]).reading

        assert reading.turn_degrees == turn
        assert expected in reading.text

    def test_four_directions_end_up_alike(self, reader: PageReader) -> None:
        path = SAMPLE_SCANS / "cardinal.pdf"

        readings = [reader.read(path, source).reading for source in inspect(path).pages]

        assert sorted(reading.turn_degrees for reading in readings) == [0, 90, 180, 270]
        assert len({reading.lines[0].text for reading in readings}) == 1

    def test_the_blank_scan_is_blank(self, reader: PageReader) -> None:
        path = SAMPLE_SCANS / "blank.pdf"

        assert reader.read(path, inspect(path).pages[0]).reading.blank


def test_the_directory_and_the_note_of_a_printed_volume_are_found(reader: PageReader, tmp_path: Path) -> None:
    chance = random.Random(8102)
    titles = ("受案登记表", "立案决定书", "讯问笔录（第1次）", "扣押清单", "鉴定意见通知书")
    entries, page = [], 1
    for at in range(27):
        length = chance.choice((1, 2, 3, 12))
        entries.append((titles[at % len(titles)], str(page) if length == 1 else f"{page}-{page + length - 1}"))
        page += length
    entries.append(("起诉意见书", f"{page}-{page + 6}"))

    readings = []
    for at, sheet in enumerate((*directory(entries, "卷内目录", "起止页码"), *tally(page + 6))):
        path = tmp_path / f"{at}.png"
        feed = random_feed(chance)
        scan(sheet, feed).save(path, dpi=(feed.dpi, feed.dpi))
        readings.append((str(at), reader.read(path, inspect(path).pages[0]).reading))
    assert directory_end(readings) == Printed("1", page + 6)
    assert tally_of(readings) == Printed("2", page + 6)
