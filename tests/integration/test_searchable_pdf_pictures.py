"""Every kind of picture that scanners write goes into the PDF unchanged, and the PDF is PDF/A-2u."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageDraw

from dossier.reading import Box, Line, Reading
from pipeline.binding.searchable_pdf import AssemblyReport, PdfInfo, PdfPage, assemble
from pipeline.files.decode import decode_page

WIDTH, HEIGHT = 203, 151  # no multiple of eight: rows end within a byte and within a JPEG block


def colourful() -> Image.Image:
    """A picture with more than 256 colours and a bar at its top, so that a flip would show."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.stack([x, y, (x + 2 * y) % 256], axis=2).astype(np.uint8)
    pixels[5:15, 10:120] = 0
    return Image.fromarray(pixels)


def grey() -> Image.Image:
    return colourful().convert("L")


def bitonal() -> Image.Image:
    paper = Image.new("1", (WIDTH, HEIGHT), 1)
    draw = ImageDraw.Draw(paper)
    draw.rectangle((10, 5, 120, 15), fill=0)
    draw.ellipse((60, 40, 170, 140), outline=0, width=3)
    return paper


def palette(colours: int) -> Image.Image:
    return colourful().quantize(colours, dither=Image.Dither.NONE)


def with_alpha(mode: str) -> Image.Image:
    picture = colourful().convert(mode)
    picture.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    return picture


def sixteen_bit() -> Image.Image:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return Image.fromarray((x * 300 + y).astype(np.uint16))


