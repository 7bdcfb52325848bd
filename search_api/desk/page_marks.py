"""Marks on a page: the rectangles of a query's words on the picture, and the same words in the text beside it."""

from __future__ import annotations

from collections.abc import Sequence

from dossier.reading import Box, Line, Reading
from indexer.highlight import highlight, highlight_human
from indexer.hits import Hit
from indexer.query import IDENTIFIER, PHRASE, SIMILAR, TRANSCRIPTION, WORDS, understand

Rect = tuple[float, float, float, float]


def rects_of_hit(page_id: str, hit: Hit) -> tuple[Rect, ...]:
    """The rectangles that a hit has on a page: the hit's own, or those over the turn, on the page after it."""
    if hit.page_id == page_id:
        return hit.rects
    turn = hit.next_page
    return turn.rects if turn is not None and turn.page_id == page_id else ()


def rects_of_query(text: str, reading: Reading | None, human: Reading | None = None) -> tuple[Rect, ...]:
    """The rectangles of a query's words on a page that is not among its hits, by the best rung that finds any.

    Args:
        text: the query.
        reading: what the program read on it.
        human: what people did.
    """
    query = understand(text)
    if not query.words:
        return ()
    for rung in (IDENTIFIER, PHRASE, TRANSCRIPTION, WORDS, SIMILAR):
        boxes: tuple[Box, ...] = ()
        if rung == TRANSCRIPTION:
            boxes = (
                highlight_human(query, human, reading).rects
                if human and highlight(query, rung, human, None).rects
                else ()
            )
        elif reading is not None:
            boxes = highlight(query, rung, reading, None).rects
        if boxes:
            return tuple((box.x0, box.y0, box.x1, box.y1) for box in boxes)
    return ()


def ranges_in_line(line: Line, rects: Sequence[Rect]) -> list[tuple[int, int]]:
    """The parts (start, end) of a line's text that rectangles cover; the whole line where it has no character boxes."""
    marks = [Box(*rect) for rect in rects]
    if not line.characters:
        return [(0, len(line.text))] if any(_holds_centre(mark, line.box) for mark in marks) else []
    near = [mark for mark in marks if mark.y0 <= line.box.y1 and line.box.y0 <= mark.y1]
    if not near:
        return []
    ranges: list[tuple[int, int]] = []
    for at, box in enumerate(line.characters):
        if not any(_holds_centre(box, mark) for mark in near):
            continue
        if ranges and ranges[-1][1] == at:
            ranges[-1] = (ranges[-1][0], at + 1)
        else:
            ranges.append((at, at + 1))
    return ranges


def _holds_centre(inner: Box, outer: Box) -> bool:
    """Whether the centre of `inner` lies in `outer`."""
    x, y = (inner.x0 + inner.x1) / 2, (inner.y0 + inner.y1) / 2
    return outer.x0 <= x <= outer.x1 and outer.y0 <= y <= outer.y1
