"""What makes a PDF an archive copy: PDF/A-2u metadata, colour, bookmarks, page labels, and equal bytes for equal input.

The standard is ISO 19005-2 at conformance level U: each character has a Unicode value, colours are tied to sRGB,
nothing is encrypted or compressed by LZW. veraPDF checks it in the tests.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String
from PIL import ImageCms

PRODUCER = "edossier"
LANGUAGE = "zh-CN"
VERSION = "1.7"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the contents.

    Attributes:
        title: as shown.
        page: 0-based.
        level: how deep it stands, 0 outermost; at most one deeper than the one before it.
    """

    title: str
    page: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class PdfInfo:
    """What the PDF says about itself.

    Attributes:
        title: shown in the window's title bar.
        case_number, volume: as given; they become subject and keywords.
        keywords: further ones.
        created: the time to be written, with its zone; None writes none, so that equal input gives equal bytes.
    """

    title: str
    case_number: str = ""
    volume: str = ""
    keywords: tuple[str, ...] = ()
    created: datetime | None = None

    @property
    def subjects(self) -> list[str]:
        """Case number, volume and keywords, without empty and repeated ones."""
        return list(dict.fromkeys(word for word in map(printable, self._words) if word))

    @property
    def _words(self) -> tuple[str, ...]:
        return self.case_number, self.volume, *self.keywords


def printable(text: str) -> str:
    """Text as XML and PDF take it: without controls, surrogates and what is no character."""
    kept = (" " if unicodedata.category(character) == "Cc" else character for character in text)
    return "".join(character for character in kept if _is_xml(ord(character))).strip()


def describe(pdf: Pdf, info: PdfInfo) -> None:
    """Write XMP metadata and, in agreement with it, the information dictionary (ISO 19005-2, 6.6.2 and 6.1.5)."""
    title = printable(info.title)
    subjects = info.subjects
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["pdfaid:part"] = "2"
        metadata["pdfaid:conformance"] = "U"
        metadata["dc:format"] = "application/pdf"
        metadata["dc:language"] = [LANGUAGE]
        metadata["pdf:Producer"] = PRODUCER
        if title:
            metadata["dc:title"] = title
        if subjects:
            metadata["dc:subject"] = subjects
            metadata["dc:description"] = " ".join(subjects)
            metadata["pdf:Keywords"] = ", ".join(subjects)
        if info.created:
            metadata["xmp:CreateDate"] = info.created.isoformat(timespec="seconds")
    pdf.docinfo.Producer = String(PRODUCER)
    if title:
        pdf.docinfo.Title = String(title)
    if subjects:
        pdf.docinfo.Subject = String(" ".join(subjects))
        pdf.docinfo.Keywords = String(", ".join(subjects))
    if info.created:
        pdf.docinfo.CreationDate = String(_pdf_date(info.created))


def set_up_viewing(pdf: Pdf, bookmarks: Sequence[Bookmark], labels: Sequence[str | None]) -> None:
    """Write language, colour, bookmarks and page labels.

    Args:
        pdf: has all its pages.
        bookmarks: in order.
        labels: one a page; a page without one is numbered by its place.

    Raises:
        ValueError: a bookmark names a page that is not there.
    """
    root = pdf.Root
    root.Lang = String(LANGUAGE)
    root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    root.PageMode = Name.UseOutlines if bookmarks else Name.UseNone
    root.PageLabels = _page_labels(labels)
    root.OutputIntents = Array([_srgb_intent(pdf)])
    with pdf.open_outline() as outline:
        above: list[OutlineItem] = []
        for bookmark in bookmarks:
            if not 0 <= bookmark.page < len(labels):
                raise ValueError(f"bookmark {bookmark.title!r} names page {bookmark.page} of {len(labels)}")
            item = OutlineItem(printable(bookmark.title), bookmark.page, "XYZ")
            del above[bookmark.level :]
            (above[-1].children if above else outline.root).append(item)
            above.append(item)


def save(pdf: Pdf, target: Path) -> None:
    """Write the file to the disk; equal content gives equal bytes, the file's /ID included."""
    pdf.save(target, force_version=VERSION, deterministic_id=True)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _page_labels(labels: Sequence[str | None]) -> Dictionary:
    """The number tree of page labels (ISO 32000-1, 12.4.2): a prefix alone for a label, decimals for the others."""
    entries: list[int | Dictionary] = []
    is_counting = False
    for index, label in enumerate(labels):
        label = printable(label or "")
        if label:
            entries += [index, Dictionary(P=String(label))]
        elif not is_counting:
            entries += [index, Dictionary(S=Name.D, St=index + 1)]
        is_counting = not label
    return Dictionary(Nums=Array(entries))


def _srgb_intent(pdf: Pdf) -> Dictionary:
    """The output intent that ties DeviceRGB and DeviceGray to sRGB (ISO 19005-2, 6.2.3)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Bytes 24–35 of a profile are its date (ICC.1:2010, 7.2.8); LittleCMS writes the present one.
    profile[24:36] = b"".join(number.to_bytes(2, "big") for number in (2000, 1, 1, 0, 0, 0))
    stream = pdf.make_stream(bytes(profile), N=3)
    condition = String("sRGB IEC61966-2.1")
    return Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=condition,
        Info=condition,
        DestOutputProfile=stream,
    )


def _pdf_date(moment: datetime) -> str:
    """A date as PDF writes it (ISO 32000-1, 7.9.4)."""
    offset = moment.strftime("%z")
    zone = f"{offset[:3]}'{offset[3:5]}'" if offset else ""
    return f"D:{moment:%Y%m%d%H%M%S}{zone}"


def _is_xml(code: int) -> bool:
    """Whether XML 1.0 (clause 2.2) has the character."""
    return code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code & 0xFFFE != 0xFFFE
