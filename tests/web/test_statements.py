"""A person's statements in a case, as the API and the page give them."""

from __future__ import annotations

import pytest
from scanroom import Shape
from site_under_test import Room
from sqlalchemy import select
from starlette.testclient import TestClient
from test_browser import Window, address, window  # noqa: F401 -- fixtures

from dossier.catalogue.tables import AuditRow, Document, Page
from dossier.contents import Contents

SECOND = ("讯问笔录", "（第二次）", "时间 2031年3月8日 9时00分至10时30分", "地点 东城看守所", "讯问人 苏见川、段知行",
          "记录人 祝青禾", "被讯问人 何景行", "问：再说一遍。")  # fmt: skip
FIRST = (
    "讯问笔录",
    "（第一次）",
    "时间 2031年3月5日 14时20分至16时05分",
    "被讯问人 何景行 性别 男",
    "问：你把经过讲一下。",
)
GOES_ON = ("讯问笔录", "答：钱转给了林晓禾。", "问：何景行，还有吗？")
UNDATED = ("讯问笔录", "（第三次）", "时间 年 月 日", "被讯问人 何景行")
OTHERS = ("询问笔录", "时间 2031年3月6日", "被询问人 林晓禾", "问：何景行说过什么？")


def receive(room: Room, title: str, *pages: tuple[str, ...]) -> list[str]:
    shapes = [Shape(index, kind="render") for index in range(len(pages))]
    first = room.scanroom.receive(f"{title}.pdf", contents=Contents("application/pdf", shapes, is_single_picture=False))
    with room.scanroom.catalogue.reading() as session:
        arrival_id = session.get_one(Page, first).arrival_id
        ids = list(session.scalars(select(Page.id).where(Page.arrival_id == arrival_id).order_by(Page.index_in_file)))
    for page_id, lines in zip(ids, pages, strict=True):
        if lines:
            room.scanroom.read(page_id, lines)
    return ids


@pytest.fixture
def told(room: Room) -> dict[str, list[str]]:
    """Records of two people: one file with two records, one whose day cannot be read, one of which all is unread."""
    told = {
        "both": receive(room, "笔录", SECOND, FIRST, GOES_ON),
        "undated": receive(room, "讯问笔录3", UNDATED),
        "others": receive(room, "林晓禾询问笔录", OTHERS),
        "unread": receive(room, "何景行讯问笔录（第四次）", ()),
    }
    room.scanroom.make_searchable()
    return told


def case_id(room: Room) -> str:
    return room.scanroom.page(room.page_ids[0]).case_id


def test_a_persons_statements_come_by_time_and_those_without_one_say_why(
    room: Room, browser: TestClient, told: dict[str, list[str]]
) -> None:
    answer = browser.get(f"/api/v1/cases/{case_id(room)}/statements", params={"name": "何景行"}).json()
    second, first, on = told["both"]
    assert [(one["ordinal"], one["began"], one["ended"], one["page_ids"]) for one in answer["statements"]] == [
        (1, "2031-03-05T14:20", "2031-03-05T16:05", [first, on]),
        (2, "2031-03-08T09:00", "2031-03-08T10:30", [second]),
    ]
    assert answer["statements"][1]["questioners"] == ["苏见川", "段知行"]
    assert (answer["statements"][1]["place"], answer["statements"][1]["recorder"]) == ("东城看守所", "祝青禾")
    assert [(one["page_ids"], one["ordinal"], one["why_undated"]) for one in answer["undated"]] == [
        (told["unread"], 4, "首页还没有识别"),
        (told["undated"], 3, "时间一栏没有读出日期"),
    ]
    assert answer["coverage"] == {"searchable": 7, "parked": 0, "pages": 9}


def test_the_record_of_somebody_else_who_speaks_of_them_is_not_theirs(
    room: Room, browser: TestClient, told: dict[str, list[str]]
) -> None:
    answer = browser.get(f"/api/v1/cases/{case_id(room)}/statements", params={"name": "林晓禾"}).json()
    assert [one["page_ids"] for one in answer["statements"]] == [told["others"]]


