from __future__ import annotations

from dataclasses import replace

import pytest

from dossier.reading import Box, Line, Reading
from indexer.entry import PagePlace as Place
from indexer.entry import entry_of_page, pairs_of
from indexer.turn import Turn, turn_between


def line(text: str, y0: float) -> Line:
    return Line(text, Box(0.2, y0, 0.8, y0 + 0.015))


def page(*lines: Line) -> Reading:
    return Reading(1654, 2339, 200.0, lines=lines)


def sides(turn: Turn) -> tuple[str, str]:
    return "".join(token.text for token in turn.before), "".join(token.text for token in turn.after)


def test_the_turn_has_the_last_and_the_first_32_tokens() -> None:
    before = "".join(chr(0x4E00 + number) for number in range(100))
    after = "".join(chr(0x5E00 + number) for number in range(100))
    assert sides(turn_between(page(line(before, 0.5)), page(line(after, 0.5)))) == (before[-32:], after[:32])


def test_tokens_know_the_lines_of_their_own_page() -> None:
    turn = turn_between(page(line("甲", 0.5), line("乙", 0.6)), page(line("4", 0.05), line("丙", 0.2)))
    assert [token.line for token in turn.before] == [0, 1]
    assert [token.line for token in turn.after] == [1]


@pytest.mark.parametrize(
    "number",
    ["35", "— 35 —", "－35－", "第3页", "第 3 页 共 5 页", "3/5", "35-1", "35背", "P35", "· 35 ·", "第3页/共5页"],
)
def test_page_numbers_in_the_margins_are_left_out(number: str) -> None:
    turn = turn_between(page(line("甲乙", 0.5), line(number, 0.94)), page(line(number, 0.03), line("丙丁", 0.2)))
    assert sides(turn) == ("甲乙", "丙丁")


def test_a_number_within_the_body_is_text() -> None:
    turn = turn_between(page(line("共计", 0.5), line("35", 0.52)), page(line("36", 0.3), line("元", 0.32)))
    assert sides(turn) == ("共计35", "36元")


def test_a_text_in_the_margin_that_only_begins_with_a_number_is_text() -> None:
    turn = turn_between(page(line("2020年3月5日", 0.9)), page(line("3名被告人", 0.08)))
    assert sides(turn) == ("2020年3月5日", "3名被告人")


def test_running_heads_and_feet_are_left_out_whatever_their_number() -> None:
    first = page(line("询问笔录 第3页", 0.05), line("甲乙", 0.5), line("被询问人签名：", 0.93))
    second = page(line("询问笔录 第4页", 0.055), line("丙丁", 0.5), line("被询问人签名：", 0.925))
    assert sides(turn_between(first, second)) == ("甲乙", "丙丁")


def test_a_line_that_only_one_page_has_is_text() -> None:
    first = page(line("甲乙", 0.5), line("丙", 0.93))
    second = page(line("询问笔录", 0.05), line("丁", 0.5))
    assert sides(turn_between(first, second)) == ("甲乙丙", "询问笔录丁")


def test_without_a_next_page_or_its_text_there_is_no_turn() -> None:
    assert turn_between(page(line("甲乙", 0.5)), None) == Turn((), ())
    assert turn_between(page(line("甲乙", 0.5)), page()) == Turn((), ())
    assert turn_between(page(), page(line("甲乙", 0.5))) == Turn((), ())


def test_an_entry_holds_each_token_once_the_pairs_in_order_and_marks_the_next_page() -> None:
    first, second = page(line("甲乙甲12", 0.5)), page(line("丙", 0.5))
    entry = entry_of_page(Place("p1", "c1", "v1", "d1", 3, "一部", "k2"), 9, first, second)
    assert entry.singles == ("甲", "乙", "12")
    assert entry.pairs == ("甲_乙", "乙_甲", "甲_12")
    assert entry.turn == ("甲_乙", "乙_甲", "甲_12", "12_>丙")
    assert entry.version == 9


def test_the_keys_of_an_entry_stand_as_pages_do_and_end_in_the_id() -> None:
    place = Place("p1", "c1", "v1", "d1", 3, "一部", "k2", "k7", "2031-05-06T07:08:09.250+00:00")
    entry = entry_of_page(place, 9, page(), None)
    assert entry.order == "c1\x1fk2\x1fv1\x1f00000003\x1fp1"
    assert entry.volume_key == "c1\x1fk2\x1fv1"
    assert entry.document_key == "c1\x1fk2\x1fk7\x1fd1"
    assert place.received_ms == 1_935_817_689_250
    later = entry_of_page(replace(place, received="2031-05-06T07:08:09.251+00:00"), 9, page(), None)
    assert later.newest < entry.newest
    assert later.newest.endswith(entry.order)


def test_identifiers_and_their_ends_are_held_once_each() -> None:
    reading = page(line("电话19900001234", 0.5), line("又199 0000 1234", 0.6))
    entry = entry_of_page(Place("p1", "c1", "v1", "d1", 1), 1, reading, None)
    assert entry.identifiers == ("19900001234",)
    assert entry.tails == ("43210000991",)


def test_one_token_has_no_pairs() -> None:
    assert pairs_of(["甲"]) == ()
    assert pairs_of([]) == ()
