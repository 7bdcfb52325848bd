"""How much a page unfolds to, counted before PDFium unfolds it.

A form may paint forms, each as often as it likes. PDFium follows them without counting, so that a page of a few hundred
bytes, with forms that paint themselves or each other twice, takes all memory there is.
"""

from __future__ import annotations

import pikepdf
from pikepdf import Name, Object

from dossier.errors import DamagedFile

# Drawings made of a symbol painted over and over reach some ten thousand.
_MOST_FORMS = 100_000


def require_finite(page: pikepdf.Page) -> None:
    """Make sure that a page's forms end somewhere.

    Raises:
        DamagedFile: a form paints itself, or all of them together are painted too often.
    """
    resources = page.obj.get("/Resources")
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
                inner = form.get("/Resources", resources)
                known[form.objgen] = _unfolded(form, inner, (*within, form.objgen), known)
            count += known[form.objgen]
            if count > _MOST_FORMS:
                raise DamagedFile(f"PDF page that paints more than {_MOST_FORMS} forms")
    return count


def _forms(resources: Object | None) -> dict[str, Object]:
    named = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return {}
    return {
        str(key): found
        for key, found in named.items()
        if isinstance(found, pikepdf.Stream) and found.get("/Subtype") == Name.Form
    }
