"""A PDF of quality `compact`: the same pages and text as `archive`, smaller, and still PDF/A-2u."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from sqlalchemy import select

from dossier.catalogue.tables import Document
from dossier.derived import PDF_RECIPE, Quality, pdf_recipe
from dossier.reading import Box, Line, Reading
from pipeline.binding.searchable_pdf import PdfInfo, PdfPage, assemble
from pipeline.cleaning.upright import canvas_size
from pipeline.crew.plans import plan_document
from tests.house import CASE, open_house

WIDTH, HEIGHT, DPI = 827, 1169, 200
LINES = (Line("起诉意见书", Box(0.1, 0.05, 0.5, 0.08)), Line("2031年4月17日", Box(0.1, 0.1, 0.5, 0.13)))


def scan() -> Image.Image:
    """Print, a red seal, a faint line of pencil and a patch of shades, with grain."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (245, 243, 238))
    draw = ImageDraw.Draw(picture)
    for row in range(12):
        draw.text((80, 60 + row * 40), "Statement No. 2031-0417, handed over", (10, 10, 10), ImageFont.load_default(28))
    draw.ellipse((500, 650, 720, 870), outline=(215, 40, 45), width=10)
    draw.line((100, 700, 400, 760), (215, 213, 208), 3)
    shades = np.mgrid[0:180, 0:240].sum(axis=0).astype(np.uint8)
    picture.paste(Image.fromarray(shades).convert("RGB"), (100, 900))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.5)), np.float32)
    noise = np.random.default_rng(3).normal(0, 4, soft.shape[:2])[..., None]
    return Image.fromarray(np.clip(soft + noise, 0, 255).astype(np.uint8))


def bitonal(folder: Path) -> Path:
    scan().convert("L").point(lambda value: 255 if value > 128 else 0).convert("1").save(
        folder / "b.png", dpi=(200, 200)
    )
    return folder / "b.png"


def jpeg(folder: Path, orientation: int = 1) -> Path:
    path = folder / f"scan{orientation}.jpg"
    exif = Image.Exif()
    exif[274] = orientation
    scan().save(path, quality=85, dpi=(DPI, DPI), exif=exif)
    return path


def reading(orientation: int = 1, turn: int = 0, deskew: float = 0.0) -> Reading:
    size = (HEIGHT, WIDTH) if orientation >= 5 else (WIDTH, HEIGHT)
    width, height = canvas_size(*size, turn, deskew)
    return Reading(width, height, DPI, turn_degrees=turn, skew_degrees=deskew, deskew_degrees=deskew, lines=LINES)


def shown(path: Path) -> NDArray[np.int64]:
    """The first page as poppler draws it, smoothed; PDFium draws askew pictures beside their place by up to a pixel."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("poppler is not installed (apt-get install poppler-utils)")
    command = ["pdftoppm", "-r", str(DPI), "-singlefile", "-png", str(path), str(path.with_suffix(""))]
    subprocess.run(command, check=True)
    picture = Image.open(path.with_suffix(".png")).convert("RGB")
    return np.array(picture.filter(ImageFilter.BoxBlur(3))).astype(int)


def text_operators(path: Path) -> list[bytes]:
    with pikepdf.open(path) as pdf:
        return [page.obj.Contents.read_bytes().partition(b"BT")[2] for page in pdf.pages]


def both(pages: list[PdfPage], folder: Path) -> tuple[Path, Path]:
    for quality in ("archive", "compact"):
        assemble(pages, PdfInfo("卷"), [], folder / f"{quality}.pdf", quality)
    return folder / "archive.pdf", folder / "compact.pdf"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("deskew", [0.0, 1.3])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_compact_page_lies_where_the_scan_would(tmp_path: Path, turn: int, deskew: float, orientation: int):
    pages = [PdfPage("p1", jpeg(tmp_path, orientation), 0, reading(orientation, turn, deskew), None, None)]
    archive, compact = both(pages, tmp_path)
    assert compact.stat().st_size < 0.6 * archive.stat().st_size
    one, other = shown(archive), shown(compact)
    assert one.shape == other.shape
    difference = np.abs(one - other)[20:-20, 20:-20]
    # As poppler rounds, a turned page may lie a pixel beside: 2.6 and 42. Two pixels are 4.7 and 78, a half turn is 25.
    assert difference.mean() < 3.5
    assert np.percentile(difference, 99.9) < 60


def test_the_text_layer_is_the_same_to_the_byte(tmp_path: Path):
    archive, compact = both([PdfPage("p1", jpeg(tmp_path), 0, reading(deskew=0.7), None, None)], tmp_path)
    assert text_operators(compact) == text_operators(archive)


def test_the_archive_is_what_is_made_where_nothing_is_said(tmp_path: Path):
    pages = [PdfPage("p1", jpeg(tmp_path), 0, reading(), None, None)]
    archive, _ = both(pages, tmp_path)
    assemble(pages, PdfInfo("卷"), [], tmp_path / "plain.pdf")
    assert (tmp_path / "plain.pdf").read_bytes() == archive.read_bytes()


def test_a_compact_page_is_not_counted_as_the_scans_own_bytes(tmp_path: Path):
    page = PdfPage("p1", jpeg(tmp_path), 0, reading(), None, None)
    assert assemble([page], PdfInfo("卷"), [], tmp_path / "out.pdf", "compact").originals == 0
    assert assemble([page], PdfInfo("卷"), [], tmp_path / "out.pdf").originals == 1


@pytest.mark.verapdf
def test_a_compact_volume_is_archival(tmp_path: Path, verapdf: Callable):
    grey = tmp_path / "grey.jpg"
    scan().convert("L").save(grey, quality=85, dpi=(DPI, DPI))
    white = tmp_path / "white.png"
    Image.new("RGB", (WIDTH, HEIGHT), "white").save(white, dpi=(DPI, DPI))
    originals = [jpeg(tmp_path), jpeg(tmp_path, 6), grey, bitonal(tmp_path), white]
    pages = [
        PdfPage(f"p{number}", original, 0, reading(6 if original.name == "scan6.jpg" else 1), None, None)
        for number, original in enumerate(originals)
    ]
    pages.append(replace(pages[0], page_id="p9", reading=reading(1, 90, 1.1)))
    pages.append(PdfPage("p10", None, 0, None, None, "此页缺失。"))
    _, compact = both(pages, tmp_path)
    with pikepdf.open(compact) as pdf:
        kinds = [len(page.obj.Resources.XObject) for page in pdf.pages]
        assert max(kinds) > 2  # background, print, patches
    validation = verapdf(compact)
    assert validation.failures == ()
    assert validation.is_compliant


@pytest.mark.parametrize(("quality", "other"), [("compact", "archive"), ("archive", "compact")])
def test_a_documents_pdf_is_of_the_quality_that_the_setting_names(tmp_path: Path, quality: Quality, other: Quality):
    with open_house(tmp_path, pdf_quality=quality) as house:
        house.drop_pages(f"{CASE}/证据材料卷/笔录", [1, 2])
        house.take_in_and_work()
        with house.catalogue.reading() as session:
            (document,) = session.scalars(select(Document))
            keys = {
                name: plan_document(session, house.vault, house.derived, document.id, name)[1]
                for name in (quality, other)
            }
            assert document.settled
            assert document.pdf_key == keys[quality]
            assert keys[other] != keys[quality]
            assert house.derived.document_pdf(document.id, keys[quality]).is_file()


def test_the_archives_name_is_what_it_was_before_there_was_another_quality():
    assert pdf_recipe("archive") == PDF_RECIPE
