"""A page of a file as upright-by-its-own-word RGB pixels: EXIF orientation and /Rotate are applied, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dossier.errors import FileRefused, PageUnreadable
from pipeline.files.pdf_pages import pdf_pixels
from pipeline.files.pictures import picture_pixels
from pipeline.files.signatures import identify
from pipeline.files.sources import ACCEPTED, Format, Limits


@dataclass(frozen=True, slots=True)
class Scan:
    """A page's picture.

    Attributes:
        picture: uint8 array (height, width, 3), RGB.
        dpi: pixels an inch.
        dpi_trusted: False where the file's own figure is missing or cannot be right, and `dpi` comes from paper sizes.
    """

    picture: NDArray[np.uint8]
    dpi: float
    dpi_trusted: bool


def decode_page(path: Path, index: int, limits: Limits = ACCEPTED) -> Scan:
    """The picture of a page; a PDF page that is no single picture is rendered, at 300 dpi unless it is made of scans.

    Args:
        path: the file.
        index: the page's `PageSource.index`.
        limits: what the page may ask for, where the file was not inspected before.

    Raises:
        PageUnreadable: the page is not there, or cannot be decoded.
    """
    try:
        format_, _ = identify(path)
        if format_ is Format.ATTACHMENT:
            raise PageUnreadable("an attachment has no pages")
        if format_ is Format.PDF:
            return Scan(*pdf_pixels(path, index, limits))
        return Scan(*picture_pixels(path, format_, index, limits))
    except FileRefused as error:
        raise PageUnreadable(f"{error.code}: {error.detail}".removesuffix(": ")) from error
