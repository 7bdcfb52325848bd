"""What every engine must do alike; run against tantivy and real Elasticsearch servers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from printed import entry, place, printed

from indexer.clause import NOTHING, AllOf, Not, OneOf, Term
from indexer.engine import DEEPEST, Engine, Hit, Rung, Search
from indexer.entry import IndexEntry, Removal, entry_of_page
from indexer.query import SIMILAR, ladder, understand
from indexer.sight import Sight


def found(engine: Engine, text: str, sight: Sight | None = None) -> list[tuple[str, str]]:
    """(page id, rung) of all pages that a user's text finds as it is meant, in order."""
    hits = engine.search(ladder(understand(text), sight or Sight()), 1000)
    assert hits.total == len(hits.hits)
    return [(hit.page_id, hit.rung) for hit in hits.hits if hit.rung != SIMILAR]


def entry_with_human(page_id: str, read: str, *human: str, version: int = 1, number: int = 1) -> IndexEntry:
    """The entry of a page on which people have read these lines."""
    return entry_of_page(place(page_id, number=number), version, printed(read), None, printed(*human))


def pages(engine: Engine, text: str, sight: Sight | None = None) -> list[str]:
    return [page_id for page_id, _ in found(engine, text, sight)]


class TestHumanText:
    """What people have read stands in the fields of what the program has, and is found on a rung of its own."""

    def test_it_is_found_by_words_phrases_numbers_dates_and_sums(self, engine: Engine) -> None:
        engine.apply(
            [
                entry_with_human("p1", "借款合同", "今收到傅溪现金捌仟元", "2021年3月5日 13900008123", number=1),
                entry("p2", "傅溪借款合同2021年3月6日", number=2),
            ]
        )

        def found_of(text: str) -> list[tuple[str, str]]:
            search = ladder(understand(text), Sight(), None, transcribed=True)
            by_page = engine.search(replace(search, order="page"), 10)
            hits = engine.search(search, 10).hits
            assert sorted(by_page.hits, key=lambda hit: hit.page_id) == sorted(hits, key=lambda hit: hit.page_id)
            return [(hit.page_id, hit.rung) for hit in hits if hit.rung != SIMILAR]

        assert found_of("傅溪") == [("p2", "phrase"), ("p1", "transcription")]
        assert found_of('"收到傅溪现金"') == [("p1", "transcription")]
        assert found_of("傅溪 借款") == [("p2", "phrase"), ("p1", "transcription")]
        assert found_of("傅溪 合同") == [("p1", "transcription"), ("p2", "words")]
        assert found_of("8123") == found_of("13900008123") == found_of("8000元") == [("p1", "transcription")]
        assert found_of("2021-03-05") == found_of("日期:2021-03-05") == [("p1", "transcription")]
        assert found_of("日期:2021-03") == [("p1", "transcription"), ("p2", "words")]
        assert found_of("借款合同 -傅溪") == []
        assert found_of("傅溪 -现金") == [("p2", "phrase")]
        assert found_of("傅溪现金借款") == found_of("元2021合同") == []
        # Withdrawn, it is gone; who does not ask for it finds what the program read, as ever.
        assert found(engine, "收到") == []
        engine.apply([entry("p1", "借款合同", version=2)])
        assert found_of("收到") == []

    def test_a_page_without_any_has_the_entry_that_it_had(self) -> None:
        reading = printed("今收到傅溪现金捌仟元", "2021年3月5日 13900008123")
        plain = entry_of_page(place("p1"), 1, reading, None)
        assert not any("+" in str(value) for value in plain.fields.values())
        marked = entry_of_page(place("p1"), 1, printed(), None, reading)
        assert [marked.singles, marked.pairs, marked.dates] == [
            tuple(f"+{value}" for value in values) for values in (plain.singles, plain.pairs, plain.dates)
        ]


