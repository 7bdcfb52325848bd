"""PDFs that unfold to much, point in circles, are locked, or carry what would act: written by hand, object by object.

Their tables are right where they need not be wrong.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping

import pikepdf
from pikepdf import Dictionary, Name, Pdf, String

from tests.hostile.bad_pictures import saved, squeezed
from tests.hostile.specimen import DYNAMIC_FORM, PAGES, Specimen, specimen
from tests.made_pdfs import TWO_LINES, WHOLE_PAGE, Page, jpeg_picture, pdf_of

_BAD = ("damaged", "truncated", "too_large", "empty")


def written(objects: Mapping[int, bytes], root: int = 1, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, with a correct table of them."""
    out = io.BytesIO(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    out.seek(0, io.SEEK_END)
    places: dict[int, int] = {}
    for number, body in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    most = max(objects) + 1
    lines = [
        b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n" for number in range(most)
    ]
    out.write(b"xref\n0 %d\n%s" % (most, b"".join(lines)))
    out.write(b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (most, root, trailer, table))
    return out.getvalue()


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def one_page(content: bytes, more: Mapping[int, bytes] | None = None, page: bytes = b"", root: bytes = b"") -> bytes:
    """A PDF of one page: object 4 is its content, further ones from 5 on."""
    return written(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % root,
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % page,
            4: content,
            **(more or {}),
        }
    )


def bad_pdfs() -> Iterator[Specimen]:
    yield from _bombs()
    yield from _circles()
    yield from _trees()
    yield from _tables()
    yield from _pictures()
    yield from _pages()
    yield from _locked()
    yield from _acting()


def _painting(image: bytes) -> bytes:
    """A page that paints object 5, a picture."""
    return one_page(stream(WHOLE_PAGE), {5: image}, b"/Resources << /XObject << /Scan 5 0 R >> >>")


def _image(
    data: bytes, width: int, height: int, entries: bytes = b"/Filter /FlateDecode", space: bytes = b"/DeviceGray"
) -> bytes:
    fixed = b"/Type /XObject /Subtype /Image /BitsPerComponent 8 /Width %d /Height %d /ColorSpace %s " % (
        width,
        height,
        space,
    )
    return stream(data, fixed + entries)


