"""What a file holds, as far as it can be told without reading a page: its format and where its pages come from.

These are values that cross the border of the process that looks into foreign bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from dossier.reading import Crop, Reading

PageKind = Literal["picture", "pdf_picture", "pdf_text", "pdf_drawing"]
Part = Literal["whole", "left", "right"]


class Format(StrEnum):
    """What the bytes are, whatever the file is called."""

    JPEG = "jpeg"
    PNG = "png"
    BMP = "bmp"
    WEBP = "webp"
    TIFF = "tiff"
    PDF = "pdf"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask for before it is refused, and how it is taken.

    Attributes:
        max_pixels: of one page or of a picture on it; an A0 drawing at 300 dpi has 139 million.
        max_pages: of one file.
        split_spreads: whether a picture of two pages is parted into them.
    """

    max_pixels: int = 400_000_000
    max_pages: int = 10_000
    split_spreads: bool = False


# For files that were inspected before, under the limits of the settings: the same bytes ask for the same again.
ACCEPTED = Limits(max_pixels=2**40, max_pages=2**40)


@dataclass(frozen=True, slots=True)
class CroppedPage:
    """What a person has called the page, and the reading of the whole page on which they drew it; without its lines."""

    crop: Crop
    whole: Reading


@dataclass(frozen=True, slots=True)
class PageSource:
    """A page as its file announces it.

    Attributes:
        index: its place in the file, from 0; frames of a TIFF that are no pages (thumbnails) leave gaps.
        kind: "picture" of a picture file; "pdf_picture" where a PDF page is one full-page picture and nothing else;
            "pdf_text" where its own text can be taken; "pdf_drawing" where it must be rendered and read.
        width, height: pixels as it will be decoded, EXIF orientation or /Rotate applied.
        dpi: pixels an inch, inferred from the paper where the file's own figure is not to be trusted.
        part: "left" or "right" where two pages are on one picture and this is one of them.
        cut: where they part, as a fraction of the picture's width; 0 for a whole picture.
        turn_degrees: the scan turned clockwise by it stands upright, as a person has said; None: to be found out.
        cropped: the part of the page that is read, as a person has said; None: all of it.
    """

    index: int
    kind: PageKind
    width: int
    height: int
    dpi: float
    part: Part = "whole"
    cut: float = 0.0
    turn_degrees: int | None = None
    cropped: CroppedPage | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a complete file is.

    Attributes:
        format: by content.
        media_type: for whoever downloads the original, e.g. "image/tiff".
        pages: in the file's order; empty for attachments.
        is_dynamic_form: whether what it has to show is made by Adobe's programs alone, and its pages only say so.
    """

    format: Format
    media_type: str
    pages: tuple[PageSource, ...]
    is_dynamic_form: bool = False
