from __future__ import annotations

import pytest

from indexer.syntax import Piece, groups_of


def typed(text: str) -> list[str]:
    """The groups of a text, in short: - excluded, field=, "quoted", ~ loose; | between the pieces of a group."""
    return [" | ".join(map(short, group)) for group in groups_of(text)]


def short(piece: Piece) -> str:
    text = f'"{piece.text}"' if piece.quoted else piece.text
    field = f"{piece.field}=" if piece.field else ""
    return f"{'-' if piece.excluded else ''}{field}{text}{'~' if piece.loose else ''}"


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("张三 李四", ["张三", "李四"]),
        ("张三 -李四", ["张三", "-李四"]),
        ("张三 －李四", ["张三", "-李四"]),
        ("NOT 李四 张三", ["-李四", "张三"]),
        ("张三 OR 李四 转账", ["张三 | 李四", "转账"]),
        ("张三 -李四 OR 王五", ["张三", "-李四 | 王五"]),
        ("张三 OR NOT 李四", ["张三 | -李四"]),
        ("甲 OR 乙 OR 丙", ["甲 | 乙 | 丙"]),
        ("甲 ＯＲ 乙", ["甲 | 乙"]),
        ('-"甲 乙" NOT “丙 丁”', ['-"甲 乙"', '-"丙 丁"']),
        ("案由:盗窃 -案由：诈骗", ["案由=盗窃", "-案由=诈骗"]),
        ('嫌疑人:"张 三" OR 嫌疑人：“李四”', ['嫌疑人="张 三" | 嫌疑人="李四"']),
        ("案號:（2020） 沪 0104 刑初 1 号 转账", ["案号=（2020） 沪 0104 刑初 1 号", "转账"]),
        ("日期:2020-01..2020-06", ["日期=2020-01..2020-06"]),
        ("日期:2020-01 .. 2020-06 转账", ["日期=2020-01 .. 2020-06", "转账"]),
        ("甲 -日期：2020年1月 至 2020 年 6 月", ["甲", "-日期=2020年1月 至 2020 年 6 月"]),
        ("日期:2020-01.. 转账", ["日期=2020-01..", "转账"]),
        ("日期:2020-01 到 案", ["日期=2020-01", "到", "案"]),
        ("日期:2020-01 2020-06", ["日期=2020-01", "2020-06"]),
    ],
)
def test_operators_and_fields_apply_to_the_piece_beside_them(text: str, groups: list[str]) -> None:
    assert typed(text) == groups


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("021-5555", ["021-5555"]),
        ("35-1 甲", ["35-1", "甲"]),
        ("199-0000-1234", ["199-0000-1234"]),
        ("199 0000 1234", ["199 0000 1234"]),
        ("2020 年 3 月 5 日 甲", ["2020 年 3 月 5 日", "甲"]),
        ("3.8 万元 甲", ["3.8 万元", "甲"]),
        ("甲 38,000 元", ["甲", "38,000 元"]),
        ("38000 元某", ["38000", "元某"]),
        ("——甲", ["——甲"]),
        ("--甲", ["--甲"]),
        ('"甲"-"乙"', ['"甲"', '"乙"']),
        ("or 甲 not 乙", ["or", "甲", "not", "乙"]),
        ("备注:张三", ["备注:张三"]),
        ("“嫌疑人：张三，男”", ['"嫌疑人：张三，男"']),
        ('甲 -"案由:盗窃"', ["甲", '-"案由:盗窃"']),
        ('"日期:去年"', ['"日期:去年"']),
    ],
)
def test_what_only_looks_like_an_operator_is_text(text: str, groups: list[str]) -> None:
    assert typed(text) == groups


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("甲 OR", ["甲", "OR~"]),
        ("OR 甲", ["OR~", "甲"]),
        ("甲 OR OR 乙", ["甲 | 乙"]),
        ("甲 NOT", ["甲", "NOT~"]),
        ("甲 NOT OR 乙", ["甲", "NOT~", "OR~", "乙"]),
        ("甲 NOT -乙", ["甲", "NOT~", "-乙"]),
        ("甲 -", ["甲"]),
        ("甲 - 乙", ["甲", "乙"]),
        ("甲 OR ——", ["甲", "OR~"]),
        ("案号: 张三", ["案号:~", "张三"]),
        ('嫌疑人:"" 甲', ["嫌疑人:~", "甲"]),
        ("日期:去年 甲", ["日期:去年~", "甲"]),
        ('甲 "乙 丙', ["甲", '"乙', "丙"]),
        ('""', []),
        ("", []),
    ],
)
def test_a_slip_is_text(text: str, groups: list[str]) -> None:
    assert typed(text) == groups
