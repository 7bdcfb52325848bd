"""Resolution from paper size: what a picture's dpi is where its own figure cannot be believed."""

from __future__ import annotations

# Below 120 dpi stand the 72 and 96 that document cameras, phones and screen shots write without measuring anything;
# above 2400 dpi no document scanner works.
LEAST_DPI = 120.0
GREATEST_DPI = 2400.0

_MILLIMETRES_AN_INCH = 25.4

# Short and long side in millimetres, commonest first: ISO 216 A4; then GB/T 148 / 正度 16开 and 8开, the identity and
# bank card (ISO/IEC 7810 ID-1), and the other A sizes.
_A4 = (210.0, 297.0)
_LARGE = ((841.0, 1189.0), (594.0, 841.0))
_PAPERS = ((297.0, 420.0), (184.0, 260.0), (148.0, 210.0), (54.0, 85.6), (260.0, 370.0), *_LARGE)

_SCANNER_DPIS = (300.0, 200.0, 400.0, 600.0, 150.0, 240.0)

# Scanners cut a few rows off or add a few: 1.5 % of A4 at 300 dpi is 37 to 53 pixels.
_TOLERANCE = 0.015


def resolution(width: int, height: int, tagged_dpi: float | None) -> tuple[float, bool]:
    """The dpi of a picture and whether it is the file's own figure.

    A picture whose size is that of a known paper at a usual scanner resolution has that resolution; any other is taken
    for A4 by its long side.

    Args:
        width: pixels.
        height: pixels.
        tagged_dpi: what the file says; None where it says nothing.

    Returns:
        Pixels an inch, and True where `tagged_dpi` was believed.
    """
    if tagged_dpi is not None and LEAST_DPI <= tagged_dpi <= GREATEST_DPI:
        return round(float(tagged_dpi), 2), True
    short, long = sorted((width, height))
    candidates = [(_A4, dpi) for dpi in _SCANNER_DPIS]
    candidates += [(paper, dpi) for dpi in _SCANNER_DPIS for paper in _PAPERS]
    for (paper_short, paper_long), dpi in candidates:
        if _is_near(short, paper_short, dpi) and _is_near(long, paper_long, dpi):
            return dpi, False
    return a4_dpi(long), False


def a4_dpi(long_side: float) -> float:
    """The dpi at which the long side of A4 has that many pixels."""
    return round(long_side * _MILLIMETRES_AN_INCH / _A4[1], 2)


def _is_near(pixels: int, millimetres: float, dpi: float) -> bool:
    expected = millimetres * dpi / _MILLIMETRES_AN_INCH
    return abs(pixels - expected) <= _TOLERANCE * expected