class TestChanges:
    def test_an_applied_page_is_found_at_once(self, engine: Engine) -> None:
        assert engine.apply([entry("p1", "被告人林某供述")]) == []
        assert pages(engine, "供述") == ["p1"]
        assert engine.count() == 1

    def test_a_newer_version_replaces_the_page(self, engine: Engine) -> None:
        engine.apply([entry("p1", "旧文字", version=1)])
        engine.apply([entry("p1", "新文字", version=2)])
        assert pages(engine, "旧") == []
        assert pages(engine, "新") == ["p1"]
        assert engine.versions(["p1"]) == {"p1": 2}
        assert engine.count() == 1

    def test_a_replay_is_harmless(self, engine: Engine) -> None:
        change = entry("p1", "证言", version=7)
        for _ in range(3):
            assert engine.apply([change]) == []
        assert pages(engine, "证言") == ["p1"]
        assert engine.count() == 1

    def test_an_older_version_that_arrives_late_never_wins(self, engine: Engine) -> None:
        engine.apply([entry("p1", "新文字", version=9)])
        assert engine.apply([entry("p1", "旧文字", version=8)]) == []
        assert pages(engine, "旧") == []
        assert pages(engine, "新") == ["p1"]
        assert engine.versions(["p1"]) == {"p1": 9}

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_of_two_versions_in_one_batch_the_higher_wins_in_any_order(
        self, engine: Engine, newest_first: bool
    ) -> None:
        changes = [entry("p1", "新文字", version=9), entry("p1", "旧文字", version=8)]
        engine.apply(changes if newest_first else changes[::-1])
        assert pages(engine, "新") == ["p1"]
        assert pages(engine, "旧") == []

    def test_a_removed_page_is_gone(self, engine: Engine) -> None:
        engine.apply([entry("p1", "证言", version=1), entry("p2", "证言", version=2)])
        assert engine.apply([Removal("p1", 3)]) == []
        assert pages(engine, "证言") == ["p2"]
        assert engine.count() == 1
        assert engine.versions(["p1", "p2"]) == {"p2": 2}

    def test_a_removed_page_is_not_among_all_that_do_not_match(self, engine: Engine) -> None:
        engine.apply([entry("p1", "证言", version=1), entry("p2", "证言", version=2), Removal("p1", 3)])
        others = Search((Rung("others", Not(Term("singles", "无"))),))
        assert [hit.page_id for hit in engine.search(others, 10).hits] == ["p2"]

    def test_an_older_version_does_not_bring_a_removed_page_back(self, engine: Engine) -> None:
        engine.apply([Removal("p1", 5)])
        engine.apply([entry("p1", "证言", version=4)])
        assert pages(engine, "证言") == []
        engine.apply([entry("p1", "证言", version=6)])
        assert pages(engine, "证言") == ["p1"]

    def test_a_late_removal_does_not_take_a_newer_page_away(self, engine: Engine) -> None:
        engine.apply([entry("p1", "证言", version=4)])
        assert engine.apply([Removal("p1", 3)]) == []
        assert pages(engine, "证言") == ["p1"]

    def test_nothing_to_apply_is_nothing_refused(self, engine: Engine) -> None:
        assert engine.apply([]) == []
        assert engine.count() == 0
        assert engine.versions([]) == {}

    def test_a_batch_of_many_pages_is_taken_whole(self, engine: Engine) -> None:
        assert engine.apply([entry(f"p{number}", "同文", version=number + 1) for number in range(1203)]) == []
        assert engine.count() == 1203
        assert len(engine.versions([f"p{number}" for number in range(1203)])) == 1203

    def test_clearing_begins_an_empty_index_of_another_generation(self, engine: Engine) -> None:
        engine.apply([entry("p1", "证言", version=5)])
        before = engine.generation()
        assert engine.generation() == before
        engine.clear()
        assert engine.generation() != before
        assert engine.count() == 0
        assert engine.versions(["p1"]) == {}
        engine.apply([entry("p1", "证言", version=1)])
        assert pages(engine, "证言") == ["p1"]


