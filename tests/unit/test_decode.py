from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Encryption, Name
from PIL import Image

from dossier.errors import PageUnreadable
from pipeline.files.decode import decode_page
from pipeline.files.formats import Limits, inspect
from tests.made_pdfs import TWO_LINES, WHOLE_PAGE, Page, Picture, coded, han, jpeg_picture, pdf_of, scan_pixels

RED, GREEN, BLUE, WHITE = (200, 0, 0), (0, 180, 0), (0, 0, 200), (255, 255, 255)
SCAN = scan_pixels(300, 420)


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def write(content: bytes, name: str = "scan") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def corners(pixels: NDArray[np.uint8]) -> list[str]:
    """The colours of the corners: top left, top right, bottom right, bottom left."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    places = [(10, 10), (10, -10), (-10, -10), (-10, 10)]
    distances = [
        {name: np.abs(pixels[place].astype(int) - colour).max() for name, colour in names.items()} for place in places
    ]
    return [min(distance, key=lambda name: distance[name]) for distance in distances]


AS_IT_STANDS = ["red", "green", "white", "blue"]
# EXIF 2.32, tag 274: what the stored first row and column are on the scene. Corners clockwise from top left.
ORIENTED = {
    1: ["red", "green", "white", "blue"],
    2: ["green", "red", "blue", "white"],
    3: ["white", "blue", "red", "green"],
    4: ["blue", "white", "green", "red"],
    5: ["red", "blue", "white", "green"],
    6: ["blue", "red", "green", "white"],
    7: ["white", "green", "red", "blue"],
    8: ["green", "white", "blue", "red"],
}


@pytest.mark.parametrize("orientation", ORIENTED)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_stands_as_its_orientation_says(format_: str, orientation: int, put: Any) -> None:
    if format_ == "TIFF":
        options: dict[str, Any] = {"tiffinfo": {0x0112: orientation}, "compression": "tiff_lzw"}
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"exif": exif}
    path = put(coded(SCAN, format_, **options))

    picture = decode_page(path, 0).picture

    assert corners(picture) == ORIENTED[orientation]
    (page,) = inspect(path).pages
    assert picture.shape == (page.height, page.width, 3)


def test_an_exif_block_that_is_none_does_not_cost_the_picture(put: Any) -> None:
    jpeg = coded(SCAN, "JPEG", quality=95)
    block = b"Exif\x00\x00no tags at all"
    path = put(jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:])
    assert len(inspect(path).pages) == 1
    assert corners(decode_page(path, 0).picture) == AS_IT_STANDS


GREY = np.asarray(Image.fromarray(SCAN).convert("L"))
DEEP_GREY = GREY.astype(np.uint16) * 257
GREY_CORNERS = [GREY[10, 10], GREY[10, -10], 255, GREY[-10, 10]]


@pytest.mark.parametrize(
    "content",
    [
        coded(GREY, "JPEG", quality=95),
        coded(GREY, "PNG"),
        coded(DEEP_GREY, "PNG"),
        coded(DEEP_GREY, "TIFF"),
        coded(DEEP_GREY, "TIFF", compression="tiff_lzw"),
        # Pillow writes 16-bit samples as they are: from white to black they are stored turned round.
        coded(65535 - DEEP_GREY, "TIFF", tiffinfo={262: 0}),
        coded(65535 - DEEP_GREY, "TIFF", tiffinfo={262: 0}, compression="tiff_lzw"),
        coded(Image.fromarray(GREY.astype(np.int32) * 257), "TIFF"),
        coded(Image.fromarray(GREY.astype(np.float32) / 255), "TIFF"),
    ],
    ids=["jpeg", "png", "png-16", "tiff-16", "tiff-16-lzw", "white-is-0", "white-is-0-lzw", "tiff-32", "tiff-float"],
)
def test_grey_of_any_depth_keeps_its_brightness(content: bytes, put: Any) -> None:
    picture = decode_page(put(content), 0).picture

    found = [picture[10, 10], picture[10, -10], picture[-10, -10], picture[-10, 10]]
    for pixel, expected in zip(found, GREY_CORNERS, strict=True):
        assert np.abs(pixel.astype(int) - int(expected)).max() <= 3


@pytest.mark.parametrize(
    "content",
    [
        coded(SCAN, "JPEG", quality=95),
        coded(SCAN, "JPEG", quality=95, progressive=True),
        coded(Image.fromarray(SCAN).convert("CMYK"), "JPEG", quality=95),
        coded(SCAN, "PNG"),
        coded(Image.fromarray(SCAN).quantize(8), "PNG"),
        coded(SCAN, "BMP"),
        coded(SCAN, "WEBP", quality=95),
        coded(SCAN, "TIFF", compression="jpeg", quality=95),
        coded(Image.fromarray(SCAN).convert("CMYK"), "TIFF", compression="tiff_lzw"),
    ],
    ids=["jpeg", "progressive", "cmyk-jpeg", "png", "palette", "bmp", "webp", "jpeg-in-tiff", "cmyk-tiff"],
)
def test_a_coloured_page_keeps_its_colours(content: bytes, put: Any) -> None:
    scan = decode_page(put(content), 0)
    assert scan.picture.dtype == np.uint8
    assert scan.picture.flags.c_contiguous
    assert corners(scan.picture) == AS_IT_STANDS


@pytest.mark.parametrize("white_is", [0, 1])
@pytest.mark.parametrize("compression", ["group3", "group4", "packbits", "raw"])
def test_ink_on_a_bitonal_page_is_black_whichever_way_it_is_stored(compression: str, white_is: int, put: Any) -> None:
    page = np.full((400, 300), 255, np.uint8)
    page[100:150, 50:250] = 0
    bitonal = Image.fromarray(page).convert("1", dither=Image.Dither.NONE)

    picture = decode_page(put(coded(bitonal, "TIFF", compression=compression, tiffinfo={262: white_is})), 0).picture

    assert np.array_equal(picture, np.repeat(page[:, :, None], 3, axis=2))


@pytest.mark.parametrize(("format_", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_what_is_transparent_is_white_paper(format_: str, options: dict[str, Any], put: Any) -> None:
    ink = np.zeros((400, 300, 4), np.uint8)
    ink[100:150, 50:250, 3] = 255
    picture = decode_page(put(coded(ink, format_, **options)), 0).picture
    assert (picture[120, 100] == 0).all()
    assert (picture[10, 10] == 255).all()


def test_a_fourth_channel_that_hides_everything_is_left_out(put: Any) -> None:
    page = np.dstack([SCAN, np.zeros(SCAN.shape[:2], np.uint8)])
    assert corners(decode_page(put(coded(page, "PNG")), 0).picture) == AS_IT_STANDS


def test_a_fax_is_stretched_to_square_pixels(put: Any) -> None:
    # ITU-T T.4, standard resolution: 204 dpi across, 98 down; A4 is 1728 × 1145.
    fax = np.full((1145, 1728), 255, np.uint8)
    fax[500:600] = 0
    bitonal = Image.fromarray(fax).convert("1")
    path = put(coded(bitonal, "TIFF", compression="group4", dpi=(204, 98)))

    scan = decode_page(path, 0)

    height = round(1145 * 204 / 98)
    assert (scan.picture.shape, scan.dpi, scan.dpi_trusted) == ((height, 1728, 3), 204.0, True)
    assert (scan.picture[round(550 * 204 / 98), 800] == 0).all()
    (page,) = inspect(path).pages
    assert (page.width, page.height) == (1728, height)


@pytest.mark.parametrize(
    ("tagged", "dpi", "trusted"),
    [((300, 300), 300.0, True), ((200, 200), 200.0, True), ((72, 72), 300.0, False), ((5000, 5000), 300.0, False)],
)
def test_a_dpi_that_cannot_be_right_is_not_trusted(
    tagged: tuple[int, int], dpi: float, trusted: bool, put: Any
) -> None:
    a4 = Image.new("L", (2480, 3508), 255)
    scan = decode_page(put(coded(a4, "JPEG", dpi=tagged)), 0)
    assert (scan.dpi, scan.dpi_trusted) == (dpi, trusted)


def test_each_page_of_a_tiff_is_its_own_picture(put: Any) -> None:
    pages = [Image.fromarray(np.rot90(SCAN, turns).copy()) for turns in range(3)]
    path = put(coded(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw"))
    for index, page in enumerate(pages):
        assert np.array_equal(decode_page(path, index).picture, np.asarray(page))


def test_a_page_damaged_in_the_middle_of_a_tiff_leaves_the_others_readable(put: Any) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (400, 300, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, "TIFF", save_all=True, append_images=[noise, noise], compression="tiff_lzw")
    content = bytearray(buffer.getvalue())
    start = len(content) // 2 - 5000
    content[start : start + 10_000] = b"\x55" * 10_000
    path = put(bytes(content))

    assert len(inspect(path).pages) == 3
    with pytest.raises(PageUnreadable):
        decode_page(path, 1)
    assert np.array_equal(decode_page(path, 0).picture, np.asarray(noise))
    assert np.array_equal(decode_page(path, 2).picture, np.asarray(noise))


@pytest.mark.parametrize("index", [1, 7])
@pytest.mark.parametrize("format_", ["JPEG", "TIFF", "PDF"])
def test_a_page_that_is_not_there_is_unreadable(format_: str, index: int, put: Any) -> None:
    content = pdf_of(Page(TWO_LINES)) if format_ == "PDF" else coded(SCAN, format_)
    with pytest.raises(PageUnreadable):
        decode_page(put(content), index)


@pytest.mark.parametrize(
    "content", [b"", coded(SCAN, "JPEG")[:900], b"PK\x05\x06" + bytes(18), b"%PDF-1.7 and no more"]
)
def test_a_file_that_would_be_refused_has_no_readable_page(content: bytes, put: Any) -> None:
    with pytest.raises(PageUnreadable):
        decode_page(put(content), 0)


def test_a_page_over_the_limit_is_unreadable(put: Any) -> None:
    path = put(coded(SCAN, "PNG"))
    with pytest.raises(PageUnreadable, match="too_large"):
        decode_page(path, 0, Limits(max_pixels=1000))


# PDF


JPEG = coded(scan_pixels(), "JPEG", quality=95)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270, -90])
def test_an_embedded_picture_comes_in_its_own_pixels_turned_as_the_page_says(rotate: int, put: Any) -> None:
    path = put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": jpeg_picture(JPEG)}, entries={"Rotate": rotate})))

    picture = decode_page(path, 0).picture

    stored = np.asarray(Image.open(io.BytesIO(JPEG)))
    assert np.array_equal(picture, np.rot90(stored, k=-rotate // 90))


def test_the_resolution_of_an_embedded_picture_is_that_of_its_place(put: Any) -> None:
    # 595 pixels on 142.8 points, that is 1.983 inches: 300 to the inch.
    content = b"q 142.8 0 0 202.08 0 0 cm /Scan Do Q"
    page = Page(content, size=(142.8, 202.08), pictures={"Scan": jpeg_picture(JPEG)})
    scan = decode_page(put(pdf_of(page)), 0)
    assert (round(scan.dpi, 1), scan.dpi_trusted) == (300.0, True)


def deflated(pixels: NDArray[np.uint8], space: Any, bits: int = 8) -> Picture:
    height, width = pixels.shape[:2]
    entries = {"BitsPerComponent": bits, "ColorSpace": space, "Filter": Name.FlateDecode}
    return Picture(zlib.compress(pixels.tobytes()), {"Width": width, "Height": height, **entries})


def test_a_deflated_picture_comes_without_loss(put: Any) -> None:
    pixels = scan_pixels()
    path = put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": deflated(pixels, Name.DeviceRGB)})))
    assert inspect(path).pages[0].kind == "pdf_picture"
    assert np.array_equal(decode_page(path, 0).picture, pixels)


def test_a_grey_picture_comes_without_loss(put: Any) -> None:
    grey = scan_pixels()[:, :, 2].copy()
    path = put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": deflated(grey, Name.DeviceGray)})))
    assert np.array_equal(decode_page(path, 0).picture, np.repeat(grey[:, :, None], 3, axis=2))


def test_a_bitonal_fax_picture_comes_without_loss(put: Any) -> None:
    page = np.full((842, 595), 255, np.uint8)
    page[100:200, 50:300] = 0
    tiff = coded(Image.fromarray(page).convert("1"), "TIFF", compression="group4", strip_size=842 * 595)
    with Image.open(io.BytesIO(tiff)) as stored:
        offset, length = stored.tag_v2[273][0], stored.tag_v2[279][0]
        # Where the TIFF counts from black, a set bit is white: what PDF calls BlackIs1 false is turned round.
        black_is_1 = stored.tag_v2[262] == 1
    parameters = Dictionary(K=-1, Columns=595, Rows=842, BlackIs1=black_is_1)
    entries = {"BitsPerComponent": 1, "ColorSpace": Name.DeviceGray, "Filter": Name.CCITTFaxDecode}
    picture = Picture(
        tiff[offset : offset + length], {"Width": 595, "Height": 842, "DecodeParms": parameters, **entries}
    )
    path = put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": picture})))
    assert inspect(path).pages[0].kind == "pdf_picture"
    assert np.array_equal(decode_page(path, 0).picture[:, :, 0], page)


def test_a_picture_with_turned_samples_is_rendered_as_it_looks(put: Any) -> None:
    turned = jpeg_picture(coded(255 - scan_pixels(), "JPEG", quality=95), Decode=Array([1, 0, 1, 0, 1, 0]))
    path = put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": turned})))
    assert inspect(path).pages[0].kind == "pdf_drawing"
    assert corners(decode_page(path, 0).picture) == AS_IT_STANDS


def test_a_page_of_text_is_rendered_at_300_dpi(put: Any) -> None:
    scan = decode_page(put(pdf_of(Page(TWO_LINES))), 0)
    # 595 × 842 points at 300/72: 2479.2 × 3508.3
    assert (scan.picture.shape, scan.dpi, scan.dpi_trusted) == ((3508, 2479, 3), 300.0, True)
    assert (scan.picture[10, 10] == 255).all()


def test_only_what_the_crop_box_shows_is_rendered(put: Any) -> None:
    square = b"1 0 0 rg 100 100 100 100 re f"
    picture = decode_page(put(pdf_of(Page(square, entries={"CropBox": Array([100, 100, 200, 200])}))), 0).picture
    assert picture.shape == (417, 417, 3)
    assert (picture == (255, 0, 0)).all()


def test_a_scan_in_strips_is_rendered_as_finely_as_it_is_stored(put: Any) -> None:
    # 595 × 842 pixels at 200 to the inch: 214.2 × 303.12 points, in nine strips of at most 100 rows.
    pixels = scan_pixels()
    tops = range(0, 842, 100)
    content = b"".join(
        b"q 214.2 0 0 %f 0 %f cm /S%d Do Q\n" % (len(pixels[top : top + 100]) * 0.36, max(742 - top, 0) * 0.36, top)
        for top in tops
    )
    pictures = {f"S{top}": deflated(pixels[top : top + 100], Name.DeviceRGB) for top in tops}
    path = put(pdf_of(Page(content, size=(214.2, 303.12), pictures=pictures)))

    (page,) = inspect(path).pages
    picture = decode_page(path, 0).picture

    assert (page.kind, page.width, page.height, page.dpi) == ("pdf_drawing", 595, 842, 200.0)
    assert corners(picture) == AS_IT_STANDS


def test_a_stamp_laid_on_a_scan_is_in_its_picture(put: Any) -> None:
    stamp = Dictionary(
        Type=Name.Annot, Subtype=Name.Square, Rect=Array([250, 400, 350, 500]), IC=Array([1, 0, 0]), C=Array([1, 0, 0])
    )
    page = Page(WHOLE_PAGE, pictures={"Scan": jpeg_picture(JPEG)}, annotations=(stamp,))
    picture = decode_page(put(pdf_of(page)), 0).picture
    assert (picture[picture.shape[0] * 392 // 842, picture.shape[1] * 300 // 595] == (255, 0, 0)).all()


def test_a_huge_page_is_rendered_within_the_pixel_limit(put: Any) -> None:
    path = put(pdf_of(Page(TWO_LINES, size=(14_400, 14_400))))
    limits = Limits(max_pixels=4_000_000)
    scan = decode_page(path, 0, limits)
    # 200 × 200 inches, 2000 × 2000 pixels
    assert (scan.picture.shape, scan.dpi) == ((2000, 2000, 3), 10.0)
    assert inspect(path, limits).pages[0].width == 2000


@pytest.mark.parametrize(
    "picture",
    [
        jpeg_picture(JPEG[: len(JPEG) // 2]),
        jpeg_picture(b"not a picture"),
        Picture(
            zlib.compress(scan_pixels().tobytes())[:200],
            {
                "Width": 595,
                "Height": 842,
                "BitsPerComponent": 8,
                "ColorSpace": Name.DeviceRGB,
                "Filter": Name.FlateDecode,
            },
        ),
    ],
    ids=["cut-jpeg", "no-jpeg", "cut-deflate"],
)
def test_an_embedded_picture_that_ends_early_is_unreadable_and_not_grey(picture: Picture, put: Any) -> None:
    path = put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": picture}), Page(TWO_LINES)))
    assert len(inspect(path).pages) == 2
    with pytest.raises(PageUnreadable):
        decode_page(path, 0)
    assert decode_page(path, 1).picture.min() < 128


def test_a_page_whose_content_is_lost_is_unreadable_and_not_blank(put: Any) -> None:
    content = pdf_of(Page(han("一", 72, 700)), Page(b""))
    reference = content[content.index(b"/Contents ") :].split(b" R", 1)[0] + b" R"
    path = put(content.replace(reference, b"/Contents 99 0 R".ljust(len(reference)), 1))
    with pytest.raises(PageUnreadable, match="missing"):
        decode_page(path, 0)
    assert (decode_page(path, 1).picture == 255).all()


def test_a_page_whose_picture_is_lost_is_unreadable_and_not_blank(put: Any) -> None:
    content = pdf_of(Page(WHOLE_PAGE, pictures={"Scan": jpeg_picture(JPEG)}))
    reference = content[content.index(b"/Scan ") :].split(b" R", 1)[0] + b" R"
    path = put(content.replace(reference, b"/Scan 99 0 R".ljust(len(reference)), 1))
    with pytest.raises(PageUnreadable, match="missing"):
        decode_page(path, 0)


def test_a_pdf_with_an_owner_s_password_only_can_be_read(put: Any) -> None:
    page = Page(WHOLE_PAGE, pictures={"Scan": jpeg_picture(JPEG)})
    path = put(pdf_of(page, encryption=Encryption(owner="gate", user="")))
    assert corners(decode_page(path, 0).picture) == AS_IT_STANDS
