"""Page numbers as an archive stamps them: on the right of a front, on the left of a back."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from bench.press.sheet import DPI, PrintedLine, Sheet, pixels
from bench.press.typefaces import typeface

_INKS = ("#141414", "#1c2e8c", "#c0202c")


def number_sheet(sheet: Sheet, label: str, chance: random.Random, verso: bool = False) -> PrintedLine:
    """Stamps a page number onto a sheet and sets its `label`.

    Either with a numbering machine (bold digits that stand unevenly) or in small typed digits; in black, blue or red;
    mostly in the upper outer corner, else in the lower.

    Args:
        sheet: is drawn on.
        label: the digits.
        chance: what chooses place, ink and type.
        verso: whether this is the back of a sheet, whose outer corner is the left one.
    """
    machine = chance.random() < 0.65
    points = chance.uniform(13, 17) if machine else chance.uniform(9, 11)
    font = typeface("sans bold" if machine else "serif", round(points / 72 * DPI))
    ink = chance.choice(_INKS)
    gap = pixels(0.5) if machine else 0.0
    edges = [0.0]
    for digit in label:
        edges.append(edges[-1] + font.getlength(digit) + gap)
    edge, down = pixels(chance.uniform(9, 16)), pixels(chance.uniform(7, 13))
    left = edge if verso else sheet.picture.width - edge - edges[-1]
    top = down if chance.random() < 0.8 else sheet.picture.height - down - font.size * 1.2
    mask = Image.new("L", (round(edges[-1]) + 40, round(font.size * 2)), 0)
    draw = ImageDraw.Draw(mask)
    x0, y0 = round(left) - 20, round(top) - 10
    for place, digit in enumerate(label):
        uneven = chance.uniform(-0.5, 0.5) * pixels(0.5) if machine else 0.0
        pressed = round(255 * (chance.uniform(0.72, 1.0) if machine else 1.0))
        draw.text((left + edges[place] - x0, top + uneven - y0), digit, pressed, font)
    sheet.picture.paste(Image.new("RGB", mask.size, ink), (x0, y0), mask)
    _, ink_top, _, ink_bottom = mask.getbbox() or (0, 0, 0, 0)
    box = (left, float(y0 + ink_top), left + edges[-1] - gap, float(y0 + ink_bottom))
    line = PrintedLine(label, box, tuple(left + one for one in edges))
    sheet.label = line
    return line