class TestText:
    def test_a_phrase_is_found_only_in_its_order(self, engine: Engine) -> None:
        engine.apply([entry("p1", "甲打了乙"), entry("p2", "乙打了甲")])
        assert found(engine, "甲打了乙") == [("p1", "phrase")]

    def test_a_phrase_needs_all_its_characters_side_by_side(self, engine: Engine) -> None:
        engine.apply([entry("p1", "甲乙乙丙"), entry("p2", "甲乙丙")])
        assert pages(engine, "甲乙丙") == ["p2"]

    def test_a_single_character_is_found_wherever_it_stands(self, engine: Engine) -> None:
        engine.apply([entry("p1", "某年某月"), entry("p2", "在2020年内"), entry("p3", "月份")])
        assert pages(engine, "年") == ["p1", "p2"]

    def test_a_phrase_runs_over_the_end_of_a_line(self, engine: Engine) -> None:
        engine.apply([entry("p1", "他把钱交给了林", "小明，后离开")])
        assert pages(engine, "林小明") == ["p1"]

    def test_digits_are_found_as_whole_numbers_only(self, engine: Engine) -> None:
        engine.apply([entry("p1", "共123万元"), entry("p2", "共12万元"), entry("p3", "共0123件")])
        assert pages(engine, "123") == ["p1"]
        assert pages(engine, "12万") == ["p2"]
        assert pages(engine, "刑初12号") == []

    def test_a_number_does_not_run_over_the_end_of_a_line(self, engine: Engine) -> None:
        engine.apply([entry("p1", "编码12", "34完")])
        assert pages(engine, "1234") == []
        assert pages(engine, "12 34") == ["p1"]

    def test_letters_are_found_as_whole_words_in_any_case(self, engine: Engine) -> None:
        engine.apply([entry("p1", "型号HUAWEI Mate"), entry("p2", "型号Huaweia")])
        assert pages(engine, "huawei") == ["p1"]
        assert pages(engine, "ＨＵＡＷＥＩ mate") == ["p1"]

    def test_names_beyond_the_basic_plane_are_found(self, engine: Engine) -> None:
        engine.apply([entry("p1", "证人赵𰵧文到庭"), entry("p2", "证人赵文到庭"), entry("p3", "𠮷野")])
        assert pages(engine, "赵𰵧文") == ["p1"]
        assert pages(engine, "𰵧") == ["p1"]
        assert pages(engine, "赵文") == ["p2"]
        assert pages(engine, "𠮷") == ["p3"]

    @pytest.mark.parametrize("query", ["（二）", "〔二〕", "[二]", "【二】", "(二)", "二"])
    def test_brackets_of_any_kind_are_alike(self, engine: Engine, query: str) -> None:
        engine.apply([entry("p1", "补充侦查卷〔二〕")])
        assert pages(engine, f"侦查卷{query}") == ["p1"]

    def test_full_width_and_spaced_print_is_found_by_plain_typing(self, engine: Engine) -> None:
        engine.apply([entry("p1", "林 小 明 ２０２０ 年"), entry("p2", "林小红2021年")])
        assert pages(engine, "林小明2020年") == ["p1"]

    def test_the_zero_of_written_years_is_a_character(self, engine: Engine) -> None:
        engine.apply([entry("p1", "二〇二〇年"), entry("p2", "二○二○年"), entry("p3", "二二年")])
        assert pages(engine, "二〇二〇年") == ["p1", "p2"]

    @pytest.mark.parametrize(
        "word", ["Ελλάδα", "Қазақстан", "ئۇيغۇر", "བོད", "한국", "ひらがな", "naïve", "\ue5e5", "٣٤"]
    )
    def test_unusual_letters_are_found(self, engine: Engine, word: str) -> None:
        engine.apply([entry("p1", f"前{word}后"), entry("p2", "前后")])
        assert pages(engine, word) == ["p1"]
        assert pages(engine, "前后") == ["p2"]

    def test_a_run_longer_than_engines_take_is_found_whole_and_only_whole(self, engine: Engine) -> None:
        long = "7" * 700
        engine.apply([entry("p1", f"甲{long}乙"), entry("p2", f"甲{long}7乙")])
        assert pages(engine, f"甲{long}乙") == ["p1"]

    def test_engine_syntax_is_only_text(self, engine: Engine) -> None:
        engine.apply([entry("p1", "甲 OR 乙"), entry("p2", "甲 丙")])
        for typed in (
            "甲 AND 丙",
            "甲 NOT",
            "OR",
            "甲*",
            "+甲 -丙",
            "case_id:c1",
            '甲"',
            '"',
            "甲~2",
            "(甲",
            "甲^9",
            "[甲 TO 乙]",
            "\\",
            "/甲/",
        ):
            pages(engine, typed)
        assert pages(engine, "+甲 丙") == ["p2"]
        assert pages(engine, '甲"') == ["p1", "p2"]
        assert pages(engine, '"') == []
        assert pages(engine, "singles:甲") == []

    def test_a_paragraph_of_the_greatest_length_is_found(self, engine: Engine) -> None:
        text = "".join(chr(0x4E00 + number) for number in range(500))
        engine.apply([entry("p1", text), entry("p2", text[1:])])
        assert pages(engine, text) == ["p1"]
        assert pages(engine, " ".join(text[:200])) == ["p1"]

    def test_an_empty_page_is_held_and_never_found(self, engine: Engine) -> None:
        engine.apply([entry("p1"), entry("p2", "——")])
        assert engine.count() == 2
        assert pages(engine, "——") == []


