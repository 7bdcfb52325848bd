"""A PDF opened twice: by pikepdf for its structure and stored bytes, by PDFium for what it draws.

Only files that are whole are opened. A cross-reference table that pikepdf can repair is no harm; an end that is missing
is.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pikepdf
import pypdfium2

from dossier.errors import DamagedFile, EmptyFile, EncryptedFile, FileTooLarge, TruncatedFile
from pipeline.files.sources import Limits

_TAIL = 65_536
_HEAD = 2048
_END = b"%%EOF"
_OBJECT = re.compile(rb"\d+\s+\d+\s+obj\b")
# ISO 32000-1, annex F.2: the first object of a linearized file states the length of the whole.
_LINEARIZED_LENGTH = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")


@dataclass(frozen=True, slots=True)
class PdfFile:
    """An open PDF.

    Attributes:
        structure: its objects.
        canvas: the same pages as PDFium sees them (a pypdfium2.PdfDocument).
    """

    structure: pikepdf.Pdf
    canvas: Any


@contextmanager
def opened_pdf(path: Path, limits: Limits) -> Iterator[PdfFile]:
    """Open a PDF whose end and pages are all there.

    Raises:
        EncryptedFile: it cannot be opened without a password.
        TruncatedFile: its end or some of its pages are missing.
        DamagedFile: its structure is broken beyond repair.
        EmptyFile: it has no page.
        FileTooLarge: it has more pages than the limit.
    """
    # Two handles: each library expects to find its file where it left it.
    with path.open("rb") as file, path.open("rb") as drawn:
        ending = _ending(file)
        structure = _structure(file, ending)
        with structure:
            count = _page_count(structure, limits)
            if ending:
                raise TruncatedFile(ending)
            canvas = _canvas(drawn, structure, count)
            try:
                yield PdfFile(structure, canvas)
            finally:
                canvas.close()


def _structure(file: BinaryIO, ending: str) -> pikepdf.Pdf:
    file.seek(0)
    try:
        # Not mapped into memory: a file that shrinks meanwhile would end the process.
        return pikepdf.open(file, access_mode=pikepdf.AccessMode.stream)
    except pikepdf.PasswordError as error:
        raise EncryptedFile from error
    except (pikepdf.PdfError, ValueError) as error:
        reason = str(error).split(": ", 1)[-1]
        if "encrypt" in reason or "security handler" in reason:
            raise EncryptedFile(reason) from error
        if ending:
            raise TruncatedFile(ending) from error
        raise DamagedFile(f"PDF: {reason}") from error


def _page_count(structure: pikepdf.Pdf, limits: Limits) -> int:
    """The number of pages, which must be the announced one."""
    try:
        announced = structure.Root.Pages.get("/Count", 0)
        if isinstance(announced, int) and announced > limits.max_pages:
            raise FileTooLarge(f"{announced} pages")
        count = len(structure.pages)
    except (pikepdf.PdfError, AttributeError, ValueError) as error:
        raise DamagedFile(f"PDF: {error}") from error
    if count > limits.max_pages:
        raise FileTooLarge(f"{count} pages")
    if isinstance(announced, int) and announced > count:
        raise TruncatedFile(f"{announced - count} of {announced} pages are missing")
    if not count:
        raise EmptyFile("PDF without a page")
    return count


def _canvas(file: BinaryIO, structure: pikepdf.Pdf, count: int) -> Any:
    try:
        canvas = pypdfium2.PdfDocument(file)
        canvas.init_forms()
        if len(canvas) == count:
            return canvas
        canvas.close()
    except pypdfium2.PdfiumError:
        # PDFium repairs less than pikepdf does; it gets what pikepdf has repaired.
        pass
    repaired = BytesIO()
    with warnings.catch_warnings():
        # pikepdf warns of form fields that other viewers may not find; these pages are only looked at.
        warnings.simplefilter("ignore")
        structure.save(repaired)
    try:
        canvas = pypdfium2.PdfDocument(repaired, autoclose=True)
        canvas.init_forms()
    except pypdfium2.PdfiumError as error:
        raise DamagedFile(f"PDF: {error}") from error
    if len(canvas) != count:
        canvas.close()
        raise DamagedFile("PDF whose pages cannot be counted")
    return canvas


def _ending(file: BinaryIO) -> str:
    """Why the file seems cut off; empty where it ends as it should."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    linearized = _LINEARIZED_LENGTH.search(file.read(_HEAD))
    if linearized and int(linearized.group(1)[:20]) > size:
        return f"{int(linearized.group(1)[:20]) - size} bytes are missing"
    file.seek(max(0, size - _TAIL))
    tail = file.read().rstrip(b"\x00")
    end = tail.rfind(_END)
    if end < 0:
        return f"PDF without {_END.decode()}"
    # A later revision that was appended and cut off leaves the mark of the earlier one standing.
    return "PDF cut off within a later revision" if _OBJECT.search(tail, end) else ""
