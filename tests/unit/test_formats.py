from __future__ import annotations

import io
import struct
import time
import wave
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dossier.errors import DamagedFile, EmptyFile, FileTooLarge, TruncatedFile, UnknownFormat
from pipeline.files.formats import Format, Limits, PageSource, inspect
from tests.made_pdfs import coded

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def textured(width: int = 300, height: int = 400) -> np.ndarray:
    """A page that compresses badly, so that a cut anywhere takes something away."""
    noise = np.random.default_rng(3).integers(-20, 20, (height, width, 3))
    pixels = np.full((height, width, 3), 220)
    pixels[50:-50:20, 20:-20] = 40
    return (pixels + noise).astype(np.uint8)


PICTURE = Image.fromarray(textured())
BITONAL = PICTURE.convert("1")


def pages_tiff(*pictures: Image.Image, **options: Any) -> bytes:
    return coded(pictures[0], "TIFF", save_all=True, append_images=pictures[1:], **options)


WHOLE_FILES = {
    "baseline.jpg": coded(PICTURE, "JPEG"),
    "progressive.jpg": coded(PICTURE, "JPEG", progressive=True),
    "cmyk.jpg": coded(PICTURE.convert("CMYK"), "JPEG"),
    "colour.png": coded(PICTURE, "PNG"),
    "bitonal.png": coded(BITONAL, "PNG"),
    "colour.bmp": coded(PICTURE, "BMP"),
    "palette.bmp": coded(PICTURE.convert("P"), "BMP"),
    "lossy.webp": coded(PICTURE, "WEBP"),
    "lossless.webp": coded(PICTURE, "WEBP", lossless=True),
    "raw.tif": pages_tiff(PICTURE, PICTURE, PICTURE),
    "lzw.tif": pages_tiff(PICTURE, PICTURE, PICTURE, compression="tiff_lzw"),
    "jpeg.tif": pages_tiff(PICTURE, PICTURE, PICTURE, compression="jpeg"),
    "deflate.tif": pages_tiff(PICTURE, PICTURE, PICTURE, compression="tiff_adobe_deflate"),
    "g4.tif": pages_tiff(BITONAL, BITONAL, compression="group4"),
    "big.tif": coded(PICTURE, "TIFF", big_tiff=True, compression="tiff_lzw"),
}

