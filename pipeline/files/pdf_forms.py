"""How much a page unfolds to, counted before PDFium unfolds it.

A content of a kilobyte can inflate to a gigabyte, and its reader needs a multiple of that. A form may paint forms, each
as often as it likes. PDFium follows them without counting, so that a page of a few hundred bytes, with forms that paint
themselves or each other twice, takes all memory there is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress

import pikepdf
from pikepdf import Array, Name, Object

from dossier.errors import DamagedFile, FileTooLarge
from pipeline.files.pdf_pictures import filters_of

# Drawings made of a symbol painted over and over reach some ten thousand.
_MOST_FORMS = 100_000
# Bytes of a page's own content, and of a form's: the densest maps and plans have some tens of millions.
_MOST_CONTENT = 150_000_000
# Graphics states saved and not restored: ISO 32000-1, annex C, warns of 28; PDFium keeps all that come.
_MOST_STATES = 100_000
_FEW_STATES = 1000
_STATE = re.compile(rb"(?<!\S)[qQ](?!\S)")
# Codings of a stream, one within the other: writers use one or two, qpdf follows 25.
_MOST_FILTERS = 10
_PIECE = 1 << 18


def require_finite(page: pikepdf.Page) -> None:
    """Make sure that a page's forms end somewhere.

    Raises:
        DamagedFile: a form paints itself, or all of them together are painted too often; or its content is coded over
            and over, or saves states without end.
        FileTooLarge: its content unfolds to too much.
    """
    resources = page.obj.get("/Resources")
    contents = page.obj.get("/Contents")
    _require_small(list(contents.as_list()) if isinstance(contents, Array) else [contents])
    if _forms(resources):
        _unfolded(page.obj, resources, (), {})


def _unfolded(
    holder: Object, resources: Object | None, within: tuple[tuple[int, int], ...], known: dict[tuple[int, int], int]
) -> int:
    """How many forms are painted by painting `holder`, itself included."""
    forms = _forms(resources)
    count = 1
    if forms:
        for instruction in pikepdf.parse_content_stream(holder, "Do"):
            operands = list(instruction.operands)
            form = forms.get(str(operands[0])) if operands else None
            if form is None:
                continue
            if form.objgen in within:
                raise DamagedFile("PDF with a form that paints itself")
            if form.objgen not in known:
                _require_small([form])
                inner = form.get("/Resources", resources)
                known[form.objgen] = _unfolded(form, inner, (*within, form.objgen), known)
            count += known[form.objgen]
            if count > _MOST_FORMS:
                raise DamagedFile(f"PDF page that paints more than {_MOST_FORMS} forms")
    return count


def _require_small(contents: list[Object | None]) -> None:
    """Make sure that streams, read one after the other, unfold to no more than a page's content may be."""
    known: dict[tuple[int, int], int] = {}
    size = 0
    for content in contents:
        if not isinstance(content, pikepdf.Stream):
            continue
        if content.objgen not in known:
            known[content.objgen] = _unfolded_bytes(content)
        size += known[content.objgen]
        if size > _MOST_CONTENT:
            raise FileTooLarge(f"PDF page whose content has more than {_MOST_CONTENT} bytes")


def _unfolded_bytes(content: Object) -> int:
    """Bytes of a stream without its outer deflate codings, counted no further than is allowed.

    The other codings make little of much, or, as LZW, no bombs that a process with limited memory would not outlive.
    """
    filters = filters_of(content)
    if len(filters) > _MOST_FILTERS:
        raise DamagedFile(f"PDF whose content is coded {len(filters)} times over")
    pieces: Iterator[bytes] = iter((bytes(content.read_raw_bytes()),))
    for name in filters:
        if name not in ("/FlateDecode", "/Fl"):
            break
        pieces = _inflated(pieces)
    size = states = 0
    for piece in pieces:
        size += len(piece)
        if size > _MOST_CONTENT:
            break
        # Telling words from letters takes a hundred times longer.
        if piece.count(b"q") - piece.count(b"Q") > _FEW_STATES:
            found = _STATE.findall(piece)
            states += 2 * found.count(b"q") - len(found)
        if states > _MOST_STATES:
            raise DamagedFile(f"PDF page that saves more than {_MOST_STATES} graphics states")
    return size


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Deflated data inflated piece by piece, to where they break off."""
    inflater = zlib.decompressobj()
    with suppress(zlib.error):
        for piece in pieces:
            waiting = piece
            while waiting and not inflater.eof:
                yield inflater.decompress(waiting, _PIECE)
                waiting = inflater.unconsumed_tail


def _forms(resources: Object | None) -> dict[str, Object]:
    named = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return {}
    return {
        str(key): found
        for key, found in named.items()
        if isinstance(found, pikepdf.Stream) and found.get("/Subtype") == Name.Form
    }
