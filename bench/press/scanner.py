"""A scanner for printed sheets: places them askew, turns, shades and roughens them, and saves what it sees."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

from bench.press.sheet import DPI, PrintedLine, Sheet


@dataclass(frozen=True, slots=True)
class Feed:
    """How a sheet goes through the scanner.

    Attributes:
        dpi: resolution of the scan.
        turn_degrees: 0, 90, 180 or 270; the scan turned clockwise by it stands upright.
        skew_degrees: positive: the page stands counter-clockwise.
        noise: deviation of the grain, of 255.
        shading: how much darker the darkest edge is, 0–1.
        quality: of the JPEG.
        mode: "colour", "grey" or "bitonal".
        seed: of the grain.
    """

    dpi: int = 200
    turn_degrees: int = 0
    skew_degrees: float = 0.0
    noise: float = 3.0
    shading: float = 0.04
    quality: int = 75
    mode: Literal["colour", "grey", "bitonal"] = "colour"
    seed: int = 0


def random_feed(chance: random.Random, largest_skew: float = 3.0, dpi: int | None = None) -> Feed:
    """A feed such as happens: two pages in three lie slightly askew, one in five is turned."""
    return Feed(
        dpi=dpi or chance.choice((200, 200, 300)),
        turn_degrees=chance.choice((0, 0, 0, 0, 0, 0, 0, 90, 180, 270)),
        skew_degrees=round(chance.uniform(-largest_skew, largest_skew), 2) if chance.random() < 0.7 else 0.0,
        noise=chance.uniform(2, 8),
        shading=chance.uniform(0, 0.15),
        quality=chance.randint(50, 88),
        mode=chance.choice(("colour", "colour", "grey")),
        seed=chance.randrange(2**31),
    )


def scan(sheet: Sheet, feed: Feed) -> Image.Image:
    """The picture that the scanner makes of a sheet: RGB, "L", or "1" in bitonal mode."""
    paper = np.minimum(np.asarray(sheet.picture), np.array([250, 248, 243], np.uint8))
    scale = feed.dpi / DPI
    width, height = (round(side * scale) for side in sheet.picture.size)
    centre_x, centre_y = sheet.picture.size[0] / 2, sheet.picture.size[1] / 2
    # Pillow asks where in the source each target pixel lies: the inverse of a counter-clockwise turn.
    cos, sin = math.cos(math.radians(feed.skew_degrees)), math.sin(math.radians(feed.skew_degrees))
    matrix = (
        cos / scale,
        -sin / scale,
        centre_x - (cos * width - sin * height) / 2 / scale,
        sin / scale,
        cos / scale,
        centre_y - (sin * width + cos * height) / 2 / scale,
    )
    soft = Image.fromarray(paper).filter(ImageFilter.GaussianBlur(0.45 / scale))
    seen = soft.transform(
        (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=(244, 244, 242)
    )
    grain = np.random.default_rng(feed.seed)
    values = np.asarray(seen, np.float32)
    direction = grain.uniform(0, 2 * np.pi)
    across = np.cos(direction) * np.linspace(-1, 1, width) + np.sin(direction) * np.linspace(-1, 1, height)[:, None]
    values = values * (1 - feed.shading * (across[..., None] + 1.5) / 3)
    values = values + grain.normal(0, feed.noise, (height, width, 1)).astype(np.float32)
    picture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if feed.turn_degrees:
        picture = picture.rotate(feed.turn_degrees, expand=True)
    if feed.mode == "grey":
        return picture.convert("L")
    if feed.mode == "bitonal":
        return picture.convert("L").point(lambda value: 255 if value > 150 else 0).convert("1")
    return picture


def upright_box(box: tuple[float, float, float, float], sheet: Sheet, feed: Feed) -> list[float]:
    """Where a printed rectangle lies on the upright page, as fractions 0–1.

    The scan is as large as the sheet; made upright, its canvas grows around the same centre.
    """
    width, height = sheet.picture.size
    cos, sin = abs(math.cos(math.radians(feed.skew_degrees))), abs(math.sin(math.radians(feed.skew_degrees)))
    grown_width, grown_height = width * cos + height * sin, width * sin + height * cos
    left, top = (grown_width - width) / 2, (grown_height - height) / 2
    x0, y0, x1, y1 = box
    fractions = [
        (x0 + left) / grown_width,
        (y0 + top) / grown_height,
        (x1 + left) / grown_width,
        (y1 + top) / grown_height,
    ]
    return [round(value, 5) for value in fractions]


def printed_items(
    line: PrintedLine, wanted: dict[str, str]
) -> list[tuple[str, str, tuple[float, float, float, float]]]:
    """The people, phones, cards and ID numbers that stand whole in a printed line: kind, text and rectangle.

    Args:
        wanted: text without spaces → kind.
    """
    # A card is printed in groups of four in places; it is the same number.
    places = [place for place, character in enumerate(line.text) if character != " "]
    dense = "".join(line.text[place] for place in places)
    found = []
    for text, kind in wanted.items():
        start = dense.find(text)
        while start >= 0:
            found.append((kind, text, line.box_of(places[start], places[start + len(text) - 1] + 1)))
            start = dense.find(text, start + 1)
    return found
