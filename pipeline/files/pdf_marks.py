"""What a PDF page draws, in painting order: texts, pictures, paths and shadings, with their places as displayed.

PDFium is asked, since it also renders: what it does not draw cannot be on the page. Places are points (1/72 inch times
the page's UserUnit) from the top left of the page as displayed, y downward, CropBox and /Rotate applied.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from pipeline.files.affine import Affine
from pipeline.files.rectangles import Rectangle, around, is_there, meet, placed

MarkKind = Literal["text", "picture", "path", "shading"]

_KINDS: dict[int, MarkKind] = {
    pdfium.FPDF_PAGEOBJ_TEXT: "text",
    pdfium.FPDF_PAGEOBJ_IMAGE: "picture",
    pdfium.FPDF_PAGEOBJ_PATH: "path",
    pdfium.FPDF_PAGEOBJ_SHADING: "shading",
}
_DEEPEST_FORM = 15
_STROKED_TEXT = {pdfium.FPDF_TEXTRENDERMODE_STROKE, pdfium.FPDF_TEXTRENDERMODE_STROKE_CLIP}
_UNSEEN_TEXT = {pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP}
# A rectangle has four corners, and perhaps a fifth point or a closing line.
_RECTANGLE_SEGMENTS = range(4, 7)
_LONGEST_CLIP = 1000
# Thinner than any character: a rule, not a cover.
_LEAST_COVER = 3.0
_NEARLY_WHITE = 245
_SLACK = 0.5
_UNPLACED = Affine(1, 0, 0, 1, 0, 0)


@dataclass(slots=True)
class Mark:
    """One thing that the page paints.

    Attributes:
        kind: what it is.
        box: its place, cut to page and clip; x1 < x0 or y1 < y0 where nothing of it is left.
        handle: PDFium's object; holds while the page is open.
        is_painted: False for paths without paint and for full transparency.
        is_white: painted in white or nearly so; never for pictures.
        is_opaque: a filled upright rectangle or picture through which nothing shines; of a picture's own masks PDFium
            tells nothing, they are for the caller to see to.
        segments: of a path, points.
        matrix: of a picture: unit square, y upward, to the page.
        pixels: of a picture: stored width and height.
    """

    kind: MarkKind
    box: Rectangle
    handle: Any
    is_painted: bool
    is_white: bool = False
    is_opaque: bool = False
    segments: int = 0
    matrix: Affine = _UNPLACED
    pixels: tuple[int, int] = (0, 0)

    @property
    def address(self) -> int:
        """What tells PDFium's objects apart."""
        return address(self.handle)


