"""What stands on a printed and scanned page, as JSON: the lines, and the names and numbers that a search must find."""

from __future__ import annotations

from typing import Any

from bench.press.cast import Cast
from bench.press.scanner import Feed, printed_items, upright_box
from bench.press.sheet import Sheet


def wanted_items(cast: Cast) -> dict[str, str]:
    """Text → kind of all that is worth finding in a case."""
    wanted: dict[str, str] = {}
    for person in cast.everyone:
        wanted |= {person.name: "name", person.phone: "phone", person.card: "card", person.id_number: "id_number"}
    return wanted


def page_truth(sheet: Sheet, feed: Feed, cast: Cast) -> dict[str, Any]:
    """The truth of one scanned page; boxes are fractions 0–1 of the upright page, origin top left."""
    wanted = wanted_items(cast)
    return {
        "title": sheet.title,
        "dpi": feed.dpi,
        "turn_degrees": feed.turn_degrees,
        "skew_degrees": feed.skew_degrees,
        "lines": [{"text": line.text, "box": upright_box(line.box, sheet, feed)} for line in sheet.lines],
        "items": [
            {"kind": kind, "text": text, "box": upright_box(box, sheet, feed)}
            for line in sheet.lines
            for kind, text, box in printed_items(line, wanted)
        ],
    }
