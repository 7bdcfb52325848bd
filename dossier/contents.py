"""What a look into a file found, as it is handed from the process that looks to the one that accepts.

Apart from the catalogue: the processes that read pages need neither it nor what it loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dossier.errors import FileRefused


class PageShape(Protocol):
    """What must be known of a page before it is read: where it is in its file and how large."""

    @property
    def index(self) -> int: ...  # noqa: D102 -- 0-based
    @property
    def kind(self) -> str: ...  # noqa: D102 -- picture, pdf_picture, pdf_text, pdf_drawing
    @property
    def width(self) -> int: ...  # noqa: D102 -- pixels
    @property
    def height(self) -> int: ...  # noqa: D102 -- pixels
    @property
    def dpi(self) -> float: ...  # noqa: D102
    @property
    def part(self) -> str: ...  # noqa: D102 -- whole, left, right
    @property
    def cut(self) -> float: ...  # noqa: D102 -- fraction of the picture's width


@dataclass(frozen=True)
class Contents:
    """What a look into a file found.

    Attributes:
        media_type: e.g. "image/jpeg".
        shapes: its pages; empty for an attachment.
        is_single_picture: whether it is one page of a folder of pictures.
        refusal: why it cannot become pages; then the rest is empty.
        is_dynamic_form: whether its pages only say that Adobe's programs are needed to show what is in it.
    """

    media_type: str = ""
    shapes: Sequence[PageShape] = ()
    is_single_picture: bool = False
    refusal: FileRefused | None = None
    is_dynamic_form: bool = False
