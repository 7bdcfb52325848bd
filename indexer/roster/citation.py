"""Citations 引用 of pages as the office writes them: 证据材料卷二P35-37, 证据材料卷二 图像第12-14页."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class CitedPage:
    """What a citation says of a page.

    Attributes:
        volume_id, volume: its volume, and the volume's name.
        page_number: the place in the volume, from 1.
        label: the number on the paper, where a person has confirmed it; empty otherwise.
    """

    volume_id: str
    volume: str
    page_number: int
    label: str = ""


def citation_of(pages: Sequence[CitedPage]) -> str:
    """The citation of pages, those that adjoin as ranges; in the order in which they are given, each volume together.

    Labels adjoin where they count on; pages without a confirmed label where they follow each other in the volume.
    """
    parts = []
    for (_, volume), of_volume in groupby(pages, key=lambda page: (page.volume_id, page.volume)):
        for is_labelled, group in groupby(of_volume, key=lambda page: bool(page.label)):
            marks = _ranges([page.label if is_labelled else str(page.page_number) for page in group])
            parts.append(f"{volume}P{marks}" if is_labelled else f"{volume}图像第{marks}页")
    return "；".join(parts)


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