def address(handle: Any) -> int:
    """The address behind a PDFium handle; 0 for none."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def page_size(page: Any) -> tuple[float, float]:
    """Width and height of the page as displayed, points."""
    return page.get_width(), page.get_height()


def display_matrix(page: Any) -> Affine:
    """The map from PDF coordinates to the page as displayed."""
    left, bottom, right, top = page.get_bbox()
    return {
        0: Affine(1, 0, 0, -1, -left, top),
        90: Affine(0, 1, 1, 0, -bottom, -left),
        180: Affine(-1, 0, 0, 1, right, -bottom),
        270: Affine(0, -1, -1, 0, top, right),
    }[page.get_rotation()]


def page_marks(page: Any) -> list[Mark]:
    """Everything that the page's content seems to paint, first painted first; invisible text is left out.

    A scan's invisible text has an object for each word, more than all else in the file together.
    """
    frame = (0.0, 0.0, *page_size(page))
    count, get = pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject
    return list(_marks(page.raw, count, get, display_matrix(page), frame, True, 0))


def visible_marks(marks: list[Mark]) -> list[Mark]:
    """Those that a person sees: painted, on the page, not behind something, not white on nothing.

    Texts are compared with everything that may lie over or under them; paths, of which a drawing has tens of thousands,
    with what lies over half of all, and with the space that all before them take.
    """
    if not marks:
        return []
    boxes = np.array([mark.box for mark in marks])
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    slack = np.array([-_SLACK, -_SLACK, _SLACK, _SLACK])
    opaque = np.array([order for order, mark in enumerate(marks) if mark.is_opaque], dtype=int)
    large = opaque[areas[opaque] * 2 >= areas.max(initial=0.0)]
    is_seen = np.zeros(len(marks), dtype=bool)
    taken: Rectangle = (math.inf, math.inf, -math.inf, -math.inf)
    for order, mark in enumerate(marks):
        if not mark.is_painted or not is_there(mark.box):
            continue
        covers = large if mark.kind == "path" else opaque
        later = covers[np.searchsorted(covers, order, side="right") :]
        if len(later) and bool(_holding(boxes[later] + slack, boxes[order]).any()):
            continue
        if mark.is_white and not is_there(meet(taken, mark.box)):
            continue
        if mark.is_white and mark.kind == "text" and not _meeting(boxes[:order][is_seen[:order]], boxes[order]).any():
            continue
        is_seen[order] = True
        taken = around(taken, mark.box)
    return [mark for mark, seen in zip(marks, is_seen, strict=True) if seen]


def upright_rules(marks: list[Mark]) -> list[Rectangle]:
    """The upright lines between which a table's cells lie, and the sides of its boxes, each without thickness."""
    rules: list[Rectangle] = []
    for mark in marks:
        x0, y0, x1, y1 = mark.box
        if mark.kind == "path" and mark.segments < _RECTANGLE_SEGMENTS.stop and y1 - y0 >= _LEAST_COVER:
            rules += [(x0, y0, x0, y1), (x1, y0, x1, y1)]
    return rules


