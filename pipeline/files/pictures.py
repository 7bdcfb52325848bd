"""Picture files through Pillow: what pages they hold, and a page as upright RGB pixels.

Pillow is made strict: only the formats named here, no picture over the pixel limit, nothing cut off accepted.
"""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from dossier.errors import DamagedFile, EdossierError, FileTooLarge
from pipeline.files.completeness import require_bmp_end, require_jpeg_end, require_png_end, require_webp_end
from pipeline.files.paper import resolution
from pipeline.files.sources import Format, Limits, PageSource
from pipeline.files.tiff_frames import tiff_frames

Pixels = NDArray[np.uint8]

_PILLOW_FORMATS = {
    Format.JPEG: "JPEG",
    Format.PNG: "PNG",
    Format.BMP: "BMP",
    Format.WEBP: "WEBP",
    Format.TIFF: "TIFF",
}
_REQUIRED_ENDS: dict[Format, Callable[[bytes], None]] = {
    Format.JPEG: require_jpeg_end,
    Format.PNG: require_png_end,
    Format.BMP: require_bmp_end,
    Format.WEBP: require_webp_end,
}
_EXIF_ORIENTATION = 0x0112
_TIFF_PHOTOMETRIC = 262
_MIN_IS_WHITE = 0
_FAX_CODINGS = {"group3", "group4", "tiff_ccitt"}
# ITU-T T.4 scans 204 dpi across and 98 down at its standard resolution; anything nearer to square is a rounded figure.
_FAX_RATIO = 1.3
_JPEG_DRAFT = 8


def picture_pages(path: Path, format_: Format, limits: Limits) -> tuple[PageSource, ...]:
    """The pages of a complete picture file.

    Raises:
        TruncatedFile: it ends before its content.
        DamagedFile: its content cannot be decoded.
        FileTooLarge: it exceeds a limit.
    """
    if format_ is Format.TIFF:
        return _tiff_pages(path, limits)
    content = path.read_bytes()
    _REQUIRED_ENDS[format_](content)
    with _strict_pillow(limits), _opened(BytesIO(content), format_, limits) as picture:
        width, height, dpi, _ = _shape(picture)
        if format_ is Format.JPEG:
            # An eighth of each side: all coded data is still read, but hardly any pixels are made.
            picture.draft(None, (picture.width // _JPEG_DRAFT, picture.height // _JPEG_DRAFT))
        picture.load()
    return (PageSource(0, "picture", width, height, dpi),)


def picture_pixels(path: Path, format_: Format, index: int, limits: Limits) -> tuple[Pixels, float, bool]:
    """A page of a picture file.

    Args:
        path: the file.
        format_: what it is.
        index: the frame; 0 but for TIFF.
        limits: what it may ask for.

    Returns:
        uint8 array (height, width, 3), RGB, EXIF orientation applied, transparency on white; its dpi; whether that is
        the file's own figure.

    Raises:
        DamagedFile: the page is not there or cannot be decoded.
        FileTooLarge: it exceeds the pixel limit.
    """
    with _strict_pillow(limits), path.open("rb") as file, _opened(file, format_, limits) as picture:
        if index:
            picture.seek(index)
            _require_size(picture, limits)
        inverted = _is_inverted_16_bit(picture)
        width, height, dpi, trusted = _shape(picture)
        orientation = _orientation(picture)
        if format_ is Format.JPEG and orientation == 1 and picture.mode in ("RGB", "L"):
            return _jpeg_pixels(path.read_bytes()), dpi, trusted
        picture.load()
        # Pillow turns a TIFF when it loads it.
        upright = picture if format_ is Format.TIFF or orientation == 1 else ImageOps.exif_transpose(picture)
        pixels = _rgb(upright, inverted)
    if pixels.shape[:2] != (height, width):
        pixels = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))
    return np.ascontiguousarray(pixels), dpi, trusted


def _jpeg_pixels(content: bytes) -> Pixels:
    """The pixels of an ordinary JPEG by OpenCV: the same ones, from the same library, as from Pillow, in half the time,
    which copies them twice on the way.

    Raises:
        TruncatedFile: it ends before its content; OpenCV itself would fill the rest with grey.
        DamagedFile: it cannot be decoded.
    """
    require_jpeg_end(content)
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if decoded is None:
        raise DamagedFile("JPEG data that cannot be decoded")
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB, dst=decoded), np.uint8)


def _tiff_pages(path: Path, limits: Limits) -> tuple[PageSource, ...]:
    with path.open("rb") as file:
        frames = tiff_frames(file, limits.max_pages)
        pages: list[PageSource] = []
        with _strict_pillow(limits), _opened(file, Format.TIFF, limits) as picture:
            for frame in frames:
                if frame.is_page:
                    picture.seek(frame.number)
                    _require_size(picture, limits)
                    width, height, dpi, _ = _shape(picture)
                    pages.append(PageSource(frame.number, "picture", width, height, dpi))
            # Files are written from front to back: where the hindmost picture can be decoded, the rest has arrived too.
            # A page damaged further in front is that page's matter, not the file's.
            picture.seek(max(frames, key=lambda frame: frame.end).number)
            _require_size(picture, limits)
            picture.load()
    return tuple(pages)


