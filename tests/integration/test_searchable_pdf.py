"""The searchable PDF as a document: its text in two readers, its contents, labels, metadata, holes and failures."""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from dossier.errors import FileRefused, PageFailed, TextLayerMismatch
from dossier.reading import Box, Line, Reading
from pipeline.binding import searchable_pdf
from pipeline.binding.searchable_pdf import Bookmark, PdfInfo, PdfPage, assemble
from pipeline.files.pdf_pages import text_reading

WIDTH, HEIGHT = 827, 1169  # A4 at 100 dpi
HAN = "人民检察院起诉意见书被告证据材料询问笔录银行账户交易明细年月日甲乙丙丁合同投资收益本金利息返还集资"


def jpeg(folder: Path, name: str = "scan.jpg", shade: int = 230) -> Path:
    path = folder / name
    Image.new("L", (WIDTH, HEIGHT), shade).save(path, dpi=(100, 100))
    return path


def reading(*lines: Line) -> Reading:
    return Reading(WIDTH, HEIGHT, dpi=100, lines=lines)


def page(original: Path | None, *lines: Line, **changes: object) -> PdfPage:
    given = {"page_id": "p1", "index": 0, "reading": reading(*lines), "label": None, "hole": None, **changes}
    return PdfPage(original=original, **given)


def rows(*texts: str) -> list[Line]:
    """Lines one under the other, each as wide as its text is printed."""
    return [
        Line(text, Box(0.1, 0.05 + 0.03 * row, min(0.1 + 0.018 * len(text), 0.95), 0.07 + 0.03 * row))
        for row, text in enumerate(texts)
    ]


def by_pdfium(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    texts = []
    for index in range(len(document)):
        text_page = document[index].get_textpage()
        texts.append(text_page.get_text_range().replace("\r\n", "\n"))
        text_page.close()
    document.close()
    return texts


def by_poppler(path: Path) -> list[str]:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler is not installed (apt-get install poppler-utils)")
    answer = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True)
    return [text.removesuffix("\n") for text in answer.stdout.decode().split("\f")[:-1]]


READERS = {"pdfium": by_pdfium, "poppler": by_poppler}


