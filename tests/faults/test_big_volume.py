"""A volume of 5,000 pages (one PDF, or as many pictures) stays usable, and 40 volumes come in at nine o'clock.

Every run takes a share; `make flood` all of it. What decides is the number of statements and the size of an answer,
which must not grow with the volume where only a part of it is shown; times are printed.
"""

from __future__ import annotations

import io
import os
import random
import time
from pathlib import Path

import pikepdf
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import func, select

from dossier import outbox
from dossier.catalogue.tables import Document, Page, ReadingRow, Volume
from dossier.status import status_of
from search_api.app import create_app
from tests.filed import reading
from tests.house import CASE, House, encoded, open_house
from tests.recorded import print_page
from tests.statements import sent

PAGES = int(os.environ.get("EDOSSIER_TEST_VOLUME", "60"))
VOLUMES = int(os.environ.get("EDOSSIER_TEST_VOLUMES", "3"))
A_VOLUME = int(os.environ.get("EDOSSIER_TEST_VOLUME_PAGES", "4"))


def test_a_volume_of_thousands_of_pages_is_taken_in_in_order_and_stays_usable(tmp_path: Path) -> None:
    asked = {}
    for pages in (20, PAGES):
        with open_house(tmp_path / f"{pages}") as house:
            began = time.monotonic()
            house.drop(f"{CASE}/证据材料卷一/全卷.pdf", pdf_of(pages))
            numbers = list(range(1, pages + 1))
            random.Random(7).shuffle(numbers)  # a scanner's names count, whatever comes first
            for number in numbers:
                house.drop(f"{CASE}/证据材料卷二/{number:05d}.png", small_picture(number))
            house.take_in()
            print(f"{2 * pages} pages taken in in {time.monotonic() - began:.1f} s")
            assert house.in_inbox() == []
            order = house.order()
            assert [number for volume, number, _ in order if volume == "证据材料卷一"] == list(range(1, pages + 1))
            assert [(number, path) for volume, number, path in order if volume == "证据材料卷二"] == [
                (number, f"{number:05d}.png") for number in range(1, pages + 1)
            ]
            read_all(house)
            asked[pages] = look_around(house)
            found = house.searcher.search(f"第{pages}页结束", limit=10)
            assert sorted(hit.page_number for hit in found.hits) == [pages, pages]
    small, large = asked[20], asked[PAGES]
    for route, (statements, size) in large.items():
        # What shows a whole volume may list its pages, a line each; but it asks for them together.
        assert statements <= small[route][0] + 12, (route, small[route], large[route])
        assert size <= small[route][1] + 1500 * PAGES, (route, small[route], large[route])


def test_at_nine_oclock_all_volumes_come_and_each_is_whole_and_by_itself(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        chance = random.Random(9)
        files = [(volume, page) for volume in range(1, VOLUMES + 1) for page in range(1, A_VOLUME + 1)]
        chance.shuffle(files)  # many scanners at once
        for volume, page in files:
            number = (volume - 1) * A_VOLUME + page
            house.drop(f"{CASE[:-8]}{volume:07d}号/卷{volume}/{page:04d}.png", encoded(print_page(number), ".png"))
        began = time.monotonic()
        house.take_in()
        print(f"{len(files)} pages of {VOLUMES} volumes taken in in {time.monotonic() - began:.1f} s")
        assert house.in_inbox() == []
        with house.catalogue.reading() as session:
            rows = session.execute(
                select(Volume.name, func.count(Page.id), func.max(Page.page_number))
                .join(Page, Page.volume_id == Volume.id)
                .group_by(Volume.id)
            ).all()
            assert sorted(rows) == sorted((f"卷{number}", A_VOLUME, A_VOLUME) for number in range(1, VOLUMES + 1))
            assert session.scalar(select(func.count()).select_from(Document)) == VOLUMES
            assert status_of(session).pages["waiting"] == len(files)
        if len(files) <= 100:
            house.work()
            assert house.searcher.search("本页内容经核对", limit=100).total == len(files)
            assert house.faults() == []


def look_around(house: House) -> dict[str, tuple[int, int]]:
    """Statements and bytes of what people open of a volume."""
    app = create_app(house.home, house.catalogue, house.vault, house.searcher, "password", settings=house.settings)
    client = TestClient(app, base_url="http://127.0.0.1")
    client.post("/login", data={"password": "password"})
    with house.catalogue.reading() as session:
        volume_id = session.scalars(select(Volume.id).where(Volume.name == "证据材料卷二")).one()
        page_ids = session.scalars(select(Page.id).where(Page.volume_id == volume_id).order_by(Page.page_number)).all()
        document_id = session.scalars(select(Document.id).where(Document.volume_id == volume_id)).one()
    told = {}
    for name, path in {
        "board": "/board",
        "status": "/api/v1/status",
        "light table": f"/volumes/{volume_id}",
        "outline": f"/api/v1/volumes/{volume_id}/outline",
        "reader": f"/volumes/{volume_id}/read",
        "directory": f"/api/v1/documents/{document_id}",
        "page": f"/pages/{page_ids[len(page_ids) // 2]}",
        "flip": f"/volumes/{volume_id}/flip",
        "search": "/?q=本页内容经核对",
    }.items():
        client.get(path)
        with sent() as statements:
            began = time.monotonic()
            answer = client.get(path)
            seconds = time.monotonic() - began
        assert answer.status_code == 200, (name, answer.status_code, answer.text[:300])
        told[name] = (len(statements), len(answer.content))
        print(f"  {name}: {len(statements)} statements, {len(answer.content) >> 10} KB, {seconds * 1000:.0f} ms")
    return told


def read_all(house: House) -> None:
    """Store an invented reading of each page, as a worker would, and index them."""
    with house.catalogue.reading() as session:
        pages = session.execute(select(Page.id, Page.page_number)).all()
    stored = []
    for page_id, number in pages:
        content = reading([f"讯问笔录第{number}页", "本页内容经核对", f"第{number}页结束"])
        stored.append((page_id, house.vault.store_reading(page_id, 1, content.to_bytes()), content))
    with house.catalogue.writing() as session:
        for page_id, sha256, content in stored:
            page = session.get_one(Page, page_id)
            session.add(ReadingRow(page_id=page_id, version=1, sha256=sha256, engine=content.engine))
            page.state, page.reading_version = "read", 1
        session.flush()
        outbox.enqueue(session, [page_id for page_id, *_ in stored])
    while house.feed.step():
        pass


def small_picture(number: int) -> bytes:
    """A picture with bytes of its own."""
    told = PngInfo()
    told.add_text("number", str(number))
    buffer = io.BytesIO()
    Image.new("1", (64, 88), 1).save(buffer, "PNG", dpi=(75, 75), pnginfo=told)
    return buffer.getvalue()


def pdf_of(pages: int) -> bytes:
    """A PDF of so many scanned pages."""

    with pikepdf.new() as document:
        for _ in range(pages):
            page = document.add_blank_page(page_size=(595, 842))
            page.Contents = document.make_stream(b"q 500 0 0 700 40 40 cm /P Do Q")
            picture = document.make_stream(bytes(8))
            picture.update({"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": 8, "/Height": 8})
            picture.update({"/ColorSpace": pikepdf.Name.DeviceGray, "/BitsPerComponent": 1})
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=picture))
        buffer = io.BytesIO()
        document.save(buffer)
    return buffer.getvalue()
