"""The invisible font: codes, widths, Unicode values, and a program that real readers load."""

import re
import struct

import pikepdf
import pytest

from dossier.errors import PageFailed
from pipeline.binding.glyphless_font import GlyphlessFont, width

DOCUMENT = pikepdf.Pdf.new()


def embedded(text: str) -> tuple[bytes, pikepdf.Object]:
    font = GlyphlessFont()
    codes = font.encode(text)
    return codes, font.embed(DOCUMENT)


def unicode_of(font: pikepdf.Object) -> dict[int, str]:
    entries = re.findall(rb"^<([0-9A-F]{4})> <([0-9A-F]+)>$", font.ToUnicode.read_bytes(), re.MULTILINE)
    return {int(code, 16): bytes.fromhex(value.decode()).decode("utf-16-be") for code, value in entries}


def test_every_code_maps_back_to_its_character_also_beyond_the_basic_plane():
    text = "证据2份：𠮷野，𡈽方"
    codes, font = embedded(text)
    mapping = unicode_of(font)
    assert "".join(mapping[code] for (code,) in struct.iter_unpack(">H", codes)) == text


def test_a_character_met_again_keeps_its_code_and_code_zero_is_never_given():
    font = GlyphlessFont()
    assert font.encode("人民人") == b"\0\1\0\2\0\1"
    assert font.encode("民") == b"\0\2"


def test_no_block_of_the_unicode_map_has_more_than_a_hundred_entries():
    _, font = embedded("".join(map(chr, range(0x4E00, 0x4E00 + 250))))
    blocks = re.findall(rb"(\d+) beginbfchar\n(.*?)\nendbfchar", font.ToUnicode.read_bytes(), re.DOTALL)
    assert [(int(count), len(entries.split(b"\n"))) for count, entries in blocks] == [(100, 100), (100, 100), (50, 50)]


def test_han_is_twice_as_wide_as_letters_and_digits():
    assert [width(character) for character in "检，“A7 "] == [1000, 1000, 1000, 500, 500, 500]


def test_narrow_codes_are_listed_in_runs():
    _, font = embedded("检AB察C")
    descendant = font.DescendantFonts[0]
    assert int(descendant.DW) == 1000
    assert [int(number) for number in descendant.W] == [2, 3, 500, 5, 5, 500]


def test_the_glyph_of_a_code_has_its_width_and_is_never_notdef():
    _, font = embedded("检A")
    glyphs = struct.unpack(">3H", font.DescendantFonts[0].CIDToGIDMap.read_bytes())
    program = font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
    hmtx = _table(program, b"hmtx")
    advances = [advance for advance, _ in struct.iter_unpack(">Hh", hmtx)]
    assert glyphs[0] == 0
    assert [advances[glyph] for glyph in glyphs[1:]] == [1000, 500]
    assert 0 not in glyphs[1:]


def test_the_program_has_the_checksum_that_truetype_asks_for():
    _, font = embedded("检")
    program = font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
    assert sum(struct.unpack(f">{len(program) // 4}I", program)) & 0xFFFFFFFF == 0xB1B0AFBA
    assert font.DescendantFonts[0].FontDescriptor.FontFile2.Length1 == len(program)


def test_glyphs_have_an_extent_so_that_pdfium_does_not_leave_single_characters_out():
    _, font = embedded("检")
    program = font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
    starts = struct.unpack(">4I", _table(program, b"loca"))
    boxes = [struct.unpack_from(">5h", _table(program, b"glyf"), start) for start in starts[1:3]]
    assert boxes == [(1, 0, -120, 1000, 880), (1, 0, -120, 500, 880)]


def test_more_characters_than_there_are_codes_is_said_plainly():
    font = GlyphlessFont()
    font.encode("".join(map(chr, range(0x10000, 0x10000 + 0xFFFF))))
    with pytest.raises(PageFailed, match="65535 different characters"):
        font.encode("\U00030000")


def _table(program: bytes, wanted: bytes) -> bytes:
    (count,) = struct.unpack_from(">H", program, 4)
    for number in range(count):
        tag, _, start, length = struct.unpack_from(">4sIII", program, 12 + 16 * number)
        if tag == wanted:
            return program[start : start + length]
    raise AssertionError(f"no table {wanted!r}")
