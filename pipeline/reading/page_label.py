"""Page labels 页码: the numbers at a page's edge that may be its number in the volume.

A volume's sheets are numbered by a numbering machine in an outer corner, or a number is typed at the head or foot. A
page shows other numbers there, too: a form's, a table's, a document's own. Alone it cannot tell, so it gives the few
that may be meant, the likeliest first; the volume's sequence decides (dossier/label_sequence.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from dossier.reading import Box, LabelCandidate, Line

MOST_CANDIDATES = 4
"""As many as a page keeps: a stamp, a typed number, and two that only look like one."""

_MARGIN = 0.12
"""Of the page's long side, at head and foot: 36 mm of A4. Numbers are stamped 8 to 25 mm from the edge of the paper,
and the canvas of a page that lay askew is larger than its paper."""

_CORNER = 0.25
"""Of the page's short side, at left and right: 52 mm of A4."""

_LEAST_CONFIDENCE = 0.5
_TALLEST = 0.05
"""Of the page's long side; numbering machines print 4 to 6 mm high, 15 mm is a heading."""

_GAP = 1.2
"""Heights of a line from which on a space parts a number from the words beside it."""

_PREFIX = re.compile(r"(?:no\.?|n(?=0)|p\.?|页码:?)(?=\S)", re.IGNORECASE)
_STAMP = re.compile(r"(\d{1,7}(?:-[1-9]\d?)?[背反]?)")
_TYPED = (
    re.compile(r"(?:共\d{1,4}页)?[,/]?第(\d{1,4})页(?:[,/]?\(?共\d{1,4}页\)?)?"),
    re.compile(r"(\d{1,4})/\d{1,4}"),
    re.compile(r"[-~.·_]{1,2}(\d{1,4})[-~.·_]{1,2}"),
    re.compile(r"(\d{1,4})页"),
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DASHES = str.maketrans("—–―－‐‑−～•・", "-------~··")
_ON_THEIR_HEADS = dict(zip("01689", "01986", strict=True))
_LOOK_ALIKES = str.maketrans("OoQ〇lI|", "0000111")


def corner_size(width: int, height: int) -> tuple[float, float]:
    """How wide and how high, as fractions of the page, a corner is in which numbers are stamped."""
    return _CORNER * min(width, height) / width, _MARGIN * max(width, height) / height


def label_candidates(lines: Sequence[Line], width: int, height: int) -> tuple[LabelCandidate, ...]:
    """The numbers that may be a page's label, the likeliest first; the first is what the page alone proposes.

    Args:
        lines: of an upright page, as read.
        width, height: of the page, in any unit.
    """
    corner = corner_size(width, height)
    found: dict[str, tuple[tuple[float, ...], LabelCandidate]] = {}
    for line in lines:
        if line.confidence < _LEAST_CONFIDENCE:
            continue
        for text, box in _pieces(line, height / width):
            candidate = _candidate(text, box, line.confidence, corner)
            if candidate is None:
                continue
            # Stamps before typed numbers; then what stands nearest to a corner: stamps stand outside all print.
            rank = (not candidate.stamped, text != line.text, _distance_to_corner(box))
            if candidate.text not in found or rank < found[candidate.text][0]:
                found[candidate.text] = (rank, candidate)
    ranked = sorted(found.values(), key=lambda entry: entry[0])
    return tuple(candidate for _, candidate in ranked[:MOST_CANDIDATES])


def _candidate(text: str, box: Box, confidence: float, corner: tuple[float, float]) -> LabelCandidate | None:
    across, down = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    if corner[1] < down < 1 - corner[1] or _thickness(box, corner) > _TALLEST:
        return None
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).translate(_DASHES)
    for pattern in _TYPED:
        if match := pattern.fullmatch(plain):
            return _of_digits(match[1], box, confidence, stamped=False)
    plain = _PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else plain
    if any(character.isdecimal() for character in plain):
        plain = plain.translate(_LOOK_ALIKES)
    match = _STAMP.fullmatch(plain)
    if match is None or _YEAR.fullmatch(match[1]):
        return None
    in_corner = across < corner[0] or across > 1 - corner[0]
    return _of_digits(match[1].replace("反", "背"), box, confidence, stamped=in_corner)


def _of_digits(text: str, box: Box, confidence: float, stamped: bool) -> LabelCandidate | None:
    number = re.match(r"\d+", text)
    if number is None or not 0 < int(number[0]) < 10_000:
        return None
    return LabelCandidate(text, box, confidence, stamped)


def _pieces(line: Line, shape: float) -> Iterator[tuple[str, Box]]:
    """A line as a whole, and its first and last words where a wide space parts them from the rest.

    A stamp on the height of a running head is read as one line with it; one on its side may be read from either end.
    `shape` is the page's height to its width.
    """
    yield line.text, line.box
    lies = len(line.text) > 1 and (line.box.y1 - line.box.y0) * shape > line.box.x1 - line.box.x0
    if lies and all(digit in _ON_THEIR_HEADS for digit in line.text):
        yield "".join(_ON_THEIR_HEADS[digit] for digit in reversed(line.text)), line.box
    if len(line.characters) < 2 or line.vertical:
        return
    widest = _GAP * (line.box.y1 - line.box.y0) * shape  # a fraction of the height made one of the width
    inked = [place for place, character in enumerate(line.text) if not character.isspace()]
    breaks = [
        (before, after)
        for before, after in pairwise(inked)
        if line.characters[after].x0 - line.characters[before].x1 > widest
    ]
    if breaks:
        yield _piece(line, inked[0], breaks[0][0])
        yield _piece(line, breaks[-1][1], inked[-1])


def _piece(line: Line, first: int, last: int) -> tuple[str, Box]:
    return line.text[first : last + 1], line.box_of(first, last + 1)


def _thickness(box: Box, corner: tuple[float, float]) -> float:
    """The shorter side of a box, as a fraction of the page's long side; a number may stand on its side."""
    across = (box.x1 - box.x0) * _CORNER / corner[0] / 1.41
    return min(across, (box.y1 - box.y0) * _MARGIN / corner[1])


def _distance_to_corner(box: Box) -> float:
    return min(box.x0, 1 - box.x1) + min(box.y0, 1 - box.y1)
