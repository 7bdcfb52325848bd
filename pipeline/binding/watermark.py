"""The watermark of a PDF that is given out: a name and a time, faint, slanting, over the whole of every page.

It is multiplied with what lies below (ISO 32000-1, 11.3.5.2): that may become darker, never lighter, so that no ink is
covered.
"""

from __future__ import annotations

from pikepdf import Dictionary, Name, Page, Pdf
from PIL import Image, ImageDraw, ImageFont

from pipeline.binding.note_sheet import chinese_font

_SIZE = 60
"""Pixels of a character, which are `_POINTS` on the page."""
_POINTS = 15.0
_ANGLE = 24.0
_GAP = 1.6
"""From mark to mark, in their own size."""
_SHADE = 212
"""Of its ink, on white: 0 is black."""


class Watermark:
    """A watermark in a PDF: one picture, drawn again and again.

    Args:
        pdf: in which it stands.
        text: what it says.
    """

    def __init__(self, pdf: Pdf, text: str) -> None:
        picture = _picture_of(text)
        self._stream = pdf.make_stream(
            picture.tobytes(),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=picture.width,
            Height=picture.height,
            ColorSpace=Name.DeviceGray,
            BitsPerComponent=8,
        )
        self._pdf = pdf
        self._width, self._height = picture.width * _POINTS / _SIZE, picture.height * _POINTS / _SIZE
        self._state = pdf.make_indirect(Dictionary(Type=Name.ExtGState, BM=Name.Multiply))

    def put_over(self, page: Page, size: tuple[float, float]) -> None:
        """Draw it over a page of a size in PDF units."""
        resources = page.obj.Resources
        resources.XObject["/Watermark"] = self._stream
        resources.ExtGState = Dictionary(Watermark=self._state)
        step_x, step_y = self._width * 1.15, self._height * _GAP
        columns, rows = (int(side // step) + 1 for side, step in zip(size, (step_x, step_y), strict=True))
        places = [
            f"q {self._width:.2f} 0 0 {self._height:.2f} "
            f"{column * step_x - row % 2 * step_x / 3:.2f} {row * step_y:.2f} cm /Watermark Do Q\n"
            for row in range(rows)
            for column in range(columns)
        ]
        drawing = "q /Watermark gs\n" + "".join(places) + "Q\n"
        page.contents_add(self._pdf.make_stream(drawing.encode("ascii")), prepend=False)


def _picture_of(text: str) -> Image.Image:
    """The text, slanting, grey on white."""
    font = chinese_font(_SIZE) or ImageFont.load_default(_SIZE)
    left, top, right, bottom = font.getbbox(text)
    line = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2), 255)
    ImageDraw.Draw(line).text((1 - left, 1 - top), text, fill=_SHADE, font=font)
    return line.rotate(_ANGLE, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
