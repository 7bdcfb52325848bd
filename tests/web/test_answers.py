"""Orders, groups, facets, cursors and names that may have been meant: in the API and on the page."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from scanroom import CASE, Scanroom
from site_under_test import PASSWORD, Room
from sqlalchemy import select, true, update
from starlette.testclient import TestClient

from dossier import outbox
from dossier.case_metadata import apply_metadata, parse_metadata
from dossier.catalogue.tables import Arrival, Case, CaseNumber, Page, Volume
from dossier.home import Home
from dossier.viewers import AT_MACHINE
from indexer.cursor import sealed_cursor
from indexer.query import ENOUGH
from indexer.search import HITS_OF_A_GROUP
from search_api.app import create_app

FRAUD, THEFT = "沪东检诉受[2032]31011500078号", "（2033）沪0104刑初9号"
WORD = "账目清单"


@pytest.fixture(scope="session")
def filed(furnished: tuple[Path, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two more cases: 12 pages of three volumes in one, 4 of one in the other, all with one word."""
    home = tmp_path_factory.mktemp("filed") / "home"
    shutil.copytree(furnished[0], home)
    scanroom = Scanroom(Home.at(home))
    for case, volume, files in (
        (FRAUD, "证据材料卷一", ("甲/01", "甲/02", "甲/03", "甲/04", "乙/01", "乙/02")),
        (FRAUD, "证据材料卷二", ("01", "02", "03", "04", "05")),
        (FRAUD, "诉讼文书卷", ("01",)),
        (THEFT, "证据材料卷一", ("01", "02", "03", "04")),
    ):
        for number, name in enumerate(files):
            page_id = scanroom.receive(f"{name}.jpg", volume=volume, case=case)
            scanroom.read(page_id, [WORD, f"第{number}页", "闵照屿" if case == THEFT else "何景行"])
    known = {"charge": "诈骗罪", "department": "一部", "handler": "苏未晚", "accepted_on": "2034-02-03"}
    tell(scanroom, FRAUD, json.dumps(known))
    tell(scanroom, THEFT, '{"charge": "盗窃罪", "department": "二部", "suspects": [{"name": "闵照屿"}]}')
    scanroom.make_searchable()
    scanroom.close()
    return home


@pytest.fixture
def cases(filed: Path, furnished: tuple[Path, tuple[str, ...]], tmp_path: Path) -> Iterator[Room]:
    """A site over a copy of that home."""
    shutil.copytree(filed, tmp_path / "cases")
    scanroom = Scanroom(Home.at(tmp_path / "cases"))
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD)
    yield Room(scanroom, app, furnished[1])
    scanroom.close()


def tell(scanroom: Scanroom, number: str, metadata: str) -> None:
    with scanroom.catalogue.writing() as session:
        apply_metadata(session, case_of(session, number), parse_metadata(metadata.encode()), "test")


def case_of(session: Any, number: str) -> Case:
    found: Case = session.scalars(
        select(Case).join(CaseNumber, CaseNumber.case_id == Case.id).where(CaseNumber.as_given == number)
    ).one()
    return found


def case_id(room: Room, number: str) -> str:
    with room.scanroom.catalogue.reading() as session:
        return case_of(session, number).id


def answer(browser: TestClient, path: str = "/api/v1/search", **asked: Any) -> dict[str, Any]:
    got = browser.get(path, params={"q": WORD, **asked})
    assert got.status_code == 200, got.text
    document: dict[str, Any] = got.json()
    return document


def in_page_order(room: Room) -> list[str]:
    """All pages with the word, as the catalogue says that they stand."""
    with room.scanroom.catalogue.reading() as session:
        return list(
            session.scalars(
                select(Page.id)
                .join(Volume, Volume.id == Page.volume_id)
                .where(Page.id.not_in(room.page_ids))
                .order_by(Page.case_id, Volume.order_key, Page.page_number)
            )
        )


def ids(found: dict[str, Any]) -> list[str]:
    return [hit["page_id"] for hit in found["hits"]]


