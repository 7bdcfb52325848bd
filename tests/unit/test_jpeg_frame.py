"""JPEG heads, and strips of a TIFF joined to one JPEG coefficient by coefficient."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.binding.jpeg_frame import joined_strips, jpeg_frame, with_colours

WIDTH = 150


def picture(height: int) -> Image.Image:
    y, x = np.mgrid[0:height, 0:WIDTH]
    return Image.fromarray(np.stack([x, y * 2, (x * y) % 251], axis=2).astype(np.uint8))


def coded(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, **options)
    return buffer.getvalue()


def decoded(jpeg: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(jpeg)) as image:
        return np.array(image.convert("RGB"))


def strips_of(image: Image.Image, rows: int, **options: object) -> tuple[bytes, list[bytes]]:
    """The shared tables, and each band of rows as a JPEG that needs them, as TIFF stores them."""
    bands = [image.crop((0, top, WIDTH, min(top + rows, image.height))) for top in range(0, image.height, rows)]
    return coded(bands[0], streamtype=1, **options), [coded(band, streamtype=2, **options) for band in bands]


def test_the_head_of_a_colour_jpeg_is_read():
    frame = jpeg_frame(coded(picture(90), subsampling=2))
    assert (frame.width, frame.height, frame.components) == (WIDTH, 90, 3)
    assert (frame.mcu_width, frame.mcu_height) == (16, 16)
    assert frame.is_plain
    assert not frame.is_rgb


def test_a_grey_jpeg_is_coded_block_by_block():
    frame = jpeg_frame(coded(picture(90).convert("L")))
    assert (frame.components, frame.mcu_width, frame.mcu_height) == (1, 8, 8)


def test_rgb_channels_are_told_by_their_names_or_the_adobe_marker():
    assert jpeg_frame(coded(picture(90), keep_rgb=True)).is_rgb
    cmyk = jpeg_frame(coded(picture(90).convert("CMYK")))
    assert (cmyk.components, cmyk.has_adobe) == (4, True)


@pytest.mark.parametrize("marker", [0xC3, 0xC9])
def test_lossless_and_arithmetic_coding_are_not_for_pdf(marker: int):
    jpeg = coded(picture(90))
    assert not jpeg_frame(jpeg.replace(b"\xff\xc0", bytes([0xFF, marker]), 1)).is_plain


@pytest.mark.parametrize(
    "broken", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"no JPEG at all", b"\xff\xd8\x00\x00\x00\x00"]
)
def test_bytes_without_a_frame_are_refused(broken: bytes):
    with pytest.raises(ValueError, match="JPEG"):
        jpeg_frame(broken)


@pytest.mark.parametrize(("subsampling", "rows"), [(0, 8), (0, 24), (1, 16), (2, 16), (2, 48)])
@pytest.mark.parametrize("height", [48, 100])
def test_joined_strips_decode_as_each_strip_does(subsampling: int, rows: int, height: int):
    tables, strips = strips_of(picture(height), rows, subsampling=subsampling)
    joined = joined_strips(tables, strips, height, rows)
    assert joined is not None
    assert jpeg_frame(joined).height == height
    alone = np.concatenate([decoded(tables[:-2] + strip[2:]) for strip in strips])
    together = decoded(joined)
    assert together.shape == alone.shape
    # Colour of low resolution is smoothed over the seam; without it, and away from it, every pixel is the same.
    same = np.ones(height, dtype=bool)
    if subsampling == 2:
        seams = np.arange(rows, height, rows)
        same[np.concatenate([seams - 1, seams])] = False
    assert np.array_equal(together[same], alone[same])


def test_more_than_eight_strips_count_their_restart_markers_round():
    tables, strips = strips_of(picture(100), 8, subsampling=0)
    joined = joined_strips(tables, strips, 100, 8)
    assert joined is not None
    # Thirteen strips, twelve seams: RST0 to RST7, then RST0 to RST3.
    assert [joined.count(bytes([0xFF, 0xD0 + number])) for number in range(8)] == [2, 2, 2, 2, 1, 1, 1, 1]


def test_a_single_strip_needs_no_restart():
    tables, strips = strips_of(picture(40), 40)
    joined = joined_strips(tables, strips, 40, 40)
    assert joined is not None
    assert b"\xff\xdd" not in joined
    assert np.array_equal(decoded(joined), decoded(coded(picture(40))))


def test_strips_with_their_own_tables_are_joined_when_these_are_equal():
    bands = [coded(picture(64).crop((0, top, WIDTH, top + 32)), subsampling=0) for top in (0, 32)]
    joined = joined_strips(b"", bands, 64, 32)
    assert joined is not None
    assert np.array_equal(decoded(joined), np.concatenate([decoded(band) for band in bands]))


@pytest.mark.parametrize("reason", ["other tables", "other coding", "odd height", "restarts of their own", "no frame"])
def test_strips_that_do_not_fit_together_are_left_alone(reason: str):
    rows = 8 if reason == "odd height" else 16
    options: dict[str, object] = {"subsampling": 2}
    if reason == "other coding":
        options["progressive"] = True
    if reason == "restarts of their own":
        options["restart_marker_rows"] = 1
    strips = [coded(picture(32).crop((0, top, WIDTH, top + rows)), **options) for top in range(0, 32, rows)]
    if reason == "other tables":
        buffer = io.BytesIO()
        picture(16).save(buffer, "JPEG", quality=20, subsampling=2)
        strips[1] = buffer.getvalue()
    if reason == "no frame":
        strips[1] = b"\xff\xd8\xff\xd9"
    assert joined_strips(b"", strips, 32, rows) is None


def test_the_colours_that_a_tiff_states_are_written_into_its_jpeg():
    tables, strips = strips_of(picture(40), 40, subsampling=0)
    bare = joined_strips(tables, strips, 40, 40)
    assert bare is not None
    start = bare.index(b"JFIF") - 4
    bare = bare[:start] + bare[start + 18 :]
    as_rgb = with_colours(bare, is_rgb=True)
    as_ycbcr = with_colours(bare, is_rgb=False)
    assert as_rgb is not None
    assert as_ycbcr is not None
    assert jpeg_frame(as_rgb).is_rgb
    assert not jpeg_frame(as_ycbcr).is_rgb
    assert np.array_equal(decoded(as_ycbcr), decoded(coded(picture(40), subsampling=0)))
    assert not np.array_equal(decoded(as_rgb), decoded(as_ycbcr))


def test_a_jpeg_that_contradicts_its_tiff_is_left_alone():
    assert with_colours(coded(picture(40)), is_rgb=True) is None
    assert with_colours(coded(picture(40)), is_rgb=False) == coded(picture(40))
