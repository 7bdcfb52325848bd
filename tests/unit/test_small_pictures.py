"""The small picture that whoever makes a page's picture makes, too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dossier.derived import THUMBNAIL, smaller_picture
from pipeline.cleaning.upright_page import UprightPage
from pipeline.crew.worker import write_picture


def page(width: int, height: int) -> UprightPage:
    return UprightPage(np.full((height, width, 3), 255, np.uint8))


def test_a_page_has_its_small_picture_beside_it_with_the_time_of_the_large_one(tmp_path: Path) -> None:
    target = tmp_path / "p1.r1.1.jpg"
    write_picture(page(1200, 1800), target)
    small = smaller_picture(target, THUMBNAIL)
    with Image.open(small) as picture:
        assert picture.size == (240, 360)
    assert small.stat().st_mtime_ns == target.stat().st_mtime_ns


def test_a_page_that_is_small_has_no_smaller_picture(tmp_path: Path) -> None:
    target = tmp_path / "p1.r1.1.jpg"
    write_picture(page(200, 300), target)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
