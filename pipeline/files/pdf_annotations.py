"""What a PDF page shows beside its content: annotations, form fields, layers."""

from __future__ import annotations

from decimal import Decimal

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

# ISO 32000-1, table 165: Hidden and NoView.
_UNSEEN_FLAGS = 0b10 | 0b100000
_WITHOUT_LOOK = {"/Link", "/Popup"}
# Viewers draw these from their own entries where they bring no look.
_SELF_DRAWN = {
    "/Circle",
    "/FreeText",
    "/Highlight",
    "/Ink",
    "/Line",
    "/Square",
    "/Squiggly",
    "/StrikeOut",
    "/Underline",
}
_TYPED_FIELDS = {"/Tx", "/Ch"}
_DEEPEST_FIELD = 32


def shows_annotations(page: pikepdf.Page) -> bool:
    """Whether an annotation is drawn on the page: a stamp, a mark, a filled field, a signature with a look."""
    return any(True for _ in _shown(page))


def shows_typed_annotations(page: pikepdf.Page) -> bool:
    """Whether someone has typed on the page: a text box or a filled form field, which are not in its content."""
    return any(
        annotation.get("/Subtype") == Name.FreeText
        or (_inherited(annotation, "/FT") in _TYPED_FIELDS and _inherited(annotation, "/V") not in (None, ""))
        for annotation in _shown(page)
    )


def has_hidden_layers(pdf: pikepdf.Pdf) -> bool:
    """Whether the file has layers that are switched off when it is opened (ISO 32000-1, 8.11.4.3)."""
    properties = pdf.Root.get("/OCProperties")
    if not isinstance(properties, Dictionary):
        return False
    default = properties.get("/D")
    if not isinstance(default, Dictionary):
        return False
    switched_off = default.get("/OFF")
    return default.get("/BaseState") == Name.OFF or (isinstance(switched_off, Array) and len(switched_off) > 0)


def is_dynamic_form(pdf: pikepdf.Pdf) -> bool:
    """Whether the file is a form that is laid out when it is opened (XFA; ISO 32000-1, 7.7.2 and 12.7.8).

    Only Adobe's programs do so. Its pages are a notice to wait for them; those of other XFA forms are the form itself.
    """
    form, is_laid_out_late = pdf.Root.get("/AcroForm"), pdf.Root.get("/NeedsRendering")
    return isinstance(form, Dictionary) and "/XFA" in form and isinstance(is_laid_out_late, bool) and is_laid_out_late


def _shown(page: pikepdf.Page) -> list[Object]:
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, Array):
        return []
    return [annotation for annotation in annotations.as_list() if _is_shown(annotation)]


def _is_shown(annotation: Object) -> bool:
    if not isinstance(annotation, Dictionary) or str(annotation.get("/Subtype")) in _WITHOUT_LOOK:
        return False
    flags = annotation.get("/F", 0)
    if isinstance(flags, int) and flags & _UNSEEN_FLAGS:
        return False
    rectangle = numbers(annotation.get("/Rect"))
    if len(rectangle) != 4 or rectangle[0] == rectangle[2] or rectangle[1] == rectangle[3]:
        return False
    look = annotation.get("/AP")
    has_look = isinstance(look, Dictionary) and look.get("/N") is not None
    is_field = annotation.get("/Subtype") == Name.Widget and _inherited(annotation, "/V") is not None
    return has_look or is_field or str(annotation.get("/Subtype")) in _SELF_DRAWN


def numbers(array: Object | None) -> list[float]:
    """The numbers of a PDF array; none where it is anything else."""
    if not isinstance(array, Array):
        return []
    found = array.as_list()
    return [float(value) for value in found] if all(isinstance(value, int | Decimal) for value in found) else []


def _inherited(field: Object, key: str) -> str | None:
    """A field's entry, its own or that of the fields above it, as text."""
    for _ in range(_DEEPEST_FIELD):
        found = field.get(key)
        if found is not None:
            return str(found)
        parent = field.get("/Parent")
        if not isinstance(parent, Dictionary):
            return None
        field = parent
    return None
