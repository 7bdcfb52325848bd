from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Encryption, Name, String

from dossier.errors import DamagedFile, EmptyFile, EncryptedFile, FileTooLarge, TruncatedFile
from pipeline.files.formats import Format, Limits, inspect
from tests.made_pdfs import (
    FIRST_LINE,
    TWO_LINES,
    WHOLE_PAGE,
    Page,
    Picture,
    coded,
    han,
    jpeg_picture,
    pdf_of,
    scan_pixels,
)

SCAN = {"Scan": jpeg_picture(coded(scan_pixels(), "JPEG"))}
WHITE_PAGE = b"q 1 g 0 0 595 842 re f Q\n"


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def write(content: bytes, name: str = "scan") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def kind_of(put: Any) -> Any:
    def kind(page: Page, **saving: Any) -> str:
        (found,) = inspect(put(pdf_of(page, **saving))).pages
        return str(found.kind)

    return kind


def test_a_pdf_is_one_whatever_it_is_called(put: Any) -> None:
    found = inspect(put(pdf_of(Page(TWO_LINES)), "扫描.jpg"))
    assert (found.format, found.media_type, len(found.pages)) == (Format.PDF, "application/pdf", 1)


def test_a_pdf_behind_a_line_of_something_else_is_one(put: Any) -> None:
    assert inspect(put(b"X-Scanner: 1\n" + pdf_of(Page(TWO_LINES)))).format is Format.PDF


def test_each_page_has_its_own_kind_and_size(put: Any) -> None:
    scan = Page(WHOLE_PAGE, pictures=SCAN)
    turned = Page(WHOLE_PAGE, pictures=SCAN, entries={"Rotate": 90})
    pages = inspect(put(pdf_of(scan, Page(TWO_LINES), turned, Page(b"")))).pages
    assert [(page.index, page.kind, page.width, page.height) for page in pages] == [
        (0, "pdf_picture", 595, 842),
        (1, "pdf_text", 2479, 3508),
        (2, "pdf_picture", 842, 595),
        (3, "pdf_drawing", 2479, 3508),
    ]


@pytest.mark.parametrize(
    "content",
    [
        WHOLE_PAGE,
        WHOLE_PAGE + b"3 Tr " + TWO_LINES,
        WHOLE_PAGE + b"/Nothing gs " + TWO_LINES,
        WHOLE_PAGE + b"q 0 0 20 20 re W n " + TWO_LINES + b"Q",
        WHOLE_PAGE + han(FIRST_LINE, 72, 2000),
        WHOLE_PAGE + b"10 10 100 100 re n",
        TWO_LINES + WHOLE_PAGE,
        WHITE_PAGE + WHOLE_PAGE,
        b"q 596 0 0 843 -0.5 -0.5 cm /Scan Do Q",
        b"q 1 0 0 -1 0 842 cm 1 0 0 -1 0 842 cm " + WHOLE_PAGE + b"Q",
    ],
    ids=[
        "alone",
        "invisible text",
        "transparent text",
        "text clipped away",
        "text off the page",
        "path without paint",
        "text behind",
        "white paper behind",
        "placed to the next point",
        "turned over twice",
    ],
)
def test_one_picture_over_the_whole_page_and_nothing_else_to_see_is_the_page(content: bytes, kind_of: Any) -> None:
    assert kind_of(Page(content, pictures=SCAN)) == "pdf_picture"


def test_a_picture_within_a_form_is_the_page(kind_of: Any) -> None:
    assert kind_of(Page(b"/Frame Do", pictures=SCAN, forms={"Frame": WHOLE_PAGE})) == "pdf_picture"


@pytest.mark.parametrize(
    "content",
    [
        WHOLE_PAGE + TWO_LINES,
        WHOLE_PAGE + han("卷一第三页", 400, 20),
        WHOLE_PAGE + b"10 10 m 300 300 l S",
        WHOLE_PAGE + b"1 1 1 rg 100 100 100 30 re f",
        WHOLE_PAGE + b"q 60 0 0 60 400 100 cm /Scan Do Q",
        b"/Half gs " + WHOLE_PAGE,
        b"q 500 0 0 708 47 67 cm /Scan Do Q",
        b"q -595 0 0 842 595 0 cm /Scan Do Q",
        b"q 594 20 -20 841 10 -10 cm /Scan Do Q",
        b"q 595 0 0 421 0 0 cm /Scan Do Q",
        b"q 300 421 m 0 0 l 595 0 l h W n " + WHOLE_PAGE + b"Q",
    ],
    ids=[
        "text over it",
        "an imprinted line",
        "a stroke",
        "a patch",
        "a second picture",
        "half transparent",
        "margins",
        "mirrored",
        "skewed",
        "squeezed",
        "cut to a triangle",
    ],
)
def test_a_scan_with_anything_done_to_it_is_rendered(content: bytes, kind_of: Any) -> None:
    assert kind_of(Page(content, pictures=SCAN)) == "pdf_drawing"