class TestLadder:
    def test_a_page_is_counted_once_with_the_best_rung_that_finds_it(self, engine: Engine) -> None:
        engine.apply(
            [
                entry("p1", "被告人说，后来林小明来了", number=1),
                entry("p2", "林小明是被告人", number=2),
                entry("p3", "林小明被告人", number=3),
            ]
        )
        assert found(engine, "林小明 被告人") == [("p3", "phrase"), ("p1", "words"), ("p2", "words")]

    def test_all_words_are_required(self, engine: Engine) -> None:
        engine.apply([entry("p1", "林小明"), entry("p2", "被告人")])
        assert found(engine, "林小明 被告人") == []

    def test_quoted_words_stay_together(self, engine: Engine) -> None:
        engine.apply([entry("p1", "甲 乙 丙 丁"), entry("p2", "乙甲丙丁")])
        assert pages(engine, '"甲 乙" 丁') == ["p1"]
        assert pages(engine, "“甲 乙” 丁") == ["p1"]
        assert pages(engine, "甲 乙 丁") == ["p1", "p2"]

    def test_a_case_number_is_an_identifier_in_any_brackets(self, engine: Engine) -> None:
        engine.apply([entry("p1", "见（2020）沪0104刑初1号判决"), entry("p2", "见（2020）沪0104刑初12号判决")])
        for typed in ("(2020)沪0104刑初1号", "[2020]沪0104刑初1号", "〔２０２０〕沪 0104 刑初 1 号"):
            assert found(engine, typed) == [("p1", "identifier")]

    def test_a_phone_is_an_identifier_however_it_is_grouped_or_broken(self, engine: Engine) -> None:
        engine.apply(
            [
                entry("p1", "电话：199 0000 1234。", number=1),
                entry("p2", "电话：199-0000-1234。", number=2),
                entry("p3", "电话：19900001234。", number=3),
                entry("p4", "我的电话号码一直是1990000", "1234，没有换过。", number=4),
                entry("p5", "电话：19900001235。", number=5),
            ]
        )
        expected = [(page_id, "identifier") for page_id in ("p1", "p2", "p3", "p4")]
        assert found(engine, "19900001234") == expected
        assert found(engine, "199-0000-1234") == expected

    def test_last_digits_find_the_number_that_ends_so(self, engine: Engine) -> None:
        engine.apply(
            [
                # Luhn: 2 + 2·1 + 2·2 + 2 + 2·2 + 6 = 20.
                entry("p1", "卡号6222 0000 0000 0000 012", number=1),
                entry("p2", "共0012件", number=2),
                entry("p3", "电话19900000121", number=3),
            ]
        )
        assert found(engine, "0012") == [("p1", "identifier"), ("p2", "phrase")]
        assert found(engine, "121") == []

    def test_last_digits_beside_other_words_are_tried_but_not_years(self, engine: Engine) -> None:
        engine.apply(
            [
                entry("p1", "林小明，电话19900008001", number=1),
                entry("p2", "林小明，电话19900002020", number=2),
                entry("p3", "林小明生于2020年", number=3),
            ]
        )
        assert found(engine, "林小明 8001") == [("p1", "identifier")]
        assert found(engine, "林小明 2020") == [("p3", "words")]

    def test_an_id_number_is_found_by_its_end_with_x(self, engine: Engine) -> None:
        # 8·7 + 2·9 + 2·2 + 9·6 + 9·3 + 1·9 + 1·5 + 8·2 = 189 = 17·11 + 2, and 2 stands for X (GB 11643).
        engine.apply([entry("p1", "身份证号82000020990101008X")])
        assert found(engine, "008x") == [("p1", "identifier")]
        assert found(engine, "820000209901 01008X") == [("p1", "identifier")]


