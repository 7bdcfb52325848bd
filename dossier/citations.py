"""Citations 引用 of pages, by the office's template: 证据卷二P35-37, （侦查卷第2卷第35-37页）, 证据卷二图像第12页."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dossier.natural_order import numeral_of
from dossier.place import short_kind

STANDARD_TEMPLATE = "{short_kind}{numeral}[P{pages}]"

_OF_VOLUME = ("volume", "kind", "short_kind", "number", "numeral")
_PAGES = "pages"
# What a page without a confirmed label is cited by: its picture's place in the volume, which is on no paper.
_OF_PICTURES = "图像第{pages}页"
# A page that stands outside the order has not even that.
_OUTSIDE = "不计页的图像"
_FIELD = re.compile(r"\{([^{}]*)\}")
_NUMERALS = re.compile(r"[0-9]+|[〇零一二三四五六七八九十百]+")
_OF_A_NUMBERED_VOLUME = re.compile(r"[第卷册\s]*")


@dataclass(frozen=True, slots=True)
class CitedPage:
    """What a citation says of a page.

    Attributes:
        volume_id, volume: its volume, and the volume's name.
        page_number: the place in the volume, from 1; 0: outside the order.
        label: the number on the paper, where a person has confirmed it; empty otherwise.
        kind, number: of the volume, as far as its name tells.
        page_id: the page's own.
    """

    volume_id: str
    volume: str
    page_number: int
    label: str = ""
    kind: str = ""
    number: int | None = None
    page_id: str = ""


class CitationTemplate:
    """How an office writes citations.

    Args:
        text: words with `{volume}` (the volume's name as it is), `{kind}` (证据材料卷), `{short_kind}` (证据卷),
            `{number}` (2), `{numeral}` (二), and once, in square brackets, the words around `{pages}` (35-37). For
            pages whose label nobody has confirmed, 图像第n页 stands in place of what is in the brackets.

    Raises:
        ValueError: it is no template; says what is wrong in Chinese and English.
    """

    def __init__(self, text: str) -> None:
        bracketed = re.fullmatch(r"([^\[\]]*)\[([^\[\]]*)\]([^\[\]]*)", text)
        if bracketed is None or _FIELD.findall(bracketed[2]) != [_PAGES]:
            raise ValueError(
                "页码要在一对方括号里写一次，如 [P{pages}] / the pages stand once, in square brackets: [P{pages}]"
            )
        self._before, self._of_labels, self._after = bracketed.groups()
        around = _FIELD.findall(self._before) + _FIELD.findall(self._after)
        if unknown := [field for field in around if field not in _OF_VOLUME]:
            raise ValueError(
                f"不认得 {{{unknown[0]}}} / unknown {{{unknown[0]}}}; 可用 / there are: "
                + " ".join(f"{{{field}}}" for field in _OF_VOLUME)
            )
        if set(around) <= {"kind", "short_kind"}:
            raise ValueError(
                "要写明哪一卷：{volume}、{number} 或 {numeral}"
                " / it must tell which volume: {volume}, {number} or {numeral}"
            )
        if set(_FIELD.sub("", text)) & set("{}"):
            raise ValueError("花括号不成对 / a brace without its pair")
        self._fields = set(around)

    def citation_of(self, pages: Sequence[CitedPage]) -> str:
        """The citation of pages, those that adjoin as ranges; in the order in which they are given, "" of none.

        Labels adjoin where they count on; pages without a confirmed label where they follow each other in the volume.
        """
        parts = []
        for _, of_volume in groupby(pages, key=lambda page: page.volume_id):
            for of_pages, group in groupby(of_volume, key=self._of_pages):
                cited = list(group)
                marks = _ranges([page.label or str(page.page_number) for page in cited])
                parts.append(self._of_volume(cited[0], of_pages, marks))
        return "；".join(parts)

    def _of_pages(self, page: CitedPage) -> str:
        """What stands around the marks of a page and those like it."""
        if page.label:
            return self._of_labels
        return _OF_PICTURES if page.page_number else _OUTSIDE

    def _of_volume(self, page: CitedPage, of_pages: str, marks: str) -> str:
        pages = of_pages.replace("{pages}", marks)
        number = page.number
        words = {
            "volume": page.volume,
            "kind": page.kind,
            "short_kind": short_kind(page.kind),
            "number": "" if number is None else str(number),
            "numeral": "" if number is None else numeral_of(number),
        }
        # A volume that the template's words do not tell from others, 证据卷2(补) or 未分卷, is cited by its name.
        is_told = tells_only_its_number(page.volume, page.kind) and all(words[name] for name in self._fields)
        if "volume" not in self._fields and not is_told:
            return page.volume + pages

        def filled(text: str) -> str:
            return _FIELD.sub(lambda field: words[field[1]], text)

        return filled(self._before) + pages + filled(self._after)


def tells_only_its_number(volume: str, kind: str) -> bool:
    """Whether a volume's name says nothing but its kind and its number."""
    name = unicodedata.normalize("NFKC", volume)
    for word in (kind, short_kind(kind)):
        name = name.replace(word, "") if word else name
    numerals = _NUMERALS.findall(name)
    rest = _NUMERALS.sub("", name)
    return len(numerals) == 1 and _OF_A_NUMBERED_VOLUME.fullmatch(rest) is not None


def _ranges(labels: Sequence[str]) -> str:
    """35, 36, 37, 40 as 35-37、40; labels that are no plain numbers stand by themselves."""
    ranges: list[tuple[str, str]] = []
    for label in labels:
        if ranges and ranges[-1][1] == label:
            continue
        if ranges and _is_next(ranges[-1][1], label):
            ranges[-1] = (ranges[-1][0], label)
        else:
            ranges.append((label, label))
    return "、".join(first if first == last else f"{first}-{last}" for first, last in ranges)


def _is_next(label: str, following: str) -> bool:
    return label.isdecimal() and following.isdecimal() and int(following) == int(label) + 1
