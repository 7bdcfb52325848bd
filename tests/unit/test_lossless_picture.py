"""Pixels in as few bits as they need, each as it was."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.binding.lossless_picture import as_group_4, as_png, reduced
from pipeline.binding.png_chunks import png_rows

NOISE = np.random.default_rng(5)


def pixels(kind: str) -> np.ndarray:
    shape = (61, 83)
    if kind == "1":
        return np.repeat(NOISE.integers(0, 2, (*shape, 1), dtype=np.uint8) * 255, 3, axis=2)
    if kind == "L":
        return np.repeat(NOISE.integers(0, 256, (*shape, 1), dtype=np.uint8), 3, axis=2)
    if kind == "P":
        colours = NOISE.integers(0, 256, (256, 3), dtype=np.uint8)
        return colours[NOISE.integers(0, 256, shape)]
    return NOISE.integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["1", "L", "P", "RGB"])
def test_a_picture_is_reduced_to_its_colours_and_not_further(kind: str):
    given = pixels(kind)
    picture = reduced(given)
    assert picture.mode == kind
    assert np.array_equal(np.array(picture.convert("RGB")), given)


@pytest.mark.parametrize(
    ("value", "mode"), [((0, 0, 0), "1"), ((255, 255, 255), "1"), ((9, 9, 9), "L"), ((9, 9, 8), "P")]
)
def test_a_page_of_one_colour_is_no_special_case(value: tuple[int, int, int], mode: str):
    given = np.full((5, 7, 3), value, dtype=np.uint8)
    picture = reduced(given)
    assert picture.mode == mode
    assert np.array_equal(np.array(picture.convert("RGB")), given)


def test_a_257th_colour_that_hides_from_the_sample_is_seen():
    given = pixels("P")
    given[0, 1] = (1, 2, 3)
    assert len(np.unique(given.reshape(-1, 3), axis=0)) == 257
    assert reduced(given).mode == "RGB"


@pytest.mark.parametrize(("colours", "bits"), [(2, 1), (4, 2), (16, 4), (17, 8)])
def test_a_palette_takes_as_many_bits_as_it_has_colours(colours: int, bits: int):
    rows = png_rows(as_png(reduced((np.arange(colours)[:, None, None] * [7, 3, 1]).astype(np.uint8))))
    assert rows is not None
    assert rows.bits == bits
    assert rows.palette is not None
    assert len(rows.palette) >= 3 * colours


def test_group_4_is_one_strip_however_large_the_page():
    picture = Image.new("1", (2480, 3508), 1)
    with Image.open(io.BytesIO(as_group_4(picture))) as stored:
        assert len(stored.tag_v2[273]) == 1
        assert stored.convert("1").tobytes() == picture.tobytes()


@pytest.mark.parametrize("broken", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + bytes(11)])
def test_what_is_no_png_is_refused(broken: bytes):
    with pytest.raises(ValueError, match="PNG"):
        png_rows(broken)
