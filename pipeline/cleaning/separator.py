"""Separator sheets: the code of one on an upright page, found with OpenCV.

Such a sheet bears a QR code of 100 mm (docs/decisions/0028-receipts-and-separator-sheets.md). A square of a quarter of
the page's width that is half black is on hardly any other page, and costs a millisecond to look for; only then the
detector runs. What the code says is not judged here: who reads pages has no key.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

PREFIX = "EDOSSIER"
"""What our codes begin with; others (on receipts, on screenshots of chats) are none of ours."""

_STEP = 8
_DARK = 128
_SHARES = (0.3, 0.75)
_WIDTHS = (600, 900, 450)
"""Widths of the page, pixels, at which the detector looks: a module is 4 to 8 pixels then."""


def separator_code(picture: NDArray[np.uint8]) -> str | None:
    """What the code of a separator sheet on a page says; None where there is none.

    Args:
        picture: the page, in any of its quarter turns; uint8 array (height, width, 3), RGB.
    """
    if not may_bear_code(picture):
        return None
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    detector = cv2.QRCodeDetector()
    for width in _WIDTHS:
        scale = width / min(grey.shape)
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        try:
            text, *_ = detector.detectAndDecode(small)
        except UnicodeDecodeError:  # a code in GB 18030 or Shift JIS, which OpenCV takes for UTF-8: none of ours
            return None
        except cv2.error:  # what looks like a code and is none can lead the detector astray
            continue
        if text:
            return str(text) if text.startswith(PREFIX) else None
    return None


def may_bear_code(picture: NDArray[np.uint8]) -> bool:
    """Whether there is a square of a quarter of the page's width that is as dark as a code."""
    dark = (picture[::_STEP, ::_STEP, 1] < _DARK).astype(np.float32)
    side = max(3, min(dark.shape) // 4)
    shares = cv2.boxFilter(dark, -1, (side, side))
    return bool(((shares > _SHARES[0]) & (shares < _SHARES[1])).any())
