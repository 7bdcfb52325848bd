"""The running text of a page: its lines as one folded text, so that what a line's end divides is whole.

Numbers, dates and amounts are looked for in it. Where a line flows into the next there is a line break; between lines
that only stand beside each other there is a border, over which nothing runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dossier.folding import fold_for_search
from dossier.reading import Line, Reading

# Between two lines of which the second does not go on where the first ended. A flowing line's end is a line break.
BORDER = "\x00"


@dataclass(frozen=True, slots=True)
class Place:
    """Raw characters `start` to `end` of line `line`, counted from 0."""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RunningText:
    """A page's text with the way back to its lines.

    Attributes:
        text: folded.
        characters: for each character of `text`, its raw place; line ends have no extent.
    """

    text: str
    characters: tuple[Place, ...]

    def places(self, start: int, end: int) -> tuple[Place, ...]:
        """The raw places of characters `start` to `end`, one for each line that they touch."""
        return _merged(self.characters[start:end])


def running_text(reading: Reading) -> RunningText:
    """The running text of a page."""
    characters: list[str] = []
    places: list[Place] = []
    for index, line in enumerate(reading.lines):
        folded = fold_for_search(line.text)
        characters.append(folded.text)
        places.extend(Place(index, *span) for span in zip(folded.starts, folded.ends, strict=True))
        flows = index + 1 < len(reading.lines) and _flows_into(line, reading.lines[index + 1])
        characters.append("\n" if flows else BORDER)
        places.append(Place(index, len(line.text), len(line.text)))
    return RunningText("".join(characters), tuple(places))


def _flows_into(line: Line, following: Line) -> bool:
    """Whether the text of a line goes on in the next: that is below it, near, and under it for the most part.

    Cells of a table row stand beside each other, and its last cell is not above the next row's first.
    """
    if line.vertical or following.vertical:
        return False
    height = line.box.y1 - line.box.y0
    below = following.box.y0 > (line.box.y0 + line.box.y1) / 2
    near = following.box.y0 - line.box.y1 < 2 * height
    shared = min(line.box.x1, following.box.x1) - max(line.box.x0, following.box.x0)
    narrower = min(line.box.x1 - line.box.x0, following.box.x1 - following.box.x0)
    return below and near and shared > narrower / 2


def _merged(places: Sequence[Place]) -> tuple[Place, ...]:
    """One place a line, from those of single characters; line ends have no extent."""
    lines: dict[int, Place] = {}
    for place in places:
        if place.start == place.end:
            continue
        so_far = lines.get(place.line, place)
        lines[place.line] = Place(place.line, min(so_far.start, place.start), max(so_far.end, place.end))
    return tuple(lines.values())