def stencil() -> Picture:
    entries = {"Width": 595, "Height": 842, "ImageMask": True, "BitsPerComponent": 1, "Filter": Name.FlateDecode}
    return Picture(zlib.compress(bytes(75 * 842)), entries)


@pytest.mark.parametrize(
    "picture",
    [
        stencil(),
        jpeg_picture(coded(scan_pixels(), "JPEG"), Decode=Array([1, 0, 1, 0, 1, 0])),
        jpeg_picture(coded(scan_pixels(), "JPEG"), Mask=Array([0, 9, 0, 9, 0, 9])),
        Picture(SCAN["Scan"].data, SCAN["Scan"].entries, mask=bytes([255]) * (595 * 842)),
    ],
    ids=["stencil", "turned samples", "colour key", "soft mask"],
)
def test_a_picture_that_does_not_mean_its_samples_is_rendered(picture: Picture, kind_of: Any) -> None:
    assert kind_of(Page(WHOLE_PAGE, pictures={"Scan": picture})) == "pdf_drawing"


def test_a_picture_through_which_text_shines_does_not_hide_it(kind_of: Any) -> None:
    page = Page(TWO_LINES + WHOLE_PAGE, pictures={"Scan": stencil()})
    assert kind_of(page) == "pdf_drawing"


def note(kind: Any, **entries: Any) -> Dictionary:
    return Dictionary(Type=Name.Annot, Subtype=kind, Rect=Array([100, 100, 200, 150]), **entries)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (note(Name.Square, C=Array([1, 0, 0])), "pdf_drawing"),
        (note(Name.Highlight), "pdf_drawing"),
        (note(Name.Link), "pdf_picture"),
        (note(Name.Popup), "pdf_picture"),
        (note(Name.Square, F=2), "pdf_picture"),
        (note(Name.Stamp), "pdf_picture"),
        (note(Name.Widget, FT=Name.Sig), "pdf_picture"),
    ],
    ids=["square", "highlight", "link", "popup", "hidden square", "stamp without a look", "unsigned field"],
)
def test_a_scan_with_a_mark_on_it_is_rendered(annotation: Dictionary, kind: str, kind_of: Any) -> None:
    assert kind_of(Page(WHOLE_PAGE, pictures=SCAN, annotations=(annotation,))) == kind


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (note(Name.FreeText, Contents=String("旁注"), DA=String("/Helv 12 Tf 0 g")), "pdf_drawing"),
        (note(Name.Widget, FT=Name.Tx, V=String("张三"), DA=String("/Helv 12 Tf 0 g")), "pdf_drawing"),
        (note(Name.Widget, FT=Name.Tx), "pdf_text"),
        (note(Name.Highlight), "pdf_text"),
        (note(Name.Link), "pdf_text"),
    ],
    ids=["free text", "filled field", "empty field", "highlight", "link"],
)
def test_text_typed_onto_a_page_is_read_with_it(annotation: Dictionary, kind: str, kind_of: Any) -> None:
    assert kind_of(Page(TWO_LINES, annotations=(annotation,))) == kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (TWO_LINES, "pdf_text"),
        (WHITE_PAGE + TWO_LINES, "pdf_text"),
        (b"0 g 0 600 595 242 re f 1 g " + TWO_LINES, "pdf_text"),
        (b"72 690 200 60 re S " + TWO_LINES, "pdf_text"),
        (TWO_LINES + b"q 120 0 0 120 400 100 cm /Scan Do Q", "pdf_text"),
        (TWO_LINES + b"q 400 0 0 566 100 60 cm /Scan Do Q", "pdf_drawing"),
        (b"3 Tr " + TWO_LINES, "pdf_drawing"),
        (b"1 g " + TWO_LINES, "pdf_drawing"),
        (TWO_LINES + b"0 g 50 650 500 120 re f", "pdf_drawing"),
        (TWO_LINES + b"1 g 50 650 500 120 re f", "pdf_drawing"),
        (b"BT /Unmapped 12 Tf 72 700 Td <00210022002300240025> Tj ET", "pdf_drawing"),
        (b"BT /Unmapped 12 Tf 72 650 Td <0021> Tj ET " + TWO_LINES, "pdf_text"),
        (b"BT /Latin 12 Tf 72 700 Td (   ) Tj ET", "pdf_drawing"),
        (b"", "pdf_drawing"),
        (WHITE_PAGE, "pdf_drawing"),
    ],
    ids=[
        "black on nothing",
        "black on a white rectangle",
        "white on black",
        "in a frame",
        "beside a small picture",
        "beside a large picture",
        "invisible",
        "white on nothing",
        "blacked out",
        "whited out",
        "without Unicode",
        "nearly all with Unicode",
        "spaces only",
        "nothing",
        "a white rectangle",
    ],
)
def test_text_is_the_page_s_own_where_it_is_seen_and_means_something(content: bytes, kind: str, kind_of: Any) -> None:
    assert kind_of(Page(content, pictures=SCAN)) == kind


