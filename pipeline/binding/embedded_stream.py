"""The stored picture of a scanned PDF page, copied into another PDF without touching its coded bytes.

Its dictionary is written anew from what is known to be allowed, so that nothing of the source (masks, alternates, OPI,
interpolation, foreign metadata) comes along that an archive copy must not have (ISO 19005-2, 6.2.8).
"""

from __future__ import annotations

import io
import zlib
from decimal import Decimal

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String
from PIL import ImageCms

from pipeline.binding.jpeg_frame import jpeg_frame

_BITONAL = (Name.CCITTFaxDecode, Name.JBIG2Decode)
_KEPT = (Name.DCTDecode, Name.FlateDecode, *_BITONAL)
_DEVICE_SPACES = {1: Name.DeviceGray, 3: Name.DeviceRGB}
_PROFILE_SPACES = {1: b"GRAY", 3: b"RGB "}
_PROFILE_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")


def embedded_stream(pdf: Pdf, image: Object) -> Stream | None:
    """A copy of an image, independent of its source; None where it cannot stand in a PDF/A with an sRGB intent.

    That is: CMYK and other spaces than grey, RGB and palettes of them, codings that viewers do not share, and JPEG
    2000, for which PDF/A has conditions of its own that scanners' encoders do not mind.

    Args:
        pdf: gets the copy.
        image: an image XObject without mask and with the usual meaning of its samples.
    """
    space = _colour_space(pdf, image.get("/ColorSpace"))
    coded = _coded(pdf, image)
    if space is None or coded is None:
        return None
    data, coding, parameters = coded
    if coding == Name.DCTDecode:
        frame = jpeg_frame(data)
        if not frame.is_plain or frame.components != _channels(space):
            return None
    copy = Stream(pdf, data)
    copy.Type, copy.Subtype = Name.XObject, Name.Image
    copy.Width, copy.Height = int(image.Width), int(image.Height)
    copy.BitsPerComponent = int(image.get("/BitsPerComponent", 1 if coding in _BITONAL else 8))
    copy.ColorSpace = space
    copy.Filter = coding
    if parameters is not None:
        copy.DecodeParms = parameters
    return copy


def _coded(pdf: Pdf, image: Object) -> tuple[bytes, Object, Dictionary | None] | None:
    """The picture's bytes, their coding and its parameters; plain samples and old codings are deflated."""
    coding, parameters = image.get("/Filter"), image.get("/DecodeParms")
    if isinstance(coding, Array) and len(coding) == 1:
        coding = coding[0]
        parameters = parameters[0] if isinstance(parameters, Array) and len(parameters) else parameters
    if isinstance(coding, Name) and coding in _KEPT:
        return image.read_raw_bytes(), coding, _parameters(pdf, parameters)
    try:
        return zlib.compress(image.read_bytes()), Name.FlateDecode, None
    except pikepdf.PikepdfError:
        return None  # a chain that ends in a picture's coding, or JPEG 2000


def _parameters(pdf: Pdf, given: Object | None) -> Dictionary | None:
    """The parameters of a coding: numbers and truth values, and what JBIG2 pictures share."""
    if not isinstance(given, Dictionary):
        return None
    copy = Dictionary({key: value for key, value in given.items() if isinstance(value, int | Decimal)})
    shared = given.get("/JBIG2Globals")
    if isinstance(shared, Stream):
        copy.JBIG2Globals = pdf.make_stream(shared.read_bytes())
    return copy


def _colour_space(pdf: Pdf, given: Object | None) -> Object | None:
    """The same colour space for the copy; None where it is not grey, RGB or a palette of them."""
    if given in _DEVICE_SPACES.values():
        return given
    if not isinstance(given, Array) or len(given) < 2:
        return None
    if given[0] == Name.ICCBased and isinstance(given[1], Stream):
        return _profiled(pdf, given[1])
    if given[0] == Name.Indexed and len(given) == 4:
        base = _colour_space(pdf, given[1])
        colours = given[3].read_bytes() if isinstance(given[3], Stream) else bytes(given[3])
        is_palette = base is not None and not _is_palette(base)
        return Array([Name.Indexed, base, int(given[2]), String(colours)]) if is_palette else None
    return None


def _profiled(pdf: Pdf, given: Stream) -> Object | None:
    """A space with an ICC profile; without it where PDF/A would not take the profile, as decoders do."""
    channels = int(given.get("/N", 0))
    if channels not in _DEVICE_SPACES:
        return None
    profile = given.read_bytes()
    if not _is_sound_profile(profile, channels):
        return _DEVICE_SPACES[channels]
    return Array([Name.ICCBased, pdf.make_stream(profile, N=channels)])


def _is_sound_profile(profile: bytes, channels: int) -> bool:
    """Whether a profile is of a version, class and colour space that ISO 19005-2, 6.2.4.2 allows, and can be read."""
    # ICC.1:2010, 7.2: version at byte 8, class at 12, colour space at 16.
    header = profile[8:9] <= b"\x04", profile[12:16] in _PROFILE_CLASSES, profile[16:20] == _PROFILE_SPACES[channels]
    if not all(header):
        return False
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except OSError:
        return False
    return True


def _is_palette(space: Object) -> bool:
    return isinstance(space, Array) and space[0] == Name.Indexed


def _channels(space: Object) -> int:
    if isinstance(space, Array):
        return 1 if _is_palette(space) else int(space[1].N)
    return 1 if space == Name.DeviceGray else 3