def _bombs() -> Iterator[Specimen]:
    flate = b"/Filter /FlateDecode"
    yield specimen("pdf-flate-gigabyte-of-spaces.pdf", lambda: one_page(stream(squeezed(1 << 30, b" "), flate)))
    yield specimen("pdf-flate-many-operators.pdf", lambda: one_page(stream(squeezed(200 << 20, b"q Q "), flate)))
    yield specimen("pdf-flate-deep-states.pdf", lambda: one_page(stream(squeezed(20 << 20, b"q "), flate)), "damaged")
    yield specimen("pdf-flate-long-number.pdf", lambda: one_page(stream(squeezed(100 << 20, b"9"), flate)))
    yield specimen("pdf-flate-long-string.pdf", lambda: one_page(stream(b"x" + squeezed(1000, b"("), flate)))
    twice = b"/Filter [/FlateDecode /FlateDecode]"
    yield specimen("pdf-flate-twice.pdf", lambda: one_page(stream(zlib.compress(squeezed(1 << 30, b" "), 9), twice)))
    nested = TWO_LINES
    for _ in range(26):
        nested = zlib.compress(nested)
    filters = b"/Filter [%s]" % (b"/FlateDecode " * 26)
    yield specimen("pdf-filters-26.pdf", one_page(stream(nested, filters)))
    yield specimen("pdf-filters-26-empty.pdf", one_page(stream(TWO_LINES, filters)))
    yield specimen("pdf-filters-100000.pdf", one_page(stream(TWO_LINES, b"/Filter [%s]" % (b"/AHx " * 100_000))))
    runs = b"/Filter [/FlateDecode /RunLengthDecode]"
    yield specimen("pdf-filter-runs.pdf", lambda: one_page(stream(squeezed(20 << 20, b"\x81 "), runs)))
    yield specimen("pdf-filter-lzw-noise.pdf", one_page(stream(bytes(range(256)) * 100, b"/Filter /LZWDecode")))
    predictor = b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors 2147483647 /Columns 2147483647 >>"
    yield specimen("pdf-filter-predictor.pdf", one_page(stream(zlib.compress(TWO_LINES), predictor)))
    yield specimen("pdf-filter-crypt.pdf", one_page(stream(TWO_LINES, b"/Filter /Crypt")))
    yield specimen("pdf-filter-unknown.pdf", one_page(stream(TWO_LINES, b"/Filter /Nonsense")))
    for depth in (600, 100_000):
        deep = b"[" * depth + b"]" * depth
        yield specimen(f"pdf-arrays-{depth}-deep.pdf", one_page(stream(TWO_LINES), {5: deep}, b"/Odd 5 0 R"))
        dictionaries = b"<< /A " * depth + b"0" + b" >>" * depth
        yield specimen(
            f"pdf-dictionaries-{depth}-deep.pdf", one_page(stream(TWO_LINES), {5: dictionaries}, b"/Odd 5 0 R")
        )
    yield specimen("pdf-content-array-deep.pdf", one_page(stream(b"[" * 200_000)))
    yield specimen(
        "pdf-content-inline-picture.pdf",
        one_page(stream(b"BI /W 65000 /H 65000 /BPC 8 /CS /G ID " + bytes(100) + b" EI")),
    )
    many = b"[%s]" % (b"4 0 R " * 100_000)
    yield specimen(
        "pdf-content-100000-times.pdf", one_page(stream(TWO_LINES)).replace(b"/Contents 4 0 R", b"/Contents " + many)
    )


