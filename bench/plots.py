"""Plots as SVG: plain shapes and text, no library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH = 760
_ROW = 22
_COLOURS = (
    "#1f5f8b",
    "#b5482a",
    "#4f7d3a",
    "#7a5195",
    "#8a6d1d",
    "#4a4a4a",
    "#2a8c82",
    "#a03060",
    "#5b6abf",
    "#999999",
)
_TEXT = 'font-family="sans-serif" font-size="13" fill="#222"'


def bars(title: str, values: Mapping[str, float], unit: str) -> str:
    """Horizontal bars, one a name, from zero."""
    largest = max([*values.values(), 1e-9])
    left, room = 190, _WIDTH - 190 - 90
    shapes = []
    for row, (name, value) in enumerate(values.items()):
        y = 40 + row * _ROW
        width = room * value / largest
        shapes.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end" {_TEXT}>{escape(name)}</text>')
        shapes.append(
            f'<rect x="{left}" y="{y}" width="{max(width, 1):.1f}" height="{_ROW - 6}" fill="{_COLOURS[0]}"/>'
        )
        shapes.append(f'<text x="{left + width + 6:.1f}" y="{y + 13}" {_TEXT}>{value:.3g}{escape(unit)}</text>')
    return _picture(title, 50 + len(values) * _ROW, shapes)


def grouped_bars(title: str, series: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Horizontal bars, one a series beneath each name, from zero; the series have the same names."""
    names = list(next(iter(series.values())))
    largest = max([value for values in series.values() for value in values.values()] + [1e-9])
    left, room, thin = 250, _WIDTH - 250 - 90, 16
    shapes = []
    for number, name in enumerate(series):
        x = 20 + number * 180
        shapes.append(f'<rect x="{x}" y="34" width="12" height="12" fill="{_COLOURS[number]}"/>')
        shapes.append(f'<text x="{x + 18}" y="45" {_TEXT}>{escape(name)}</text>')
    y = 60
    for name in names:
        middle = y + thin * len(series) / 2 + 4
        shapes.append(f'<text x="{left - 8}" y="{middle}" text-anchor="end" {_TEXT}>{escape(name)}</text>')
        for number, values in enumerate(series.values()):
            width = room * values[name] / largest
            shapes.append(
                f'<rect x="{left}" y="{y}" width="{max(width, 1):.1f}" height="{thin - 3}" fill="{_COLOURS[number]}"/>'
            )
            label = f"{values[name]:.3g}{escape(unit)}"
            shapes.append(f'<text x="{left + width + 6:.1f}" y="{y + 11}" {_TEXT}>{label}</text>')
            y += thin
        y += 8
    return _picture(title, y + 10, shapes)


def stacked(title: str, parts: Mapping[str, float], unit: str) -> str:
    """One bar of parts, with each part's name and value below."""
    whole = sum(parts.values()) or 1.0
    shapes, x, room = [], 20.0, _WIDTH - 40
    for number, (name, value) in enumerate(parts.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        width = room * value / whole
        shapes.append(f'<rect x="{x:.1f}" y="40" width="{width:.1f}" height="34" fill="{colour}"/>')
        x += width
        column, row = number % 3, number // 3
        left, y = 20 + column * (room // 3), 92 + row * _ROW
        shapes.append(f'<rect x="{left}" y="{y}" width="12" height="12" fill="{colour}"/>')
        shapes.append(f'<text x="{left + 18}" y="{y + 11}" {_TEXT}>{escape(name)} {value:.3g}{escape(unit)}</text>')
    return _picture(title, 100 + math.ceil(len(parts) / 3) * _ROW, shapes)


def scatter(title: str, points: Mapping[str, tuple[float, float]], across: str, up: str) -> str:
    """Named points on two logarithmic axes; all coordinates above zero."""
    left, top, width, height = 70, 40, _WIDTH - 70 - 130, 300
    low_x, high_x = _decades([x for x, _ in points.values()])
    low_y, high_y = _decades([y for _, y in points.values()])
    shapes = [f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888"/>']

    def place(x: float, y: float) -> tuple[float, float]:
        right = (math.log10(x) - low_x) / (high_x - low_x)
        above = (math.log10(y) - low_y) / (high_y - low_y)
        return left + width * right, top + height * (1 - above)

    for power in range(low_x, high_x + 1):
        x, y = place(10.0**power, 10.0**low_y)
        shapes.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{top + height}" stroke="#ddd"/>')
        shapes.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle" {_TEXT}>{10.0**power:g}</text>')
    for power in range(low_y, high_y + 1):
        x, y = place(10.0**low_x, 10.0**power)
        shapes.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}" stroke="#ddd"/>')
        shapes.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end" {_TEXT}>{10.0**power:g}</text>')
    for number, (name, point) in enumerate(points.items()):
        x, y = place(*point)
        shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{_COLOURS[number % len(_COLOURS)]}"/>')
        shapes.append(f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" {_TEXT}>{escape(name)}</text>')
    middle = left + width / 2
    shapes.append(f'<text x="{middle}" y="{top + height + 40}" text-anchor="middle" {_TEXT}>{escape(across)}</text>')
    shapes.append(f'<text x="20" y="{top - 8}" {_TEXT}>{escape(up)}</text>')
    return _picture(title, top + height + 55, shapes)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Powers of ten below and above all values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _picture(title: str, height: float, shapes: Sequence[str]) -> str:
    heading = f'<text x="20" y="22" font-family="sans-serif" font-size="15" fill="#111">{escape(title)}</text>'
    size = f'width="{_WIDTH}" height="{height:.0f}" viewBox="0 0 {_WIDTH} {height:.0f}"'
    body = "\n".join((heading, *shapes))
    paper = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{paper}\n{body}\n</svg>\n'
