"""What a PDF page shows beside its content: annotations, form fields, layers."""

from __future__ import annotations

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

# ISO 32000-1, table 165: Hidden and NoView.
_UNSEEN_FLAGS = 0b10 | 0b100000
_WITHOUT_LOOK = {"/Link", "/Popup"}
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


def _shown(page: pikepdf.Page) -> list[Object]:
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, Array):
        return []
    return [annotation for annotation in annotations.as_list() if _is_shown(annotation)]


def _is_shown(annotation: Object) -> bool:
    if not isinstance(annotation, Dictionary) or str(annotation.get("/Subtype")) in _WITHOUT_LOOK:
        return False
    if int(annotation.get("/F", 0)) & _UNSEEN_FLAGS:
        return False
    look = annotation.get("/AP")
    has_look = isinstance(look, Dictionary) and look.get("/N") is not None
    rectangle = annotation.get("/Rect")
    if not isinstance(rectangle, Array) or len(rectangle) != 4:
        return False
    left, bottom, right, top = (float(edge) for edge in rectangle.as_list())
    has_extent = left != right and bottom != top
    # Viewers draw these from their own entries where they bring no look.
    draws_itself = str(annotation.get("/Subtype")) in {
        "/FreeText",
        "/Highlight",
        "/Ink",
        "/Line",
        "/Square",
        "/Circle",
        "/Underline",
        "/StrikeOut",
        "/Squiggly",
    }
    is_field = annotation.get("/Subtype") == Name.Widget and _inherited(annotation, "/V") is not None
    return has_extent and (has_look or draws_itself or is_field)


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
