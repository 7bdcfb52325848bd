"""What of a page may be made smaller: print in two tones, and nothing that is ink is lost."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipeline.binding.compact_picture import Layer, compact_layers
from pipeline.binding.layered_page import layered_page

DPI = 300
WIDTH, HEIGHT = 1200, 1600
PAPER = (244, 242, 236)

Pixels = NDArray[np.uint8]


def sheet(paper: tuple[int, int, int] = PAPER) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A sheet with lines of print on its upper half."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), paper)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(44)
    for row in range(10):
        draw.text((90, 80 + row * 70), "Statement No. 2031-0417, page 35, handed over", (12, 12, 14), font)
    return picture, draw


def scanned(picture: Image.Image, grain: float = 4.0) -> Pixels:
    """The sheet as a scanner sees it: a little soft, with grain."""
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.6)), np.float32)
    noise = np.random.default_rng(7).normal(0, grain, soft.shape[:2])[..., None]
    return np.clip(soft + noise, 0, 255).astype(np.uint8)


def own_bytes(pdf: pikepdf.Pdf, pixels: Pixels, quality: int = 80) -> pikepdf.Stream:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return pikepdf.Stream(pdf, buffer.getvalue(), BitsPerComponent=8)


def decoded(stream: pikepdf.Stream) -> Image.Image:
    return pikepdf.PdfImage(stream).as_pil_image()


def drawn(layers: tuple[Layer, ...], size: tuple[int, int] = (WIDTH, HEIGHT)) -> Pixels:
    """What the layers show, one laid over the other."""
    page = Image.new("RGB", size, "white")
    for layer in layers:
        left, top = round(layer.place.e * size[0]), round((1 - layer.place.f - layer.place.d) * size[1])
        box = left, top, left + round(layer.place.a * size[0]), top + round(layer.place.d * size[1])
        shown = (box[2] - box[0], box[3] - box[1])
        if layer.ink is None:
            page.paste(decoded(layer.stream).convert("RGB").resize(shown, Image.Resampling.BILINEAR), box)
        else:
            assert shown == size
            page.paste(layer.ink, box, stencil(layer.stream).resize(shown, Image.Resampling.BOX))
    return np.asarray(page)


PDF = pikepdf.Pdf.new()


def stencil(stream: pikepdf.Stream) -> Image.Image:
    """Where a stencil paints: its zeros."""
    assert stream.ImageMask
    plain = pikepdf.Stream(PDF, stream.read_raw_bytes(), Subtype=pikepdf.Name.Image)
    plain.Width, plain.Height, plain.BitsPerComponent = stream.Width, stream.Height, 1
    plain.ColorSpace, plain.Filter, plain.DecodeParms = pikepdf.Name.DeviceGray, stream.Filter, stream.DecodeParms
    return decoded(plain).convert("L").point(lambda value: 255 - value)


def compacted(pixels: Pixels) -> tuple[Layer, ...]:
    return compact_layers(PDF, pixels, DPI, own_bytes(PDF, pixels))


def size_of(layers: tuple[Layer, ...]) -> int:
    return sum(len(layer.stream.read_raw_bytes()) for layer in layers)


def smooth(pixels: Pixels) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.BoxBlur(2)), np.float32)


def test_a_printed_page_is_a_background_and_a_stencil_of_the_full_resolution() -> None:
    pixels = scanned(sheet()[0])
    layers = compacted(pixels)
    background, print_ = layers
    assert background.ink is None
    assert (int(background.stream.Width), int(background.stream.Height)) == (WIDTH // 2, HEIGHT // 2)
    assert (int(print_.stream.Width), int(print_.stream.Height)) == (WIDTH, HEIGHT)
    assert print_.ink is not None and max(print_.ink) < 40
    assert size_of(layers) < 0.3 * len(own_bytes(PDF, pixels).read_raw_bytes())


def small(pixels: Pixels, scale: float) -> Pixels:
    picture = Image.fromarray(pixels)
    size = round(WIDTH * scale), round(HEIGHT * scale)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def test_print_of_strokes_too_thin_for_two_tones_keeps_its_grey() -> None:
    pixels = small(scanned(sheet()[0]), 0.25)
    layers = compact_layers(PDF, pixels, 75, own_bytes(PDF, pixels, quality=95))
    assert layers
    height, width = pixels.shape[:2]
    assert np.abs(drawn(layers, (width, height)).astype(int) - pixels)[10:200].max() < 60


def test_strokes_that_are_dark_only_in_places_do_not_break() -> None:
    picture = Image.new("RGB", (600, 840), "white")
    draw = ImageDraw.Draw(picture)
    for row in range(20):
        draw.text((40, 40 + row * 40), "Programme   Implementation   Member", (60, 60, 60), ImageFont.load_default(11))
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.4)))
    layers = compact_layers(PDF, pixels, 72, pikepdf.Stream(PDF, b"x" * 10**6))
    assert np.abs(smooth(drawn(layers, picture.size)) - smooth(pixels)).max() < 25


def test_thin_print_is_a_stencil_of_twice_the_resolution() -> None:
    pixels = small(scanned(sheet()[0]), 0.6)
    height, width = pixels.shape[:2]
    layers = compact_layers(PDF, pixels, 180, own_bytes(PDF, pixels))
    (print_,) = [layer for layer in layers if layer.ink]
    assert (int(print_.stream.Width), int(print_.stream.Height)) == (2 * width, 2 * height)
    fine = np.asarray(stencil(print_.stream).resize((width, height), Image.Resampling.BOX), np.float32)
    darkness = (255 * (1 - pixels.mean(axis=2) / pixels[-200:].mean())).clip(0, 255)
    assert np.abs(smooth(fine.astype(np.uint8)) - smooth(darkness.astype(np.uint8))).max() < 50


def test_print_keeps_its_place_and_breadth() -> None:
    pixels = scanned(sheet()[0])
    difference = smooth(drawn(compacted(pixels))) - smooth(pixels)
    assert np.abs(difference.mean()) < 1.0
    assert np.abs(difference).max() < 60


def test_a_page_of_two_tones_keeps_every_pixel() -> None:
    picture, draw = sheet((255, 255, 255))
    draw.point((600, 1200), (0, 0, 0))
    pixels = np.asarray(picture.convert("L").point(lambda value: 255 if value > 128 else 0).convert("RGB"))
    (layer,) = compacted(pixels)
    assert str(layer.stream.Filter) == "/CCITTFaxDecode"
    assert np.array_equal(np.asarray(decoded(layer.stream).convert("RGB")), pixels)


@pytest.mark.parametrize("lightness", [30, 18, 12])
def test_faint_pencil_stays(lightness: int) -> None:
    picture, draw = sheet()
    shade = tuple(value - lightness for value in PAPER)
    draw.line([(150, 1000), (500, 1120), (800, 1010), (1050, 1140)], shade, 4)
    pixels = scanned(picture)
    shown = smooth(drawn(compacted(pixels)))
    without = smooth(scanned(sheet()[0]))
    stroke = np.abs(smooth(np.asarray(picture)) - smooth(np.asarray(sheet()[0]))).max(axis=2) > lightness * 0.6
    assert stroke.sum() > 1000
    kept = (without - shown)[stroke].mean() / (without - smooth(pixels))[stroke].mean()
    assert kept > 0.8


def test_a_seal_stays_red_and_sharp() -> None:
    picture, draw = sheet()
    draw.ellipse((300, 950, 800, 1450), outline=(214, 40, 48), width=14)
    draw.text((440, 1150), "SEAL 7", (214, 40, 48), ImageFont.load_default(70))
    pixels = scanned(picture)
    shown = drawn(compacted(pixels)).astype(int)
    ink = np.all(np.asarray(picture) == (214, 40, 48), axis=2)
    assert np.abs(shown[ink].mean(axis=0) - (214, 40, 48)).max() < 20
    assert np.abs(smooth(shown.astype(np.uint8)) - smooth(pixels))[950:1450, 300:800].max() < 40


def test_a_photograph_is_kept_with_its_shades() -> None:
    picture, _ = sheet()
    y, x = np.mgrid[0:500, 0:700]
    shades = 120 + 70 * np.sin(x / 9.0) * np.cos(y / 13.0) + 50 * np.sin((x + y) / 90.0)
    photograph = np.stack([shades, shades * 0.8, shades * 0.7], axis=2)
    picture.paste(Image.fromarray(np.clip(photograph, 0, 255).astype(np.uint8)), (250, 900))
    pixels = scanned(picture)
    layers = compacted(pixels)
    difference = np.abs(smooth(drawn(layers)) - smooth(pixels))[920:1380, 270:930]
    assert difference.mean() < 3
    assert np.percentile(difference, 99) < 10


def test_print_lighter_than_the_rest_keeps_its_tone() -> None:
    picture, draw = sheet()
    draw.text((150, 1100), "carbon copy, second sheet", (105, 105, 112), ImageFont.load_default(60))
    pixels = scanned(picture)
    shown = drawn(compacted(pixels)).astype(int)
    letters = np.all(np.asarray(picture) == (105, 105, 112), axis=2)
    assert abs(shown[letters].mean() - pixels[letters].mean()) < 12


def test_coloured_paper_keeps_its_colour_under_print() -> None:
    pixels = scanned(sheet((246, 190, 200))[0])
    shown = drawn(compacted(pixels)).astype(int)
    assert np.abs(np.median(shown, axis=(0, 1)) - (246, 190, 200)).max() <= 3


def test_a_page_that_is_all_photograph_has_no_layers() -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    shades = 128 + 100 * np.sin(x / 3.0) * np.cos(y / 4.0)
    assert layered_page(scanned(Image.fromarray(shades.astype(np.uint8)).convert("RGB")), DPI) is None


def test_the_scans_own_bytes_stay_where_nothing_is_clearly_smaller() -> None:
    pixels = scanned(sheet()[0])
    assert compact_layers(PDF, pixels, DPI, pikepdf.Stream(PDF, b"x" * 2000, BitsPerComponent=8)) == ()


def test_a_bitonal_scan_is_never_coded_with_loss() -> None:
    picture = sheet((255, 255, 255))[0].convert("1", dither=Image.Dither.FLOYDSTEINBERG)
    pixels = np.asarray(picture.convert("RGB"))
    layers = compact_layers(PDF, pixels, DPI, pikepdf.Stream(PDF, b"x" * 10**7, BitsPerComponent=1))
    assert [str(layer.stream.Filter) for layer in layers] == ["/CCITTFaxDecode"]


def test_a_page_without_any_ink_is_a_background_alone() -> None:
    (layer,) = compacted(scanned(Image.new("RGB", (WIDTH, HEIGHT), PAPER)))
    assert layer.ink is None
