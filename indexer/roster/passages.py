"""What stands around a name on a page: whether it is part of a longer name, and which ID number follows it.

Only the page's text tells: an index says that a name is on a page, not what is beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cached_property

from indexer.identifiers import is_id_number
from indexer.tokens import texts_of_tokens, tokens_of_text

# Cheap, and true of every text in which `_ID` is found.
_MAY_BE_ID = re.compile(r"(?:\d\W*){17}[\dXx]")
_ID = re.compile(r" [0-9]{17}(?:[0-9]|  x) ")
# In tokens between spaces: some sixty characters, as far as 姓名…性别…民族…住址…身份证号 takes on a form.
_BESIDE = 180


class Passage:
    """A page's text, as tokens each with a space before and after it.

    Args:
        lines: of the page, in reading order.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    @cached_property
    def _text(self) -> str:
        return "".join(f" {token} " for token in texts_of_tokens(self._lines))

    @cached_property
    def _has_id(self) -> bool:
        return _MAY_BE_ID.search(unicodedata.normalize("NFKC", "\n".join(self._lines))) is not None

    def part_of(self, name: str, longer: Collection[str]) -> str:
        """The longer name within which all occurrences of a name stand; empty if one stands alone, or none is there.

        Args:
            name: as `spaced` gives it.
            longer: names that contain it, likewise.
        """
        if not longer:
            return ""
        text, within = self._text, ""
        # The longest first: what remains of the name after all are taken out stands alone.
        for other in sorted(longer, key=len, reverse=True):
            if other in text:
                text, within = text.replace(other, "|"), other
        return within if within and name not in text else ""

    def id_after(self, name: str, others: Collection[str]) -> str:
        """The valid ID number that follows an occurrence of a name, nearer than any other name; empty if none does.

        Args:
            name: as `spaced` gives it.
            others: other names on the page, likewise.
        """
        if not self._has_id:
            return ""
        start = self._text.find(name)
        while start >= 0:
            end = start + len(name)
            number = _ID.search(self._text, end, end + _BESIDE)
            if number is not None:
                digits = number.group().replace(" ", "").upper()
                between = self._text[end : number.start()]
                if is_id_number(digits) and not any(other in between for other in others) and name not in between:
                    return digits
            start = self._text.find(name, end)
        return ""


def spaced(name: str) -> str:
    """A name as it stands in a passage."""
    return "".join(f" {token} " for token in tokens_of_text(name))
