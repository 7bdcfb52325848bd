"""The query language and the rung of look-alikes, which every engine must answer alike."""

from __future__ import annotations

import pytest
from printed import entry, place, printed

from dossier.reading import Box, Line, Reading
from indexer.clause import Apart, OneOf, Range
from indexer.engine import Engine, Rung, Search
from indexer.entry import entry_of_page
from indexer.query import ENOUGH, ladder, settled, understand
from indexer.sight import Sight


def found(engine: Engine, text: str, **fields: str) -> list[tuple[str, str]]:
    """(page id, rung) of all pages that a text finds, in order; the fields' values are the cases that they mean."""
    query = understand(text)
    known = {asked: OneOf("case_id", frozenset({fields[asked.name]})) for asked in query.fields if asked.name in fields}
    hits = engine.search(ladder(query, Sight(), known), 1000)
    assert hits.total == len(hits.hits)
    return [(hit.page_id, hit.rung) for hit in hits.hits]


def pages(engine: Engine, text: str, **fields: str) -> list[str]:
    return sorted(page_id for page_id, _ in found(engine, text, **fields))


class TestOperators:
    @pytest.fixture(autouse=True)
    def some_pages(self, engine: Engine) -> None:
        texts = ("张三转账", "李四转账", "张三，李四", "王五，转账", "张三电话19900001234", "OR 张三")
        engine.apply([entry(f"p{number}", text, version=number, number=number) for number, text in enumerate(texts, 1)])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("张三 转账", ["p1"]),
            ("张三 -转账", ["p3", "p5", "p6"]),
            ("张三 NOT 转账", ["p3", "p5", "p6"]),
            ("张三 OR 王五", ["p1", "p3", "p4", "p5", "p6"]),
            ("转账 张三 OR 王五", ["p1", "p4"]),
            ("转账 OR 李四 张三", ["p1", "p3"]),
            ("张三 -转账 OR -李四", ["p1", "p3", "p5", "p6"]),
            ("-转账 张三 OR 李四", ["p3", "p5", "p6"]),
            ("-转账", ["p3", "p5", "p6"]),
            ("张三 -1234", ["p1", "p3", "p6"]),
            ("张三 -19900001234", ["p1", "p3", "p6"]),
            ('-"张三 转账" 转账', ["p2", "p4"]),
            ("OR 张三", ["p1", "p3", "p5", "p6"]),
            ("张三 NOT", ["p1", "p3", "p5", "p6"]),
        ],
    )
    def test_an_operator_applies_to_what_stands_beside_it(self, engine: Engine, text: str, expected: list[str]) -> None:
        assert pages(engine, text) == expected

    def test_alternatives_have_the_rung_by_which_they_are_found(self, engine: Engine) -> None:
        assert found(engine, "转账 OR 1234")[0] == ("p5", "identifier")
        assert found(engine, "转账 OR 1234")[1:] == [("p1", "phrase"), ("p2", "phrase"), ("p4", "phrase")]
        assert found(engine, "李四 OR 王五 转账") == [("p2", "phrase"), ("p4", "phrase")]
        assert found(engine, "转账 李四 OR 王五") == [("p2", "words"), ("p4", "words")]

    def test_an_operator_by_mistake_is_text_that_need_not_be_there(self, engine: Engine) -> None:
        assert found(engine, "OR 张三")[0] == ("p6", "phrase")
        assert {rung for _, rung in found(engine, "OR 张三")[1:]} == {"words"}

    def test_what_is_excluded_is_excluded_on_every_rung(self, engine: Engine) -> None:
        engine.apply([entry("p7", "王伍，转账王五一", version=7), entry("p8", "王丑，转账", version=8)])
        assert pages(engine, "19900001234 -张三") == []
        assert pages(engine, "转账 王五") == ["p4", "p7"]
        assert pages(engine, "转账 王五 -王伍") == ["p4"]


