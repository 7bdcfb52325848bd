"""Known gaps: the numbers that a volume's paper lacks itself, as was seen before it was unbound.

They are written as people write them, 36、40-42, and keep the later alarm from being raised about exactly these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from dossier.errors import DeedRefused

MOST_RANGES = 200
_HIGHEST = 100_000
_SEPARATORS = re.compile(r"[、,;，；\s]+")
_RANGE = re.compile(r"(\d{1,6})(?:[-–—~至](\d{1,6}))?")


def parse_gaps(text: str) -> list[str]:
    """The numbers and ranges in what somebody wrote: "36、第40至42页" is ["36", "40-42"].

    Raises:
        DeedRefused: there is something else in it.
    """
    plain = unicodedata.normalize("NFKC", text).replace("第", "").replace("页", "").replace("号", "")
    plain = re.sub(r"\s*([-–—~至])\s*", r"\1", plain)
    found = []
    for part in filter(None, _SEPARATORS.split(plain)):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise DeedRefused(f"缺页写成 36、40-42 这样：“{part[:20]}” / write gaps as 36, 40-42")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= _HIGHEST:
            raise DeedRefused(f"缺页的号不对：“{part[:20]}” / impossible numbers")
        found.append(str(first) if first == last else f"{first}-{last}")
    if len(found) > MOST_RANGES:
        raise DeedRefused(f"缺页最多写 {MOST_RANGES} 处 / at most {MOST_RANGES} gaps")
    return found


def written(gaps: Iterable[str]) -> str:
    """Gaps as people write them."""
    return "、".join(gaps)


def without_known(
    missing: Sequence[tuple[int, int, int]], known_gaps: Iterable[str]
) -> tuple[tuple[int, int, int], ...]:
    """Missing numbers, as (first, last, place), without those that are known to be missing on the paper.

    A range that is known in part is parted: 36–39 without 37 is 36 and 38–39.
    """
    known = [tuple(int(end) for end in gap.split("-")) for gap in known_gaps]
    left = list(missing)
    for ends in known:
        low, high = ends[0], ends[-1]
        parted = []
        for first, last, place in left:
            parted += [(a, b, place) for a, b in ((first, min(last, low - 1)), (max(first, high + 1), last)) if a <= b]
        left = parted
    return tuple(left)