def _circles() -> Iterator[Specimen]:
    leaf = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    yield specimen("pdf-tree-itself.pdf", written({1: catalog, 2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}), *_BAD)
    pair = {
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
    }
    yield specimen("pdf-tree-circle.pdf", written({1: catalog, **pair}), *_BAD)
    twice = {2: b"<< /Type /Pages /Kids [3 0 R 3 0 R 2 0 R] /Count 3 >>", 3: leaf}
    yield specimen("pdf-tree-circle-with-pages.pdf", written({1: catalog, **twice}))
    fans = {
        number: b"<< /Type /Pages /Parent %d 0 R /Kids [%s] /Count 10 >>" % (number - 1, b"%d 0 R " % (number + 1) * 10)
        for number in range(2, 12)
    }
    yield specimen("pdf-tree-ten-to-the-tenth.pdf", written({1: catalog, **fans, 12: leaf}))
    yield specimen("pdf-root-is-a-number.pdf", written({1: b"7"}), *_BAD)
    yield specimen("pdf-root-itself.pdf", written({1: b"1 0 R"}), *_BAD)
    yield specimen("pdf-pages-missing.pdf", written({1: b"<< /Type /Catalog >>"}), *_BAD)
    yield specimen("pdf-length-itself.pdf", one_page(b"<< /Length 4 0 R >>\nstream\n" + TWO_LINES + b"\nendstream"))
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /F 5 0 R /G 6 0 R >> >>"
    forms = {5: stream(b"/F Do /G Do", form), 6: stream(b"/F Do /F Do", form)}
    resources = b"/Resources << /XObject << /F 5 0 R >> >>"
    yield specimen("pdf-forms-circle.pdf", one_page(stream(b"/F Do"), forms, resources), "damaged")
    doubling = {
        number: stream(b"/N Do " * 10, form.replace(b"/F 5 0 R /G 6 0 R", b"/N %d 0 R" % (number + 1)))
        for number in range(5, 15)
    }
    bomb = one_page(
        stream(b"/N Do"), {**doubling, 15: stream(b"0 0 9 9 re f", form)}, resources.replace(b"/F 5", b"/N 5")
    )
    yield specimen("pdf-forms-ten-to-the-tenth.pdf", bomb, "damaged")
    pattern = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 "
    tiled = {5: stream(b"/Pattern cs /P scn 0 0 9 9 re f", pattern + b"/Resources << /Pattern << /P 5 0 R >> >>")}
    painting = stream(b"/Pattern cs /P scn 0 0 595 842 re f")
    yield specimen("pdf-pattern-circle.pdf", one_page(painting, tiled, b"/Resources << /Pattern << /P 5 0 R >> >>"))
    tiny = {
        5: stream(
            b"0 0 9 9 re f", pattern.replace(b"/XStep 9 /YStep 9", b"/XStep 1e-9 /YStep 1e-9") + b"/Resources << >>"
        )
    }
    yield specimen(
        "pdf-pattern-of-tiny-steps.pdf", one_page(painting, tiny, b"/Resources << /Pattern << /P 5 0 R >> >>")
    )
    glyph = {
        5: b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 65 /LastChar 65"
        b" /Widths [9] /Encoding << /Differences [65 /A] >> /CharProcs << /A 6 0 R >> /Resources << /Font << /T 5 0 R >> >> >>",  # noqa: E501
        6: stream(b"9 0 d0 BT /T 1 Tf (AAAAAAAAAA) Tj ET"),
    }
    shown = stream(b"BT /T 12 Tf 72 720 Td (AAAAAAAAAA) Tj ET")
    yield specimen("pdf-font-circle.pdf", one_page(shown, glyph, b"/Resources << /Font << /T 5 0 R >> >>"))
    masked = {5: _image(zlib.compress(bytes(10_000)), 100, 100, b"/Filter /FlateDecode /SMask 5 0 R")}
    yield specimen(
        "pdf-mask-itself.pdf", one_page(stream(WHOLE_PAGE), masked, b"/Resources << /XObject << /Scan 5 0 R >> >>")
    )
    outline = {
        5: b"<< /First 6 0 R /Last 6 0 R /Count 1 >>",
        6: b"<< /Title (a) /Parent 5 0 R /Next 6 0 R /First 6 0 R >>",
    }
    yield specimen("pdf-outline-circle.pdf", one_page(stream(TWO_LINES), outline, root=b"/Outlines 5 0 R"), PAGES)
    labels = {5: b"<< /Kids [5 0 R 5 0 R] >>"}
    yield specimen("pdf-labels-circle.pdf", one_page(stream(TWO_LINES), labels, root=b"/PageLabels 5 0 R"), PAGES)
    names = {5: b"<< /Kids [5 0 R] >>"}
    yield specimen(
        "pdf-names-circle.pdf", one_page(stream(TWO_LINES), names, root=b"/Names << /EmbeddedFiles 5 0 R >>"), PAGES
    )
    fields = {5: b"<< /T (a) /Kids [5 0 R] /Parent 5 0 R >>"}
    yield specimen(
        "pdf-fields-circle.pdf", one_page(stream(TWO_LINES), fields, root=b"/AcroForm << /Fields [5 0 R] >>"), PAGES
    )
    inherited = one_page(stream(TWO_LINES)).replace(b"/Kids [3 0 R]", b"/Parent 2 0 R /Kids [3 0 R]")
    yield specimen("pdf-parent-itself.pdf", inherited)


def _trees() -> Iterator[Specimen]:
    def chain(depth: int) -> bytes:
        objects = {
            number: b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (max(number - 1, 2), number + 1)
            for number in range(2, depth)
        }
        leaf = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] >>" % (depth - 1)
        return written({1: b"<< /Type /Catalog /Pages 2 0 R >>", **objects, depth: leaf})

    yield specimen("pdf-tree-100-deep.pdf", chain(100))
    yield specimen("pdf-tree-20000-deep.pdf", lambda: chain(20_000))
    for count in (b"-1", b"0", b"2147483647", b"99999999999999999999", b"1.5", b"(one)", b"null"):
        content = one_page(stream(TWO_LINES)).replace(b"/Count 1", b"/Count " + count)
        yield specimen(f"pdf-count-{count.decode().strip('()')}.pdf", content)
    yield specimen("pdf-pages-100000.pdf", many_pages, "too_large")
    yield specimen(
        "pdf-pages-100000-hidden.pdf", lambda: many_pages().replace(b"/Count 100000", b"/Count 1     "), "too_large"
    )


