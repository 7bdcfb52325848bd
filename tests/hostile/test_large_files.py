"""Limits let through what an office has, and stop what it has not: a large drawing, many pages, many frames."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from dossier.catalogue.tables import Page
from dossier.settings import Settings
from pipeline.crew.tasks import InspectTask
from pipeline.crew.worker_process import WorkerProcess, workbench
from pipeline.files.sources import Limits
from tests.hostile.bad_pdfs import many_pages
from tests.hostile.bad_pictures import tiff
from tests.house import CASE, open_house
from tests.recorded import print_page

LONG = bool(os.environ.get("EDOSSIER_TEST_HOSTILE"))
A0 = (9933, 14_043)
"""Pixels of 841 × 1189 mm at 300 dpi: 139 million."""

_WIDE, _NARROW = 620, 877


def drawing(mode: str) -> Image.Image:
    """A drawing of size A0 with recorded page 5 in its corner, and thin lines all over the rest."""
    image = Image.new("L", A0, 255)
    image.paste(print_page(5).convert("L"), (0, 0))
    draw = ImageDraw.Draw(image)
    for place in range(1000, A0[1] - 1000, 200):
        draw.line((0, place, A0[0], A0[1] - place), fill=120, width=3)
    return image.convert(mode)


def _group4() -> bytes:
    return _saved(drawing("1"), "TIFF", compression="group4")


def _jpeg() -> bytes:
    return _saved(drawing("RGB"), "JPEG", quality=75)


def _png() -> bytes:
    return _saved(drawing("L"), "PNG", compress_level=1)


def _pdf() -> bytes:
    return _saved(drawing("RGB"), "PDF", resolution=300.0)


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **({"dpi": (300, 300)} | options if format_ != "PDF" else options))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def inspector() -> Iterator[WorkerProcess]:
    process = WorkerProcess(Path(), 120.0, 1000, confinement=workbench(2_000_000_000))
    yield process
    process.stop()


def test_an_a0_drawing_at_300_dpi_is_a_page(inspector: WorkerProcess, tmp_path: Path) -> None:
    path = tmp_path / "a0.tif"
    path.write_bytes(_group4())

    answer = inspector.perform(InspectTask(path, path.name, Limits()))

    (page,) = answer.shapes  # type: ignore[union-attr]
    assert (page.width, page.height, page.dpi) == (*A0, 300.0)


@pytest.mark.skipif(not LONG, reason="takes minutes: make hostile")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "make"),
    [("a0.tif", _group4), ("a0.jpg", _jpeg), ("a0.png", _png), ("a0.pdf", _pdf)],
    ids=lambda part: str(part)[:6],
)
def test_an_a0_drawing_at_300_dpi_goes_through(
    name: str, make: Callable[[], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked into, read, shown and bound, in processes as confined as the settings have it."""
    monkeypatch.setattr("tests.house._PATIENCE_SECONDS", 600.0)
    with open_house(tmp_path) as house:
        house.drop(f"{CASE}/卷一/{name}", make())
        house.take_in_and_work()

        with house.catalogue.reading() as session:
            page = session.scalars(select(Page)).one()
        assert (page.state, page.width, page.height) == ("searchable", *A0)
        assert house.searcher.search("讯问笔录第5页").total == 1
        assert len(list(house.home.derived.rglob("*.pdf"))) == 1


def frames(count: int) -> bytes:
    """A TIFF of so many frames that share one strip: small, and honest in all but that."""
    one = tiff([(256, 4, 1, 50), (257, 4, 1, 100), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 16),
                (277, 3, 1, 1), (278, 4, 1, 100), (279, 4, 1, 5000)])  # fmt: skip
    start = 16 + 5000
    directory = one[start:-4]
    length = len(directory) + 4
    return one[:start] + b"".join(
        directory + struct.pack("<I", start + (place + 1) * length if place + 1 < count else 0)
        for place in range(count)
    )


@pytest.mark.parametrize(
    ("make", "limits", "found"),
    [
        (lambda: frames(5000), Limits(max_pages=4999), "too_large"),
        (lambda: frames(500), Limits(max_pages=500), 500),
        (lambda: many_pages(100_000), Limits(), "too_large"),
        (lambda: many_pages(300), Limits(max_pages=300), 300),
        *([(lambda: frames(5000), Limits(), 5000), (lambda: many_pages(10_000), Limits(), 10_000)] if LONG else []),
    ],
    ids=["5000 frames", "500 frames", "100000 pages", "300 pages", *(["all frames", "all pages"] if LONG else [])],
)
def test_too_many_pages_are_refused_before_any_is_read(
    make: Callable[[], bytes], limits: Limits, found: str | int, inspector: WorkerProcess, tmp_path: Path
) -> None:
    """T14."""
    path = tmp_path / "many"
    path.write_bytes(make())

    answer = inspector.perform(InspectTask(path, path.name, limits))

    assert (answer.refusal.code if answer.refusal else len(answer.shapes)) == found  # type: ignore[union-attr]


def test_the_settings_limits_are_those_that_a_look_applies() -> None:
    settings = Settings()

    assert (settings.max_pixels, settings.max_pages) == (Limits().max_pixels, Limits().max_pages)
    assert settings.max_pixels > A0[0] * A0[1]