class TestOrdersAndCursors:
    def test_page_order_is_that_of_the_volumes(self, cases: Room) -> None:
        assert ids(answer(cases.signed_in(), order="page")) == in_page_order(cases)

    def test_the_newest_stand_first_and_what_came_together_in_page_order(self, cases: Room) -> None:
        with cases.scanroom.catalogue.writing() as session:
            session.execute(update(Arrival).values(received_at=1_900_000_000.0))
            volume = session.scalars(
                select(Volume).where(Volume.name == "证据材料卷二", Volume.case_id == case_of(session, FRAUD).id)
            ).one()
            session.execute(update(Arrival).where(Arrival.volume_id == volume.id).values(received_at=1_900_000_000.5))
            newest = set(session.scalars(select(Page.id).where(Page.volume_id == volume.id)))
            outbox.enqueue_whole(session, true())
        cases.scanroom.make_searchable()
        ordered = in_page_order(cases)
        expected = [page for page in ordered if page in newest] + [page for page in ordered if page not in newest]
        assert ids(answer(cases.signed_in(), order="received")) == expected

    @pytest.mark.parametrize("order", ["relevance", "page", "received"])
    def test_cursors_lead_through_all_hits_once(self, cases: Room, order: str) -> None:
        browser = cases.signed_in()
        whole = ids(answer(browser, order=order, limit=100))
        found = answer(browser, order=order, limit=5)
        through = ids(found)
        while found.get("after"):
            found = answer(browser, order=order, limit=5, after=found["after"])
            assert found["total"] == 16
            through += ids(found)
        assert through == whole
        assert len(whole) == 16

    def test_the_last_hits_have_no_cursor(self, cases: Room) -> None:
        browser = cases.signed_in()
        assert answer(browser, limit=16).get("after") is None
        assert answer(browser, limit=15)["after"]

    @pytest.mark.parametrize("other", [{"q": "何景行"}, {"order": "page"}, {"group": "case"}, {"charge": "诈骗罪"}])
    def test_a_cursor_of_another_search_is_a_problem_that_says_so(self, cases: Room, other: dict[str, str]) -> None:
        browser = cases.signed_in()
        cursor = answer(browser, limit=2)["after"]
        got = browser.get("/api/v1/search", params={"q": WORD, "after": cursor, **other})
        assert (got.status_code, got.json()["code"]) == (400, "usage")
        assert "游标" in got.json()["detail"]

    def test_a_cursor_that_was_made_up_is_no_fault_of_ours(self, cases: Room) -> None:
        browser = cases.signed_in()
        places = ("x", "phrase\x1fx", "phrase\x1fx\x1fy", "phrase\x1f-1\x1f", "phrase\x1f\x00", "?\x1fphrase\x1f")
        for order, group, place in product(("relevance", "page", "received"), ("", "case"), places):
            made_up = sealed_cursor((WORD, "", order, group), place)
            asked = {"q": WORD, "after": made_up, "order": order} | ({"group": group} if group else {})
            got = browser.get("/api/v1/search", params=asked)
            assert got.status_code in (200, 400), (order, group, place)
            if got.status_code == 400:
                assert "another" not in got.json()["detail"] or "\x1f" not in place, "it is one of this search"

    def test_beyond_what_an_offset_reaches_is_a_problem_that_says_so(self, cases: Room) -> None:
        browser = cases.signed_in()
        assert answer(browser, offset=9_990, limit=10)["hits"] == []
        got = browser.get("/api/v1/search", params={"q": WORD, "offset": 9_990, "limit": 11})
        assert (got.status_code, got.json()["code"]) == (400, "usage")
        assert "10000" in got.json()["detail"]

    def test_groups_have_the_same_window_and_no_offset_from_a_cursor(self, cases: Room) -> None:
        browser = cases.signed_in()
        after = answer(browser, group="volume", limit=1)["after"]
        assert after
        for asked in ({"offset": 9_990, "limit": 11}, {"offset": 1, "limit": 1, "after": after}):
            got = browser.get("/api/v1/search", params={"q": WORD, "group": "volume", **asked})
            assert (got.status_code, got.json().get("code")) == (400, "usage"), asked
        assert answer(browser, group="volume", offset=9_990, limit=10)["hits"] == []


def test_a_cursor_keeps_its_ladder_while_better_hits_come_in(room: Room) -> None:
    scanroom = room.scanroom
    for number in range(4):
        scanroom.read(scanroom.receive(f"{number}.jpg", volume="卷四"), ["闵照己签字"])  # as 闵照已 was read
    scanroom.make_searchable()
    browser = room.signed_in()
    found = answer(browser, q="闵照已签字", limit=2)
    assert {hit["rung"] for hit in found["hits"]} == {"similar"}
    for number in range(ENOUGH):
        scanroom.read(scanroom.receive(f"{number}.jpg", volume="卷五"), ["闵照已签字"])
    scanroom.make_searchable()
    rest = answer(browser, q="闵照已签字", limit=100, after=found["after"])
    assert [hit["rung"] for hit in rest["hits"]] == ["similar", "similar"]
    assert not set(ids(rest)) & set(ids(found))
    assert {hit["rung"] for hit in answer(browser, q="闵照已签字", limit=100)["hits"]} == {"phrase"}