@contextmanager
def _strict_pillow(limits: Limits) -> Iterator[None]:
    """Pillow with our pixel limit, and its errors as ours.

    Its plugins let any built-in exception through on hostile content (struct.error, KeyError, SyntaxError, …); only an
    error of the operating system is one of reading, not of content.
    """
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limits.max_pixels, False
    try:
        with warnings.catch_warnings():
            # Odd tags and palettes are nobody's business here; a bomb is.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise FileTooLarge(f"more than {limits.max_pixels} pixels") from error
    except EdossierError:
        raise
    except MemoryError as error:
        raise FileTooLarge("not enough memory for the picture") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DamagedFile(str(error) or type(error).__name__) from error
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


@contextmanager
def _opened(file: object, format_: Format, limits: Limits) -> Iterator[Image.Image]:
    try:
        opened = Image.open(file, formats=[_PILLOW_FORMATS[format_]])  # type: ignore[arg-type]
    except UnidentifiedImageError as error:
        raise DamagedFile(f"{format_.upper()} whose header or pixel layout cannot be read") from error
    with opened:
        _require_size(opened, limits)
        yield opened


def _require_size(picture: Image.Image, limits: Limits) -> None:
    if picture.width * picture.height > limits.max_pixels:
        raise FileTooLarge(f"{picture.width} × {picture.height} pixels")


def _shape(picture: Image.Image) -> tuple[int, int, float, bool]:
    """Width, height and dpi as decoded, and whether the dpi is the file's own; before the picture is loaded."""
    width, height = picture.size
    across, down = _tagged_dpi(picture)
    is_tiff = picture.format == "TIFF"
    if not is_tiff and _orientation(picture) >= 5:
        width, height, across, down = height, width, down, across
    if is_tiff and picture.info.get("compression") in _FAX_CODINGS and min(across, down) > 0:
        # Only the stored orientation matters here: no fax is turned by a tag.
        if across / down >= _FAX_RATIO:
            height, down = round(height * across / down), across
        elif down / across >= _FAX_RATIO:
            width, across = round(width * down / across), down
    dpi, trusted = resolution(width, height, across or None)
    return width, height, dpi, trusted


def _tagged_dpi(picture: Image.Image) -> tuple[float, float]:
    """The file's figures across and down; 0.0 for one that is missing or no number."""
    tagged = picture.info.get("dpi")
    if not isinstance(tagged, tuple) or len(tagged) != 2:
        return 0.0, 0.0
    across, down = (_finite(value) for value in tagged)
    return across, down


def _finite(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
    return number if math.isfinite(number) and number > 0 else 0.0


def _orientation(picture: Image.Image) -> int:
    try:
        found = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except (SyntaxError, ValueError, struct.error):
        # A block that is no EXIF says nothing; the picture itself is whole.
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _is_inverted_16_bit(picture: Image.Image) -> bool:
    """Whether a 16-bit TIFF counts from white to black, which Pillow turns round for 1 and 8 bits only."""
    tags = getattr(picture, "tag_v2", {})
    return picture.mode.startswith("I;16") and tags.get(_TIFF_PHOTOMETRIC) == _MIN_IS_WHITE


def _rgb(picture: Image.Image, inverted: bool) -> Pixels:
    mode = picture.mode
    if mode.startswith("I;16"):
        grey = (np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat((255 - grey if inverted else grey)[:, :, None], 3, axis=2)
    if mode in ("I", "F"):
        return np.repeat(_stretched(np.asarray(picture, dtype=np.float64))[:, :, None], 3, axis=2)
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        return _on_white(picture)
    return np.asarray(picture if mode == "RGB" else picture.convert("RGB"))


def _stretched(values: NDArray[np.float64]) -> Pixels:
    """Whole 32-bit or fractional samples have no agreed white; the brightest one is taken for it."""
    values = np.nan_to_num(values)
    least, greatest = float(values.min()), float(values.max())
    least = min(least, 0.0)
    return np.asarray(np.rint((values - least) * (255.0 / max(greatest - least, 1e-12))), dtype=np.uint8)


def _on_white(picture: Image.Image) -> Pixels:
    rgba = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
    alpha = rgba.getchannel("A")
    if alpha.getextrema() == (0, 0):
        # A page that cannot be seen at all: its writer left the fourth channel unused.
        return np.asarray(rgba.convert("RGB"))
    paper = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(paper, rgba).convert("RGB"))