def many_pages(count: int = 100_000) -> bytes:
    """A PDF of so many empty pages in one list."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)}
    return written({**objects, **dict.fromkeys(range(3, count + 3), page)})


def _tables() -> Iterator[Specimen]:
    good = one_page(stream(TWO_LINES))
    end = good.rindex(b"startxref")
    place = int(good[end:].split()[1])
    yield specimen("pdf-table-far-away.pdf", good[:end] + b"startxref\n99999999999999\n%%EOF\n")
    yield specimen("pdf-table-before-itself.pdf", good[:end].replace(b"/Size", b"/Prev %d /Size" % place) + good[end:])
    yield specimen("pdf-table-negative.pdf", good[:end] + b"startxref\n-1\n%%EOF\n")
    yield specimen("pdf-table-of-billions.pdf", good.replace(b"xref\n0 5", b"xref\n0 4294967295"))
    yield specimen("pdf-table-sized-billions.pdf", good.replace(b"/Size 5", b"/Size 99999999999"))
    for widths in (b"[8 8 8]", b"[1 2147483647 1]", b"[-1 2 1]", b"[0 0 0]", b"[1]"):
        table = stream(bytes(200), b"/Type /XRef /Size 2147483647 /W %s /Root 1 0 R" % widths)
        content = good[:place] + b"9 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % place
        yield specimen(f"pdf-table-widths-{widths.decode().strip('[]').replace(' ', '.')}.pdf", content)
    for name, entries in (
        ("billions", b"/N 2147483647 /First 10"),
        ("behind", b"/N 2 /First 999999"),
        ("itself", b"/N 1 /First 5 /Extends 5 0 R"),
        ("negative", b"/N -1 /First -1"),
    ):
        held = {5: stream(b"1 0 2 9 << /A 1 >> << /B 2 >>", b"/Type /ObjStm " + entries)}
        yield specimen(f"pdf-objects-{name}.pdf", one_page(stream(TWO_LINES), held, b"/Odd 5 0 R"))
    yield specimen("pdf-objects-flate-bomb.pdf", _object_bomb)
    packed = io.BytesIO()
    with Pdf.open(io.BytesIO(good)) as pdf:
        pdf.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=False)
    inside = packed.getvalue()
    yield specimen("pdf-objects-count-wrong.pdf", inside.replace(b"/N ", b"/N 9999999"))
    yield specimen("pdf-objects-first-wrong.pdf", inside.replace(b"/First ", b"/First 9"))
    revision = (
        b"4 0 obj\n"
        + stream(TWO_LINES)
        + b"\nendobj\ntrailer\n<< /Size 5 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    )
    yield specimen("pdf-revisions-2000.pdf", good + (revision % (place, place)) * 2000)
    linearized = b"%PDF-1.7\n9 0 obj\n<< /Linearized 1 /L 9999999 /H [0 0] /O 3 /E 0 /N 1 /T 0 >>\nendobj\n" + good[9:]
    yield specimen("pdf-linearized-length-wrong.pdf", linearized, "truncated")
    yield specimen("pdf-comments-20-megabytes.pdf", good[:9] + b"%" * 20_000_000 + b"\n" + good[9:])
    yield specimen(
        "pdf-objects-million-empty.pdf",
        lambda: good[:9] + b"".join(b"%d 0 obj\nnull\nendobj\n" % n for n in range(10, 300_000)) + good[9:],
    )
    yield specimen("pdf-nothing-but-a-head.pdf", b"%PDF-1.7\n", "truncated")
    yield specimen("pdf-head-and-end.pdf", b"%PDF-1.7\n%%EOF\n", *_BAD)
    yield specimen("pdf-noise-between.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 4000 + b"%%EOF\n", *_BAD)


def _object_bomb() -> bytes:
    """Objects stand in a stream of half a gigabyte, and the table says so."""
    good = one_page(stream(TWO_LINES), page=b"/Odd 8 0 R")
    place = int(good[good.rindex(b"startxref") :].split()[1])
    holder = b"7 0 obj\n%s\nendobj\n" % stream(
        squeezed(500 << 20, b"8 0 "), b"/Type /ObjStm /N 100000000 /First 10 /Filter /FlateDecode"
    )
    table = place + len(holder)
    rows = b"".join(b"\2%s\0" % (7).to_bytes(4, "big") for _ in range(1))
    listed = stream(rows, b"/Type /XRef /Size 9 /Index [8 1] /W [1 4 1] /Root 1 0 R /Prev %d" % table)
    old = good[place : good.rindex(b"startxref")]
    own = table + len(old)
    return good[:place] + holder + old + b"9 0 obj\n" + listed + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % own


def _pictures() -> Iterator[Specimen]:
    few = zlib.compress(bytes(5000))
    yield specimen("pdf-picture-65000.pdf", _painting(_image(few, 65_000, 65_000)), "too_large")
    yield specimen("pdf-picture-four-billion.pdf", _painting(_image(few, 2**32 - 1, 2**32 - 1)))
    yield specimen("pdf-picture-negative.pdf", _painting(_image(few, -10, -10)))
    yield specimen("pdf-picture-flate-bomb.pdf", lambda: _painting(_image(squeezed(400 << 20), 100, 100)))
    yield specimen("pdf-picture-18000.pdf", lambda: _painting(_image(squeezed(400 << 20), 18_000, 18_000)))
    jpeg = saved("JPEG")
    for name, width, height in (("larger", 6000, 8000), ("smaller", 62, 88), ("65000", 65_000, 65_000)):
        yield specimen(
            f"pdf-jpeg-said-{name}.pdf", _painting(_image(jpeg, width, height, b"/Filter /DCTDecode", b"/DeviceRGB"))
        )
    noise = bytes(range(256)) * 40
    for coding, parameters in (
        (b"JBIG2Decode", b""),
        (b"JPXDecode", b""),
        (b"CCITTFaxDecode", b"/DecodeParms << /K -1 /Columns 2147483647 /Rows 2147483647 >>"),
        (b"CCITTFaxDecode", b"/DecodeParms << /K 1 /Columns 620 >>"),
        (b"DCTDecode", b""),
        (b"RunLengthDecode", b""),
    ):
        entries = b"/Filter /%s %s" % (coding, parameters)
        name = coding.decode() + ("-huge" if b"2147483647" in parameters else "")
        yield specimen(f"pdf-coding-{name}-{len(parameters)}.pdf", _painting(_image(noise, 620, 877, entries)))
    for name, space in (
        ("indexed-huge", b"[/Indexed /DeviceRGB 2147483647 <00>]"),
        ("indexed-itself", b"[/Indexed 6 0 R 255 <00>]"),
        ("separation", b"[/Separation /All /DeviceCMYK << /FunctionType 2 /Domain [0 1] /N 1e308 >>]"),
        ("devicen", b"[/DeviceN [%s] /DeviceCMYK << /FunctionType 2 /Domain [0 1] /N 1 >>]" % (b"/C " * 5000)),
        ("profile", b"[/ICCBased 7 0 R]"),
    ):
        more = {6: space, 7: stream(b"\xff" * 5000, b"/N 3")}
        image = {5: _image(zlib.compress(bytes(30_000)), 100, 100, b"/Filter /FlateDecode", b"6 0 R"), **more}
        yield specimen(
            f"pdf-space-{name}.pdf", one_page(stream(WHOLE_PAGE), image, b"/Resources << /XObject << /Scan 5 0 R >> >>")
        )
    program = b"{ %s }" % (b"dup " * 100_000)
    function = {5: stream(program, b"/FunctionType 4 /Domain [0 1] /Range [0 1 0 1 0 1]")}
    shading = b"/Resources << /Shading << /S << /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 595 842] /Function 5 0 R >> >> >>"  # noqa: E501
    yield specimen("pdf-shading-program.pdf", one_page(stream(b"/S sh"), function, shading))
    sampled = {
        5: stream(
            bytes(100),
            b"/FunctionType 0 /Domain [0 1 0 1 0 1 0 1] /Range [0 1] /Size [65535 65535 65535 65535] /BitsPerSample 32",
        )
    }
    yield specimen("pdf-shading-samples.pdf", one_page(stream(b"/S sh"), sampled, shading))
    crowd = {number: _image(zlib.compress(bytes(100)), 10, 10) for number in range(5, 5005)}
    named = b"/Resources << /XObject << %s >> >>" % b"".join(b"/I%d %d 0 R " % (number, number) for number in crowd)
    painted = b"".join(
        b"q 9 0 0 9 %d %d cm /I%d Do Q\n" % (number % 60 * 9, number // 60 * 9, number) for number in crowd
    )
    yield specimen("pdf-pictures-5000.pdf", one_page(stream(painted), crowd, named))
    again = b"q 595 0 0 842 0 0 cm /Scan Do Q\n" * 20_000
    large = {5: _image(squeezed(3000 * 4000), 3000, 4000)}
    yield specimen(
        "pdf-picture-20000-times.pdf", one_page(stream(again), large, b"/Resources << /XObject << /Scan 5 0 R >> >>")
    )


def _pages() -> Iterator[Specimen]:
    good = one_page(stream(TWO_LINES))
    for name, box in (
        ("huge", b"[0 0 1e9 1e9]"),
        ("endless", b"[0 0 1e400 1e400]"),
        ("tiny", b"[0 0 1e-9 1e-9]"),
        ("upside-down", b"[595 842 0 0]"),
        ("no-number", b"[/a /b (c) null]"),
        ("short", b"[0 0]"),
        ("million", b"[0 0 1000000 1000000]"),
        ("nothing", b"[]"),
        ("line", b"[0 0 100000000 1]"),
    ):
        yield specimen(f"pdf-box-{name}.pdf", good.replace(b"[0 0 595 842]", box))
    for name, entry in (
        ("unit-huge", b"/UserUnit 1e30"),
        ("unit-negative", b"/UserUnit -5"),
        ("rotate-45", b"/Rotate 45"),
        ("rotate-huge", b"/Rotate 99999999999999"),
        ("rotate-name", b"/Rotate /Left"),
        ("crop-beside", b"/CropBox [9000 9000 9100 9100]"),
        ("resources-number", b"/Resources 5"),
    ):
        yield specimen(f"pdf-page-{name}.pdf", good.replace(b"/Contents 4 0 R", b"/Contents 4 0 R " + entry))
    lines = b"0 0 m " + b"%d %d l " * 1 % (300, 400) * 500_000 + b"S"
    yield specimen("pdf-path-500000-points.pdf", one_page(stream(zlib.compress(lines), b"/Filter /FlateDecode")))
    dashes = b"[1e-7 1e-7] 0 d 0 0 m 595 842 l S"
    yield specimen("pdf-dashes-endless.pdf", one_page(stream(dashes)))
    widths = b"1e38 w 0 0 m 1e38 1e38 l S 0 0 m nan nan l S"
    yield specimen("pdf-numbers-beyond.pdf", one_page(stream(widths)))
    text = b"BT /F 1e30 Tf 1e30 0 0 1e30 0 0 Tm (a) Tj ET"
    yield specimen("pdf-text-beyond.pdf", one_page(stream(text)))
    shown = b"BT /F 1 Tf " + b"(aaaaaaaaaa) Tj " * 100_000 + b"ET"
    font = b"/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    yield specimen(
        "pdf-text-million-letters.pdf", one_page(stream(zlib.compress(shown), b"/Filter /FlateDecode"), page=font)
    )
    mapping = (
        b"1 begincodespacerange <0000> <FFFFFFFF> endcodespacerange 1 beginbfrange <0000> <FFFFFFFF> <0041> endbfrange"
    )
    composite = {
        5: b"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [7 0 R] >>",  # noqa: E501
        6: stream(mapping),
        7: b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo << /Registry (A) /Ordering (I) /Supplement 0 >>"  # noqa: E501
        b" /W [0 2147483647 1000] /DW 1000 >>",
    }
    han = stream(b"BT /F 12 Tf 72 720 Td <00410042> Tj ET")
    yield specimen("pdf-font-map-of-billions.pdf", one_page(han, composite, b"/Resources << /Font << /F 5 0 R >> >>"))
    broken = {
        5: b"<< /Type /Font /Subtype /TrueType /BaseFont /A /FontDescriptor << /FontName /A /FontFile2 6 0 R >> >>",
        6: stream(bytes(range(256)) * 50),
    }
    yield specimen(
        "pdf-font-noise.pdf",
        one_page(stream(b"BT /F 12 Tf 72 720 Td (abc) Tj ET"), broken, b"/Resources << /Font << /F 5 0 R >> >>"),
    )
    marks = dict.fromkeys(range(5, 20005), b"<< /Type /Annot /Subtype /Square /Rect [0 0 9 9] /C [1 0 0] >>")
    listed = b"/Annots [%s]" % b" ".join(b"%d 0 R" % number for number in marks)
    yield specimen("pdf-annotations-20000.pdf", one_page(stream(TWO_LINES), marks, listed))
    laughing = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">%s]><a>&j;</a>' % b"".join(
        b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in b"bcdefghij"
    )
    described = {5: stream(laughing, b"/Type /Metadata /Subtype /XML")}
    yield specimen("pdf-metadata-laughing.pdf", one_page(stream(TWO_LINES), described, root=b"/Metadata 5 0 R"), PAGES)


def _locked() -> Iterator[Specimen]:
    for revision in (2, 3, 4, 6):
        lock = pikepdf.Encryption(owner="owner", user="user", R=revision, aes=revision >= 4, metadata=revision >= 4)
        yield specimen(f"pdf-locked-{revision}.pdf", pdf_of(Page(TWO_LINES), encryption=lock), "encrypted")
        lock = pikepdf.Encryption(owner="owner", user="", R=revision, aes=revision >= 4, metadata=revision >= 4)
        yield specimen(f"pdf-owner-lock-{revision}.pdf", pdf_of(Page(TWO_LINES), encryption=lock), PAGES)
    good = one_page(stream(TWO_LINES))
    for name, entry in (
        ("unknown", b"<< /Filter /FoxitConnectedPDFDRM /V 1 >>"),
        ("empty", b"<< >>"),
        ("number", b"5"),
        ("version", b"<< /Filter /Standard /V 99 /R 99 >>"),
        ("short", b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -1 /O (a) /U (b) >>"),
        ("public-key", b"<< /Filter /Adobe.PubSec /V 4 >>"),
    ):
        content = good.replace(b"/Root 1 0 R", b"/Root 1 0 R /ID [(a) (a)] /Encrypt " + entry)
        yield specimen(f"pdf-lock-{name}.pdf", content, "encrypted", *_BAD, PAGES)


def _acting() -> Iterator[Specimen]:
    """What would act in a viewer: it stays what it is, bytes, and the page is a page."""
    script = b"app.launchURL('http://127.0.0.1:9/'); while(true){}"
    for name, action in (
        ("script", b"<< /S /JavaScript /JS (%s) >>" % script.replace(b"(", b"\\(").replace(b")", b"\\)")),
        ("launch", b"<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) >> >>"),
        ("uri", b"<< /S /URI /URI (file:///etc/passwd) >>"),
        ("submit", b"<< /S /SubmitForm /F (http://127.0.0.1:9/) >>"),
        ("elsewhere", b"<< /S /GoToR /F (\\\\\\\\127.0.0.1\\\\share\\\\a.pdf) >>"),
        ("import", b"<< /S /ImportData /F (/etc/passwd) >>"),
    ):
        root = b"/OpenAction %s /AA << /WC %s >>" % (action, action)
        yield specimen(
            f"pdf-acts-{name}.pdf", one_page(stream(TWO_LINES), page=b"/AA << /O %s >>" % action, root=root), PAGES
        )
    file = b"<< /Type /Filespec /F (run.exe) /UF (run.exe) /EF << /F 6 0 R >> >>"
    embedded = {5: file, 6: stream(b"MZ" + bytes(1000), b"/Type /EmbeddedFile")}
    names = (
        b"/Names << /EmbeddedFiles << /Names [(run.exe) 5 0 R] >> /JavaScript << /Names [(a) << /S /JavaScript /JS (%s) >>] >> >>"  # noqa: E501
        % b"a=1"
    )
    yield specimen("pdf-attachment.pdf", one_page(stream(TWO_LINES), embedded, root=names), PAGES)

    def bomb() -> bytes:
        held = stream(squeezed(400 << 20), b"/Type /EmbeddedFile /Filter /FlateDecode")
        return one_page(stream(TWO_LINES), {5: file, 6: held}, root=names)

    yield specimen("pdf-attachment-bomb.pdf", bomb, PAGES)
    outside = b"<< /Length 0 /F (/etc/passwd) >>\nstream\n\nendstream"
    yield specimen("pdf-content-from-outside.pdf", one_page(outside))
    reference = {5: stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Ref << /F (/etc/passwd) /Page 0 >>")}
    yield specimen(
        "pdf-form-from-outside.pdf", one_page(stream(b"/F Do"), reference, b"/Resources << /XObject << /F 5 0 R >> >>")
    )
    dynamic = b"/AcroForm << /Fields [] /XFA 5 0 R >> /NeedsRendering true"
    xfa = {
        5: stream(
            b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><script>while(1){}</script></template></xdp:xdp>'
        )
    }
    yield specimen("pdf-xfa.pdf", one_page(stream(TWO_LINES), xfa, root=dynamic), DYNAMIC_FORM)
    static = dynamic.replace(b"/NeedsRendering true", b"")
    yield specimen("pdf-xfa-static.pdf", one_page(stream(TWO_LINES), xfa, root=static), PAGES)
    unfounded = b"/NeedsRendering true /AcroForm << /Fields [] >>"
    yield specimen("pdf-xfa-none.pdf", one_page(stream(TWO_LINES), root=unfounded), PAGES)
    yield specimen("pdf-xfa-nonsense.pdf", one_page(stream(TWO_LINES), root=b"/AcroForm 3 /NeedsRendering 1"), PAGES)
    yield specimen("pdf-signed.pdf", signed_pdf(), PAGES)
    scan = pdf_of(Page(WHOLE_PAGE, pictures={"Scan": jpeg_picture(saved("JPEG", quality=80), 620, 877)}))
    yield specimen("pdf-scan-with-page-behind.pdf", scan + b"\n<html><script>alert(1)</script></html>\n")


def signed_pdf() -> bytes:
    """A PDF with the form of a signature; what it signs with is nonsense, which nobody here checks."""
    signature = Dictionary(
        Type=Name.Sig,
        Filter=Name("/Adobe.PPKLite"),
        SubFilter=Name("/adbe.pkcs7.detached"),
        ByteRange=[0, 100, 200, 300],
        Contents=String(bytes(500)),
    )
    widget = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("签名"), Rect=[0, 0, 0, 0], V=signature
    )
    return pdf_of(Page(TWO_LINES, annotations=(widget,)))
