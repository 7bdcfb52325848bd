"""A sheet of paper that remembers what was printed on it, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.press.typefaces import typeface

DPI = 300
"""Sheets are printed at this resolution; the scanner makes others of it."""

A4 = (210.0, 297.0)
_NO_LINE_BEGINS_WITH = "，。；：、？！）》”’〕】%"
_NO_LINE_ENDS_WITH = "（《“‘〔【"


def pixels(millimetres: float) -> float:
    """Millimetres in pixels of a sheet."""
    return millimetres / 25.4 * DPI


def fitting(text: str, font: ImageFont.FreeTypeFont, room: float) -> int:
    """How many characters of a text go into a line of `room` pixels, without punctuation or numbers torn at its end."""
    # No character is narrower than 0.15 em.
    count = min(len(text), int(room / (0.15 * font.size)) + 1)
    while font.getlength(text[:count]) > room:
        count -= 1
    while 1 < count < len(text) and (
        text[count] in _NO_LINE_BEGINS_WITH
        or text[count - 1] in _NO_LINE_ENDS_WITH
        or (text[count].isascii() and text[count].isalnum() and text[count - 1].isascii() and text[count - 1].isalnum())
    ):
        count -= 1
    return count


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line as printed.

    Attributes:
        text: what it says.
        box: rectangle of its ink, pixels.
        edges: where each character begins, and where the last one ends: left edges, or top edges in a vertical line.
        vertical: whether its characters run from top to bottom.
    """

    text: str
    box: tuple[float, float, float, float]
    edges: tuple[float, ...]
    vertical: bool = False

    def box_of(self, start: int, stop: int) -> tuple[float, float, float, float]:
        """The rectangle of the characters from `start` to before `stop`."""
        if self.vertical:
            return self.box[0], self.edges[start], self.box[2], self.edges[stop]
        return self.edges[start], self.box[1], self.edges[stop], self.box[3]


