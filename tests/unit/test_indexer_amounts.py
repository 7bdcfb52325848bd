from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.folding import fold_for_search
from indexer.amounts import amount_of_text, amounts_in, find_amounts
from indexer.query import understand
from indexer.running_text import running_text
from tests.unit.test_indexer_dates import printed


def amounts(*rows: str) -> list[str]:
    return [found.value for found in amounts_in(running_text(printed(*rows)))]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(
            (text, "38000")
            for text in ("3.8万", "38,000元", "38000", "38000.00", "叁万捌仟元整", "三万八千元", "３．８万元")
        ),
        *(
            (text, "38000")
            for text in ("人民币38000元", "￥38,000.00", "叁萬捌仟圓整", "三万八", "3万8千元", "叁万捌仟")
        ),
        ("三万零八元", "30008"),
        ("一亿二千万元", "120000000"),
        ("二百五十元", "250"),
        ("十元", "10"),
        ("三元五角", "3.5"),
        ("叁元零伍分", "3.05"),
        ("12,345,678.90元", "12345678.9"),
        ("3万余元", "30000"),
        ("三万人", ""),
        ("万元", ""),
        ("0元", ""),
        ("一二三元", ""),
        ("千万", ""),
        ("仟元整", ""),
        ("百元", ""),
        ("陆万肆", ""),
        ("十万元", "100000"),
        ("拾万元整", "100000"),
        ("380", ""),
    ],
)
def test_an_amount_is_known_however_it_is_written(text: str, amount: str) -> None:
    assert amount_of_text(text) == amount


def test_amounts_are_found_in_sentences_and_tables() -> None:
    assert amounts("共计38000。", "先付5,000，后付叁仟元整。", "1200.50") == ["38000", "5000", "3000", "1200.5"]
    assert amounts("收取人民币叁万", "捌仟元整后离开") == ["38000"]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (("转账3", "8000元"), ["38000", "8000"]),
        (("3", "8000元"), ["38000", "8000"]),
        (("转账38,", "000元"), ["38000"]),
        (("骗取3.", "8万元"), ["38000"]),
        (("收取叁", "万捌仟元整。"), ["38000"]),
        (("五万", "三千元"), ["50000", "3000"]),
        (("1234", "5678元"), ["1234", "5678"]),
        (("38", "0001"), []),
        (("收取人民币叁",), []),
        (("收取人民币叁", "万元"), ["30000"]),
        (("共计叁万元",), ["30000"]),
        (("转账38000", "元"), ["38000"]),
    ],
)
def test_an_amount_over_the_end_of_a_line_is_whole(rows: tuple[str, ...], found: list[str]) -> None:
    assert amounts(*rows) == found


@pytest.mark.parametrize(
    "text",
    [
        "2020年3月5日",
        "2020",
        "（2020）沪0104刑初1234号",
        "第12345号",
        "19900001234",
        "尾号4021",
        "5000号",
        "12345-1",
        "3万人",
        "邮编200030",
        "编码140013",
        "尾号“0074”",
        "0074",
        "159××××6110",
        "159****6110",
        "身份号码42102419××××",
        "年利率24.00%",
        "3.8万千瓦时",
        "3万笔",
        "50万例",
        "5万起",
        "数十万元",
        "几十万元",
    ],
)
def test_other_numbers_are_no_amounts(text: str) -> None:
    assert amounts(f"见{text}。") == []


@pytest.mark.parametrize("text", ["金额38000", "付款38000", "人民币38000", "各付38000", "38000", "骗取3.8万起诉"])
def test_digits_after_a_word_for_money_are_amounts(text: str) -> None:
    assert amounts(f"见。{text}。") == ["38000"]


@pytest.mark.parametrize("text", ["500000000元", "500000000.00元", "人民币500000000", "50000万元", "500,000,000元"])
def test_a_sum_of_nine_digits_and_more_has_its_value(text: str) -> None:
    assert amounts(f"转账{text}。") == ["500000000"]
    assert [word.amount for word in understand(text).words] == ["500000000"]


def test_a_phone_or_an_account_before_a_sum_is_none() -> None:
    assert amounts("电话19900001234元", "账号123456789转账5000元") == ["5000"]


@given(st.text(alphabet=st.sampled_from("0123456789,.万亿千百十元圆角分整余人一二三零〇两壹叁仟 \n¥甲")))
def test_any_text_has_amounts_at_places_in_it(text: str) -> None:
    folded = fold_for_search(text).text
    for value, start, end in find_amounts(folded):
        assert float(value) > 0
        assert 0 <= start < end <= len(folded)
