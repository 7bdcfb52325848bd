"""The comparison of extracted text with the lines that were written."""

import pytest

from pipeline.binding.text_check import text_fault


@pytest.mark.parametrize(
    ("lines", "extracted"),
    [
        (["起诉书", "张三，男"], "起诉书\r\n张三，男"),
        (["左", "右"], "左 右"),
        (["右列", "左列"], "左列\r\n右列"),
        (["ABC-", "DEF"], "ABC\ufffeDEF"),
        (["ABC-", "DEF"], "ABC\x02DEF"),
        (["ABC\xad"], "ABC\ufffe"),
        (["ﬁnal"], "final"),
        (["بتث 12"], "12 ثتب"),
        ([], " \r\n"),
    ],
)
def test_the_same_lines_are_accepted(lines: list[str], extracted: str):
    assert text_fault(lines, extracted) == ""


@pytest.mark.parametrize(
    ("lines", "extracted", "fault"),
    [
        (["起诉书", "张三"], "起诉书", "lost or broken line '张三'"),
        (["2024年3月"], "2024 年 3 月", "lost or broken line '2024年3月'"),
        (["张三丰"], "张三\r\n丰", "lost or broken line '张三丰'"),
        (["张三"], "张三\r\n张三", "lost '', added '张三'"),
        (["张三", "张三"], "张三", "lost '张三', added ''"),
        (["بتث", "张三"], "张三", "lost 3 characters"),
        ([], "垃圾", "lost '', added '垃圾'"),
    ],
)
def test_anything_lost_broken_or_added_is_named(lines: list[str], extracted: str, fault: str):
    assert text_fault(lines, extracted) == fault