def test_words_that_are_outlines_are_read_even_with_a_page_number_in_text(kind_of: Any) -> None:
    outlines = b"".join(b"%d %d m %d %d %d %d %d %d c h f\n" % (x, y, x + 3, y, x + 9, y + 5, x, y + 9)
                        for x in range(50, 550, 10) for y in range(100, 800, 20))  # fmt: skip
    assert kind_of(Page(outlines + han("第三页", 280, 40))) == "pdf_drawing"


@pytest.mark.parametrize(
    ("matrix", "rotate", "kind"),
    [
        (b"1 0 0 1 72 700", 0, "pdf_text"),
        (b"1 0 0 1 72 700", 90, "pdf_drawing"),
        (b"0 1 -1 0 300 100", 0, "pdf_drawing"),
        (b"0 1 -1 0 300 100", 90, "pdf_text"),
        (b"-1 0 0 -1 400 700", 0, "pdf_drawing"),
        (b"-1 0 0 -1 400 700", 180, "pdf_text"),
    ],
)
def test_text_must_stand_upright_as_displayed(matrix: bytes, rotate: int, kind: str, kind_of: Any) -> None:
    words = FIRST_LINE.encode("utf-16-be").hex().encode()
    content = b"BT /Han 12 Tf %s Tm <%s> Tj ET" % (matrix, words)
    assert kind_of(Page(content, entries={"Rotate": rotate})) == kind


def test_a_file_with_hidden_layers_is_rendered_as_it_looks(kind_of: Any) -> None:
    layers = Dictionary(OCGs=Array([]), D=Dictionary(OFF=Array([Dictionary(Type=Name.OCG, Name=String("底稿"))])))
    assert kind_of(Page(TWO_LINES), root={"OCProperties": layers}) == "pdf_drawing"


def test_a_page_of_large_units_is_as_large_as_it_says(put: Any) -> None:
    (page,) = inspect(put(pdf_of(Page(TWO_LINES, entries={"UserUnit": 2})))).pages
    # 595 × 842 units of 1/36 inch at 300 dpi: 4958.3 × 7016.7
    assert (page.width, page.height, page.dpi) == (4958, 7017, 300.0)


# Refusals


WHOLE = pdf_of(Page(WHOLE_PAGE, pictures=SCAN), Page(TWO_LINES), Page(TWO_LINES))


