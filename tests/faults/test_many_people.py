"""Twelve people at once while a worker reads: nobody is refused, and nobody sees a fault of the program."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import httpx
from office import Office
from sqlalchemy import func, select

from dossier.catalogue.tables import Page, Volume
from tests.house import open_house

PEOPLE, SECONDS, MOST_TURNS = 12, 8.0, 100
CASE = "临检起诉受[2031]99010100007号"
_PICTURE = re.compile(r'<img[^>]* src="(/api/v1/pages/[^"]+)"')


def test_many_people_search_and_look_while_pages_are_read_and_nothing_fails(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        house.drop_pages(f"{CASE}/卷一", list(range(1, 9)))
        house.take_in_and_work()
        house.drop_pages(f"{CASE}/卷二", list(range(11, 71)))
        house.take_in()
        with house.catalogue.reading() as session:
            volume_id = session.scalars(select(Volume.id).where(Volume.name == "卷一")).one()
    office = Office(tmp_path / "home")
    try:
        with ThreadPoolExecutor(PEOPLE) as people:
            until = time.monotonic() + SECONDS
            told = list(people.map(lambda _: _a_morning(office.address, volume_id, until), range(PEOPLE)))
        # The worker has read meanwhile, or does so as soon as it is left alone.
        patience = time.monotonic() + 60
        while _searchable(office) <= 8:
            assert time.monotonic() < patience
            time.sleep(0.5)
    finally:
        office.kill()
        office.catalogue.close()

    assert [answers for answers in told if set(answers) != {200}] == []
    assert min(map(Counter.total, told)) >= 2 * 5


def _a_morning(address: str, volume_id: str, until: float) -> Counter[int]:
    """What one person was answered: how many answers had which status."""
    answers: Counter[int] = Counter()
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
        entered = client.post("/login", data={"password": "password"})
        assert entered.status_code == 303
        for turn in range(MOST_TURNS):
            if turn > 1 and time.monotonic() > until:
                break
            found = client.get("/", params={"q": "讯问笔录"})
            # Of pages that have been read: the others' pictures are still being made, and it is said so.
            pictures = [unescape(source) for source in _PICTURE.findall(found.text)]
            asked = ["/board", f"/volumes/{volume_id}", f"/api/v1/volumes/{volume_id}/outline", *pictures[:6]]
            answers.update([found.status_code, *(client.get(place).status_code for place in asked)])
    return answers


def _searchable(office: Office) -> int:
    with office.catalogue.reading() as session:
        return session.scalar(select(func.count()).where(Page.state == "searchable")) or 0
