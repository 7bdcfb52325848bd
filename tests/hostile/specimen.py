"""A file that means harm, and what may become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

PAGES, ATTACHMENT, DYNAMIC_FORM = "pages", "attachment", "dynamic_form"
REFUSALS = frozenset({"empty", "truncated", "encrypted", "damaged", "unknown_format", "too_large"})
"""The reasons for which a file is refused (docs/errors.md)."""

ANYTHING = REFUSALS | {PAGES, ATTACHMENT, DYNAMIC_FORM}
"""For files that a decoder may understand one way or another: some typed outcome, soon and in little memory."""


@dataclass(frozen=True)
class Specimen:
    """A file of the hostile collection.

    Attributes:
        name: its file name; its beginning, up to the first hyphen, names its kind.
        make: gives its bytes; made when it is needed, since some are large.
        outcomes: what a look into it may find: "pages", "attachment", "dynamic_form", or codes of refusals.
    """

    name: str
    make: Callable[[], bytes]
    outcomes: frozenset[str] = ANYTHING

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]


def specimen(name: str, content: bytes | Callable[[], bytes], *outcomes: str) -> Specimen:
    """A specimen; without outcomes any typed one will do."""
    make = content if callable(content) else (lambda: content)
    return Specimen(name, make, frozenset(outcomes) or ANYTHING)