def _holding(outer: NDArray[np.float64], inner: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(((outer[:, :2] <= inner[:2]) & (outer[:, 2:] >= inner[2:])).all(axis=1))


def _meeting(some: NDArray[np.float64], one: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(((some[:, :2] <= one[2:]) & (some[:, 2:] >= one[:2])).all(axis=1))


def _marks(
    parent: Any, count: Any, get: Any, matrix: Affine, frame: Rectangle, is_solid: bool, depth: int
) -> Iterator[Mark]:
    for place in range(count(parent)):
        handle = get(parent, place)
        kind = pdfium.FPDFPageObj_GetType(handle)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT and pdfium.FPDFTextObj_GetTextRenderMode(handle) in _UNSEEN_TEXT:
            continue
        clip, is_level = _clip(handle, matrix, frame)
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            if depth < _DEEPEST_FORM and is_there(clip):
                inner = _matrix(handle).then(matrix)
                solid = is_solid and is_level and not pdfium.FPDFPageObj_HasTransparency(handle)
                counts, gets = pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject
                yield from _marks(handle, counts, gets, inner, clip, solid, depth + 1)
        elif kind in _KINDS:
            yield _mark(handle, _KINDS[kind], matrix, clip, is_solid and is_level)


def _mark(handle: Any, kind: MarkKind, matrix: Affine, clip: Rectangle, is_solid: bool) -> Mark:
    edges = [ctypes.c_float() for _ in range(4)]
    has_bounds = pdfium.FPDFPageObj_GetBounds(handle, *edges)
    left, bottom, right, top = (edge.value for edge in edges)
    box = meet(placed(matrix, left, bottom, right, top), clip) if has_bounds else clip
    is_solid = is_solid and not pdfium.FPDFPageObj_HasTransparency(handle)
    is_wide = box[2] - box[0] >= _LEAST_COVER and box[3] - box[1] >= _LEAST_COVER
    if kind == "picture":
        width, height = ctypes.c_uint(), ctypes.c_uint()
        pdfium.FPDFImageObj_GetImagePixelSize(handle, width, height)
        onto = _matrix(handle).then(matrix)
        is_upright = min(abs(onto.a) + abs(onto.d), abs(onto.b) + abs(onto.c)) < _SLACK
        pixels = (width.value, height.value)
        return Mark(kind, box, handle, True, is_opaque=is_solid and is_upright and is_wide, matrix=onto, pixels=pixels)
    if kind == "text":
        mode = pdfium.FPDFTextObj_GetTextRenderMode(handle)
        ink = _ink(
            handle, pdfium.FPDFPageObj_GetStrokeColor if mode in _STROKED_TEXT else pdfium.FPDFPageObj_GetFillColor
        )
        return Mark(kind, box, handle, ink != "none", is_white=ink == "white")
    if kind == "path":
        return _path(handle, box, is_solid and is_wide)
    return Mark(kind, box, handle, True)


def _path(handle: Any, box: Rectangle, may_cover: bool) -> Mark:
    fill_mode, is_stroked = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(handle, fill_mode, is_stroked)
    segments = pdfium.FPDFPath_CountSegments(handle)
    fill = _ink(handle, pdfium.FPDFPageObj_GetFillColor) if fill_mode.value else "none"
    stroke = _ink(handle, pdfium.FPDFPageObj_GetStrokeColor) if is_stroked.value else "none"
    inks = {fill, stroke} - {"none"}
    covers = may_cover and fill != "none" and segments in _RECTANGLE_SEGMENTS and _is_upright(handle, segments)
    return Mark("path", box, handle, bool(inks), is_white=inks == {"white"}, is_opaque=covers, segments=segments)


def _is_upright(handle: Any, segments: int) -> bool:
    """Whether a path of a few segments is a rectangle with level sides."""
    points = [_point(pdfium.FPDFPath_GetPathSegment(handle, place)) for place in range(segments)]
    curved = any(
        pdfium.FPDFPathSegment_GetType(pdfium.FPDFPath_GetPathSegment(handle, place)) == pdfium.FPDF_SEGMENT_BEZIERTO
        for place in range(segments)
    )
    sides = pairwise(points)
    return not curved and all(min(abs(x1 - x0), abs(y1 - y0)) < _SLACK for (x0, y0), (x1, y1) in sides)


def _ink(handle: Any, colour: Any) -> Literal["none", "white", "dark"]:
    """What the object is painted with; a pattern, whose colour PDFium does not tell, counts as dark."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not colour(handle, red, green, blue, alpha):
        return "dark"
    if alpha.value == 0:
        return "none"
    return "white" if min(red.value, green.value, blue.value) >= _NEARLY_WHITE else "dark"


def _matrix(handle: Any) -> Affine:
    raw = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(handle, raw)
    return Affine(raw.a, raw.b, raw.c, raw.d, raw.e, raw.f)


def _clip(handle: Any, matrix: Affine, frame: Rectangle) -> tuple[Rectangle, bool]:
    """What the object's clip paths leave of `frame`, each taken as the box around it, and whether they are boxes."""
    clip = pdfium.FPDFPageObj_GetClipPath(handle)
    is_level = True
    for path in range(max(pdfium.FPDFClipPath_CountPaths(clip), 0)):
        segments = pdfium.FPDFClipPath_CountPathSegments(clip, path)
        is_level &= segments in _RECTANGLE_SEGMENTS
        if not 0 < segments <= _LONGEST_CLIP:
            continue
        points = [_point(pdfium.FPDFClipPath_GetPathSegment(clip, path, place)) for place in range(segments)]
        is_level &= all(min(abs(x1 - x0), abs(y1 - y0)) < _SLACK for (x0, y0), (x1, y1) in pairwise(points))
        across, down = [x for x, _ in points], [y for _, y in points]
        frame = meet(frame, placed(matrix, min(across), min(down), max(across), max(down)))
    return frame, is_level


def _point(segment: Any) -> tuple[float, float]:
    x, y = ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFPathSegment_GetPoint(segment, x, y)
    return x.value, y.value
