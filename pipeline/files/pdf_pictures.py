"""The pictures of a PDF page as they are stored, and whether one of them can stand for the whole page."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Name, Object

from dossier.errors import FileRefused, PageUnreadable
from pipeline.files.affine import Affine
from pipeline.files.completeness import require_jpeg_end
from pipeline.files.pdf_annotations import numbers
from pipeline.files.pdf_marks import Mark
from pipeline.files.rectangles import Rectangle

_DEEPEST_FORM = 15
# Scans are placed to the last point or rounded to a whole one; a margin that shows is wider.
_EDGE_SLACK = 0.015
_POINTS_AN_INCH = 72.0
# A turn of 0.05 degrees moves a corner of A4 by a quarter of a millimetre.
_SKEW_SLACK = 0.001
_SQUARE_SLACK = 0.02
_CHANNELS = {"/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4, "/CalGray": 1, "/CalRGB": 3, "/G": 1, "/RGB": 3}


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """The one picture that is a whole page, to be taken over as it is.

    Attributes:
        pdf: the open source; `image` lives as long as it does. Close it when done.
        image: the image XObject, without mask and with the usual meaning of its samples.
        width, height: of the picture as stored, pixels.
        turn_degrees: 0, 90, 180 or 270; the stored picture turned clockwise by it stands as the page displays it.
        dpi: of the placement, pixels an inch, as the file says.
        matrix: unit square, y upward, to the displayed page, points from its bottom left, as a `cm` operator takes it.
        page_width, page_height: of the displayed page, points.
    """

    pdf: pikepdf.Pdf
    image: Object
    width: int
    height: int
    turn_degrees: int
    dpi: float
    matrix: Affine
    page_width: float
    page_height: float


def match_pictures(page: pikepdf.Page, marks: list[Mark]) -> dict[int, Object]:
    """The stored image of each painted picture, by its mark's address; empty where the two readings disagree."""
    painted = [mark for mark in marks if mark.kind == "picture"]
    stored = list(_painted(page.obj, page.obj.get("/Resources"), ())) if painted else []
    if len(stored) != len(painted):
        return {}
    matched: dict[int, Object] = {}
    for mark, image in zip(painted, stored, strict=True):
        if image is None:
            continue
        if [image.get("/Width"), image.get("/Height")] != list(mark.pixels):
            return {}
        matched[mark.address] = image
    return matched


def lets_nothing_through(image: Object) -> bool:
    """Whether an image has neither mask nor layer."""
    masks = ("/SMask", "/Mask", "/OC")
    is_stencil = bool(image.get("/ImageMask", False)) or image.get("/SMaskInData", 0) != 0
    return not is_stencil and not any(image.get(key) is not None for key in masks)


def quarter_turn(matrix: Affine) -> int | None:
    """By how much a placed picture is turned clockwise; None where it is skewed or mirrored."""
    across, up = (matrix.a, matrix.b), (matrix.c, matrix.d)
    for turn, (x, y) in {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}.items():
        # y runs downward: at 0 the picture's right points along x, its top along −y.
        width, height = across[0] * x + across[1] * y, up[0] * y - up[1] * x
        if width <= 0 or height <= 0:
            continue
        lean = max(abs(across[0] * y - across[1] * x) / width, abs(up[0] * x + up[1] * y) / height)
        if lean < _SKEW_SLACK:
            return turn
    return None


def native_dpi(mark: Mark, unit: float) -> tuple[float, float]:
    """Pixels an inch of a placed picture, along its own width and height; 0.0 for one without extent."""
    sides = ((mark.matrix.a, mark.matrix.b), (mark.matrix.c, mark.matrix.d))
    lengths = [(x * x + y * y) ** 0.5 * unit / _POINTS_AN_INCH for x, y in sides]
    return (
        mark.pixels[0] / lengths[0] if lengths[0] else 0.0,
        mark.pixels[1] / lengths[1] if lengths[1] else 0.0,
    )