def saved(picture: Image.Image, suffix: str, **options: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / f"scan{suffix}"
        picture.save(path, dpi=(200, 200), **options)
        return path

    return write


def rgb_png_of_16_bit(folder: Path) -> Path:
    """Pillow does not write these."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    samples = np.stack([x * 300, y * 400, (x + y) * 100], axis=2).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    content = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        content += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path = folder / "scan.png"
    path.write_bytes(content)
    return path


def interlaced_png(folder: Path) -> Path:
    """Pillow does not write these either: seven passes (PNG 1.2, clause 2.6), grey."""
    pixels = np.array(grey())
    passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
    rows = b"".join(
        b"\0" + row.tobytes() for top, down, left, across in passes for row in pixels[top::down, left::across]
    )
    content = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 1)
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        content += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path = folder / "scan.png"
    path.write_bytes(content)
    return path


def fax(photometric: int, fill_order: int) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "scan.tif"
        tags = {262: photometric, 266: fill_order}
        bitonal().save(path, compression="group4", strip_size=10**9, tiffinfo=tags, dpi=(200, 200))
        with Image.open(path) as stored:
            assert (stored.tag_v2[262], stored.tag_v2.get(266, 1)) == (photometric, fill_order)
            assert len(stored.tag_v2[273]) == 1
        return path

    return write


def pdf_of(image: Callable[[pikepdf.Pdf], pikepdf.Object], turn: int = 0) -> Callable[[Path], Path]:
    """A scan PDF: one picture over the whole page, at 200 dpi."""

    def write(folder: Path) -> Path:
        pdf = pikepdf.Pdf.new()
        picture = image(pdf)
        size = int(picture.Width) * 0.36, int(picture.Height) * 0.36
        page = pdf.add_blank_page(page_size=size)
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture))
        page.obj.Contents = pdf.make_stream(f"q {size[0]} 0 0 {size[1]} 0 0 cm /Scan Do Q".encode())
        page.obj.Rotate = turn
        path = folder / "scan.pdf"
        pdf.save(path)
        return path

    return write


def image_of(data: bytes, **entries: object) -> Callable[[pikepdf.Pdf], pikepdf.Object]:
    def make(pdf: pikepdf.Pdf) -> pikepdf.Object:
        given = {"BitsPerComponent": 8, "ColorSpace": pikepdf.Name.DeviceRGB, **entries}
        if callable(given["ColorSpace"]):
            given["ColorSpace"] = given["ColorSpace"](pdf)
        image = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=WIDTH, Height=HEIGHT, **given
        )
        return pdf.make_indirect(pikepdf.Stream(pdf, data, image))

    return make


def srgb(pdf: pikepdf.Pdf) -> pikepdf.Object:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return pikepdf.Array([pikepdf.Name.ICCBased, pdf.make_stream(profile, N=3)])


def broken_profile(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return pikepdf.Array([pikepdf.Name.ICCBased, pdf.make_stream(b"no profile", N=3)])


def indexed(pdf: pikepdf.Pdf) -> pikepdf.Object:
    colours = bytes(palette(16).getpalette()[:48])
    return pikepdf.Array([pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, 15, pikepdf.String(colours)])


def coded(picture: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def only_strip(tiff: bytes) -> bytes:
    with Image.open(io.BytesIO(tiff)) as stored:
        (offset,), (length,) = stored.tag_v2[273], stored.tag_v2[279]
    return tiff[offset : offset + length]


JPEG = pikepdf.Name.DCTDecode
FLATE = pikepdf.Name.FlateDecode
FAX = pikepdf.Dictionary(K=-1, Columns=WIDTH, Rows=HEIGHT)

# The scan's own coded bytes are taken over …
OWN_BYTES = {
    "jpeg-grey": saved(grey(), ".jpg", quality=90),
    "jpeg-colour": saved(colourful(), ".jpg", quality=90),
    "jpeg-progressive": saved(colourful(), ".jpg", quality=90, progressive=True),
    "jpeg-rgb": saved(colourful(), ".jpg", quality=90, keep_rgb=True),
    "png-bitonal": saved(bitonal(), ".png"),
    "png-grey": saved(grey(), ".png"),
    "png-grey-16-bit": saved(sixteen_bit(), ".png"),
    "png-colour": saved(colourful(), ".png"),
    "png-colour-16-bit": rgb_png_of_16_bit,
    "png-palette-2": saved(palette(2), ".png"),
    "png-palette-13": saved(palette(13), ".png"),
    "png-palette-256": saved(palette(256), ".png"),
    "tiff-g4-white-is-zero": fax(0, 1),
    "tiff-g4-black-is-zero": fax(1, 1),
    "tiff-g4-bits-reversed": fax(0, 2),
    "tiff-jpeg-grey": saved(grey(), ".tif", compression="jpeg", strip_size=10**9),
    "tiff-jpeg-rgb": saved(colourful(), ".tif", compression="jpeg", strip_size=10**9),
    "tiff-jpeg-ycbcr": saved(colourful().convert("YCbCr"), ".tif", compression="jpeg", strip_size=10**9),
    "tiff-jpeg-rgb-strips": saved(colourful(), ".tif", compression="jpeg", strip_size=WIDTH * 3 * 16),
    "tiff-jpeg-grey-strips": saved(grey(), ".tif", compression="jpeg", strip_size=WIDTH * 8),
    "pdf-jpeg": pdf_of(image_of(coded(colourful(), "JPEG"), Filter=JPEG)),
    "pdf-jpeg-turned": pdf_of(image_of(coded(colourful(), "JPEG"), Filter=JPEG), turn=90),
    "pdf-jpeg-profile": pdf_of(image_of(coded(colourful(), "JPEG"), Filter=JPEG, ColorSpace=srgb)),
    "pdf-jpeg-broken-profile": pdf_of(image_of(coded(colourful(), "JPEG"), Filter=JPEG, ColorSpace=broken_profile)),
    "pdf-deflate": pdf_of(image_of(zlib.compress(colourful().tobytes()), Filter=FLATE)),
    "pdf-plain": pdf_of(image_of(colourful().tobytes())),
    "pdf-palette": pdf_of(image_of(palette(16).tobytes(), ColorSpace=indexed)),
    "pdf-g4": pdf_of(
        image_of(
            only_strip(coded(bitonal(), "TIFF", compression="group4", strip_size=10**9, tiffinfo={262: 0})),
            Filter=pikepdf.Array([pikepdf.Name.CCITTFaxDecode]),
            DecodeParms=pikepdf.Array([FAX]),
            BitsPerComponent=1,
            ColorSpace=pikepdf.Name.DeviceGray,
        )
    ),
}
# … or else its pixels, as they are decoded.
DECODED = {
    "jpeg-cmyk": saved(colourful().convert("CMYK"), ".jpg", quality=90),
    "png-alpha": saved(with_alpha("RGBA"), ".png"),
    "png-grey-alpha": saved(with_alpha("LA"), ".png"),
    "png-transparent-colour": saved(palette(16), ".png", transparency=3),
    "png-interlaced": interlaced_png,
    "bmp": saved(colourful(), ".bmp"),
    "bmp-bitonal": saved(bitonal(), ".bmp"),
    "webp-lossless": saved(colourful(), ".webp", lossless=True),
    "webp-lossy": saved(colourful(), ".webp", quality=80),
    "tiff-plain": saved(colourful(), ".tif"),
    "tiff-lzw-palette": saved(palette(16), ".tif", compression="tiff_lzw"),
    "tiff-g4-strips": saved(bitonal(), ".tif", compression="group4", strip_size=26 * 30),
    "tiff-g3": saved(bitonal(), ".tif", compression="group3"),
    "tiff-16-bit": saved(sixteen_bit(), ".tif"),
    "tiff-alpha": saved(with_alpha("RGBA"), ".tif"),
    "tiff-cmyk": saved(colourful().convert("CMYK"), ".tif"),
    "pdf-jpeg-cmyk": pdf_of(
        image_of(coded(colourful().convert("CMYK"), "JPEG"), Filter=JPEG, ColorSpace=pikepdf.Name.DeviceCMYK)
    ),
    "pdf-jpeg-2000": pdf_of(
        image_of(coded(colourful(), "JPEG2000"), Filter=pikepdf.Name.JPXDecode),
    ),
}
ALL = OWN_BYTES | DECODED


def page_of(original: Path, page_id: str = "p1", index: int = 0) -> PdfPage:
    scan = decode_page(original, index)
    height, width = scan.picture.shape[:2]
    line = Line("证据材料卷二", Box(0.1, 0.1, 0.6, 0.2))
    # At 72 dpi a pixel is a unit, and renderers show each pixel as it is.
    return PdfPage(page_id, original, index, Reading(width, height, dpi=72, lines=(line,)), None, None)


def assembled(original: Path, target: Path) -> AssemblyReport:
    return assemble([page_of(original)], PdfInfo("图像"), [], target)


def shown(path: Path) -> NDArray[np.int64]:
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    pixels = np.array(page.render(scale=1).to_pil().convert("RGB")).astype(int)
    page.close()
    document.close()
    return pixels


def image_in(path: Path) -> tuple[bytes, dict[str, str]]:
    """The coded bytes of the first page's picture, and what its dictionary says."""
    with pikepdf.open(path) as pdf:
        image = pdf.pages[0].obj.Resources.XObject.Im0
        return image.read_raw_bytes(), {key: str(image[key]) for key in ("/BitsPerComponent", "/Filter")}


@pytest.mark.parametrize("kind", ALL)
def test_the_page_shows_the_scan_pixel_by_pixel(tmp_path: Path, kind: str):
    original = ALL[kind](tmp_path)
    assembled(original, tmp_path / "out.pdf")
    expected = decode_page(original, 0).picture.astype(int)
    pixels = shown(tmp_path / "out.pdf")
    assert pixels.shape == expected.shape
    # Two JPEG decoders round differently by a step or two, and 16 bits to 8 by one; everything else is exact.
    slack = 4 if "jpeg" in kind else 1 if "16-bit" in kind else 0
    assert np.abs(pixels - expected).max() <= slack


@pytest.mark.parametrize("kind", ALL)
def test_bytes_that_pdf_can_hold_are_the_scans_own(tmp_path: Path, kind: str):
    report = assembled(ALL[kind](tmp_path), tmp_path / "out.pdf")
    assert report.originals == (1 if kind in OWN_BYTES else 0)


@pytest.mark.parametrize("kind", ["jpeg-grey", "jpeg-colour", "jpeg-progressive", "jpeg-rgb"])
def test_a_jpeg_comes_out_of_the_pdf_as_the_file_it_was(tmp_path: Path, kind: str):
    original = ALL[kind](tmp_path)
    assembled(original, tmp_path / "out.pdf")
    assert image_in(tmp_path / "out.pdf")[0] == original.read_bytes()


def test_an_embedded_jpeg_keeps_its_bytes(tmp_path: Path):
    assembled(ALL["pdf-jpeg"](tmp_path), tmp_path / "out.pdf")
    assert image_in(tmp_path / "out.pdf")[0] == coded(colourful(), "JPEG")


def test_the_coded_data_of_a_jpeg_in_tiff_are_kept(tmp_path: Path):
    original = ALL["tiff-jpeg-rgb"](tmp_path)
    strip = only_strip(original.read_bytes())
    assembled(original, tmp_path / "out.pdf")
    jpeg = image_in(tmp_path / "out.pdf")[0]
    scan = strip[strip.index(b"\xff\xda") :]
    assert jpeg.endswith(scan)


def test_a_g4_strip_is_kept(tmp_path: Path):
    original = ALL["tiff-g4-white-is-zero"](tmp_path)
    assembled(original, tmp_path / "out.pdf")
    assert image_in(tmp_path / "out.pdf")[0] == only_strip(original.read_bytes())


@pytest.mark.parametrize(
    ("kind", "bits", "coding"),
    [
        ("bmp-bitonal", 1, "/CCITTFaxDecode"),
        ("tiff-g4-strips", 1, "/CCITTFaxDecode"),
        ("tiff-lzw-palette", 4, "/FlateDecode"),
        ("png-palette-2", 1, "/FlateDecode"),
        ("png-bitonal", 1, "/FlateDecode"),
        ("tiff-16-bit", 8, "/FlateDecode"),
    ],
)
def test_few_colours_stay_few_bits(tmp_path: Path, kind: str, bits: int, coding: str):
    assembled(ALL[kind](tmp_path), tmp_path / "out.pdf")
    _, said = image_in(tmp_path / "out.pdf")
    assert said == {"/BitsPerComponent": str(bits), "/Filter": coding}


def test_a_fax_with_more_dots_across_than_down_is_stretched_as_it_was_read(tmp_path: Path):
    original = tmp_path / "fax.tif"
    bitonal().save(original, compression="group4", strip_size=10**9, dpi=(204, 98))
    report = assembled(original, tmp_path / "out.pdf")
    assert report.originals == 1
    pixels = shown(tmp_path / "out.pdf")
    # 151 rows at 98 dpi are 314 at the 204 dpi of the columns; the bar at rows 5 to 15 ends near row 33.
    assert pixels.shape[:2] == (314, 203)
    assert pixels[22, 60].max() < 60
    assert pixels[40, 60].min() > 200


def test_the_pages_of_a_tiff_are_taken_one_by_one(tmp_path: Path):
    original = tmp_path / "scan.tif"
    first, second = bitonal(), bitonal().transpose(Image.Transpose.ROTATE_90)
    first.save(original, compression="group4", strip_size=10**9, save_all=True, append_images=[second])
    assemble([page_of(original, "p1", 0), page_of(original, "p2", 1)], PdfInfo("两页"), [], tmp_path / "out.pdf")
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        images = [page.obj.Resources.XObject.Im0 for page in pdf.pages]
        pictures = [pikepdf.PdfImage(image).as_pil_image() for image in images]
    assert [picture.size for picture in pictures] == [(WIDTH, HEIGHT), (HEIGHT, WIDTH)]
    assert pictures[1].convert("1").tobytes() == second.tobytes()


@pytest.mark.verapdf
@pytest.mark.parametrize("kinds", [OWN_BYTES, DECODED], ids=["own-bytes", "decoded"])
def test_a_pdf_of_all_kinds_of_pictures_is_archival(tmp_path: Path, kinds: dict, verapdf: Callable):
    pages = []
    for number, (kind, write) in enumerate(kinds.items()):
        folder = tmp_path / kind
        folder.mkdir()
        pages.append(page_of(write(folder), f"p{number}"))
    report = assemble(pages, PdfInfo("图像种类"), [], tmp_path / "out.pdf")
    assert report.pages == len(kinds)
    validation = verapdf(tmp_path / "out.pdf")
    assert validation.failures == ()
    assert validation.is_compliant