class TestFields:
    def test_a_field_narrows_down_or_is_asked_for_alone(self, engine: Engine) -> None:
        engine.apply(
            [entry("p1", "转账", case_id="c1"), entry("p2", "转账", case_id="c2"), entry("p3", "甲", case_id="c2")]
        )
        assert found(engine, "案由:诈骗 转账", 案由="c2") == [("p2", "phrase")]
        assert pages(engine, "-案由:诈骗 转账", 案由="c2") == ["p1"]
        assert found(engine, "案由:诈骗", 案由="c2") == [("p2", "words"), ("p3", "words")]
        assert pages(engine, "甲 OR 案由:诈骗", 案由="c1") == ["p1", "p3"]
        assert found(engine, "案由:诈骗 转账") == []  # no such case

    def test_a_line_of_a_form_is_found_as_text_whatever_the_catalogue_says(self, engine: Engine) -> None:
        engine.apply([entry("p1", "嫌疑人：张三，男，汉族", case_id="c1"), entry("p2", "甲", case_id="c2", version=2)])
        assert found(engine, "嫌疑人：张三，男") == [("p1", "phrase")]  # no suspect's name has this in it
        assert found(engine, "“嫌疑人：张三，男”") == [("p1", "phrase")]
        assert found(engine, "嫌疑人：张三，男 汉族") == [("p1", "phrase")]
        assert found(engine, "嫌疑人：张三，男 -汉族") == []
        assert found(engine, "嫌疑人：张三，男", 嫌疑人="c2") == [("p1", "phrase"), ("p2", "words")]
        assert pages(engine, "甲 -嫌疑人:张三 OR 乙", 嫌疑人="c1") == ["p2"]

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("2020-01..2020-06", ["p2", "p3"]),
            ("2020年3月", ["p2", "p3"]),
            ("2020-03-05", ["p2"]),
            ("..2020-02", ["p1"]),
            ("2020-03-06..", ["p4"]),
            ("2020", ["p2", "p3", "p4"]),
        ],
    )
    def test_a_span_of_dates_holds_what_stands_in_it(self, engine: Engine, asked: str, expected: list[str]) -> None:
        lines = ("二〇一九年十二月三十一日", "2020.3.5", "二〇二〇年三月", "2020-12-31", "无")
        engine.apply([entry(f"p{number}", line, version=number) for number, line in enumerate(lines, 1)])
        assert pages(engine, f"日期:{asked}") == expected

    def test_a_page_with_many_dates_is_in_each_of_their_spans(self, engine: Engine) -> None:
        engine.apply([entry("p1", "2019年1月1日至2021年1月1日")])
        for low, high, count in (
            ("2018", "2019", 0),
            ("2019", "2019-12-31", 1),
            ("2020", "2020-12-31", 0),
            ("0000", "9999", 1),
        ):
            search = Search((Rung("a", Range("dates", low, high)),))
            assert engine.search(search, 10).total == count


