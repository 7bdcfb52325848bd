"""The picture of a page in as few bytes as show all that its scan shows, for PDFs of quality `compact`.

Tried are G4 (pages of two tones, without loss), layers, and JPEG; what is not clearly smaller than the scan's own bytes
gives way to them. There is no lossy JBIG2, which may put one character for another, and no JPEG 2000.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from pipeline.binding.layered_page import LayeredPage, jpeg_of, layered_page
from pipeline.binding.lossless_picture import as_group_4, reduced
from pipeline.binding.tiff_strips import MIN_IS_BLACK, TiffStrips, tiff_strips
from pipeline.cleaning.upright import Picture
from pipeline.files.affine import Affine

WHOLE = Affine(1, 0, 0, 1, 0, 0)
"""The place of a layer that covers the page."""

PAGE_QUALITY = 85
"""JPEG quality of a page that is mostly photograph, or too coarse for layers."""

_GAIN = 0.9
"""Of the scan's own bytes: what saves less is not worth a second coding."""

MOST_PIXELS = 60_000_000
"""A4 at 600 dpi has 35 million; larger drawings would need gigabytes and stay as they are."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture of a page that lies over the ones before it.

    Attributes:
        stream: the image XObject.
        place: from PDF's unit square of an image to that of the whole page.
        ink: red, green and blue, 0–255, in which a stencil is painted; None for a picture with colours of its own.
    """

    stream: pikepdf.Stream
    place: Affine = WHOLE
    ink: tuple[int, int, int] | None = None


def compact_layers(pdf: Pdf, picture: Picture, dpi: float, own: pikepdf.Stream) -> tuple[Layer, ...]:
    """The layers of a page, the lowest first; none where the scan's own bytes are the best that there is.

    Args:
        pdf: gets the images.
        picture: the page as decoded, oriented.
        dpi: pixels an inch.
        own: what stands for the page at quality `archive`.
    """
    most = len(own.read_raw_bytes())
    is_two_toned = int(own.get("/BitsPerComponent", 8)) == 1
    if not is_two_toned and picture.shape[0] * picture.shape[1] > MOST_PIXELS:
        return ()
    image = reduced(picture) if is_two_toned else None
    if image is not None or _looks_bitonal(picture):
        image = image or reduced(picture)
        if image.mode == "1":
            fax = Layer(_group_4(pdf, image))
            return (fax,) if _size((fax,)) < most else ()
        if is_two_toned:
            return ()
    found = layered_page(picture, dpi)
    layers = _layers(pdf, found, (picture.shape[1], picture.shape[0])) if found else _plain(pdf, picture)
    return layers if _size(layers) < _GAIN * most else ()


def _looks_bitonal(picture: Picture) -> bool:
    """Whether a sample of the pixels is black and white alone."""
    sample = picture[::61, ::7]
    return bool(((sample == 0) | (sample == 255)).all())


def _size(layers: tuple[Layer, ...]) -> int:
    return sum(len(layer.stream.read_raw_bytes()) for layer in layers)


def _layers(pdf: Pdf, page: LayeredPage, size: tuple[int, int]) -> tuple[Layer, ...]:
    width, height = size
    layers = []
    stencil = _stencil(pdf, page)
    if page.background is not None:
        layers.append(Layer(_jpeg(pdf, page.background)))
    if stencil is not None:
        layers.append(stencil)
    for patch in page.patches:
        across, down = (patch.right - patch.left) / width, (patch.bottom - patch.top) / height
        place = Affine(across, 0, 0, down, patch.left / width, 1 - patch.bottom / height)
        layers.append(Layer(_jpeg(pdf, patch.jpeg), place))
    return tuple(layers)


def _plain(pdf: Pdf, picture: Picture) -> tuple[Layer, ...]:
    return (Layer(_jpeg(pdf, jpeg_of(picture, PAGE_QUALITY))),)


def _stencil(pdf: Pdf, page: LayeredPage) -> Layer | None:
    """The print as a stencil (ISO 32000-1, 8.9.6.2): 0 paints, and G4 as Pillow writes it has 0 for black."""
    if not page.stencil.any():
        return None
    stream = _group_4(pdf, Image.fromarray(np.bitwise_not(page.stencil)).convert("1", dither=Image.Dither.NONE))
    del stream.ColorSpace
    stream.ImageMask = True
    return Layer(stream, ink=page.colour)


def _jpeg(pdf: Pdf, jpeg: bytes) -> pikepdf.Stream:
    with Image.open(io.BytesIO(jpeg)) as picture:
        space = Name.DeviceGray if picture.mode == "L" else Name.DeviceRGB
        return _image(pdf, jpeg, picture.size, 8, Filter=Name.DCTDecode, ColorSpace=space)


def _group_4(pdf: Pdf, picture: Image.Image) -> pikepdf.Stream:
    strips = tiff_strips(io.BytesIO(as_group_4(picture)), 0)
    assert isinstance(strips, TiffStrips) and strips.group_4 is not None  # as_group_4 writes one strip
    parameters = Dictionary(
        K=-1, Columns=picture.width, Rows=picture.height, BlackIs1=strips.photometric == MIN_IS_BLACK
    )
    return _image(
        pdf,
        strips.group_4,
        picture.size,
        1,
        Filter=Name.CCITTFaxDecode,
        ColorSpace=Name.DeviceGray,
        DecodeParms=parameters,
    )


def _image(
    pdf: Pdf, coded: bytes, size: tuple[int, int], bits: int, **entries: Name | Dictionary | Array
) -> pikepdf.Stream:
    head = Dictionary(Type=Name.XObject, Subtype=Name.Image, Width=size[0], Height=size[1], BitsPerComponent=bits)
    for key, value in entries.items():
        head["/" + key] = value
    return pikepdf.Stream(pdf, coded, head)