# Pillow fills the end of each TIFF page up to 16 bytes, and a BMP row to 4: what is cut there is no loss.
PADDING = 16


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def write(content: bytes, name: str = "scan") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_a_picture_cut_anywhere_is_truncated(name: str, put: Any) -> None:
    whole = WHOLE_FILES[name]
    last = len(whole) - (1 if name.endswith((".jpg", ".png", ".webp")) else PADDING)
    cuts = sorted({1, 2, 3, 4, 7, 8, 11, 12, 17, 18, 26, 33, last, *(last * part // 23 for part in range(1, 23))})
    for cut in cuts:
        with pytest.raises(TruncatedFile):
            inspect(put(whole[:cut]))


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_a_whole_picture_is_its_format_whatever_it_is_called(name: str, put: Any) -> None:
    found = inspect(put(WHOLE_FILES[name], "名称.xlsx"))

    expected = {"jpg": "jpeg", "png": "png", "bmp": "bmp", "webp": "webp", "tif": "tiff"}[name.rpartition(".")[2]]
    assert found.format == expected
    assert found.media_type == f"image/{expected}"
    assert {(page.kind, page.width, page.height) for page in found.pages} == {("picture", 300, 400)}


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_what_follows_a_complete_picture_is_no_harm(name: str, put: Any) -> None:
    assert inspect(put(WHOLE_FILES[name] + b"\x00\xff\xd9 left over" * 20)).pages


@pytest.mark.parametrize("name", ["baseline.jpg", "colour.png", "lossy.webp", "lzw.tif", "jpeg.tif", "g4.tif"])
def test_a_file_whose_end_was_never_written_is_truncated(name: str, put: Any) -> None:
    whole = WHOLE_FILES[name]
    kept = len(whole) // 2
    with pytest.raises(TruncatedFile):
        inspect(put(whole[:kept] + bytes(len(whole) - kept)))


def test_a_file_of_zeros_was_never_written(put: Any) -> None:
    with pytest.raises(TruncatedFile):
        inspect(put(bytes(5000)))


def test_a_file_without_bytes_is_empty(put: Any) -> None:
    with pytest.raises(EmptyFile):
        inspect(put(b"", "scan.jpg"))


def test_a_png_with_a_wrong_checksum_is_damaged(put: Any) -> None:
    content = bytearray(WHOLE_FILES["colour.png"])
    content[len(content) // 2] ^= 1
    with pytest.raises(DamagedFile, match="checksum"):
        inspect(put(bytes(content)))


def test_a_tiff_page_that_cannot_be_decoded_is_named_damaged(put: Any) -> None:
    content = bytearray(coded(PICTURE, "TIFF", compression="tiff_lzw"))
    content[20:400] = b"\x55" * 380
    with pytest.raises(DamagedFile):
        inspect(put(bytes(content)))


def test_a_tiff_whose_pages_point_in_a_circle_is_damaged(put: Any) -> None:
    content = bytearray(coded(BITONAL, "TIFF"))
    (first,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * entries, first)
    with pytest.raises(DamagedFile, match="circle"):
        inspect(put(bytes(content)))


def test_every_frame_of_a_tiff_is_a_page_with_its_own_size_and_resolution(put: Any) -> None:
    small = BITONAL.resize((150, 200))
    small.encoderinfo = {"dpi": (400, 400)}
    content = pages_tiff(BITONAL, small, compression="group4", dpi=(200, 200))

    first, second = inspect(put(content)).pages

    assert first == PageSource(0, "picture", 300, 400, 200.0)
    assert second == PageSource(1, "picture", 150, 200, 400.0)


def test_a_thumbnail_in_a_tiff_is_no_page_and_leaves_its_number_free(put: Any) -> None:
    thumbnail = PICTURE.resize((30, 40))
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    content = pages_tiff(PICTURE, thumbnail, PICTURE)

    assert [page.index for page in inspect(put(content)).pages] == [0, 2]


def test_a_tiff_that_calls_its_only_frame_a_reduced_copy_still_has_a_page(put: Any) -> None:
    assert len(inspect(put(coded(PICTURE, "TIFF", tiffinfo={254: 1}))).pages) == 1


def test_the_second_picture_of_an_mpo_is_no_page(put: Any) -> None:
    both = coded(PICTURE, "MPO", save_all=True, append_images=[PICTURE])
    found = inspect(put(both))
    assert (found.format, len(found.pages)) == (Format.JPEG, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_announced_as_its_exif_orientation_stands_it(orientation: int, put: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    (page,) = inspect(put(coded(PICTURE, "JPEG", exif=exif, dpi=(300, 300)))).pages
    assert (page.width, page.height) == ((300, 400) if orientation < 5 else (400, 300))


def png_of(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_picture_that_claims_billions_of_pixels_is_refused_before_it_is_decoded(put: Any) -> None:
    with pytest.raises(FileTooLarge):
        inspect(put(png_of(65_000, 65_000)))


def test_an_a0_drawing_at_300_dpi_is_within_the_limit(put: Any) -> None:
    drawing = Image.new("1", (9933, 14043), 1)
    (page,) = inspect(put(coded(drawing, "TIFF", compression="group4", dpi=(300, 300)))).pages
    assert page == PageSource(0, "picture", 9933, 14043, 300.0)


def test_a_tiff_with_more_pages_than_the_limit_is_refused(put: Any) -> None:
    path = put(WHOLE_FILES["lzw.tif"])
    assert len(inspect(path, Limits(max_pages=3)).pages) == 3
    with pytest.raises(FileTooLarge):
        inspect(path, Limits(max_pages=2))


def test_a_small_pixel_limit_refuses_what_is_over_it_only(put: Any) -> None:
    path = put(WHOLE_FILES["colour.bmp"])
    assert inspect(path, Limits(max_pixels=300 * 400)).pages
    with pytest.raises(FileTooLarge):
        inspect(path, Limits(max_pixels=300 * 400 - 1))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"<!DOCTYPE html><p>%PDF-1.7", "HTML"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (coded(PICTURE, "GIF"), "GIF"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
        ("只是几句话".encode(), "plain text"),
    ],
)
@pytest.mark.parametrize("name", ["scan.pdf", "scan.jpg", "scan"])
def test_what_cannot_become_pages_is_refused_by_content(content: bytes, named: str, name: str, put: Any) -> None:
    with pytest.raises(UnknownFormat) as refusal:
        inspect(put(content, name))
    assert refusal.value.detail == named


def test_noise_is_of_no_format(put: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 256, 4000, dtype=np.uint8).tobytes()
    with pytest.raises(UnknownFormat):
        inspect(put(b"\x07" + noise, "scan.jpg"))


def zip_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 100)
    return buffer.getvalue()


def recording() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(800))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        (
            "账目.xlsx",
            zip_of("[Content_Types].xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        ("电子文件.ofd", zip_of("OFD.xml", "Doc_0/Document.xml"), "application/ofd"),
        ("没有后缀", zip_of("OFD.xml"), "application/ofd"),
        ("打包.zip", zip_of("a", "b"), "application/zip"),
        ("旧文档.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "application/msword"),
        ("打包.rar", b"Rar!\x1a\x07\x01\x00" + bytes(50), "application/vnd.rar"),
        ("打包.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50), "application/x-7z-compressed"),
        ("录音.wav", recording(), "audio/wav"),
        ("录像.mp4", b"\x00\x00\x00\x18ftypisom" + bytes(50), "video/mp4"),
        ("监控.dav", b"\x01\x00DHAV" + bytes(50), "video/x-dav"),
        ("说明.txt", "说明文字".encode("gb18030"), "text/plain"),
        ("流水.csv", "时间,金额\n".encode(), "text/csv"),
        ("网页.html", b"<html><body>x</body></html>", "text/html"),
        ("邮件.eml", b"From: a@example.org\r\n\r\nhello", "message/rfc822"),
    ],
)
def test_what_is_no_page_is_an_attachment(name: str, content: bytes, media_type: str, put: Any) -> None:
    found = inspect(put(content, name))
    assert (found.format, found.media_type, found.pages) == (Format.ATTACHMENT, media_type, ())


def test_an_archive_without_its_directory_is_truncated(put: Any) -> None:
    whole = zip_of("a", "b")
    with pytest.raises(TruncatedFile):
        inspect(put(whole[: len(whole) - 30], "打包.zip"))


def test_a_missing_file_is_an_error_of_the_system_and_not_of_its_content(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        inspect(tmp_path / "gone.jpg")


def test_a_colour_page_is_inspected_within_half_a_second(put: Any) -> None:
    path = put(coded(textured(2480, 3508), "JPEG", quality=80, dpi=(300, 300)))
    inspect(path)  # the first call loads libraries
    start = time.perf_counter()
    inspect(path)
    assert time.perf_counter() - start < 0.5


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample scans are not on this machine")
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("blank.pdf", ["pdf_drawing"]),
        ("cardinal.pdf", ["pdf_picture"] * 4),
        ("skew.pdf", ["pdf_drawing"]),
        ("certificate.png", ["picture"]),
        ("jpeg-in-tiff.tif", ["picture"]),
        ("skewed-g4.tif", ["picture"]),
        ("vertical.jpg", ["picture"]),
    ],
)
def test_a_sample_scan_has_its_pages(name: str, kinds: list[str]) -> None:
    assert [page.kind for page in inspect(SAMPLES / name).pages] == kinds