class TestValues:
    @pytest.mark.parametrize("typed", ["二〇二〇年三月五日", "2020年3月5日", "2020-03-05", "2020.3.5", "2020/03/05"])
    def test_a_date_is_found_in_every_spelling(self, engine: Engine, typed: str) -> None:
        lines = (
            "二〇二〇年三月五日",
            "2020年3月5日",
            "2020-03-05",
            "2020.3.5",
            "２０２０年０３月０５日",
            "2020年3月",
            "2020年3月6日",
        )
        engine.apply([entry(f"p{number}", f"于{line}到案", version=number) for number, line in enumerate(lines, 1)])
        assert [hit for hit in found(engine, typed) if hit[1] != "similar"] == [
            (f"p{number}", "identifier") for number in range(1, 6)
        ]

    def test_a_month_finds_its_days_too(self, engine: Engine) -> None:
        engine.apply([entry("p1", "2020年3月"), entry("p2", "二〇二〇年三月五日"), entry("p3", "2020年4月")])
        assert pages(engine, "2020年3月") == ["p1", "p2"]

    @pytest.mark.parametrize("typed", ["3.8万", "38,000元", "38000", "叁万捌仟元整", "三万八千元"])
    def test_an_amount_is_found_in_every_spelling(self, engine: Engine, typed: str) -> None:
        lines = ("3.8万元", "38,000元", "38000.00", "叁万捌仟元整", "三万八千元", "叁萬捌仟圓", "3800元", "3.8元")
        engine.apply([entry(f"p{number}", f"共{line}。", version=number) for number, line in enumerate(lines, 1)])
        assert [hit for hit in found(engine, typed) if hit[1] != "similar"] == [
            (f"p{number}", "identifier") for number in range(1, 7)
        ]

    def test_a_value_beside_other_words_is_found_with_them(self, engine: Engine) -> None:
        engine.apply(
            [entry("p1", "张三于二〇二〇年三月五日付叁万捌仟元整"), entry("p2", "李四于2020年3月5日付38000元")]
        )
        assert found(engine, "张三 2020-03-05 3.8万") == [("p1", "identifier")]

    def test_quotation_marks_ask_for_just_this_spelling(self, engine: Engine) -> None:
        engine.apply([entry("p1", "二〇二〇年三月五日"), entry("p2", "2020年3月5日")])
        assert found(engine, '"2020年3月5日"') == [("p2", "phrase")]

    def test_traditional_characters_are_found_by_simplified_ones_and_the_reverse(self, engine: Engine) -> None:
        engine.apply([entry("p1", "張國榮（２０２０）滬0104刑初1號"), entry("p2", "张国荣（2020）沪0104刑初1号")])
        for typed in ("张国荣", "張國榮"):
            assert found(engine, typed) == [("p1", "phrase"), ("p2", "phrase")]
        for typed in ("（2020）沪0104刑初1号", "(2020)滬0104刑初1號"):
            assert found(engine, typed) == [("p1", "identifier"), ("p2", "identifier")]


class TestSimilar:
    def test_look_alikes_are_found_below_all_that_is_exact(self, engine: Engine) -> None:
        engine.apply(
            [entry("p1", "林小明", number=1), entry("p2", "林小朋", number=2), entry("p3", "林少明", number=3)]
        )
        assert found(engine, "林小明") == [("p1", "phrase"), ("p2", "similar"), ("p3", "similar")]
        assert found(engine, '"林小明"') == [("p1", "phrase")]

    def test_look_alikes_are_left_out_where_enough_is_found(self, engine: Engine) -> None:
        engine.apply([entry("p0", "林小朋"), *(entry(f"p{number}", "林小明") for number in range(1, ENOUGH))])
        search = ladder(understand("林小明"), Sight())
        assert engine.search(settled(engine, search), 0).total == ENOUGH
        engine.apply([entry(f"p{ENOUGH}", "林小明")])
        assert engine.search(settled(engine, search), 0).total == ENOUGH
        assert engine.search(search, 0).total == ENOUGH + 1

    def test_each_word_may_be_misread(self, engine: Engine) -> None:
        engine.apply([entry("p1", "已方，林小朋"), entry("p2", "己方，林小明"), entry("p3", "己方，林大")])
        assert found(engine, "己方 林小明") == [("p2", "phrase"), ("p1", "similar")]

    def test_a_lost_and_an_extra_character_and_another_one(self, engine: Engine) -> None:
        engine.apply(
            [
                entry("p1", "提起公诉案件", number=1),
                entry("p2", "提起诉案件", number=2),
                entry("p3", "提起公X诉案件", number=3),
                entry("p4", "提起甲诉案件", number=4),
                entry("p5", "提起甲乙诉案件", number=5),
            ]
        )
        assert found(engine, "提起公诉案件") == [("p1", "phrase"), *((f"p{place}", "similar") for place in (2, 3, 4))]

    def test_digits_are_found_as_the_letters_that_they_were_read_as(self, engine: Engine) -> None:
        engine.apply([entry("p1", "电话199O0001234"), entry("p2", "电话1990001234"), entry("p3", "电话19900001235")])
        assert found(engine, "19900001234") == [("p1", "similar"), ("p2", "similar")]

    def test_a_long_sentence_is_found_with_an_error_anywhere_but_in_its_numbers(self, engine: Engine) -> None:
        text = "被告人在2020年收取的钱款全部交给同案犯保管后离开本市前往外地躲藏"
        engine.apply(
            [
                entry(f"p{place}", text[:place] + "谬" + text[place + 1 :], version=place)
                for place in (0, 3, 20, len(text) - 1)
            ]
        )
        engine.apply([entry("p99", text.replace("2020", "2021"), version=99)])
        assert pages(engine, text) == sorted(f"p{place}" for place in (0, 3, 20, len(text) - 1))

    @pytest.mark.parametrize(("gap", "expected"), [(1, ["p1"]), (2, ["p2"]), (3, ["p3"])])
    def test_of_two_values_apart_the_gap_is_exact(self, engine: Engine, gap: int, expected: list[str]) -> None:
        engine.apply([entry("p1", "甲乙丙丁"), entry("p2", "甲乙子丙丁"), entry("p3", "甲乙子丑丙丁")])
        search = Search((Rung("a", Apart("pairs", ("甲_乙",), gap, ("丙_丁",))),))
        assert [hit.page_id for hit in engine.search(search, 10).hits] == expected

    def test_several_values_on_both_sides_keep_their_order(self, engine: Engine) -> None:
        engine.apply([entry("p1", "甲乙丙子丁戊己"), entry("p2", "丁戊己子甲乙丙"), entry("p3", "甲乙子丙丁戊己")])
        search = Search((Rung("a", Apart("pairs", ("甲_乙", "乙_丙"), 2, ("丁_戊", "戊_己"))),))
        assert [hit.page_id for hit in engine.search(search, 10).hits] == ["p1"]


