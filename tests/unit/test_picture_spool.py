"""The temporary file that pictures wait in: a PDF whose streams come out as they went in."""

from contextlib import closing
from pathlib import Path

from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from pipeline.binding.picture_spool import PictureSpool


def image(pdf: Pdf, data: bytes, **entries: object) -> Stream:
    return Stream(pdf, data, Dictionary(Subtype=Name.Image, **entries))


def test_streams_come_out_as_they_went_in(tmp_path: Path):
    workbench = Pdf.new()
    profile = workbench.make_stream(b"a profile", N=3)
    entries = {
        "ColorSpace": Array([Name.Indexed, Array([Name.ICCBased, profile]), 1, String(b"\x00(\\)\xff\r")]),
        "DecodeParms": Dictionary(K=-1, BlackIs1=True, EncodedByteAlign=False, Scale=0.5),
        "Odd": Name("/A B#1"),
    }
    with closing(PictureSpool(tmp_path)) as spool:
        number = spool.add(image(workbench, b"\x00endstream\xff\n", **entries))
        with spool.opened() as pdf:
            found = pdf.get_object(number, 0)
            assert found.read_raw_bytes() == b"\x00endstream\xff\n"
            assert bytes(found.ColorSpace[3]) == b"\x00(\\)\xff\r"
            assert found.ColorSpace[1][1].read_raw_bytes() == b"a profile"
            assert found.ColorSpace[1][1].N == 3
            parameters = found.DecodeParms
            assert (parameters.K, parameters.BlackIs1, parameters.EncodedByteAlign) == (-1, True, False)
            assert float(parameters.Scale) == 0.5
            assert found.Odd == Name("/A B#1")
            assert pdf.check_pdf_syntax() == ["ERROR: file does not contain any pages"]


def test_equal_streams_are_written_once_and_unlike_ones_are_not(tmp_path: Path):
    numbers = []
    with closing(PictureSpool(tmp_path)) as spool:
        for data, width in ((b"data", 1), (b"data", 1), (b"data", 2), (b"other", 1)):
            with Pdf.new() as workbench:
                numbers.append(spool.add(image(workbench, data, Width=width)))
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3


def test_the_folder_shows_nothing_of_it(tmp_path: Path):
    with closing(PictureSpool(tmp_path)) as spool, Pdf.new() as workbench:
        spool.add(image(workbench, b"data"))
        assert list(tmp_path.iterdir()) == []


def test_it_begins_without_a_page(tmp_path: Path):
    with closing(PictureSpool(tmp_path)) as spool, spool.opened() as pdf:
        assert len(pdf.pages) == 0