@pytest.mark.parametrize("saving", [{}, {"linearize": True}, {"object_stream_mode": pikepdf.ObjectStreamMode.generate}])
def test_a_pdf_cut_anywhere_is_truncated(saving: dict[str, Any], put: Any) -> None:
    whole = pdf_of(Page(WHOLE_PAGE, pictures=SCAN), Page(TWO_LINES), Page(TWO_LINES), **saving)
    cuts = {5, 9, 100, len(whole) - 3, len(whole) - 20, *(len(whole) * part // 31 for part in range(1, 31))}
    for cut in sorted(cuts):
        with pytest.raises(TruncatedFile):
            inspect(put(whole[:cut]))


def test_a_pdf_cut_within_a_later_revision_is_truncated(put: Any) -> None:
    with pytest.raises(TruncatedFile):
        inspect(put(WHOLE + b"\n3 0 obj\n<< /Type /Page /Contents 9 0 R"))


def test_a_pdf_whose_last_part_was_never_written_is_truncated(put: Any) -> None:
    half = len(WHOLE) // 2
    with pytest.raises(TruncatedFile):
        inspect(put(WHOLE[:half] + bytes(len(WHOLE) - half)))


@pytest.mark.parametrize("left_over", [b"\x00" * 4096, b"\n\n", b"<!-- sent by a scanner -->"])
def test_what_follows_a_complete_pdf_is_no_harm(left_over: bytes, put: Any) -> None:
    assert len(inspect(put(WHOLE + left_over)).pages) == 3


def test_a_broken_table_of_objects_is_repaired_where_all_pages_are_there(put: Any) -> None:
    pages = inspect(put(WHOLE.replace(b"startxref\n", b"startxref\n9"))).pages
    assert [page.kind for page in pages] == ["pdf_picture", "pdf_text", "pdf_text"]


def test_a_pdf_with_fewer_pages_than_it_announces_is_truncated(put: Any) -> None:
    with pytest.raises(TruncatedFile, match="2 of 5 pages"):
        inspect(put(WHOLE.replace(b"/Count 3", b"/Count 5")))


def test_a_pdf_that_asks_for_a_password_is_encrypted(put: Any) -> None:
    for strength in (3, 4, 6):
        modern = strength > 3
        lock = Encryption(owner="gate", user="door", R=strength, aes=modern, metadata=modern)
        locked = pdf_of(Page(TWO_LINES), encryption=lock)
        with pytest.raises(EncryptedFile):
            inspect(put(locked))


def test_a_pdf_without_a_page_is_empty(put: Any) -> None:
    with pytest.raises(EmptyFile):
        inspect(put(pdf_of()))


def test_a_pdf_with_more_pages_than_the_limit_is_refused(put: Any) -> None:
    with pytest.raises(FileTooLarge):
        inspect(put(WHOLE), Limits(max_pages=2))


def test_a_picture_that_claims_billions_of_pixels_is_refused_before_it_is_decoded(put: Any) -> None:
    claim = Picture(b"x", {**SCAN["Scan"].entries, "Width": 65_000, "Height": 65_000})
    with pytest.raises(FileTooLarge):
        inspect(put(pdf_of(Page(WHOLE_PAGE, pictures={"Scan": claim}))))


def test_pages_that_hang_in_a_circle_are_damaged(put: Any) -> None:
    content = pdf_of(Page(TWO_LINES))
    kids = content[content.index(b"/Kids") :].split(b"]", 1)[0]
    number = content[: content.index(b"/Kids")].rsplit(b" 0 obj", 1)[0].rsplit(b"\n", 1)[1]
    with pytest.raises(DamagedFile):
        inspect(put(content.replace(kids, (b"/Kids [ %s 0 R " % number).ljust(len(kids)))))


@pytest.mark.parametrize(
    "forms",
    [
        {"A": b"/A Do /A Do"},
        {"A": b"/B Do /B Do", "B": b"/A Do /A Do"},
        {f"F{depth}": b"/F%d Do " % (depth + 1) * 10 for depth in range(12)} | {"A": b"/F0 Do", "F12": b"0 0 1 1 re f"},
    ],
    ids=["paints itself", "paint each other", "a trillion times"],
)
def test_a_page_that_unfolds_without_end_is_refused(forms: dict[str, bytes], put: Any) -> None:
    # A form without resources of its own takes the page's.
    with pytest.raises(DamagedFile):
        inspect(put(pdf_of(Page(b"/A Do", forms=forms))))


def test_content_that_is_noise_is_a_page_all_the_same(put: Any) -> None:
    noise = np.random.default_rng(1).integers(0, 256, 5000, dtype=np.uint8).tobytes()
    (page,) = inspect(put(pdf_of(Page(noise)))).pages
    assert page.kind in ("pdf_drawing", "pdf_text")


@pytest.mark.parametrize(
    "entries",
    [
        {"Rotate": 45},
        {"MediaBox": Array([0, 0, Name.Wide, 5])},
        {"CropBox": Array([900, 900, 990, 990])},
        {"UserUnit": Name.Large},
        {"Annots": Array([1, Name.Odd, Dictionary(Subtype=Name.Square, Rect=Array([1, 2, Name.Odd, 4]))])},
    ],
    ids=["rotate", "media box", "crop box", "unit", "annotations"],
)
def test_an_entry_that_makes_no_sense_does_not_cost_the_page(entries: dict[str, Any], put: Any) -> None:
    assert len(inspect(put(pdf_of(Page(TWO_LINES, entries=entries)))).pages) == 1


def test_damage_anywhere_ends_in_pages_or_in_a_reason(put: Any) -> None:
    chance = np.random.default_rng(5)
    refused = (TruncatedFile, DamagedFile, EmptyFile, EncryptedFile, FileTooLarge)
    outcomes = set()
    for _ in range(60):
        content = bytearray(WHOLE)
        for place in chance.integers(10, len(content), 8):
            content[place] = chance.integers(0, 256)
        try:
            outcomes.add(len(inspect(put(bytes(content))).pages))
        except refused as refusal:
            outcomes.add(refusal.code)
    assert 3 in outcomes


def test_four_hundred_scanned_pages_with_invisible_text_take_seconds(put: Any) -> None:
    words = b"BT /Latin 10 Tf 3 Tr " + b"".join(b"1 0 0 1 %d %d Tm (word) Tj " % (50 + n % 10 * 50, 800 - n // 10 * 18)
                                                for n in range(200)) + b"ET"  # fmt: skip
    path = put(pdf_of(*[Page(WHOLE_PAGE + words, pictures=SCAN)] * 400))
    start = time.perf_counter()
    pages = inspect(path).pages
    assert time.perf_counter() - start < 5
    assert {page.kind for page in pages} == {"pdf_picture"}