class TestGroups:
    @pytest.mark.parametrize(("group", "sizes"), [("case", [12, 4]), ("volume", [5, 6, 1, 4]), ("document", [4, 2])])
    def test_groups_have_their_exact_numbers_and_first_hits(self, cases: Room, group: str, sizes: list[int]) -> None:
        found = answer(cases.signed_in(), group=group, order="page")
        shown = found["groups"]["shown"]
        with cases.scanroom.catalogue.reading() as session:
            of = {page.id: getattr(page, f"{group}_id") for page in session.scalars(select(Page))}
        members: dict[str, list[str]] = {}
        for page_id in in_page_order(cases):
            members.setdefault(of[page_id], []).append(page_id)
        assert [(each["id"], each["total"]) for each in shown] == [
            (group_id, len(pages)) for group_id, pages in members.items()
        ]
        assert set(sizes) <= {each["total"] for each in shown}
        assert [each["page_ids"] for each in shown] == [pages[:HITS_OF_A_GROUP] for pages in members.values()]
        assert ids(found) == [page_id for each in shown for page_id in each["page_ids"]]
        assert found["groups"]["total"] == len(members)
        assert found["total"] == 16

    @pytest.mark.parametrize("order", ["relevance", "page", "received"])
    def test_cursors_lead_through_all_groups_once(self, cases: Room, order: str) -> None:
        browser = cases.signed_in()
        whole = [each["id"] for each in answer(browser, group="document", order=order)["groups"]["shown"]]
        found = answer(browser, group="document", order=order, limit=2)
        through = [each["id"] for each in found["groups"]["shown"]]
        while found.get("after"):
            found = answer(browser, group="document", order=order, limit=2, after=found["after"])
            through += [each["id"] for each in found["groups"]["shown"]]
        assert through == whole
        assert len(whole) == 5

    def test_every_hit_says_how_many_its_document_has(self, cases: Room) -> None:
        found = answer(cases.signed_in(), limit=100)
        pages = Counter(hit["document_id"] for hit in found["hits"])
        assert {each["document_id"]: each["total"] for each in found["document_hits"]} == pages


class TestFacets:
    def facets(self, room: Room, **asked: str) -> dict[str, dict[str, int]]:
        found = answer(room.signed_in(), "/api/v1/search/facets", **asked)
        return {name: {value["label"]: value["count"] for value in values} for name, values in found["facets"].items()}

    def test_facets_are_the_numbers_of_hits(self, cases: Room) -> None:
        assert self.facets(cases) == {
            "case": {FRAUD: 12, THEFT: 4},
            "charge": {"诈骗罪": 12, "盗窃罪": 4},
            "department": {"一部": 12, "二部": 4},
            "volume_kind": {"证据材料卷": 15, "诉讼文书卷": 1},
            "year": {"2034": 12, "2033": 4},  # of acceptance; where that is not known, of the number
        }

    @pytest.mark.parametrize(
        ("facet", "value", "total"),
        [("charge", "诈骗罪", 12), ("department", "二部", 4), ("volume_kind", "诉讼文书卷", 1), ("year", "2033", 4)],
    )
    def test_a_value_narrows_hits_and_facets_down_to_its_number(
        self, cases: Room, facet: str, value: str, total: int
    ) -> None:
        assert answer(cases.signed_in(), **{facet: value})["total"] == total
        narrowed = self.facets(cases, **{facet: value})
        assert narrowed[facet] == {value: total}
        assert {sum(counts.values()) for counts in narrowed.values()} == {total}

    def test_values_that_exclude_each_other_leave_nothing(self, cases: Room) -> None:
        assert answer(cases.signed_in(), charge="诈骗罪", year="2033")["total"] == 0
        assert answer(cases.signed_in(), charge="没有这个案由")["total"] == 0

    def test_a_corrected_charge_acts_at_once(self, cases: Room) -> None:
        with cases.scanroom.catalogue.writing() as session:
            case_of(session, THEFT).charge = "抢夺罪"
        assert self.facets(cases)["charge"] == {"诈骗罪": 12, "抢夺罪": 4}
        assert answer(cases.signed_in(), charge="抢夺罪")["total"] == 4

    def test_a_sealed_case_is_neither_counted_nor_named(self, cases: Room) -> None:
        with cases.scanroom.catalogue.writing() as session:
            case_of(session, THEFT).sealed = True
        assert self.facets(cases)["case"] == {FRAUD: 12}
        browser = cases.signed_in()
        assert answer(browser, group="case")["groups"]["total"] == 1
        assert answer(browser, q="闵照峪").get("did_you_mean", []) == []


