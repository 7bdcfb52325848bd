"""Foreign bytes → what they are and which pages they hold.

Formats are told by content, never by name. A file is only taken for complete when its structure reaches its end; what
cannot become pages is refused with a reason that its user understands. Runs in a process that may be ended.
"""

from __future__ import annotations

import os
from pathlib import Path

from dossier.errors import DamagedFile, TruncatedFile
from pipeline.files.completeness import ends_in_zeros
from pipeline.files.pdf_pages import pdf_sources
from pipeline.files.pictures import picture_pages
from pipeline.files.signatures import identify
from pipeline.files.sources import Format, Inspection, Limits, PageSource

__all__ = ["Format", "Inspection", "Limits", "PageSource", "inspect"]

_TAIL = 4096


def inspect(path: Path, limits: Limits | None = None, name: str = "") -> Inspection:
    """What a file is and which pages it holds.

    Args:
        path: the file.
        limits: what it may ask for.
        name: the name under which it came, if `path` bears another; it tells attachments apart and nothing else.

    Raises:
        EmptyFile: it has no bytes, or no page.
        TruncatedFile: it ends before its content does.
        EncryptedFile: it asks for a password.
        DamagedFile: its content is broken.
        UnknownFormat: it is nothing that could be pages or a known attachment.
        FileTooLarge: it exceeds a limit.
    """
    limits = limits or Limits()
    format_, media_type = identify(path, name)
    if format_ is Format.ATTACHMENT:
        return Inspection(format_, media_type, ())
    try:
        if format_ is not Format.PDF:
            return Inspection(format_, media_type, picture_pages(path, format_, limits))
        pages, is_dynamic_form = pdf_sources(path, limits)
    except DamagedFile as error:
        if _tail_is_zeros(path):
            raise TruncatedFile("its end was reserved but never written") from error
        raise
    return Inspection(format_, media_type, pages, is_dynamic_form)


def _tail_is_zeros(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        return ends_in_zeros(file.read())