class TestAcross:
    def test_a_phrase_runs_from_the_foot_of_a_column_to_the_head_of_the_next(self, engine: Engine) -> None:
        left = [Line("他把钱款", Box(0.1, 0.2, 0.45, 0.22)), Line("交给林", Box(0.1, 0.8, 0.45, 0.82))]
        right = [Line("小明保管", Box(0.55, 0.2, 0.9, 0.22))]
        reading = Reading(1654, 2339, 200.0, lines=(*left, *right))
        engine.apply([entry_of_page(place("p1"), 1, reading, None)])
        assert found(engine, "钱款交给林小明保管") == [("p1", "phrase")]

    def test_a_page_on_which_a_phrase_stands_and_over_whose_turn_it_runs_is_one_hit(self, engine: Engine) -> None:
        first, second = printed("林小明，后来林", foot="— 3 —"), printed("小明走了，林小明", foot="— 4 —")
        engine.apply(
            [entry_of_page(place("p1"), 1, first, second), entry_of_page(place("p2", number=2), 2, second, None)]
        )
        assert found(engine, "林小明") == [("p1", "phrase"), ("p2", "phrase")]
        assert found(engine, "后来林小明 -走了") == [("p1", "phrase")]

    def test_what_stands_over_the_turn_is_excluded_on_the_first_page(self, engine: Engine) -> None:
        first, second = printed("交给林"), printed("小明保管")
        engine.apply(
            [entry_of_page(place("p1"), 1, first, second), entry_of_page(place("p2", number=2), 2, second, None)]
        )
        assert found(engine, "交给 -林小明") == []
        assert found(engine, "保管 -林小明") == [("p2", "phrase")]


class TestLong:
    @pytest.mark.parametrize("sizes", [[33], [40], [64], [500], [33] * 15, [12] * 41, [2] * 250])
    def test_a_long_query_of_any_make_is_answered(self, engine: Engine, sizes: list[int]) -> None:
        text = "".join(chr(0x4E40 + number) for number in range(sum(sizes)))
        starts = [sum(sizes[:place]) for place in range(len(sizes))]
        typed = " ".join(text[start : start + size] for start, size in zip(starts, sizes, strict=True))
        engine.apply([entry("p1", text), entry("p2", text[1:])])
        assert found(engine, typed)[0] == ("p1", "phrase")