class TestTurn:
    def test_a_phrase_over_the_page_turn_is_a_hit_of_the_first_page_only(self, engine: Engine) -> None:
        first = printed("他把赃款交给了林", head="询问笔录", foot="— 3 —")
        second = printed("小明保管至今", head="询问笔录", foot="— 4 —")
        engine.apply(
            [
                entry_of_page(place("p1", number=1), 1, first, second),
                entry_of_page(place("p2", number=2), 2, second, None),
            ]
        )
        assert found(engine, "交给了林小明保管") == [("p1", "phrase")]
        assert found(engine, "林小") == [("p1", "phrase")]
        assert found(engine, "小明保管") == [("p2", "phrase")]
        assert found(engine, "林") == [("p1", "phrase")]

    def test_a_phrase_on_the_page_is_not_found_over_the_turn_again(self, engine: Engine) -> None:
        first, second = printed("甲乙"), printed("甲乙丙")
        engine.apply(
            [
                entry_of_page(place("p1", number=1), 1, first, second),
                entry_of_page(place("p2", number=2), 2, second, None),
            ]
        )
        assert pages(engine, "甲乙") == ["p1", "p2"]
        assert pages(engine, "乙甲") == ["p1"]
        assert pages(engine, "乙丙") == ["p2"]
        assert pages(engine, "甲乙丙") == ["p2"]

    def test_a_phrase_over_the_turn_may_have_32_tokens_on_each_side(self, engine: Engine) -> None:
        before = "".join(chr(0x4E00 + number) for number in range(40))
        after = "".join(chr(0x5E00 + number) for number in range(40))
        engine.apply([entry_of_page(place("p1"), 1, printed(before), printed(after))])
        assert pages(engine, before[-32:] + after[:32]) == ["p1"]
        assert pages(engine, before[-33:] + after[:1]) == []
        assert pages(engine, before[-1:] + after[:33]) == []


class TestScope:
    @pytest.fixture(autouse=True)
    def four_cases(self, engine: Engine) -> None:
        reading = printed("合同诈骗")
        engine.apply(
            [
                entry_of_page(place(f"p{case}", f"c{case}", department=department), case, reading, None)
                for case, department in ((1, "一部"), (2, "二部"), (3, "二部"), (4, ""))
            ]
        )

    def test_without_limits_all_is_seen(self, engine: Engine) -> None:
        assert pages(engine, "诈骗", Sight()) == ["p1", "p2", "p3", "p4"]

    def test_departments_or_own_cases_are_seen(self, engine: Engine) -> None:
        sight = Sight(departments=frozenset({"二部"}), cases=frozenset({"c4"}))
        assert pages(engine, "诈骗", sight) == ["p2", "p3", "p4"]

    def test_who_may_see_nothing_sees_nothing(self, engine: Engine) -> None:
        assert pages(engine, "诈骗", Sight(departments=frozenset(), cases=frozenset())) == []

    def test_sealed_cases_are_left_out(self, engine: Engine) -> None:
        sight = Sight(departments=frozenset({"二部"}), without_cases=frozenset({"c3"}))
        assert pages(engine, "诈骗", sight) == ["p2"]

    def test_a_case_that_has_moved_is_seen_by_its_id_alone(self, engine: Engine) -> None:
        moved = frozenset({"c1", "c2"})
        sight = Sight(departments=frozenset({"二部"}), cases=frozenset({"c1"}), moved_cases=moved)
        assert pages(engine, "诈骗", sight) == ["p1", "p3"]

    def test_cases_without_a_department_can_be_seen_as_such(self, engine: Engine) -> None:
        assert pages(engine, "诈骗", Sight(departments=frozenset({""}))) == ["p4"]
        assert pages(engine, "诈骗", Sight(departments=frozenset({"", "一部"}))) == ["p1", "p4"]

    def test_a_search_in_chosen_cases_stays_within_sight(self, engine: Engine) -> None:
        sight = Sight(departments=frozenset({"二部"}), only_cases=frozenset({"c1", "c2"}))
        assert pages(engine, "诈骗", sight) == ["p2"]
        assert pages(engine, "诈骗", Sight(only_cases=frozenset())) == []

    def test_clauses_may_be_put_into_each_other(self, engine: Engine) -> None:
        def ids(*rungs: Rung) -> list[str]:
            return [hit.page_id for hit in engine.search(Search(rungs), 10).hits]

        fraud = Term("singles", "诈")
        assert ids(Rung("a", AllOf((fraud, Not(OneOf("case_id", frozenset({"c2"}))))))) == ["p1", "p3", "p4"]
        assert ids(Rung("a", Not(Not(fraud)))) == ["p1", "p2", "p3", "p4"]
        assert ids(Rung("a", NOTHING)) == []
        assert ids(Rung("a", Not(NOTHING))) == ["p1", "p2", "p3", "p4"]
        assert ids(Rung("a", AllOf(()))) == ["p1", "p2", "p3", "p4"]
        assert ids() == []

    def test_thousands_of_cases_may_be_in_sight(self, engine: Engine) -> None:
        many = frozenset(f"c{number}" for number in range(2, 70_000))
        assert pages(engine, "诈骗", Sight(cases=many)) == ["p2", "p3", "p4"]


