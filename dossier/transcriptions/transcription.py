"""A transcription 人工校录: what a person read in a rectangle of a page; a value, kept in the vault by its version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dossier.reading import Box, Line, Reading

FORMAT = 1
SMALLEST = 0.002
"""Of the page's width or height: what a hand that slipped draws is no rectangle."""

_UPRIGHT_LETTERS = 1.5  # so much taller than wide, a line of more than one character runs downwards


@dataclass(frozen=True, slots=True)
class Transcription:
    """A version of a transcription.

    Attributes:
        id: of the transcription, the same for all its versions.
        page_id: the page.
        version: from 1.
        text: what stands there, line breaks where the paper has them.
        box: where, on the upright page as it is shown now.
        author, at: who read it, and when (seconds since 1970).
    """

    id: str
    page_id: str
    version: int
    text: str
    box: Box
    author: str
    at: float

    def as_json(self) -> dict[str, Any]:
        """The form of `edossier pages --json` and of the API."""
        return {
            "id": self.id, "version": self.version, "text": self.text, "box": self.box.as_list(),
            "author": self.author, "at": self.at,
        }  # fmt: skip

    def to_bytes(self, turn_degrees: int) -> bytes:
        """The stored form: JSON, equal for equal transcriptions.

        Args:
            turn_degrees: how the upright page on which `box` was drawn had been turned from the scan.
        """
        document = {"format": FORMAT, "page_id": self.page_id, **self.as_json(), "turn_degrees": turn_degrees}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def text_of_stored(stored: bytes) -> str:
    """The text of a stored transcription.

    Raises:
        ValueError: the bytes are not one.
    """
    try:
        document = json.loads(stored)
        if document["format"] != FORMAT:
            raise ValueError("a transcription of another format")
        return str(document["text"])
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a stored transcription: {type(error).__name__}") from error


def turned(box: Box, degrees: int) -> Box:
    """A rectangle after its page was turned clockwise by quarters."""
    for _ in range(degrees // 90 % 4):
        box = Box(*(round(value, 5) for value in (1 - box.y1, box.x0, 1 - box.y0, box.x1)))
    return box


def in_reading_order(transcriptions: Sequence[Transcription]) -> tuple[Transcription, ...]:
    """From top to bottom, and what stands side by side from left to right."""
    return tuple(sorted(transcriptions, key=lambda one: (round((one.box.y0 + one.box.y1) / 2, 2), one.box.x0, one.id)))


def reading_of_transcriptions(transcriptions: Sequence[Transcription], width: int, height: int) -> Reading | None:
    """What people read on a page, in the form of a reading, so that it is searched and marked as one; None for none.

    Args:
        transcriptions: of the page.
        width, height: of the upright page, pixels.
    """
    lines = [line for one in in_reading_order(transcriptions) for line in _lines_of(one, width, height)]
    return Reading(width=width, height=height, dpi=0.0, engine="person", lines=tuple(lines)) if lines else None


def _lines_of(one: Transcription, width: int, height: int) -> list[Line]:
    """The lines of a transcription; several share its rectangle."""
    texts = [text for text in one.text.split("\n") if text.strip()]
    box = one.box
    tall = (box.y1 - box.y0) / len(texts)
    if len(texts) == 1:
        runs_down = len(texts[0]) > 1 and tall * height > _UPRIGHT_LETTERS * (box.x1 - box.x0) * width
        return [Line(texts[0], box, vertical=runs_down)]
    return [
        Line(text, Box(box.x0, box.y0 + at * tall, box.x1, box.y0 + (at + 1) * tall)) for at, text in enumerate(texts)
    ]


def line_under(box: Box, lines: Sequence[Line]) -> int | None:
    """The place in a reading of the line of which a rectangle is; None where the program read none there.

    The one with which it shares most, if that is more than half of the smaller of both.
    """
    best, most = None, 0.5
    for at, line in enumerate(lines):
        shared = share(box, line.box)
        if shared > most:
            best, most = at, shared
    return best


def share(one: Box, other: Box) -> float:
    """How much of the smaller of two rectangles lies in the other, 0–1."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    down = min(one.y1, other.y1) - max(one.y0, other.y0)
    smaller = min((box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other))
    return max(across, 0.0) * max(down, 0.0) / smaller if smaller > 0 else 0.0
