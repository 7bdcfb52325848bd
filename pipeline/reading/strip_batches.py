"""Strips read together: which lines of a page go through the recogniser in one batch, and how wide it is.

The network prepares itself for each new size of its input, which costs as much as a few characters do. Sizes are
therefore few, so that they stay prepared, and lines of about one width share a batch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

WIDEST = 3200
"""Pixels, as PP-OCRv6's recogniser was trained; strips that would be wider are squeezed."""

WIDTHS = (
    64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1152, 1280, 1600, 1920, 2560, WIDEST,
)  # fmt: skip
"""Pixels to which strips are filled up; close together where most lines of print and cells of tables are."""

COUNTS = (1, 2, 4)

_MOST_PIXELS = 1600
"""Across all strips of a batch, half of the widest: with 3200, and 8 strips at most, a reader took 60 MB more."""

_BATCH_PIXELS = 160
"""What a batch costs beside its pixels: beginning it and going over to its size take 4.7 ms, 160 pixels as long."""


@dataclass(frozen=True, slots=True)
class StripBatch:
    """Strips that are read together.

    Attributes:
        strips: their places in what was given, `count` of them or fewer.
        count: of `COUNTS`.
        width: pixels, of `WIDTHS`; none of the strips is wider.
    """

    strips: tuple[int, ...]
    count: int
    width: int


def strip_batches(widths: Sequence[int]) -> list[StripBatch]:
    """The cheapest batches for strips of these widths (pixels, 1 to `WIDEST`); each strip is in one."""
    order = sorted(range(len(widths)), key=lambda place: widths[place])
    least = [0.0]
    chosen: list[tuple[int, int, int]] = []
    # The cheapest way to batch the narrowest `end` strips: the last batch, and the cheapest way for those before it.
    for end in range(1, len(order) + 1):
        width = WIDTHS[bisect_left(WIDTHS, widths[order[end - 1]])]
        cost, begin, count = min(
            (least[max(end - count, 0)] + count * width + _BATCH_PIXELS, max(end - count, 0), count)
            for count in COUNTS
            if count == 1 or count * width <= _MOST_PIXELS
        )
        least.append(cost)
        chosen.append((begin, count, width))
    batches = []
    end = len(order)
    while end:
        begin, count, width = chosen[end - 1]
        batches.append(StripBatch(tuple(order[begin:end]), count, width))
        end = begin
    return batches