class TestOrder:
    def test_hits_of_a_rung_stand_by_case_volume_and_page(self, engine: Engine) -> None:
        places = [
            place("p5", "c2", 1),
            place("p4", "c1", 2, volume="2"),
            place("p3", "c1", 10, volume="1"),
            place("p2", "c1", 9, volume="1"),
            place("p1", "c1", 10, volume="1"),
        ]
        engine.apply([entry_of_page(where, version, printed("同文"), None) for version, where in enumerate(places, 1)])
        assert pages(engine, "同文") == ["p2", "p1", "p3", "p4", "p5"]

    def test_parts_of_the_hits_join_without_gap_or_repeat_over_the_rungs(self, engine: Engine) -> None:
        engine.apply(
            [
                entry(f"p{number:02}", "甲乙" if number % 3 else "乙，丙，甲", version=number, number=number)
                for number in range(1, 31)
            ]
        )
        search = ladder(understand("甲 乙"), Sight())
        whole = engine.search(search, 100)
        assert whole.total == 30
        assert [hit.rung for hit in whole.hits] == ["phrase"] * 20 + ["words"] * 10
        for size in (1, 7, 20, 30):
            parts = [engine.search(search, size, start) for start in range(0, 35, size)]
            assert tuple(hit for part in parts for hit in part.hits) == whole.hits
            assert {part.total for part in parts} == {30}

    def test_the_total_alone_can_be_asked_for(self, engine: Engine) -> None:
        engine.apply([entry("p1", "甲"), entry("p2", "甲")])
        hits = engine.search(ladder(understand("甲"), Sight()), 0)
        assert (hits.total, hits.hits) == (2, ())

    def test_what_lies_too_deep_is_refused(self, engine: Engine) -> None:
        search = ladder(understand("甲"), Sight())
        assert engine.search(search, 10, DEEPEST - 10).hits == ()
        for limit, offset in ((1, DEEPEST), (-1, 0), (1, -1)):
            with pytest.raises(ValueError, match="cannot be given"):
                engine.search(search, limit, offset)

    def test_a_page_that_moves_takes_its_new_place(self, engine: Engine) -> None:
        first, second = entry("p1", "同文", number=1), entry("p2", "同文", version=2, number=2)
        engine.apply([first, second])
        engine.apply([replace(first, place=place("p1", number=3), version=3)])
        assert engine.search(ladder(understand("同文"), Sight()), 5).hits == (
            Hit("p2", "phrase"),
            Hit("p1", "phrase"),
        )
