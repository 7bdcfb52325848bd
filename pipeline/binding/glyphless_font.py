"""The font of the invisible text: every character has a code, a width and its Unicode value, and none has any ink.

The codes (CIDs) are our own, given in the order in which characters are first met, so that any character of Unicode
can be written, also those beyond the Basic Multilingual Plane that names of people need. PDF/A-2u asks that each code
maps to Unicode and that glyph 0 is never used (ISO 19005-2, 6.2.11.7.2 and 6.2.11.8); both hold by construction.

A glyph is a line without area across its em box. Fully empty glyphs have no bounding box, and PDFium then takes lines
of a single character and vertical lines for things of no width and leaves them out of the text.
"""

from __future__ import annotations

import struct
import unicodedata

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from dossier.errors import PageFailed

NAME = "EdossierGlyphless"
EM = 1000
"""Units of the em square; widths are in these units."""

FULL, HALF = 1000, 500
"""Widths of a Han character and of a Latin letter or digit, as Chinese printing has them."""

ASCENT, DESCENT = 880, -120
"""Where the Han em box lies about the baseline (the OpenType `ideo` baseline of most Chinese fonts)."""

LAST_CODE = 0xFFFF
BLOCK = 100
"""Entries a `bfchar` block may hold (Adobe Technical Note 5014); some readers drop a CMap with larger blocks."""


class GlyphlessFont:
    """The codes of one document's characters; grows while pages are written and is embedded at the end."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, text: str) -> bytes:
        """The codes of `text`, two bytes a character, as a text operator wants them.

        Raises:
            PageFailed: the document has more different characters than codes (65,535).
        """
        codes: list[int] = []
        for character in text:
            code = self._codes.setdefault(character, len(self._codes) + 1)
            if code > LAST_CODE:
                raise PageFailed(f"more than {LAST_CODE} different characters")
            codes.append(code)
        return struct.pack(f">{len(codes)}H", *codes)

    def embed(self, pdf: Pdf) -> pikepdf.Object:
        """The font as an indirect object of `pdf`, with the codes given so far."""
        program = pdf.make_stream(_true_type())
        program.Length1 = len(program.read_raw_bytes())
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/" + NAME),
            Flags=4,  # symbolic: the codes follow no standard encoding
            FontBBox=[0, DESCENT, EM, ASCENT],
            ItalicAngle=0,
            Ascent=ASCENT,
            Descent=DESCENT,
            CapHeight=ASCENT,
            StemV=80,
            FontFile2=program,
        )
        glyphs = b"".join(struct.pack(">H", 1 if width(character) == FULL else 2) for character in self._codes)
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/" + NAME),
            CIDSystemInfo=Dictionary(
                Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
            ),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=FULL,
            W=self._narrow(),
            CIDToGIDMap=pdf.make_stream(b"\0\0" + glyphs),
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name("/" + NAME),
                Encoding=Name("/Identity-H"),
                DescendantFonts=[pdf.make_indirect(descendant)],
                ToUnicode=pdf.make_stream(self._to_unicode()),
            )
        )

    def _narrow(self) -> Array:
        """The `W` array: first code, last code and width of each run of half-width characters."""
        runs: list[list[int]] = []
        for character, code in self._codes.items():
            if width(character) == HALF:
                if runs and runs[-1][1] == code - 1:
                    runs[-1][1] = code
                else:
                    runs.append([code, code, HALF])
        return Array([number for run in runs for number in run])

    def _to_unicode(self) -> bytes:
        """The CMap from codes to UTF-16BE (ISO 32000-1, 9.10.3)."""
        entries = [f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>" for char, code in self._codes.items()]
        blocks = [entries[start : start + BLOCK] for start in range(0, len(entries), BLOCK)]
        mappings = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        return f"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{mappings}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
""".encode("ascii")


def width(character: str) -> int:
    """The advance of a character in thousandths of the font size.

    Ambiguous characters of UAX #11 (“ ” … · ① Greek, Cyrillic) are wide, as Chinese fonts have them.
    """
    return FULL if unicodedata.east_asian_width(character) in "WFA" else HALF


def _true_type() -> bytes:
    """A TrueType program of three glyphs: an empty .notdef, a full and a half one."""
    full, half = _glyph(FULL), _glyph(HALF)
    tables = {
        b"cmap": struct.pack(">HHHHI", 0, 1, 1, 0, 12) + struct.pack(">HHH", 6, 10, 0) + struct.pack(">HH", 0, 0),
        b"glyf": full + half,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh",
            *(0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0x000B, EM, 0, 0),
            *(0, DESCENT, EM, ASCENT, 0, 8, 2, 1, 0),
        ),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x00010000, ASCENT, DESCENT, 0, FULL, 0, 0, FULL, *[0] * 8, 3),
        b"hmtx": struct.pack(">HhHhHh", FULL, 0, FULL, 0, HALF, 0),
        b"loca": struct.pack(">4I", 0, 0, len(full), len(full) + len(half)),
        b"maxp": struct.pack(">IH13H", 0x00010000, 3, 3, 1, 0, 0, 1, *[0] * 8),
        b"post": struct.pack(">IIhhIIIII", 0x00030000, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    search_range = 16 * 8  # sixteen times the largest power of two that is not above the number of tables (8)
    directory = struct.pack(">IHHHH", 0x00010000, len(tables), search_range, 3, 16 * len(tables) - search_range)
    body = b""
    start = len(directory) + 16 * len(tables)
    for tag, table in tables.items():
        padded = table + bytes(-len(table) % 4)
        directory += struct.pack(">4sIII", tag, _checksum(padded), start + len(body), len(table))
        body += padded
    program = directory + body
    # head.checkSumAdjustment (OpenType specification, "head"): makes the sum over the whole file this constant.
    adjustment = (0xB1B0AFBA - _checksum(program)) & 0xFFFFFFFF
    place = program.index(struct.pack(">I", 0x5F0F3CF5)) - 4
    return program[:place] + struct.pack(">I", adjustment) + program[place + 4 :]


def _glyph(advance: int) -> bytes:
    """A glyph of one contour of no area: from the lower left corner of its box to the upper right one and back."""
    on_curve = 1
    header = struct.pack(">hhhhh", 1, 0, DESCENT, advance, ASCENT)
    contour = struct.pack(">HH", 2, 0) + bytes([on_curve] * 3)  # last point's number, no instructions, flags
    across = struct.pack(">hhh", 0, advance, -advance)
    up = struct.pack(">hhh", DESCENT, EM, -EM)
    glyph = header + contour + across + up
    return glyph + bytes(-len(glyph) % 4)


def _checksum(padded: bytes) -> int:
    """The sum of big-endian 32-bit words, modulo 2³²."""
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF
