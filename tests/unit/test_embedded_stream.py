"""Pictures copied from one PDF into another: what comes along, what is left behind, what is not taken."""

import io
from collections.abc import Iterator

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String
from PIL import Image, ImageCms

from pipeline.binding.embedded_stream import embedded_stream

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def source() -> Iterator[Pdf]:
    with Pdf.new() as pdf:
        yield pdf


@pytest.fixture
def target() -> Iterator[Pdf]:
    with Pdf.new() as pdf:
        yield pdf


def image(pdf: Pdf, data: bytes, **entries: object) -> Stream:
    given = {"Width": 4, "Height": 2, "BitsPerComponent": 8, "ColorSpace": Name.DeviceGray, **entries}
    return Stream(pdf, data, Dictionary(Type=Name.XObject, Subtype=Name.Image, **given))


def jpeg(mode: str) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (4, 2)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_coded_bytes_and_what_they_need_come_along(source: Pdf, target: Pdf):
    shared = source.make_stream(b"shared symbols")
    given = image(
        source,
        b"coded page",
        BitsPerComponent=1,
        Filter=Name.JBIG2Decode,
        DecodeParms=Dictionary(JBIG2Globals=shared),
    )
    copy = embedded_stream(target, given)
    assert copy is not None
    assert copy.read_raw_bytes() == b"coded page"
    assert copy.DecodeParms.JBIG2Globals.read_bytes() == b"shared symbols"
    assert (copy.Width, copy.Height, copy.BitsPerComponent, copy.Filter) == (4, 2, 1, Name.JBIG2Decode)


def test_the_parameters_of_fax_coding_come_along(source: Pdf, target: Pdf):
    given = image(
        source,
        b"coded",
        BitsPerComponent=1,
        Filter=Array([Name.CCITTFaxDecode]),
        DecodeParms=Array([Dictionary(K=-1, Columns=4, BlackIs1=True)]),
    )
    copy = embedded_stream(target, given)
    assert copy is not None
    assert dict(copy.DecodeParms.items()) == {"/K": -1, "/Columns": 4, "/BlackIs1": True}


def test_what_an_archive_copy_must_not_have_is_left_behind(source: Pdf, target: Pdf):
    given = image(
        source,
        bytes(8),
        Interpolate=True,
        Alternates=Array([]),
        OPI=Dictionary(),
        Intent=Name.Perceptual,
        Metadata=source.make_stream(b"<x/>"),
    )
    copy = embedded_stream(target, given)
    assert copy is not None
    assert set(copy.keys()) == {
        "/Type",
        "/Subtype",
        "/Width",
        "/Height",
        "/BitsPerComponent",
        "/ColorSpace",
        "/Filter",
        "/Length",
    }


@pytest.mark.parametrize("coding", [None, Name.LZWDecode, Name.ASCIIHexDecode, Array([Name.ASCIIHexDecode])])
def test_old_codings_are_deflated_without_loss(source: Pdf, target: Pdf, coding: Object | None):
    samples = b"\x00\x01\x02\x03\x04\x05\x06\x07"
    if coding == Name.LZWDecode:
        # Clear, eight literals and the end, nine bits each, most significant first (ISO 32000-1, 7.4.4.2).
        codes = "".join(f"{code:09b}" for code in (256, *samples, 257))
        coded = int(codes.ljust(96, "0"), 2).to_bytes(12, "big")
    else:
        coded = samples.hex().encode() + b">" if coding is not None else samples
    copy = embedded_stream(target, image(source, coded, **({} if coding is None else {"Filter": coding})))
    assert copy is not None
    assert copy.Filter == Name.FlateDecode
    assert copy.read_bytes() == samples


@pytest.mark.parametrize(
    ("profile", "channels", "kept"),
    [(SRGB, 3, True), (SRGB[:100], 3, False), (b"", 3, False), (SRGB, 1, False)],
    ids=["sound", "cut off", "empty", "of other channels"],
)
def test_a_profile_that_is_not_sound_is_replaced_by_the_plain_space(
    source: Pdf, target: Pdf, profile: bytes, channels: int, kept: bool
):
    space = Array([Name.ICCBased, source.make_stream(profile, N=channels)])
    copy = embedded_stream(target, image(source, bytes(24), ColorSpace=space))
    assert copy is not None
    if kept:
        assert copy.ColorSpace[1].read_bytes() == profile
        assert channels == copy.ColorSpace[1].N
    else:
        assert copy.ColorSpace == (Name.DeviceRGB if channels == 3 else Name.DeviceGray)


@pytest.mark.parametrize("as_stream", [False, True])
def test_a_palette_comes_along(source: Pdf, target: Pdf, as_stream: bool):
    colours = bytes(range(6))
    lookup = source.make_stream(colours) if as_stream else String(colours)
    space = Array([Name.Indexed, Name.DeviceRGB, 1, lookup])
    copy = embedded_stream(target, image(source, bytes(8), ColorSpace=space))
    assert copy is not None
    assert bytes(copy.ColorSpace[3]) == colours
    assert copy.ColorSpace[2] == 1


def test_pictures_that_cannot_stand_beside_srgb_are_not_taken(source: Pdf, target: Pdf):
    white = Dictionary(WhitePoint=[1, 1, 1])
    refused = [
        image(source, bytes(32), ColorSpace=Name.DeviceCMYK),
        image(source, bytes(24), ColorSpace=Array([Name.Lab, white])),
        image(source, bytes(32), ColorSpace=Array([Name.ICCBased, source.make_stream(b"", N=4)])),
        image(source, bytes(8), ColorSpace=Array([Name.Indexed, Name.DeviceCMYK, 0, String(bytes(4))])),
        image(source, jpeg("CMYK"), ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode),
        image(source, jpeg("L"), ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode),
        image(source, b"JPEG 2000", Filter=Name.JPXDecode),
        image(source, b"chain", Filter=Array([Name.FlateDecode, Name.DCTDecode])),
    ]
    assert [embedded_stream(target, given) for given in refused] == [None] * len(refused)


def test_the_copy_lives_without_its_source(target: Pdf):
    with Pdf.new() as source:
        copy = embedded_stream(target, image(source, bytes(8)))
    assert copy is not None
    assert copy.read_bytes() == bytes(8)
    assert isinstance(copy, pikepdf.Stream)
