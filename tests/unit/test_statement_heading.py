"""The head of a record of questioning: fields between printed names, and what cannot be read said to be so."""

from __future__ import annotations

import pytest

from indexer.statements.heading import INQUIRY, INTERROGATION, NO_DATE, NO_DAY, NO_HEAD, head_of


def test_a_printed_form_gives_who_when_where_and_by_whom() -> None:
    head = head_of([
        "讯 问 笔 录", "（第 二 次）",
        "时间 2031年3月5日 14时20分 至 2031年3月5日 16时05分",
        "地点 临江市公安局东城分局执法办案区",
        "讯问人（签名） 苏见川、段知行 工作单位 东城分局",
        "记录人（签名） 祝青禾 工作单位 东城分局",
        "被讯问人 何景行 性别 男 年龄 41 出生日期 1989年12月1日",
        "问：你把经过讲一下。", "答：被讯问人是我，地点在家里。",
    ])  # fmt: skip
    assert (head.kind, head.person, head.ordinal) == (INTERROGATION, "何景行", 2)
    assert (head.began, head.ended, head.why_undated) == ("2031-03-05T14:20", "2031-03-05T16:05", "")
    assert head.place == "临江市公安局东城分局执法办案区"
    assert (head.questioners, head.recorder) == (("苏见川", "段知行"), "祝青禾")


def test_an_inquiry_on_one_line_a_field_is_read_as_well() -> None:
    head = head_of([
        "临江市公安局", "询问笔录", "询问时间：二〇三一年三月七日9时10分至11时", "询问地点：某某小区3号楼",
        "询问人：苏见川", "记录人：段知行", "被询问人：林晓禾", "问：…",
    ])  # fmt: skip
    assert (head.kind, head.person, head.ordinal) == (INQUIRY, "林晓禾", None)
    assert (head.began, head.ended) == ("2031-03-07T09:10", "2031-03-07T11:00")
    assert (head.questioners, head.recorder, head.place) == (("苏见川",), "段知行", "某某小区3号楼")


@pytest.mark.parametrize(
    ("lines", "began", "why"),
    [
        (["询问笔录", "被询问人 林晓禾"], "", NO_HEAD),
        (["询问笔录", "时间 年 月 日", "被询问人 林晓禾"], "", NO_DATE),
        (["询问笔录", "时间 2031年3月 日", "被询问人 林晓禾"], "2031-03", NO_DAY),
        (["询问笔录", "时间 2031年3月5日", "被询问人 林晓禾"], "2031-03-05", ""),
    ],
)
def test_a_time_that_is_not_read_to_the_day_says_why(lines: list[str], began: str, why: str) -> None:
    head = head_of(lines)
    assert (head.began, head.why_undated, head.person) == (began, why, "林晓禾")


def test_what_is_said_in_the_answers_is_no_field() -> None:
    head = head_of(["询问笔录", "问：姓名？", "答：我叫周望舒，时间是2031年3月5日。"])
    assert (head.person, head.began, head.why_undated) == ("", "", NO_HEAD)


def test_the_questioner_is_not_taken_for_the_questioned() -> None:
    head = head_of(["讯问笔录", "讯问人 苏见川 记录人 段知行", "被讯问人 何景行"])
    assert (head.person, head.questioners, head.recorder) == ("何景行", ("苏见川",), "段知行")


def test_an_end_before_the_beginning_is_left_out() -> None:
    head = head_of(["询问笔录", "时间 2031年3月5日9时至2030年3月5日11时"])
    assert (head.began, head.ended) == ("2031-03-05T09:00", "")


def test_a_page_that_is_no_record_has_no_kind() -> None:
    assert head_of(["转账凭证", "日期 2031年3月5日", "户名 林晓禾"]).kind == ""
