"""What a volume says of itself: its directory 卷内目录, and the note at its end 备考表."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.press.sheet import Sheet

_ROWS = 22
"""As many entries stand on one sheet of the form."""


def directory(
    entries: Sequence[tuple[str, str]], heading: str = "卷内文件目录", column: str = "页次"
) -> Iterator[Sheet]:
    """卷内目录: a ruled form, as many sheets as the entries take.

    Args:
        entries: title and pages of each document ("1-2", or where it begins alone).
        heading: what the form is called.
        column: what it calls the pages.
    """
    for start in range(0, len(entries), _ROWS):
        sheet = Sheet("卷内目录", face="ming")
        sheet.print_line(105, 22, " ".join(heading), 20, face="serif bold", middle=True)
        rows = [("序号", "文件名称", "日期", column, "备注")]
        for number, (title, pages) in enumerate(entries[start : start + _ROWS], start + 1):
            rows.append((str(number), title, f"2031.{number % 12 + 1}.{number % 27 + 1}", pages, ""))
        sheet.print_table(20, 38, (14, 84, 28, 24, 20), rows, 11, 10.5)
        yield sheet


def tally(pages: int) -> Iterator[Sheet]:
    """备考表: how many pages the volume has, and who looked."""
    sheet = Sheet("备考表", face="ming")
    sheet.print_line(105, 26, "卷 内 备 考 表", 20, face="serif bold", middle=True)
    y = sheet.print_line(30, 60, "本卷情况说明：", 13)
    y = sheet.print_line(38, y + 6, f"本卷共有文件材料 {pages} 页。", 13)
    y = sheet.print_line(38, y + 6, "卷内照片无缺损，装订完好。", 13)
    sheet.print_line(110, y + 60, "立卷人：乔松", 12)
    sheet.print_line(110, y + 72, "检查人：傅溪", 12)
    sheet.print_line(110, y + 84, "立卷时间：2031年5月7日", 12)
    yield sheet