@pytest.mark.parametrize("reader", READERS)
def test_every_line_comes_out_whole_and_in_order(tmp_path: Path, reader: str):
    lines = rows(
        "起诉意见书",
        "2024年3月15日，张三丰（男，1990年生）",
        "电话 13900001234，卡号 6222 0000 1111 2222 333",
        "𠮷野家与𡈽方健太郎、㐱某",
        "Mr. Smith 的 A-07 号合同，见“附件②”。",
        "单",
        "合计：￥1,234,567.89元",
    )
    assemble([page(jpeg(tmp_path), *lines)], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert READERS[reader](tmp_path / "out.pdf") == ["\n".join(line.text for line in lines)]


@pytest.mark.parametrize("reader", READERS)
def test_vertical_lines_come_out_whole(tmp_path: Path, reader: str):
    lines = [
        Line("第一列从上往下读", Box(0.80, 0.1, 0.83, 0.5), vertical=True),
        Line("第二列共12条", Box(0.74, 0.15, 0.77, 0.5), vertical=True),
        Line("横排一行", Box(0.1, 0.7, 0.3, 0.72)),
    ]
    assemble([page(jpeg(tmp_path), *lines)], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert READERS[reader](tmp_path / "out.pdf") == ["第一列从上往下读\n第二列共12条\n横排一行"]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seed", range(3))
def test_invented_pages_of_all_shapes_keep_all_their_lines(tmp_path: Path, seed: int, reader: str):
    dice = random.Random(seed)
    original = jpeg(tmp_path)
    pages = []
    for _ in range(8):
        lines, top = [], 0.03
        while top < 0.95:
            height = dice.uniform(0.008, 0.03)
            text = "".join(
                dice.choice(
                    [dice.choice(HAN) * 2, "".join(dice.sample(HAN, 6)), "0123"[: dice.randint(1, 4)], "AbC", "，"]
                )
                for _ in range(dice.randint(1, 6))
            )
            right = min(0.98, 0.05 + len(text) * height * dice.uniform(0.6, 2.0))
            lines.append(Line(text, Box(0.05, top, right, top + height)))
            top += height * 1.4
        pages.append(page(original, *lines))
    assemble(pages, PdfInfo("卷"), [], tmp_path / "out.pdf")
    extracted = READERS[reader](tmp_path / "out.pdf")
    assert extracted == ["\n".join(line.text for line in given.reading.lines) for given in pages]


def test_pdfium_finds_words_and_single_characters(tmp_path: Path):
    lines = rows("被告人张三丰于2024年", "单")
    assemble([page(jpeg(tmp_path), *lines)], PdfInfo("卷"), [], tmp_path / "out.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    text_page = document[0].get_textpage()
    found = {word: text_page.search(word).get_next() is not None for word in ("张三丰", "2024年", "单", "李四")}
    text_page.close()
    document.close()
    assert found == {"张三丰": True, "2024年": True, "单": True, "李四": False}


def test_the_text_is_invisible(tmp_path: Path):
    assemble([page(jpeg(tmp_path, shade=200), *rows("看不见的文字" * 4))], PdfInfo("卷"), [], tmp_path / "out.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    extrema = document[0].render(scale=2).to_pil().convert("L").getextrema()
    document.close()
    assert extrema == (200, 200)


def test_a_page_that_was_not_read_is_shown_without_text(tmp_path: Path):
    given = [page(jpeg(tmp_path), reading=None, hole="此页尚未识别。"), page(jpeg(tmp_path), *rows("甲"))]
    report = assemble(given, PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert (report.pages, report.lines, report.notes) == (2, 1, ())
    assert by_pdfium(tmp_path / "out.pdf") == ["", "甲"]
    assert page_sizes(tmp_path / "out.pdf")[0] == pytest.approx(page_sizes(tmp_path / "out.pdf")[1], abs=0.5)


@pytest.mark.parametrize("has_original", [False, True])
def test_a_page_that_cannot_be_shown_keeps_its_place_with_a_note(tmp_path: Path, has_original: bool):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(jpeg(tmp_path).read_bytes()[:400])
    reason = "页面图像无法解码，已请扫描室重新扫描该页。"
    hole = page(broken if has_original else None, page_id="p2", reading=None, hole=reason)
    report = assemble([page(jpeg(tmp_path), *rows("甲")), hole], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert report.notes == (("p2", reason),)
    text = by_pdfium(tmp_path / "out.pdf")[1].replace("\n", "")
    assert text == f"{reason}This page is missing here.p2"
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    darkest, _ = document[1].render(scale=1).to_pil().convert("L").getextrema()
    document.close()
    assert darkest < 100


def test_a_page_whose_original_was_lost_after_reading_is_not_passed_over(tmp_path: Path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    with pytest.raises((FileRefused, PageFailed)):
        assemble([page(broken, *rows("甲"))], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


def test_a_pdf_page_with_its_own_text_goes_in_as_a_picture_with_that_text(tmp_path: Path):
    original = born_digital(tmp_path)
    own = text_reading(original, 0)
    assert "Contract No. 2024-07" in own.text
    given = PdfPage("p1", original, 0, own, None, None)
    report = assemble([given], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert report.originals == 0
    assert "Contract No. 2024-07" in by_pdfium(tmp_path / "out.pdf")[0]
    assert page_sizes(tmp_path / "out.pdf") == [pytest.approx((595, 842), abs=0.5)]
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        picture = pdf.pages[0].obj.Resources.XObject.Im0
        assert (int(picture.Width), int(picture.Height)) == (2479, 3508)


@pytest.mark.verapdf
def test_all_kinds_of_pages_and_characters_make_an_archival_file(tmp_path: Path, verapdf: Callable):
    odd = "".join(
        map(chr, [0, 7, 0x300, 0x5D0, 0x200B, 0xAD, 0xFEFF, 0xFFFD, 0xFFFE, 0xE000, 0x1F600, 0x2FA1D, 0x10FFFF])
    )
    many = ["".join(chr(0x4E00 + row * 40 + column) for column in range(40)) for row in range(30)]
    original = born_digital(tmp_path)
    # 1.5° on 827 × 1169 pixels: 827 × 0.99966 + 1169 × 0.02618 = 857.3, and 1169 × 0.99966 + 827 × 0.02618 = 1190.2.
    skewed = Reading(858, 1191, dpi=100, skew_degrees=-1.5, deskew_degrees=-1.5)
    pages = [
        page(jpeg(tmp_path), *rows("𠮷野家", f"甲{odd}乙", "ABC-", "DEF")),
        page(jpeg(tmp_path), *rows(*many)),
        page(jpeg(tmp_path), Line("竖排", Box(0.8, 0.1, 0.83, 0.5), vertical=True), label="35-1"),
        page(jpeg(tmp_path), reading=None),
        page(None, reading=None, hole="此页缺失。"),
        PdfPage("p6", original, 0, text_reading(original, 0), "35背", None),
        page(jpeg(tmp_path), reading=replace(reading(*rows("倒放")), turn_degrees=180)),
        page(jpeg(tmp_path), reading=replace(skewed, lines=tuple(rows("斜放")))),
    ]
    info = PdfInfo(
        title="证据材料卷二 <&> \x01",
        case_number="沪徐检刑诉〔2020〕417号",
        volume="证据材料卷二",
        keywords=("张三", "张三", ""),
        created=datetime(2024, 3, 15, 9, 30, tzinfo=timezone(timedelta(hours=8))),
    )
    assemble(pages, info, [Bookmark("起诉意见书 \x02", 0), Bookmark("询问笔录", 3)], tmp_path / "out.pdf")
    validation = verapdf(tmp_path / "out.pdf")
    assert validation.failures == ()
    assert validation.is_compliant


@pytest.mark.verapdf
def test_a_file_without_text_title_or_bookmarks_is_archival_too(tmp_path: Path, verapdf: Callable):
    assemble([page(jpeg(tmp_path), reading=None)], PdfInfo(""), [], tmp_path / "out.pdf")
    assert verapdf(tmp_path / "out.pdf").failures == ()


@pytest.mark.verapdf
def test_the_validator_tells_a_file_that_is_not_archival(tmp_path: Path, verapdf: Callable):
    pdf = pikepdf.Pdf.new()
    pdf.add_blank_page()
    pdf.save(tmp_path / "plain.pdf")
    report = verapdf(tmp_path / "plain.pdf")
    assert not report.is_compliant
    assert any("metadata" in failure for failure in report.failures)


def test_bookmarks_lead_to_their_pages(tmp_path: Path):
    original = jpeg(tmp_path)
    marks = [Bookmark("受案登记表", 0), Bookmark("询问笔录（第一次）", 2)]
    assemble([page(original, *rows("甲"))] * 3, PdfInfo("卷"), marks, tmp_path / "out.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    found = [(entry.get_title(), entry.get_dest().get_index()) for entry in document.get_toc()]
    document.close()
    assert found == [("受案登记表", 0), ("询问笔录（第一次）", 2)]


@pytest.mark.parametrize("page_number", [-1, 1])
def test_a_bookmark_to_a_page_that_is_not_there_is_refused(tmp_path: Path, page_number: int):
    with pytest.raises(ValueError, match="bookmark '丙'"):
        assemble([page(jpeg(tmp_path))], PdfInfo("卷"), [Bookmark("丙", page_number)], tmp_path / "out.pdf")


def test_page_labels_are_those_of_the_paper_and_else_count_the_place(tmp_path: Path):
    original = jpeg(tmp_path)
    labels = [None, "35", "35-1", "35背", None, None, "A(1)"]
    assemble([page(original, label=label) for label in labels], PdfInfo("卷"), [], tmp_path / "out.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    found = [document.get_page_label(index) for index in range(7)]
    document.close()
    assert found == ["1", "35", "35-1", "35背", "5", "6", "A(1)"]


def test_the_file_says_what_it_is(tmp_path: Path):
    created = datetime(2024, 3, 15, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    info = PdfInfo("证据材料卷二", "沪徐检刑诉〔2020〕417号", "证据材料卷二", ("张三",), created)
    assemble([page(jpeg(tmp_path))], info, [Bookmark("甲", 0)], tmp_path / "out.pdf")
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        metadata = pdf.open_metadata()
        assert metadata["dc:title"] == str(pdf.docinfo.Title) == "证据材料卷二"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "U")
        assert set(metadata["dc:subject"]) == {"沪徐检刑诉〔2020〕417号", "证据材料卷二", "张三"}
        assert str(pdf.docinfo.CreationDate) == "D:20240315093000+08'00'"
        assert metadata["xmp:CreateDate"] == "2024-03-15T09:30:00+08:00"
        assert str(pdf.Root.Lang) == "zh-CN"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert str(pdf.Root.PageMode) == "/UseOutlines"
        assert not pdf.is_encrypted


def test_equal_pictures_are_stored_once(tmp_path: Path):
    original = jpeg(tmp_path)
    assemble([page(original, *rows(text)) for text in "甲乙丙"], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes().count(original.read_bytes()) == 1


def test_equal_input_gives_equal_bytes(tmp_path: Path):
    original = jpeg(tmp_path)
    pages = [page(original, *rows("甲乙", "丙")), page(None, reading=None, hole="此页缺失。")]
    for name in ("one.pdf", "two.pdf"):
        assemble(pages, PdfInfo("卷", "号", "卷"), [Bookmark("甲", 0)], tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_other_text_gives_another_identifier(tmp_path: Path):
    identifiers = set()
    for text in ("甲", "乙"):
        assemble([page(jpeg(tmp_path), *rows(text))], PdfInfo("卷"), [], tmp_path / "out.pdf")
        with pikepdf.open(tmp_path / "out.pdf") as pdf:
            identifiers.add(bytes(pdf.trailer.ID[0]))
    assert len(identifiers) == 2


def test_an_older_file_gives_way_and_nothing_else_is_left(tmp_path: Path):
    original = jpeg(tmp_path)
    (tmp_path / "out.pdf").write_bytes(b"old")
    report = assemble([page(original, *rows("甲"))], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").stat().st_size == report.size
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pdf", "scan.jpg"]


def test_text_that_does_not_come_out_again_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    original = jpeg(tmp_path)
    (tmp_path / "out.pdf").write_bytes(b"old")
    write = searchable_pdf.text_operators
    monkeypatch.setattr(searchable_pdf, "text_operators", lambda lines, *rest: write(lines[1:], *rest))
    with pytest.raises(TextLayerMismatch, match="page 1: lost or broken line '甲乙'"):
        assemble([page(original, *rows("甲乙", "丙丁"))], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pdf", "scan.jpg"]


def test_a_pdf_without_a_page_is_not_written(tmp_path: Path):
    with pytest.raises(ValueError, match="at least one page"):
        assemble([], PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert list(tmp_path.iterdir()) == []


def test_pages_may_come_from_a_generator(tmp_path: Path):
    original = jpeg(tmp_path)
    report = assemble((page(original, *rows(text)) for text in "甲乙丙"), PdfInfo("卷"), [], tmp_path / "out.pdf")
    assert report.pages == 3
    assert by_pdfium(tmp_path / "out.pdf") == ["甲", "乙", "丙"]


MEMORY = """
import resource, sys
from pathlib import Path
from dossier.reading import Box, Line, Reading
from pipeline.binding.searchable_pdf import PdfInfo, PdfPage, assemble
original, target = map(Path, sys.argv[1:])
box = lambda row: Box(0.1, row / 50, 0.9, (row + 0.8) / 50)
def pages(count):
    for number in range(count):
        lines = tuple(Line(f"第{number}页第{row}行证据材料询问笔录", box(row)) for row in range(40))
        scan = original.with_name(f"{number}.jpg")
        scan.write_bytes(original.read_bytes() + b"%d" % number)  # equal pictures would be stored once
        yield PdfPage(f"p{number}", scan, 0, Reading(1240, 1754, dpi=150, lines=lines), None, None)
        scan.unlink()
assemble(pages(2), PdfInfo("卷"), [], target)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = assemble(pages(200), PdfInfo("卷"), [], target)
print(report.size, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_a_volume_of_200_pages_needs_the_memory_of_a_few(tmp_path: Path):
    noise = Image.frombytes("RGB", (1240, 1754), random.Random(1).randbytes(1240 * 1754 * 3))
    noise.save(tmp_path / "scan.jpg", quality=85, dpi=(150, 150))
    page_bytes = (tmp_path / "scan.jpg").stat().st_size
    assert page_bytes > 1_500_000
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "scan.jpg"), str(tmp_path / "out.pdf")]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert answer.returncode == 0, answer.stderr
    size, grown = map(int, re.findall(r"\d+", answer.stdout))
    assert size > 200 * page_bytes
    assert grown < 100 * 1024 * 1024


def page_sizes(path: Path) -> list[tuple[float, float]]:
    document = pypdfium2.PdfDocument(path)
    sizes = [document.get_page_size(index) for index in range(len(document))]
    document.close()
    return sizes


def born_digital(folder: Path) -> Path:
    """A PDF page with type of its own, A4."""
    pdf = pikepdf.Pdf.new()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )
    written = pdf.add_blank_page(page_size=(595, 842))
    written.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    type_ = b"BT /F1 14 Tf 72 700 Td (Contract No. 2024-07) Tj 0 -30 Td (Party A: Zhang San) Tj ET"
    written.obj.Contents = pdf.make_stream(type_)
    pdf.save(folder / "born.pdf")
    return folder / "born.pdf"
