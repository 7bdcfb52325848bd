"""Small PDFs written by hand, each part where the test wants it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pikepdf
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String
from PIL import Image

A4 = (595, 842)

WHOLE_PAGE = b"q 595 0 0 842 0 0 cm /Scan Do Q\n"
"""The picture named Scan over all of A4."""

FIRST_LINE = "讯问笔录第一行，电话13800001234。"
SECOND_LINE = "第二行写在下面"


def coded(pixels: NDArray[np.uint8] | Image.Image, format_: str, **options: Any) -> bytes:
    """A picture as a file."""
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def scan_pixels(width: int = 595, height: int = 842) -> NDArray[np.uint8]:
    """A page with a corner of its own colour: red top left, green top right, blue bottom left."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    side = width // 6
    pixels[:side, :side] = (200, 0, 0)
    pixels[:side, -side:] = (0, 180, 0)
    pixels[-side:, :side] = (0, 0, 200)
    return pixels


@dataclass(frozen=True)
class Picture:
    """An image XObject: its bytes and the entries of its dictionary."""

    data: bytes
    entries: Mapping[str, Any]
    mask: bytes = b""


def jpeg_picture(jpeg: bytes, width: int = 595, height: int = 842, **entries: Any) -> Picture:
    return Picture(
        jpeg,
        {
            "Width": width,
            "Height": height,
            "BitsPerComponent": 8,
            "ColorSpace": Name.DeviceRGB,
            "Filter": Name.DCTDecode,
            **entries,
        },
    )


@dataclass(frozen=True)
class Page:
    """A page: what it paints, and what it is.

    The fonts are Han (by Unicode), Upright (the same, set vertically), Unmapped (glyph numbers that mean nothing) and
    Latin. The graphics states are Nothing (fully transparent), Half, and Marker (multiplied).
    """

    content: bytes
    size: tuple[float, float] = A4
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    forms: Mapping[str, bytes] = field(default_factory=dict)
    entries: Mapping[str, Any] = field(default_factory=dict)
    annotations: tuple[Dictionary, ...] = ()


def pdf_of(*pages: Page, root: Mapping[str, Any] | None = None, **saving: Any) -> bytes:
    """A PDF of these pages; `saving` goes to pikepdf."""
    pdf = Pdf.new()
    fonts = _fonts(pdf)
    for page in pages:
        made = pdf.add_blank_page(page_size=page.size).obj
        painted = Dictionary()
        for name, picture in page.pictures.items():
            painted[Name("/" + name)] = _image(pdf, picture)
        for name, form in page.forms.items():
            painted[Name("/" + name)] = Stream(
                pdf, form, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, *page.size])
            )
        states = Dictionary(Nothing=Dictionary(ca=0), Half=Dictionary(ca=0.5), Marker=Dictionary(BM=Name.Multiply))
        made.Resources = Dictionary(XObject=painted, Font=fonts, ExtGState=states)
        made.Contents = Stream(pdf, page.content)
        for key, value in page.entries.items():
            made[Name("/" + key)] = value
        annotations = [pdf.make_indirect(annotation) for annotation in page.annotations]
        if annotations:
            made.Annots = Array(annotations)
        fields = [annotation for annotation in annotations if annotation.Subtype == Name.Widget]
        if fields:
            pdf.Root.AcroForm = Dictionary(Fields=Array(fields), DR=Dictionary(Font=Dictionary(Helv=fonts.Latin)))
    for key, value in (root or {}).items():
        pdf.Root[Name("/" + key)] = value
    buffer = io.BytesIO()
    pdf.save(buffer, **{"object_stream_mode": pikepdf.ObjectStreamMode.disable, **saving})
    return buffer.getvalue()


def han(text: str, x: float, y: float, size: float = 12, font: str = "Han") -> bytes:
    """Painting a line of text whose baseline starts at (x, y), points from the bottom left."""
    return b"BT /%s %g Tf %g %g Td <%s> Tj ET\n" % (font.encode(), size, x, y, text.encode("utf-16-be").hex().encode())


TWO_LINES = han(FIRST_LINE, 72, 720) + han(SECOND_LINE, 72, 700)


def _image(pdf: Pdf, picture: Picture) -> Object:
    image = Stream(pdf, picture.data, Type=Name.XObject, Subtype=Name.Image)
    for key, value in picture.entries.items():
        image[Name("/" + key)] = value
    if picture.mask:
        size = {"Width": picture.entries["Width"], "Height": picture.entries["Height"]}
        grey = {"BitsPerComponent": 8, "ColorSpace": Name.DeviceGray}
        image.SMask = Stream(pdf, picture.mask, Type=Name.XObject, Subtype=Name.Image, **size, **grey)
    return pdf.make_indirect(image)


def _fonts(pdf: Pdf) -> Object:
    def composite(name: str, encoding: str, ordering: str, kind: Object) -> Object:
        shape = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/" + name),
            Flags=4,
            FontBBox=Array([0, -120, 1000, 880]),
            ItalicAngle=0,
            Ascent=880,
            Descent=-120,
            CapHeight=880,
            StemV=90,
        )
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=kind,
            BaseFont=Name("/" + name),
            CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String(ordering), Supplement=0),
            DW=1000,
            FontDescriptor=pdf.make_indirect(shape),
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name("/" + name),
                Encoding=Name("/" + encoding),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
            )
        )

    return pdf.make_indirect(
        Dictionary(
            Han=composite("STSong-Light", "UniGB-UCS2-H", "GB1", Name.CIDFontType0),
            Upright=composite("STSong-Light", "UniGB-UCS2-V", "GB1", Name.CIDFontType0),
            Unmapped=composite("ABCDEF+Outlines", "Identity-H", "Identity", Name.CIDFontType2),
            Latin=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica),
        )
    )