class TestNeighbours:
    def test_the_reader_knows_which_hit_of_the_document_it_shows(self, cases: Room) -> None:
        browser = cases.signed_in()
        pages = ids(answer(browser, order="page", case=THEFT))
        for number, page_id in enumerate(pages, 1):
            assert answer(browser, "/api/v1/search/neighbours", page_id=page_id) == {
                "total": 4,
                "ordinal": number,
                "before": pages[number - 2] if number > 1 else None,
                "after": pages[number] if number < 4 else None,
            }

    def test_a_page_that_is_no_hit_stands_between_hits(self, cases: Room) -> None:
        browser = cases.signed_in()
        pages = ids(answer(browser, order="page", case=THEFT))
        found = answer(browser, "/api/v1/search/neighbours", page_id=pages[2], q="第1页")
        assert found == {"total": 1, "ordinal": None, "before": pages[1], "after": None}
        assert browser.get("/api/v1/search/neighbours", params={"q": WORD, "page_id": "p0"}).status_code == 404

    def test_the_page_view_leads_through_the_hits_of_the_document(self, cases: Room) -> None:
        browser = cases.signed_in()
        pages = ids(answer(browser, order="page", case=THEFT))
        view = browser.get(f"/pages/{pages[1]}", params={"q": WORD}).text
        assert "本材料 2/4" in view
        assert f'id="hit-before" href="/pages/{pages[0]}?q=' in view
        assert f'id="hit-after" href="/pages/{pages[2]}?q=' in view


class TestDidYouMean:
    def test_a_known_name_one_character_away_is_proposed(self, cases: Room) -> None:
        found = answer(cases.signed_in(), q="闵照峪 账目清单")
        assert found["total"] == 0
        assert found["did_you_mean"] == [{"query": "闵照屿 账目清单", "name": "闵照屿", "total": 4}]

    def test_a_name_that_finds_nothing_is_not_proposed(self, cases: Room) -> None:
        assert answer(cases.signed_in(), q="苏未宛").get("did_you_mean", []) == [], "苏未晚 stands on no page"

    def test_nothing_is_proposed_where_enough_is_found(self, cases: Room) -> None:
        tell(cases.scanroom, FRAUD, '{"handler": "何景星"}')
        assert answer(cases.signed_in(), q="何景行").get("did_you_mean", []) == []

    def test_names_of_one_case_are_not_proposed_in_another(self, cases: Room) -> None:
        assert answer(cases.signed_in(), q="闵照峪", case=FRAUD).get("did_you_mean", []) == []

    def test_the_page_offers_it_as_a_link_that_keeps_the_rest(self, cases: Room) -> None:
        page = cases.signed_in().get("/", params={"q": "闵照峪", "case": THEFT, "order": "page"})
        assert "您是不是要找" in page.text
        links = [unescape(link) for link in re.findall(r'<p class="meant">.*?href="(.*?)"', page.text)]
        assert len(links) == 1
        followed = cases.signed_in().get(links[0]).text
        assert "找到 <strong>4</strong> 页" in followed
        assert 'name="order" value="page"' in followed