@dataclass(slots=True)
class Sheet:
    """One printed side.

    Attributes:
        title: what the document is called.
        size: width and height in millimetres.
        face: the font of its text.
        lines: what was printed, in reading order.
        label: the page number stamped on it (bench/press/numbering.py), which is not one of its lines.
        has_seal: whether a seal was stamped on it.
    """

    title: str
    size: tuple[float, float] = A4
    face: str = "serif"
    lines: list[PrintedLine] = field(default_factory=list)
    label: PrintedLine | None = None
    has_seal: bool = False
    picture: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        self.picture = Image.new("RGB", (round(pixels(self.size[0])), round(pixels(self.size[1]))), "white")

    def print_line(
        self,
        x: float,
        y: float,
        text: str,
        points: float,
        *,
        face: str = "",
        middle: bool = False,
        colour: str = "black",
    ) -> float:
        """Prints one line.

        Args:
            x, y: left (or, with `middle`, centre) and top of the line, millimetres.
            text: what to print.
            points: height of the letters (1 point is 1/72 inch).
            colour: of the ink, as Pillow names it.

        Returns:
            How far down the next line would begin at one and a half spacing, millimetres.
        """
        font = typeface(face or self.face, round(points / 72 * DPI))
        left, top = pixels(x), pixels(y)
        if middle:
            left -= font.getlength(text) / 2
        draw = ImageDraw.Draw(self.picture)
        draw.text((left, top), text, colour, font)
        _, ink_top, _, ink_bottom = draw.textbbox((left, top), text, font)
        edges = tuple(left + font.getlength(text[:count]) for count in range(len(text) + 1))
        self.lines.append(PrintedLine(text, (edges[0], ink_top, edges[-1], ink_bottom), edges))
        return y + points / 72 * 25.4 * 1.5

    def print_paragraph(
        self, x: float, y: float, width: float, text: str, points: float, *, indent: bool = True, bottom: float = 0.0
    ) -> tuple[float, str]:
        """Prints a paragraph in lines of at most `width` millimetres, keeping punctuation off the line's ends.

        Args:
            bottom: where the sheet ends for it, millimetres; 0 for no end.

        Returns:
            How far down the next line begins, and the text that found no room.
        """
        font = typeface(self.face, round(points / 72 * DPI))
        room = pixels(width)
        shift = points / 72 * 25.4 * 2 if indent else 0.0
        while text and not (bottom and y > bottom):
            count = fitting(text, font, room - pixels(shift))
            y = self.print_line(x + shift, y, text[:count], points)
            text, shift = text[count:], 0.0
        return y, text

    def print_column(self, x: float, y: float, text: str, points: float, *, face: str = "") -> float:
        """Prints one line from top to bottom, upright characters a full square each.

        Args:
            x, y: left and top of the column, millimetres.
            text: what to print; no punctuation that would have to be turned.

        Returns:
            How far left the next column would begin at one and a half spacing, millimetres.
        """
        size = round(points / 72 * DPI)
        font = typeface(face or self.face, size)
        left, top = pixels(x), pixels(y)
        draw = ImageDraw.Draw(self.picture)
        for place, character in enumerate(text):
            draw.text((left + size / 2, top + place * size), character, "black", font, anchor="ma")
        # An "a" anchor puts the ascender line, not the square's top, at `top`; CJK faces reach above and below it.
        inks = [
            draw.textbbox((left + size / 2, top + place * size), character, font, anchor="ma")
            for place, character in enumerate(text)
        ]
        drop = (inks[0][1] + inks[0][3]) / 2 - (top + size / 2)
        edges = tuple(top + drop + place * size for place in range(len(text) + 1))
        box = (left, min(ink[1] for ink in inks), left + size, max(ink[3] for ink in inks))
        self.lines.append(PrintedLine(text, box, edges, vertical=True))
        return x - points / 72 * 25.4 * 1.5

    def print_table(
        self,
        x: float,
        y: float,
        widths: Sequence[float],
        rows: Iterable[Sequence[str]],
        points: float,
        height: float = 9.0,
    ) -> float:
        """Prints a ruled table, a line of text a cell; returns where it ends, millimetres."""
        draw = ImageDraw.Draw(self.picture)
        right = x + sum(widths)
        start = y
        for row in rows:
            draw.line([(pixels(x), pixels(y)), (pixels(right), pixels(y))], "black", 3)
            left = x
            for width, text in zip(widths, row, strict=True):
                if text:
                    self.print_line(left + 1.5, y + (height - points / 72 * 25.4 * 1.3) / 2, text, points)
                left += width
            y += height
        draw.line([(pixels(x), pixels(y)), (pixels(right), pixels(y))], "black", 3)
        left = x
        for width in (*widths, 0.0):
            draw.line([(pixels(left), pixels(start)), (pixels(left), pixels(y))], "black", 3)
            left += width
        return y

    def stamp(self, x: float, y: float, text: str, diameter: float = 42.0) -> None:
        """Stamps a round red seal over what is printed, its centre at (x, y) millimetres; its words are not truth."""
        self.has_seal = True
        size = round(pixels(diameter))
        ink = Image.new("L", (size, size), 0)
        draw = ImageDraw.Draw(ink)
        draw.ellipse([4, 4, size - 5, size - 5], outline=255, width=round(size / 34))
        turns = -np.pi / 2 + np.arange(10) * np.pi / 5
        radii = np.where(np.arange(10) % 2 == 0, size * 0.16, size * 0.062)
        star = [(size / 2 + r * np.cos(t), size / 2 + r * np.sin(t)) for r, t in zip(radii, turns, strict=True)]
        draw.polygon(star, fill=255)
        font = typeface("serif bold", round(size / 8.5))
        for place, character in enumerate(text):
            degrees = -120 + 240 * place / max(len(text) - 1, 1)
            letter = Image.new("L", (size, size), 0)
            ImageDraw.Draw(letter).text((size / 2, size * 0.09), character, 255, font, anchor="mt")
            ink.paste(255, (0, 0), letter.rotate(-degrees, Image.Resampling.BICUBIC))
        grain = np.random.default_rng(size).uniform(0.62, 0.95, (size, size))
        strength = Image.fromarray((np.asarray(ink) * grain).astype(np.uint8))
        # Ink over ink darkens: the stamp multiplies, so that print shows through it.
        corner = (round(pixels(x)) - size // 2, round(pixels(y)) - size // 2)
        area = self.picture.crop((*corner, corner[0] + size, corner[1] + size))
        red = np.asarray(area, np.float32) * np.array([214, 38, 44], np.float32) / 255
        self.picture.paste(Image.fromarray(red.astype(np.uint8)), corner, strength)
