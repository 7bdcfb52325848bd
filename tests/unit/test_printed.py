"""What the paper of a volume says of its pages: the last entry of its directory, and the note at its end."""

from __future__ import annotations

import pytest

from dossier.quality.printed import directory_end, tally_of
from dossier.reading import Box, Line, Reading
from tests.volume_papers import cell, entries, note, sheet


def end_of(*sheets: Reading) -> tuple[str, int, bool] | None:
    found = directory_end((str(at), each) for at, each in enumerate(sheets))
    return (found.page_id, found.pages, found.is_end) if found else None


@pytest.mark.parametrize(
    ("told", "pages", "is_end"),
    [
        ("118-125", 125, True),
        ("118—125", 125, True),
        ("118一125", 125, True),
        ("第118页至第125页", 125, True),
        ("１１８～１２５", 125, True),
        ("118", 118, False),
        ("35-1", 35, True),
    ],
)
def test_the_last_entry_tells_where_the_volume_ends(told: str, pages: int, is_end: bool) -> None:
    assert end_of(sheet(*entries("1-2", "3", told))) == ("0", pages, is_end)


@pytest.mark.parametrize("head", ["页次", "页号", "页码", "起止页码", "页 次"])
def test_the_forms_call_the_column_of_pages_differently(head: str) -> None:
    heads = ("序号", "题名", "日期", head, "备注")
    assert end_of(sheet(*entries("1-9"), heading="卷 内 目 录（一）", heads=heads)) == ("0", 9, True)


def test_a_directory_goes_on_for_several_sheets_with_or_without_its_head() -> None:
    cover = Reading(1000, 1400, 120.0, lines=(cell("证据材料卷", 0.4, 0.3),))
    first, second = sheet(*entries("1-2", "3-9")), sheet(*entries("10", "11-15", first=3))
    third = sheet(*entries("16-20", "21-30", first=5), heading="", heads=())
    assert end_of(cover, first, second) == ("2", 15, True)
    assert end_of(first, second, third) == ("2", 30, True)
    # What stands behind it is not its own: neither another form, nor numbers that begin anew.
    other = sheet(*entries("1-2", "3-4"), heading="", heads=())
    assert end_of(first, other) == ("0", 9, True)
    assert end_of(first, cover, third) == ("0", 9, True)


def test_a_row_that_came_as_one_line_is_taken_apart_by_the_places_of_its_characters() -> None:
    text = "2 起诉意见书 2031.5.7 3-12"
    starts = {0: 0.10, 2: 0.17, 8: 0.57, 17: 0.70}
    boxes, x = [], 0.0
    for at, _ in enumerate(text):
        x = starts.get(at, x)
        boxes.append(Box(x, 0.3, x + 0.01, 0.315))
        x += 0.01
    line = Line(text, Box(0.10, 0.3, 0.75, 0.315), characters=tuple(boxes))
    assert end_of(sheet(*entries("1-2"), line)) == ("0", 12, True)


def test_the_sheets_own_number_and_other_columns_are_no_entries() -> None:
    own = cell("2", 0.71, 0.95)
    remark = [*entries("1-2"), cell("99", 0.81, 0.175)]
    assert end_of(sheet(*remark, own)) == ("0", 2, True)


def test_where_numbers_fall_one_was_misread_and_nothing_is_said() -> None:
    assert end_of(sheet(*entries("1-2", "13-20", "3-5"))) is None


def test_a_table_with_pages_that_is_no_directory_says_nothing() -> None:
    assert end_of(sheet(*entries("1-2", "3-9"), heading="送达回证")) is None
    assert end_of(sheet(*entries("1-2", "3-9"), heads=("序号", "题名", "日期", "份数", "备注"))) is None


@pytest.mark.parametrize(
    "texts",
    [
        ("本卷共有文件材料 188 页。",),
        ("本卷情况说明：", "本卷共", "188", "页，其中照片 4 张。"),
        ("本案卷内文件共计188页",),
    ],
)
def test_the_note_tells_the_pages(texts: tuple[str, ...]) -> None:
    found = tally_of([("a", note("卷内目录", heading="别的")), ("b", note(*texts))])
    assert found is not None and (found.page_id, found.pages) == ("b", 188)


def test_only_the_note_tells_them_and_only_in_figures() -> None:
    assert tally_of([("a", note("本卷共有文件材料 188 页。", heading="起诉意见书"))]) is None
    assert tally_of([("a", note("本卷共有文件材料    页。"))]) is None
