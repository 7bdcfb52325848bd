"""The sheet that stands in a PDF for a page that cannot be shown, so that the others keep their places."""

from __future__ import annotations

import textwrap

from PIL import Image, ImageDraw, ImageFont

from dossier.reading import Box, Line, Reading
from pipeline.binding.glyphless_font import EM, width

DPI = 100
WIDTH, HEIGHT = 827, 1169
"""A4 at 100 dpi."""

MARGIN = 90
SIZE = 36
"""Pixels, of a Han character."""

_ENGLISH = "This page is missing here."

# Pillow looks such names up in the system's font folders. The first is Debian's, then those of Chinese distributions,
# Windows and macOS.
_CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "simsun.ttc",
    "msyh.ttc",
    "PingFang.ttc",
)


def note_sheet(page_id: str, reason: str) -> tuple[Image.Image, Reading]:
    """An A4 sheet with a frame, a reason in Chinese, a sentence in English and the page's id; and its text.

    Where the machine has no Chinese font, the Chinese sentence is in the text layer alone.

    Args:
        page_id: of the missing page.
        reason: a Chinese sentence.

    Returns:
        The picture (greyscale, 100 dpi) and the reading that goes with it.
    """
    sheet = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((MARGIN // 2, MARGIN // 2, WIDTH - MARGIN // 2, HEIGHT - MARGIN // 2), outline=128, width=3)
    chinese, latin = chinese_font(SIZE), ImageFont.load_default(SIZE * 2 // 3)
    rows: list[tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont | None]]
    rows = [(row, chinese) for row in textwrap.wrap(reason, (WIDTH - 2 * MARGIN) // SIZE)]
    rows += [(_ENGLISH, latin), (page_id, latin)]
    lines = []
    for number, (row, font) in enumerate(rows):
        top = HEIGHT // 3 + number * SIZE * 3 // 2
        if font:
            draw.text((MARGIN, top), row, fill=0, font=font)
        length = min(sum(width(character) for character in row) * SIZE // EM, WIDTH - 2 * MARGIN)
        lines.append(Line(row, Box.of_pixels(MARGIN, top, MARGIN + length, top + SIZE, WIDTH, HEIGHT)))
    return sheet, Reading(width=WIDTH, height=HEIGHT, dpi=DPI, lines=tuple(lines))


def chinese_font(size: int) -> ImageFont.FreeTypeFont | None:
    """A font of this machine that has Han characters, `size` pixels; None where there is none."""
    for name in _CHINESE_FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue  # not on this machine
    return None
