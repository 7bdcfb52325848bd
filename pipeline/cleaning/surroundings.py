"""The scanner's dark surroundings where they reach into a picture: dark, and joined to its border."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_DARK = 90
"""Grey levels (of 255) that they stay below."""


def dark_surroundings(grey: NDArray[np.uint8], reach: float = 1.0) -> NDArray[np.uint8]:
    """1 where the surroundings show, else 0; uint8 array (height, width).

    Args:
        grey: uint8 array (height, width).
        reach: share of width and height; what is dark and reaches further in than that is part of the page.
    """
    _, labels = cv2.connectedComponents((grey < _DARK).astype(np.uint8))
    outer = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    outer = outer[outer > 0]
    if reach < 1.0:
        height, width = grey.shape
        across, down = round(reach * width), round(reach * height)
        outer = np.setdiff1d(outer, np.unique(labels[down : height - down, across : width - across]))
    return np.asarray(np.isin(labels, outer), np.uint8)
