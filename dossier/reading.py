"""What was read on a page: lines with text, places and confidence, and the geometry of the upright page.

A reading is a value: made by the pipeline, kept in the vault as compressed JSON, used by the PDF's text layer, the
index and the screen. Places are fractions 0–1 of the upright page, origin top left, so that they hold for a picture of
any width.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field, fields
from functools import partial, reduce
from typing import Any, Literal, NamedTuple

FORMAT = 1

Source = Literal["ocr", "pdf"]

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom right, bottom left: x and y as fractions 0–1 of a picture, or a little beyond."""


class Box(NamedTuple):
    """A rectangle on the upright page, as fractions 0–1 of its width and height; x0 < x1, y0 < y1.

    A tuple, since a page has a thousand of them and many pages are looked at for one screen of hits.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def of_pixels(cls, x0: float, y0: float, x1: float, y1: float, width: int, height: int) -> Box:
        """The box of a pixel rectangle on a picture of `width` × `height` pixels, clipped to the page."""
        fractions = [x0 / width, y0 / height, x1 / width, y1 / height]
        return cls(*(round(min(max(value, 0.0), 1.0), 5) for value in fractions))

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def as_list(self) -> list[float]:
        """The JSON form [x0, y0, x1, y1]."""
        return [self.x0, self.y0, self.x1, self.y1]


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a page that a person has called the page.

    Attributes:
        box: its rectangle on the whole upright page.
        turn_degrees: how that whole page had been turned from the scan, clockwise.
        version: of the reading, of the same page, that saw the page whole and so.
    """

    box: Box
    turn_degrees: int
    version: int

    def as_json(self) -> dict[str, Any]:
        """The form of catalogue and vault."""
        return {"box": self.box.as_list(), "turn_degrees": self.turn_degrees, "version": self.version}

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Crop:
        """The crop that `as_json` gave."""
        return cls(Box(*stored["box"]), stored["turn_degrees"], stored["version"])


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line.

    Attributes:
        text: what it says, in reading order, without line breaks.
        box: the line's rectangle.
        confidence: 0–1.
        characters: one box for each code point of `text`; empty when only the line's box is known.
        vertical: whether its characters run from top to bottom.
    """

    text: str
    box: Box
    confidence: float = 1.0
    characters: tuple[Box, ...] = ()
    vertical: bool = False

    def __post_init__(self) -> None:
        if self.characters and len(self.characters) != len(self.text):
            raise ValueError(f"{len(self.characters)} boxes for {len(self.text)} characters")

    def box_of(self, start: int, stop: int) -> Box:
        """The rectangle around the characters from `start` up to `stop`, of a line that knows their boxes."""
        return reduce(Box.union, self.characters[start:stop])


@dataclass(frozen=True, slots=True)
class LabelCandidate:
    """A number at a page's edge that may be its label 页码.

    Attributes:
        text: digits as printed, leading zeros too, with what belongs to them: 0035, 35-1, 35背.
        box: its rectangle.
        confidence: 0–1.
        stamped: whether it stands as stamps do, alone in a corner; otherwise it looks typed (第3页, - 3 -, 3/12).
    """

    text: str
    box: Box
    confidence: float = 1.0
    stamped: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """A page as it was read.

    Attributes:
        width, height: of the upright picture, pixels.
        dpi: of the upright picture, pixels an inch.
        turn_degrees: 0, 90, 180 or 270; the scan turned clockwise by it stands upright.
        skew_degrees: as measured, clockwise; positive means that the scan stood counter-clockwise.
        deskew_degrees: what was really applied: `skew_degrees`, or 0.0 where the page was left alone.
        blank: whether nothing but paper was found.
        source: "ocr", or "pdf" where the file's own text was taken.
        engine: which engine and models read it, or "pdf".
        lines: in reading order.
        flags: what a person should look at ("low_confidence", "turn_uncertain", …).
        labels: numbers that may be the page's label, the likeliest first; the volume's sequence decides.
        corners: of a photograph: where the upright page's top left, top right, bottom right and bottom left lie on it,
            as fractions 0–1 of the picture as decoded. They hold turn and deskew too, which are then for information.
            None where the page is the whole picture.
        crop: of a page that a person has cropped: which part of the whole page it is; `corners` then are that part's.
        separator: what the code of a separator sheet on the page says, genuine or not; None where it bears none.
    """

    width: int
    height: int
    dpi: float
    turn_degrees: int = 0
    skew_degrees: float = 0.0
    deskew_degrees: float = 0.0
    blank: bool = False
    source: Source = "ocr"
    engine: str = ""
    lines: tuple[Line, ...] = ()
    flags: tuple[str, ...] = field(default=())
    labels: tuple[LabelCandidate, ...] = ()
    corners: Corners | None = None
    crop: Crop | None = None
    separator: str | None = None

    @property
    def text(self) -> str:
        """The lines in reading order, joined by line breaks."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float | None:
        """The mean over the characters, 0–1; None where nothing was read."""
        total = sum(len(line.text) for line in self.lines)
        if not total:
            return None
        return round(sum(line.confidence * len(line.text) for line in self.lines) / total, 4)

    def as_json(self) -> dict[str, Any]:
        """The form in which it is kept, and goes from process to process; its boxes stay the tuples that they are."""
        document: dict[str, Any] = {"format": FORMAT, **_fields_of(self)}
        document["lines"] = [_fields_of(line) for line in self.lines]
        document["labels"] = [_fields_of(label) for label in self.labels]
        if self.corners is None:
            del document["corners"]  # as before there were any, so that equal readings stay equal
        if self.crop is None:
            del document["crop"]
        else:
            document["crop"] = self.crop.as_json()
        if self.separator is None:
            del document["separator"]
        return document

    def to_bytes(self) -> bytes:
        """The stored form: gzip of JSON, equal for equal readings (so that its digest can be checked)."""
        text = json.dumps(self.as_json(), ensure_ascii=False, separators=(",", ":"))
        return gzip.compress(text.encode("utf-8"), compresslevel=6, mtime=0)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Reading:
        """The reading that `to_bytes` stored.

        Raises:
            ValueError: the bytes are not a stored reading.
        """
        try:
            return cls.of_json(json.loads(gzip.decompress(stored)))
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise ValueError(f"not a stored reading: {error}") from error

    @classmethod
    def of_json(cls, document: dict[str, Any]) -> Reading:
        """The reading that `as_json` gave, once through JSON; what its fields hold is not looked at.

        Raises:
            ValueError: it is not such a reading.
        """
        try:
            lines = tuple(
                Line(
                    text=line["text"],
                    box=Box(*line["box"]),
                    confidence=line["confidence"],
                    characters=_boxes(line["characters"]),
                    vertical=line["vertical"],
                )
                for line in document.pop("lines")
            )
            if document.pop("format") != FORMAT:
                raise ValueError("a reading of another format")
            document["flags"] = tuple(document["flags"])
            if document.get("corners") is not None:
                document["corners"] = tuple((float(x), float(y)) for x, y in document["corners"])
                if len(document["corners"]) != 4:
                    raise ValueError("a page has four corners")
            if document.get("crop") is not None:
                document["crop"] = Crop.of_json(document["crop"])
            # Readings stored before labels were looked for have none.
            labels = tuple(
                LabelCandidate(**{**label, "box": Box(*label["box"])}) for label in document.pop("labels", ())
            )
            return cls(lines=lines, labels=labels, **document)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not a stored reading: {error}") from error


# As Box._make, but without a step of the interpreter for each character of a page: opening it takes a third less so.
_box = partial(tuple.__new__, Box)


def _boxes(stored: list[list[float]]) -> tuple[Box, ...]:
    if any(size != len(Box._fields) for size in map(len, stored)):
        raise ValueError("a box has four sides")
    return tuple(map(_box, stored))


def _fields_of(value: Reading | Line | LabelCandidate) -> dict[str, Any]:
    """The fields by name, in order. `dataclasses.asdict` copies each box of a page anew and takes much longer."""
    return {each.name: getattr(value, each.name) for each in fields(value)}


def lines_of(stored: bytes) -> tuple[str, ...]:
    """The texts alone of the lines of a stored reading, in reading order: a tenth of the work for who needs no places.

    Raises:
        ValueError: the bytes are not a stored reading.
    """
    try:
        document = json.loads(gzip.decompress(stored))
        if document["format"] != FORMAT:
            raise ValueError("a reading of another format")
        return tuple(str(line["text"]) for line in document["lines"])
    except (OSError, EOFError, zlib.error, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"not a stored reading: {error}") from error
