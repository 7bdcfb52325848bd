"""The measurements of the search measure what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.finding import agreement, exact, speed
from bench.finding.exact_pages import _pages_of
from bench.finding.figures import percentile
from bench.finding.many_pages import Sentence, entries, pages
from bench.finding.oracle import OraclePage, number_pattern, sum_of, tokens
from bench.finding.spellings import amount_forms, date_forms
from indexer.entry import entry_of_page

SENTENCES = [
    Sentence(text)
    for text in (
        "经审理查明，二〇三一年三月五日，被告人持刀进入店内；",
        "被害人损失人民币3.8万元，于2031年3月6日12时报案。",
        "卡号9990 0100 0000 0000，户名（Ａbc）。",
        "上述事实，有证人证言、书证在案佐证。",
    )
]


def test_a_made_entry_is_what_the_page_itself_would_give() -> None:
    made = list(pages(SENTENCES, 230, seed=5))
    assert len({page.place.page_id for page in made}) == 230
    for number, entry in enumerate(entries(iter(made))):
        page = made[number]
        following = made[number + 1] if number + 1 < len(made) and (number + 1) % 100 else None
        assert entry == entry_of_page(page.place, number + 1, page.reading, following and following.reading)


def test_a_case_is_the_same_without_those_before_it() -> None:
    later = list(pages(SENTENCES, 1010, seed=5, first=1000))
    assert later == list(pages(SENTENCES, 1010, seed=5))[1000:]


def test_the_oracle_sees_phrases_over_lines_and_the_turn_but_no_parts_of_numbers() -> None:
    page = OraclePage("p", "被告人林\n晓禾于2031年", "3月5日到案")
    for phrase in ("林晓禾", "2031年3月", "于2031年３月5日"):
        assert page.says(tokens(phrase)), phrase
    for phrase in ("031年", "3月5日", "晓禾到案", "林禾"):
        assert not page.says(tokens(phrase)), phrase


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("（2031）云0104刑初12号", "见[2031]云 0104刑初12号判决"),
        ("19900001234", "电话199-0000-\n1234，"),
        ("9990010000000000123", "卡号9990 0100 00\n00 0000 123）"),
    ],
)
def test_the_oracle_sees_numbers_however_they_are_printed(number: str, text: str) -> None:
    assert OraclePage("p", text, "").matches(number_pattern(number))
    longer = OraclePage("p", text.replace("12号", "123号").replace("1234", "12345").replace("123）", "1234）"), "")
    assert not longer.matches(number_pattern(number))


@pytest.mark.parametrize("day", ["2031-3-5", "2031-12-20", "2031-10-11"])
def test_the_oracle_knows_a_day_in_all_its_spellings(day: str) -> None:
    for spelling in date_forms(day):
        assert OraclePage("p", f"于{spelling}到案", "").days == {day}, spelling


@pytest.mark.parametrize("yuan", [20, 105, 1005, 38_000, 30_800, 99_999])
def test_the_oracle_knows_a_sum_in_all_its_spellings(yuan: int) -> None:
    for spelling in amount_forms(yuan):
        assert OraclePage("p", f"共计{spelling}。", "").sums == {yuan}, spelling
        assert sum_of(spelling.removeprefix("人民币").removesuffix("整")) == yuan


def test_the_oracle_is_sure_only_of_what_stands_there_with_line_ends_and_without() -> None:
    page = OraclePage("p", "2031年3月5日\n1日付8000元\n2031.3.1\n2件，共3\n500元，2031年4月6号", "")
    assert page.days == {"2031-3-5", "2031-4-6"}
    assert page.days_perhaps == {"2031-3-5", "2031-4-6", "2031-3-1", "2031-3-12"}
    assert page.sums == {8000}
    assert page.sums_perhaps == {8000, 500, 3500}


@pytest.mark.parametrize("text", ["75000余元", "7.5万余元", "75,000多元", "七万五千多元"])
def test_about_a_sum_is_right_to_find_and_need_not_be_found(text: str) -> None:
    page = OraclePage("p", f"共计{text}。", "")
    assert (page.sums, page.sums_perhaps) == (frozenset(), {75000})


def test_from_one_to_two_is_no_sum() -> None:
    assert OraclePage("p", "一两万元，两千元", "").sums == {2000}


def test_lines_end_between_words_and_only_long_numbers_are_parted() -> None:
    text = "一" * 33 + "2031年3月" + "二" * 20 + "530102209708127533，" + "三" * 700
    lines = next(_pages_of(text))
    assert [lines[0][-1], lines[1][:5]] == ["一", "2031年"]
    assert lines[1][-1].isdigit() and lines[2][0].isdigit()


def test_the_engines_are_asked_what_the_tests_of_their_agreement_ask() -> None:
    ((entries, searches),) = agreement.sets(3)

    assert entries and len(searches) == 3
    assert all(text.strip() and search.rungs for text, search in searches)


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile(range(1, 101), share) for share in (50, 95, 100)] == [50, 95, 100]
    assert percentile([3.0, 1.0], 95) == 3.0


def test_a_measurement_says_which_judgments_it_was_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.jsonl"
    monkeypatch.setattr(exact, "_VOLUMES", 1)
    monkeypatch.setattr(exact, "_SHEETS", 2)
    assert exact.main(["--each", "1", "--corpus", str(missing)]) == 0
    assert f"left out: judgments, {missing} is not there" in capsys.readouterr().out
    assert speed.main(["--corpus", str(missing)]) == 1
    assert f"left out: judgments, {missing} is not there" in capsys.readouterr().out