def is_whole_page(mark: Mark, image: Object, page_size: tuple[float, float], is_solid: bool) -> bool:
    """Whether a picture covers the page, upright and evenly, and can be taken for it as it is stored.

    Args:
        mark: the picture as painted.
        image: the picture as stored.
        page_size: points.
        is_solid: whether it is painted without transparency.
    """
    if not is_solid or quarter_turn(mark.matrix) is None or not lets_nothing_through(image) or not _is_plain(image):
        return False
    across, down = native_dpi(mark, 1.0)
    if not across or not down or abs(across / down - 1) > _SQUARE_SLACK:
        return False
    slack = _EDGE_SLACK * max(page_size)
    return all(
        abs(edge - wanted) <= slack
        for box in (_unclipped(mark), mark.box)
        for edge, wanted in zip(box, (0.0, 0.0, *page_size), strict=True)
    )


def require_whole_picture(image: Object) -> None:
    """Make sure that a stored picture's data do not end early: PDFium would fill it with grey and say nothing.

    JPEG and deflate can be told without decoding to pixels; other codings are left to the decoder.

    Raises:
        PageUnreadable: the data end before the picture does.
    """
    filters = filters_of(image)
    try:
        raw = image.read_raw_bytes()
        if filters == ["/DCTDecode"]:
            require_jpeg_end(raw)
        elif filters == ["/FlateDecode"] and (needed := _raw_length(image)):
            _require_inflated(raw, needed)
    except (pikepdf.PdfError, FileRefused) as error:
        raise PageUnreadable(str(getattr(error, "detail", error))) from error


def _painted(holder: Object, resources: Object | None, within: tuple[tuple[int, int], ...]) -> Iterator[Object | None]:
    """The images that a page or form paints, in order; None for one that is written into the content itself."""
    named = resources.get("/XObject") if resources is not None else None
    for instruction in pikepdf.parse_content_stream(holder, "Do BI ID EI"):
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            yield None
            continue
        operands = list(instruction.operands)
        found = named.get(operands[0]) if named is not None and operands and isinstance(operands[0], Name) else None
        if not isinstance(found, pikepdf.Stream):
            continue
        if found.get("/Subtype") == Name.Image:
            yield found
        elif found.get("/Subtype") == Name.Form and len(within) < _DEEPEST_FORM and found.objgen not in within:
            yield from _painted(found, found.get("/Resources", resources), (*within, found.objgen))


def _unclipped(mark: Mark) -> Rectangle:
    corners = [mark.matrix.apply(x, y) for x in (0, 1) for y in (0, 1)]
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


def _is_plain(image: Object) -> bool:
    """Whether the picture has one coding, and samples that mean what they usually mean (ISO 32000-1, table 90)."""
    if len(filters_of(image)) > 1:
        return False
    decode = image.get("/Decode")
    if decode is None:
        return True
    space = image.get("/ColorSpace")
    top = 1.0
    if isinstance(space, Array) and len(space) and space[0] == Name.Indexed:
        top = 2.0 ** int(image.get("/BitsPerComponent", 8)) - 1
    values = numbers(decode)
    return bool(values) and all(value == (top if place % 2 else 0.0) for place, value in enumerate(values))


def filters_of(stream: Object) -> list[str]:
    """The codings of a stream, the outermost first."""
    found = stream.get("/Filter")
    if found is None:
        return []
    return [str(name) for name in found.as_list()] if isinstance(found, Array) else [str(found)]


def _raw_length(image: Object) -> int:
    """Bytes of the picture before deflate, at least; 0 where its colour space does not tell them easily."""
    space = image.get("/ColorSpace")
    if isinstance(space, Array) and len(space) > 1:
        family = str(space[0])
        channels = 1 if family in ("/Indexed", "/Separation", "/I") else _CHANNELS.get(family, 0)
        if family == "/ICCBased":
            channels = int(space[1].get("/N", 0))
    else:
        channels = _CHANNELS.get(str(space), 0)
    bits = int(image.get("/BitsPerComponent", 8))
    return (int(image.Width) * channels * bits + 7) // 8 * int(image.Height)


def _require_inflated(raw: bytes, needed: int) -> None:
    """Inflate piece by piece, keeping nothing, until `needed` bytes have come."""
    inflater = zlib.decompressobj()
    come, waiting = 0, raw
    try:
        while come < needed and waiting and not inflater.eof:
            come += len(inflater.decompress(waiting, 1 << 20))
            waiting = inflater.unconsumed_tail
    except zlib.error as error:
        raise PageUnreadable(f"the picture's data are broken: {error}") from error
    if come < needed:
        raise PageUnreadable(f"the picture's data end after {come} of {needed} bytes")
