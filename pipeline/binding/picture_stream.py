"""The picture of a page as a PDF image: the scan's own bytes where PDF/A knows their coding, else its pixels unchanged.

Taken over as they are: JPEG (8 bit, grey or colour), JPEG strips and single G4 strips in TIFF, the rows of PNG, and the
one picture of a scanned PDF page. Decoded and stored without loss: all else. Among it CMYK, since the one output intent
of the file is sRGB and another would change how the other pages are shown; 16-bit TIFF as 8 bit, which is what scanners
measure and screens show; transparency laid on white, since archive copies have none; and lossy WebP, since a second
lossy coding would alter its pixels.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image

from pipeline.binding.embedded_stream import embedded_stream
from pipeline.binding.jpeg_frame import jpeg_frame
from pipeline.binding.lossless_picture import Pixels, as_group_4, as_png, reduced
from pipeline.binding.png_chunks import PngRows, png_rows
from pipeline.binding.tiff_strips import MIN_IS_BLACK, TiffStrips, tiff_strips
from pipeline.files.decode import decode_page
from pipeline.files.pdf_pages import page_picture
from pipeline.files.pdf_pictures import EmbeddedPicture
from pipeline.files.signatures import identify
from pipeline.files.sources import Format

_ORIENTATIONS = {0: 1, 90: 6, 180: 3, 270: 8}
"""EXIF orientation for a clockwise quarter turn."""

RENDERED_QUALITY = 92
"""JPEG quality of rendered born-digital pages, without chroma subsampling: coloured type stays sharp."""


@dataclass(frozen=True, slots=True)
class PictureStream:
    """A picture in a PDF that is being written.

    Attributes:
        stream: the image XObject.
        width, height: pixels, as stored.
        orientation: EXIF orientation, 1–8, that stands the stored picture upright in its scanner's eyes.
        is_original: whether the scan's own coded bytes were taken over.
    """

    stream: pikepdf.Stream
    width: int
    height: int
    orientation: int
    is_original: bool

    @property
    def size(self) -> int:
        """Bytes, as coded."""
        return len(self.stream.read_raw_bytes())


def page_stream(pdf: Pdf, path: Path, index: int) -> PictureStream:
    """The picture of a page: the file's own coded bytes if they can stand in a PDF/A, else its pixels.

    Args:
        pdf: gets the image.
        path: the original.
        index: of the page in it, from 0.

    Raises:
        FileRefused: the file cannot be opened for what it is.
        PageUnreadable: the page is not there, or had to be decoded and cannot be.
    """
    format_, _ = identify(path)
    if format_ is not Format.PDF:
        taken = _own_bytes(pdf, path, format_, index)
    elif embedded := page_picture(path, index):
        taken = _embedded(pdf, embedded)
    else:
        return _rendered(pdf, reduced(decode_page(path, index).picture))
    return taken or lossless_stream(pdf, decode_page(path, index).picture)


def lossless_stream(pdf: Pdf, pixels: Pixels) -> PictureStream:
    """Decoded pixels, stored without loss.

    Args:
        pdf: gets the image.
        pixels: uint8 array (height, width, 3), RGB, oriented.
    """
    return _lossless(pdf, reduced(pixels))


def _own_bytes(pdf: Pdf, path: Path, format_: Format, index: int) -> PictureStream | None:
    """The picture of a picture file as it is coded; None where that cannot be, or its structure is not understood."""
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd tags and large sizes: only the head is looked at here
        try:
            if format_ is Format.JPEG:
                return _jpeg(pdf, file.read(), _exif_orientation(file))
            if format_ is Format.PNG:
                rows = png_rows(file.read())
                return _png(pdf, rows, _exif_orientation(file)) if rows else None
            if format_ is Format.TIFF:
                strips = tiff_strips(file, index)
                return _tiff(pdf, strips) if strips else None
        except Exception as error:
            # Pillow lets any exception through on hostile content. Whether such a file can be shown at all is the
            # decoder's to say; only an error of the operating system, or of memory, is none of the content.
            if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None):
                raise
    return None


def _embedded(pdf: Pdf, found: EmbeddedPicture) -> PictureStream | None:
    with found.pdf:
        try:
            stream = embedded_stream(pdf, found.image)
        except (pikepdf.PikepdfError, ValueError, LookupError, TypeError):
            return None  # as above: a dictionary that makes no sense may still be one that PDFium can draw
    orientation = _ORIENTATIONS[found.turn_degrees]
    return PictureStream(stream, found.width, found.height, orientation, is_original=True) if stream else None


def _rendered(pdf: Pdf, picture: Image.Image) -> PictureStream:
    """The picture of a rendered page: without loss where it has few colours and that is smaller, else as fine JPEG."""
    buffer = io.BytesIO()
    shown = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    shown.save(buffer, "JPEG", quality=RENDERED_QUALITY, subsampling=0)
    jpeg = _jpeg(pdf, buffer.getvalue(), 1)
    assert jpeg is not None  # Pillow writes baseline JPEG
    exact = _lossless(pdf, picture) if picture.mode != "RGB" else None
    return replace(exact if exact and exact.size <= jpeg.size else jpeg, is_original=False)


def _lossless(pdf: Pdf, picture: Image.Image) -> PictureStream:
    png = png_rows(as_png(picture))
    assert png is not None  # Pillow writes neither interlaced rows nor, in these modes, transparency
    stored = _png(pdf, png, 1)
    if picture.mode == "1":
        strips = tiff_strips(io.BytesIO(as_group_4(picture)), 0)
        fax = _tiff(pdf, strips) if strips else None
        stored = fax if fax and fax.size < stored.size else stored
    return replace(stored, is_original=False)


def _jpeg(pdf: Pdf, jpeg: bytes, orientation: int) -> PictureStream | None:
    frame = jpeg_frame(jpeg)
    if not frame.is_plain or frame.components not in (1, 3) or not frame.height:
        return None
    stream = _image(pdf, jpeg, frame.width, frame.height, Name.DCTDecode)
    stream.ColorSpace = Name.DeviceGray if frame.components == 1 else Name.DeviceRGB
    if frame.is_rgb and not frame.has_adobe:
        stream.DecodeParms = Dictionary(ColorTransform=0)
    return PictureStream(stream, frame.width, frame.height, orientation, is_original=True)


def _png(pdf: Pdf, png: PngRows, orientation: int) -> PictureStream:
    stream = _image(pdf, png.rows, png.width, png.height, Name.FlateDecode, png.bits)
    # Predictor 15: each row says which filter it has (ISO 32000-1, table 10).
    stream.DecodeParms = Dictionary(Predictor=15, Colors=png.channels, BitsPerComponent=png.bits, Columns=png.width)
    if png.palette is not None:
        last = len(png.palette) // 3 - 1
        stream.ColorSpace = Array([Name.Indexed, Name.DeviceRGB, last, String(png.palette)])
    else:
        stream.ColorSpace = Name.DeviceRGB if png.channels == 3 else Name.DeviceGray
    return PictureStream(stream, png.width, png.height, orientation, is_original=True)


def _tiff(pdf: Pdf, tiff: TiffStrips) -> PictureStream | None:
    if tiff.jpeg:
        return _jpeg(pdf, tiff.jpeg, tiff.orientation)
    if not tiff.group_4:
        return None
    stream = _image(pdf, tiff.group_4, tiff.width, tiff.height, Name.CCITTFaxDecode, 1)
    stream.ColorSpace = Name.DeviceGray
    stream.DecodeParms = Dictionary(
        K=-1, Columns=tiff.width, Rows=tiff.height, BlackIs1=tiff.photometric == MIN_IS_BLACK
    )
    return PictureStream(stream, tiff.width, tiff.height, tiff.orientation, is_original=True)


def _image(pdf: Pdf, coded: bytes, width: int, height: int, coding: Name, bits: int = 8) -> pikepdf.Stream:
    return pikepdf.Stream(
        pdf,
        coded,
        Dictionary(
            Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, BitsPerComponent=bits, Filter=coding
        ),
    )


def _exif_orientation(file: BinaryIO) -> int:
    with Image.open(file) as picture:
        orientation = picture.getexif().get(274, 1)
    return orientation if orientation in range(1, 9) else 1