class TestThePage:
    def links(self, page: str, part: str) -> dict[str, str]:
        (found,) = re.findall(rf'<nav[^>]*aria-label="{part}">(.*?)</nav>', page, re.DOTALL)
        return {
            re.sub(r"<[^>]+>", "", label).strip(): unescape(address)
            for address, label in re.findall(r'<a[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', found, re.DOTALL)
        }

    def test_a_facet_is_a_link_that_stays_in_the_address_and_can_be_taken_back(self, cases: Room) -> None:
        browser = cases.signed_in()
        page = browser.get("/", params={"q": WORD, "order": "page"}).text
        links = self.links(page, "筛选")
        assert set(links) >= {"诈骗罪 12", "盗窃罪 4", "2034 12", "证据材料卷 15", f"{FRAUD} 12"}
        narrowed = browser.get(links["盗窃罪 4"]).text
        assert "找到 <strong>4</strong> 页" in narrowed
        assert 'name="charge" value="盗窃罪"' in narrowed, "another query keeps it"
        back = self.links(narrowed, "筛选")["盗窃罪 ×"]
        assert "找到 <strong>16</strong> 页" in browser.get(back).text
        assert "order=page" in back

    def test_the_facet_of_a_case_leads_into_it(self, cases: Room) -> None:
        browser = cases.signed_in()
        links = self.links(browser.get("/", params={"q": WORD}).text, "筛选")
        inside = browser.get(links[f"{THEFT} 4"]).text
        assert f'name="case" type="text" value="{THEFT}"' in inside
        assert "找到 <strong>4</strong> 页" in inside
        assert f"{THEFT} ×" in self.links(inside, "筛选")

    def test_hits_are_grouped_under_headings_with_their_numbers(self, cases: Room) -> None:
        browser = cases.signed_in()
        links = self.links(browser.get("/", params={"q": WORD}).text, "分组")
        page = browser.get(links["按卷"]).text
        assert "找到 <strong>16</strong> 页，分 <strong>4</strong> 卷" in page
        headings = re.findall(r'<h2 class="group"><a href="([^"]*)">(.*?)</a> <span class="muted">(\d+) 页', page)
        assert sorted((unescape(name), int(total)) for _, name, total in headings) == sorted(
            [
                (f"{FRAUD} · 证据材料卷一", 6), (f"{FRAUD} · 证据材料卷二", 5),
                (f"{FRAUD} · 诉讼文书卷", 1), (f"{THEFT} · 证据材料卷一", 4),
            ]
        )  # fmt: skip
        assert page.count('class="snippet"') == 3 + 3 + 1 + 3
        for address, *_ in headings:
            assert browser.get(unescape(address)).status_code == 200
        by_case = browser.get(links["按案件"]).text
        (address,) = re.findall(rf'<h2 class="group"><a href="([^"]*)">{THEFT}</a>', by_case)
        assert "找到 <strong>4</strong> 页" in browser.get(unescape(address)).text

    def test_the_next_pages_are_reached_by_cursor_and_lead_back(self, room: Room) -> None:
        scanroom = room.scanroom
        for number in range(10, 55):
            scanroom.read(scanroom.receive(f"{number:04}.jpg", volume="证据材料卷二"), [WORD])
        scanroom.make_searchable()
        browser = room.signed_in()
        address: str | None = f"/?q={WORD}&order=page"
        seen: list[str] = []
        shown = []
        while address:
            page = browser.get(address).text
            seen += re.findall(r'<h2><a href="/pages/(\w+)', page)
            shown += re.findall(r"显示第 (\d+–\d+) 页", page)
            links = self.links(page, "翻页")
            address = links.get("下一页")
        assert shown == ["1–20", "21–40", "41–45"]
        assert len(seen) == len(set(seen)) == 45
        back = browser.get(links["上一页"]).text
        assert "显示第 21–40 页" in back

    def test_the_hits_of_another_order_are_stepped_through_in_it(self, cases: Room) -> None:
        browser = cases.signed_in()
        newest = ids(answer(browser, order="received"))
        page = browser.get("/", params={"q": WORD, "order": "received"}).text
        first = unescape(re.findall(r'<h2><a href="([^"]*)"', page)[0])
        assert first.startswith(f"/pages/{newest[0]}?")
        view = browser.get(first).text
        assert "1/16" in view
        (following,) = re.findall(r'id="hit-after" href="([^"]*)"', view)
        assert following.startswith(f"/pages/{newest[1]}?")

    def test_an_order_or_group_that_does_not_exist_is_refused(self, browser: TestClient) -> None:
        for wrong in ({"order": "size"}, {"group": "page"}, {"year": "xx"}):
            assert browser.get("/", params={"q": WORD, **wrong}).status_code == 422
            assert browser.get("/api/v1/search", params={"q": WORD, **wrong}).status_code == 422

    def test_the_routes_are_in_the_description_of_the_api(self, browser: TestClient) -> None:
        paths = browser.get("/api/v1/openapi.json").json()["paths"]
        assert {"/api/v1/search", "/api/v1/search/facets", "/api/v1/search/neighbours"} <= set(paths)
        parameters = {each["name"] for each in paths["/api/v1/search"]["get"]["parameters"]}
        assert parameters >= {"q", "case", "order", "group", "after", "offset", "limit", "charge", "year"}


def test_the_command_and_the_api_give_the_same(cases: Room) -> None:
    browser = cases.signed_in()
    found = cases.scanroom.searcher.search(WORD, limit=4, viewer=AT_MACHINE, order="page", group="volume").as_json()
    assert answer(browser, limit=4, order="page", group="volume") == found
    assert CASE not in str(found)
