"""How well one damaged page was read, by the truth that its scan has in pixels (bench/press/damage)."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from bench.press.damage.view import Matrix, Quad, box_around, corners_of, moved, perspective, quarter, scaled, skewed
from bench.text_errors import edit_distance, folded, unpunctuated
from dossier.reading import Box, Line, Reading
from pipeline.cleaning.upright import canvas_size

Character = tuple[str, float, float, tuple[int, int]]
"""What was read, the middle of its box on the upright page in pixels, and which line and place in it this was."""


@dataclass(slots=True)
class PageErrors:
    """A page's figures.

    Attributes:
        file, kind, damages, title, dpi: from the truth.
        seconds: to read it.
        printed, printed_words: characters printed, folded; without punctuation.
        errors: edit distance of all printed lines to what was read inside them, folded.
        errors_words: the same without punctuation; the rest of `errors` is punctuation only.
        errors_in_order: edit distance of the page, lines in printed order, to what was read inside them, in the order
            of the reading.
        beside: characters that were read outside of all printed lines and of the stamped page number.
        lines, whole: printed lines, and those without an error.
        items: kind → how many were read in their place, and how many there are.
        skew_left: largest part of the lines' slope on the upright page that is left, degrees; None without lines.
        turned_wrongly: whether the upright page stands on its side or head.
        blank, read_as_blank: whether the paper is empty, and whether the reading says so.
        label: whether the stamped page number was read in its place; None without one.
        placed: whether the reading's geometry tells where the printed lines are; if not, only the order is compared.
        flags: of the reading.
    """

    file: str
    kind: str
    damages: dict[str, float]
    title: str
    dpi: int
    seconds: float
    printed: int = 0
    printed_words: int = 0
    errors: int = 0
    errors_words: int = 0
    errors_in_order: int = 0
    beside: int = 0
    lines: int = 0
    whole: int = 0
    items: dict[str, list[int]] = field(default_factory=dict)
    skew_left: float | None = None
    turned_wrongly: bool = False
    blank: bool = False
    read_as_blank: bool = False
    label: bool | None = None
    placed: bool = True
    flags: tuple[str, ...] = ()


def upright_matrix(reading: Reading, width: int, height: int) -> Matrix | None:
    """From pixels of a scan of that size to pixels of the upright page; None where the reading does not tell."""
    corners = getattr(reading, "corners", None)  # of a photograph that was set flat
    if corners is not None:
        found = [[x * width, y * height] for x, y in corners]
        return perspective(found, corners_of((0, 0, reading.width, reading.height)))
    canvas = canvas_size(width, height, reading.turn_degrees, reading.deskew_degrees)
    if canvas != (reading.width, reading.height):
        return None
    turn = quarter(-reading.turn_degrees % 360, width, height)
    turned = (height, width) if reading.turn_degrees in (90, 270) else (width, height)
    left, top = (canvas[0] - turned[0]) / 2, (canvas[1] - turned[1]) / 2
    return skewed(-reading.deskew_degrees, (canvas[0] / 2, canvas[1] / 2)) @ moved(left, top) @ turn


def through(quad: Quad, matrix: Matrix) -> Quad:
    """Where a quad lies on the upright page, pixels."""
    points = matrix @ np.vstack([np.array(quad, np.float64).T, np.ones(4)])
    return [[float(x), float(y)] for x, y in (points[:2] / points[2]).T]


def characters_of(reading: Reading) -> list[Character]:
    """All characters with boxes, in the order in which they were read."""
    return [
        (
            character,
            (box.x0 + box.x1) / 2 * reading.width,
            (box.y0 + box.y1) / 2 * reading.height,
            (row, place),
        )
        for row, line in enumerate(reading.lines)
        if not runs_round(line)
        for place, (character, box) in enumerate(zip(line.text, line.characters, strict=bool(line.characters)))
    ]


def runs_round(line: Line) -> bool:
    """Whether a line is the name around a seal, which no truth holds: its characters stand on an arc, off its box."""
    box, boxes = line.box, line.characters
    beside = sum(not (box.y0 <= (one.y0 + one.y1) / 2 <= box.y1) for one in boxes)
    return beside > len(boxes) / 3


def inside(characters: list[Character], quad: Quad, slack: float, vertical: bool = False) -> list[Character]:
    """The characters whose middles lie in a quad, in the direction in which it was printed.

    Args:
        quad: on the upright page, pixels.
        slack: how far before the first and behind the last character they may lie, pixels.
        vertical: whether the line runs from its top to its bottom.
    """
    if not characters:
        return []
    across = float(np.hypot(quad[1][0] - quad[0][0], quad[1][1] - quad[0][1]))
    down = float(np.hypot(quad[3][0] - quad[0][0], quad[3][1] - quad[0][1]))
    length = down if vertical else across
    # On a square of 0–1 each way, so that skew, turn and perspective do not matter.
    matrix = scaled(1 / 1000, 1 / 1000) @ perspective(quad, corners_of((0, 0, 1000, 1000)))
    middles = np.array([[x, y, 1] for _, x, y, _ in characters]).T
    points = matrix @ middles
    u, v = points[0] / points[2], points[1] / points[2]
    along, beside = (v, u) if vertical else (u, v)
    slack /= max(length, 1.0)
    hits = np.nonzero((along >= -slack) & (along <= 1 + slack) & (beside >= 0) & (beside <= 1))[0]
    return [characters[place] for place in sorted(hits, key=lambda place: along[place])]


def compare(truth: dict[str, Any], reading: Reading, seconds: float) -> PageErrors:
    """A page's figures.

    Args:
        truth: of its scan.
        reading: what was read.
        seconds: in what time.
    """
    page = PageErrors(truth["file"], truth["kind"], truth["damages"], truth["title"], truth["dpi"], round(seconds, 3))
    page.blank, page.read_as_blank, page.flags = truth["blank"], reading.blank, reading.flags
    expected = [folded(line["text"]) for line in truth["lines"]]
    page.lines = len(expected)
    page.printed = sum(map(len, expected))
    page.printed_words = sum(len(unpunctuated(text)) for text in expected)
    matrix = upright_matrix(reading, truth["width"], truth["height"])
    if matrix is None:
        _compare_order(page, expected, reading)
        return page
    characters = characters_of(reading)
    slack = 0.005 * reading.width
    found: set[tuple[int, int]] = set()
    for line, text in zip(truth["lines"], expected, strict=True):
        hits = inside(characters, through(line["quad"], matrix), slack, line["vertical"])
        found |= {where for *_, where in hits}
        read = folded("".join(character for character, *_ in hits))
        errors = edit_distance(read, text)
        page.errors += errors
        page.errors_words += edit_distance(unpunctuated(read), unpunctuated(text))
        page.whole += not errors
    in_order = "".join(character for character, _, _, where in characters if where in found)
    page.errors_in_order = edit_distance(folded(in_order), "".join(expected))
    # Halves carry a stamped number each.
    labels = [one["label"] for one in truth["halves"] or [truth] if one["label"]]
    for label in labels:
        hits = inside(characters, through(label["quad"], matrix), slack)
        found |= {where for *_, where in hits}
        right = folded("".join(character for character, *_ in hits)) == label["text"]
        page.label = right if page.label is None else page.label and right
    page.beside = sum(len(folded(character)) for character, _, _, where in characters if where not in found)
    for item in truth["items"]:
        count = page.items.setdefault(item["kind"], [0, 0])
        count[0] += _item_agreement(reading, item["text"], through(item["quad"], matrix)) > 0.5
        count[1] += 1
    _slope(page, truth, matrix)
    return page


def _compare_order(page: PageErrors, expected: list[str], reading: Reading) -> None:
    """The text of the whole page only, where nobody knows where it lies."""
    page.placed = False
    together, read = "".join(expected), folded(reading.text)
    page.errors = page.errors_in_order = edit_distance(read, together)
    page.errors_words = edit_distance(unpunctuated(read), unpunctuated(together))


def _item_agreement(reading: Reading, text: str, quad: Quad) -> float:
    """Intersection over union of where an item was printed and the best place where it was read; 0 if it was not."""
    x0, y0, x1, y1 = box_around(quad)
    truth = Box(x0 / reading.width, y0 / reading.height, x1 / reading.width, y1 / reading.height)
    best = 0.0
    for line in reading.lines:
        places = [place for place, character in enumerate(line.text) if character != " "]
        dense = "".join(line.text[place] for place in places)
        start = dense.find(text)
        while start >= 0 and line.characters:
            box = line.characters[places[start]]
            for other in line.characters[places[start] + 1 : places[start + len(text) - 1] + 1]:
                box = box.union(other)
            best = max(best, agreement(box, truth))
            start = dense.find(text, start + 1)
    return best


def agreement(one: Box, other: Box) -> float:
    """Intersection over union of two rectangles."""
    across, down = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
    common = max(across, 0.0) * max(down, 0.0)
    areas = sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other))
    return common / (areas - common) if areas > common else 0.0


def _slope(page: PageErrors, truth: dict[str, Any], matrix: Matrix) -> None:
    """How the printed lines lie on the upright page: by the middle one, so that no single line decides."""
    slopes = []
    for line in truth["lines"]:
        quad = np.array(through(line["quad"], matrix))
        x, y = quad[3] - quad[0] if line["vertical"] else quad[1] - quad[0]
        degrees = np.degrees(np.arctan2(y, x)) - (90 if line["vertical"] else 0)
        slopes.append(float(degrees))
    if not slopes:
        return
    # About the first one's direction, so that 180° and −180° are neighbours.
    middle = slopes[0] + median((slope - slopes[0] + 180) % 360 - 180 for slope in slopes)
    quarters = round(middle / 90)
    page.turned_wrongly = quarters % 4 != 0
    page.skew_left = round(abs(middle - 90 * quarters), 3)