def test_what_page_and_title_say_differently_is_doubtful(room: Room, browser: TestClient) -> None:
    receive(room, "何景竹讯问笔录（第二次）", FIRST)
    room.scanroom.make_searchable()
    answer = browser.get(f"/api/v1/cases/{case_id(room)}/statements", params={"name": "何景竹"}).json()
    (one,) = answer["statements"]
    assert one["doubts"] == [
        "首页读出的姓名是“何景行”，材料标题写的是“何景竹”",
        "首页读出第1次，材料标题写的是第2次",
    ]


def test_the_page_lists_them_with_what_is_not_known(
    room: Room, browser: TestClient, told: dict[str, list[str]]
) -> None:
    text = browser.get(f"/cases/{case_id(room)}/statements", params={"name": "何景行"}).text
    assert text.index("2031-03-05 14:20 至 16:05") < text.index("2031-03-08 09:00") < text.index("时间一栏没有读出日期")
    assert "4</strong> 份笔录，其中 2 份时间不明" in text
    assert "机读" in text
    nobody = browser.get(f"/cases/{case_id(room)}/statements", params={"name": "闻人遥"}).text
    assert "没有找到 闻人遥 的笔录" in nobody and "7 / 9" in nobody


def test_who_is_shown_first_pages_is_on_record(room: Room, browser: TestClient, told: dict[str, list[str]]) -> None:
    browser.get(f"/api/v1/cases/{case_id(room)}/statements", params={"name": "林晓禾"})
    room.app.state.site.looks.flush()
    with room.scanroom.catalogue.reading() as session:
        looked = set(session.scalars(select(AuditRow.subject_id).where(AuditRow.deed == "look")))
    assert looked == set(told["others"])


@pytest.mark.parametrize("name", ["", "何"])
def test_a_name_of_a_character_is_refused(room: Room, browser: TestClient, name: str) -> None:
    status = browser.get(f"/api/v1/cases/{case_id(room)}/statements", params={"name": name}).status_code
    assert status == (422 if not name else 400)


def test_a_document_that_was_renamed_after_its_person_is_found_by_its_title(room: Room, browser: TestClient) -> None:
    ids = receive(room, "扫描0001", ("讯问笔录", "时间 2031年3月9日", "被讯问人 何量行"))
    with room.scanroom.catalogue.writing() as session:
        session.get_one(Document, session.get_one(Page, ids[0]).document_id).title = "何景行讯问笔录"
    room.scanroom.make_searchable()
    (one,) = browser.get(f"/api/v1/cases/{case_id(room)}/statements", params={"name": "何景行"}).json()["statements"]
    assert one["doubts"] == ["首页读出的姓名是“何量行”，材料标题写的是“何景行”"]


@pytest.mark.browser
def test_two_statements_stand_side_by_side_and_are_paged_each_by_itself(
    window: Window,  # noqa: F811
    room: Room,
    told: dict[str, list[str]],
) -> None:
    page = window.page
    page.goto(f"/cases/{case_id(room)}/statements?name=何景行")
    left, right = page.get_by_role("region", name="左边"), page.get_by_role("region", name="右边")
    left.get_by_text("问：你把经过讲一下。").wait_for()
    right.get_by_text("问：再说一遍。").wait_for()
    page.wait_for_function("() => [...document.querySelectorAll('.pane img')].every((one) => one.naturalWidth > 0)")

    left.get_by_role("button", name="下一页").press("Enter")
    left.get_by_text("答：钱转给了林晓禾。").wait_for()
    left.get_by_text("2/2 页").wait_for()
    assert right.get_by_text("问：再说一遍。").is_visible()
    right.get_by_role("button", name="上一份").click()
    right.get_by_text("问：你把经过讲一下。").wait_for()
    page.get_by_role("button", name="放在右边：时间不明 讯问笔录3").click()
    right.get_by_text("（第三次）").wait_for()
    assert right.get_by_role("link").get_attribute("href").startswith(f"/pages/{told['undated'][0]}")
    assert window.complaints == []
