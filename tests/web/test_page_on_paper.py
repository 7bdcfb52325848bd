"""A page view on paper: its picture, whose and which it is, and who printed it; nothing of what was read."""

from __future__ import annotations

import io
import re

import numpy as np
import pypdfium2
import pytest
from chromium import launched, served
from numpy.typing import NDArray
from site_under_test import PASSWORD, Room

from dossier.settings import Settings
from dossier.viewers import OPERATOR
from search_api.app import create_app

pytestmark = pytest.mark.browser

_PICTURE = 3  # FPDF_PAGEOBJ_IMAGE


def test_a_printed_page_is_its_picture_with_the_name_of_who_printed_it(room: Room) -> None:
    scanroom = room.scanroom
    app = create_app(
        scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD,
        settings=Settings(watermark=True),
    )  # fmt: skip
    Room(scanroom, app, room.page_ids).add_user("段知行", OPERATOR)
    with served(app) as address, launched() as browser:
        page = browser.new_context(base_url=address).new_page()
        page.goto("/login")
        page.get_by_label("用户名").fill("段知行")
        page.get_by_label("口令").fill(PASSWORD)
        page.get_by_role("button", name="进入").click()
        page.wait_for_url("**/")
        page.goto(f"/pages/{room.page_ids[0]}?q=林晓禾")
        page.get_by_text("被害人林晓禾陈述").wait_for()
        page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")
        printed = [page.pdf(format="A4")]
        # Turned on the screen, it is printed as it stands there.
        page.get_by_role("button", name="转向").click()
        printed.append(page.pdf(format="A4"))
        assert re.fullmatch(r"段知行 \d{4}-\d\d-\d\d \d\d:\d\d", page.locator(".watermark text").first.text_content())
        page.evaluate("document.querySelector('.watermark').remove()")
        bare = page.pdf(format="A4")
    app.state.site.looks.close()

    shapes = []
    for content in printed:
        (sheet,) = pypdfium2.PdfDocument(io.BytesIO(content))
        text = sheet.get_textpage().get_text_bounded()
        assert "证据材料卷一" in text
        assert "林晓禾" not in text
        (left, bottom, right, top) = next(each for each in sheet.get_objects([_PICTURE])).get_bounds()
        width, height = sheet.get_size()
        assert 0 <= left < right <= width
        assert 0 <= bottom < top <= height
        assert max((right - left) / width, (top - bottom) / height) > 0.8, "as large as the paper allows"
        shapes.append(right - left < top - bottom)
    assert shapes == [True, False]
    # The watermark is drawn, all over the sheet and faintly.
    marked, unmarked = (_shades(content) for content in (printed[1], bare))
    darker = unmarked - marked
    assert all((part > 3).any() for part in np.array_split(darker, 4))
    assert darker.max() < 64


def _shades(content: bytes) -> NDArray[np.int16]:
    """A sheet's shades of grey."""
    return pypdfium2.PdfDocument(io.BytesIO(content))[0].render(scale=1.5, grayscale=True).to_numpy().astype(np.int16)
