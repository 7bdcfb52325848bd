"""Where things lie on a page that was turned or cropped after they were drawn: notes and transcriptions.

They are kept on the whole upright page, with the turn that it had then. What lies beyond the part that a person has
called the page is shown at the edge behind which it lies: it is still there, and so is the whole page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dossier.catalogue.tables import Page
from dossier.reading import Box, Crop
from dossier.transcriptions.transcription import turned

_SLIVER = 0.004
"""Fraction of a page: how wide a rectangle is shown at least of which only that much, or nothing, is on the page."""


@dataclass(frozen=True)
class Sight:
    """How a page is seen: turned by how much, and which part of it.

    Attributes:
        turn_degrees: the scan turned clockwise by it stands upright.
        part: of the whole page so turned; None: all of it.
    """

    turn_degrees: int
    part: Box | None

    @classmethod
    def of(cls, page: Page) -> Sight:
        """How the reading in use of a page saw it."""
        return cls.of_columns(page.turn_degrees, page.crop)

    @classmethod
    def of_columns(cls, turn_degrees: int | None, crop: dict[str, Any] | None) -> Sight:
        """The same, from the columns of a page."""
        turn = turn_degrees or 0
        if crop is None:
            return cls(turn, None)
        known = Crop.of_json(crop)
        return cls(turn, turned(known.box, turn - known.turn_degrees))

    def to_whole(self, box: Box) -> Box:
        """A rectangle drawn on the page as it is seen, on the whole page with the same turn."""
        return box if self.part is None else composed(self.part, box)

    def from_whole(self, box: Box, turn_degrees: int) -> Box:
        """A rectangle on the whole page with a certain turn, on the page as it is seen."""
        box = turned(box, self.turn_degrees - turn_degrees)
        if self.part is None:
            return box
        part = self.part
        x0, x1 = _within(box.x0, box.x1, part.x0, part.x1)
        y0, y1 = _within(box.y0, box.y1, part.y0, part.y1)
        return Box(x0, y0, x1, y1)


def composed(part: Box, box: Box) -> Box:
    """A rectangle on a part of a page, on the whole page."""
    wide, high = part.x1 - part.x0, part.y1 - part.y0
    return Box(
        round(part.x0 + box.x0 * wide, 5), round(part.y0 + box.y0 * high, 5),
        round(part.x0 + box.x1 * wide, 5), round(part.y0 + box.y1 * high, 5),
    )  # fmt: skip


def _within(start: float, end: float, first: float, last: float) -> tuple[float, float]:
    """A stretch of the whole as a stretch of a part, cut off at the part's ends."""
    low, high = ((value - first) / (last - first) for value in (start, end))
    low = min(max(low, 0.0), 1.0 - _SLIVER)
    return round(low, 5), round(min(max(high, low + _SLIVER), 1.0), 5)
