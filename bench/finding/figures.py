"""Figures of many values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that this share (0–100) of the values does not exceed: the nearest rank."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * share / 100) - 1, 0)]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """The least, the median and the largest value."""
    return min(values), median(values), max(values)
