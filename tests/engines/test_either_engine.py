"""The main job on either engine, set by one setting: the same pages found, whichever it is."""

from __future__ import annotations

from pathlib import Path

from tests.house import CASE, open_house


def test_pages_are_found_whichever_engine_is_set(engine_address: str | Path, tmp_path: Path) -> None:
    settings: dict[str, object] = {}
    if isinstance(engine_address, str):
        settings = {
            "search_engine": "elasticsearch",
            "elasticsearch_url": engine_address,
            "elasticsearch_index": "main-job",
        }
    with open_house(tmp_path, **settings) as house:
        house.engine.clear()
        house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
        house.drop_pages("没有编号/卷一", [4])
        house.take_in_and_work()

        assert [hit.page_number for hit in house.searcher.search("讯问笔录第2页").hits] == [2]
        assert [hit.rung for hit in house.searcher.search("证人甲3号称钱款已转入账户").hits] == ["phrase"]
        assert house.searcher.search("账户").total == 4
        assert house.searcher.search("账户", case=CASE).total == 3
        assert house.searcher.search("证").total == 4
        (hit,) = house.searcher.search("讯问笔录第2页").hits
        assert len(hit.rects) == 1
        assert house.faults() == []

        house.engine.clear()  # as a server that comes back with an empty disk
        house.work()
        while house.feed.step():
            pass
        assert house.searcher.search("账户").total == 4


def test_a_switch_of_engines_loses_no_page(node: str, tmp_path: Path) -> None:
    elasticsearch: dict[str, object] = {
        "search_engine": "elasticsearch",
        "elasticsearch_url": node,
        "elasticsearch_index": "switch",
    }
    with open_house(tmp_path) as house:
        house.drop_pages(f"{CASE}/卷一", [1])
        house.take_in_and_work()
    with open_house(tmp_path, **elasticsearch) as house:
        house.drop_pages(f"{CASE}/卷一", [2], first_name=2)
        house.take_in_and_work()
        assert house.searcher.search("账户").total == 2
    with open_house(tmp_path) as house:
        while house.feed.step():
            pass
        assert house.searcher.search("账户").total == 2
