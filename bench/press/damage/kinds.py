"""The kinds of damage by name, and the way of a sheet through the scanner."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.press.cast import Cast
from bench.press.damage import camera, empty, feed, ink, light, paper, storage
from bench.press.damage.scene import Placed, Scene, scene_of
from bench.press.damage.view import box_around, corners_of, seen
from bench.press.scanner import printed_items
from bench.press.sheet import PrintedLine, Sheet
from bench.press.truth import wanted_items

MIX = "mix"
"""The name of one to three mild damages together."""

_MILD = 0.5


class Stage(IntEnum):
    """When a damage happens."""

    INK = 1
    PAPER = 2
    FEED = 3
    LIGHT = 4
    STORAGE = 5


@dataclass(frozen=True, slots=True)
class Damage:
    """What harms a scan.

    Attributes:
        stage: when it happens; damages happen in this order.
        harm: does it, at a severity 0–1.
        mild: of those with the same word, at most one is in a mix; "" is in none.
        dpi: the resolution it asks for.
        empty: makes the sheet to scan instead of a printed one.
        also: other damages, by name, of the same severity.
        blank: whether nothing is left to read.
    """

    stage: Stage
    harm: Callable[[Scene, float, random.Random], None] = storage.only_resolution
    mild: str = ""
    dpi: int | None = None
    empty: Callable[[Sheet, Cast, random.Random], Sheet] | None = None
    also: tuple[str, ...] = ()
    blank: bool = False


def _blank(*also: str) -> Damage:
    return Damage(Stage.PAPER, empty=empty.blank, also=also, blank=True)


# Faint print and bitonal pages are one group: together they lose strokes, and the truth would claim what is not there.
KINDS: dict[str, Damage] = {
    "clean": Damage(Stage.STORAGE),
    "low-contrast": Damage(Stage.INK, ink.faded, "tone"),
    "carbon-copy": Damage(Stage.INK, ink.carbon, "tone"),
    "bleed-through": Damage(Stage.INK, ink.bled_through, "back"),
    "red-seal": Damage(Stage.INK, ink.sealed, "seal"),
    "fingerprints": Damage(Stage.INK, ink.fingerprints, "prints"),
    "pen-strokes": Damage(Stage.INK, ink.pen_strokes),
    "coloured-paper": Damage(Stage.PAPER, paper.coloured, "paper"),
    "yellowed": Damage(Stage.PAPER, paper.yellowed, "paper"),
    "staple": Damage(Stage.PAPER, paper.stapled, "binding"),
    "punch-holes": Damage(Stage.PAPER, paper.punched, "binding"),
    "skew": Damage(Stage.FEED, feed.askew, "feed"),
    "quarter-turn": Damage(Stage.FEED, feed.turned),
    "black-borders": Damage(Stage.FEED, feed.black_bordered, "feed"),
    "spread": Damage(Stage.PAPER, feed.spread),
    "a3-folded": Damage(Stage.PAPER, paper.folded_a3),
    "shading": Damage(Stage.LIGHT, light.shaded, "light"),
    "gutter-shadow": Damage(Stage.LIGHT, light.gutter, "light"),
    "photograph": Damage(Stage.FEED, camera.photographed, also=("shading",)),
    "jpeg": Damage(Stage.STORAGE, storage.strongly_compressed, "file"),
    "grey": Damage(Stage.STORAGE, storage.grey, "tone"),
    "bitonal": Damage(Stage.STORAGE, storage.bitonal, "tone"),
    "dpi-150": Damage(Stage.STORAGE, dpi=150),
    "dpi-200": Damage(Stage.STORAGE, dpi=200, mild="dpi"),
    "dpi-240": Damage(Stage.STORAGE, dpi=240, mild="dpi"),
    "dpi-300": Damage(Stage.STORAGE, dpi=300, mild="dpi"),
    "dpi-400": Damage(Stage.STORAGE, dpi=400),
    "blank": _blank(),
    "blank-yellowed": _blank("yellowed"),
    "blank-punched": _blank("punch-holes"),
    "blank-bleed-through": _blank("bleed-through"),
    "blank-black-border": _blank("black-borders"),
    "blank-shadow": _blank("gutter-shadow"),
    "page-number-only": Damage(Stage.PAPER, empty=empty.numbered),
    "seal-only": Damage(Stage.PAPER, empty=empty.sealed),
    "signature-only": Damage(Stage.PAPER, empty=empty.signed),
    "pencil-note": Damage(Stage.PAPER, empty=empty.pencilled),
}

EMPTY = tuple(name for name, damage in KINDS.items() if damage.empty)
"""The kinds with nothing, or next to nothing, on the paper."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A damaged scan.

    Attributes:
        picture: RGB, "L", or "1" for a bitonal one.
        dpi_tag: the resolution that the file claims.
        quality: of the JPEG, 1–95.
        truth: what stands on it, as `damaged` says.
    """

    picture: Image.Image
    dpi_tag: int
    quality: int
    truth: dict[str, Any]

    @property
    def suffix(self) -> str:
        """Of the file: ".tif" for a bitonal scan, else ".jpg"."""
        return ".tif" if self.picture.mode == "1" else ".jpg"

    def save(self, path: Path) -> None:
        """Writes the scan as JPEG, or as TIFF with CCITT group 4 if it is bitonal."""
        options: dict[str, Any] = {"compression": "group4"} if self.suffix == ".tif" else {"quality": self.quality}
        self.picture.save(path, dpi=(self.dpi_tag, self.dpi_tag), **options)


def damaged(
    sheet: Sheet,
    people: Cast,
    kind: str,
    chance: random.Random,
    facing: Sheet | None = None,
    severity: float | None = None,
) -> Scan:
    """Scans a sheet with a kind of damage.

    Args:
        sheet: what is scanned; it is not changed.
        people: the case it belongs to.
        kind: a name in `KINDS`, or `MIX`.
        chance: everything that is not given comes from it.
        facing: the page on the back (bleed-through) or beside (spread, a3-folded); by default the sheet itself shines
            through, and the page beside is empty.
        severity: 0–1; by default 0.2–1, in a mix 0.1–0.5.

    Returns:
        The scan. Its truth: kind, damages {name: severity}, title, dpi, dpi_tag, width, height (of the scan),
        turn_degrees and skew_degrees (as in a reading; of a photograph the camera's roll), blank, boxes_of "scan",
        corners (the paper's, also where they lie outside of the scan), label {text, box, quad} or null, lines
        [{text, vertical, box, quad}], items [{kind, text, box, quad}], halves (null, or for two pages beside each
        other [{side, title, corners, label, lines, items}] from left to right; lines and items above are then those
        of both, label and corners the left one's). All places are in pixels of the scan: box [x0, y0, x1, y1] lies
        around quad, the corners [x, y] of the printed rectangle, beginning with the print's own top left, clockwise.

    Raises:
        KeyError: there is no such kind.
    """
    chosen = _mild(chance, severity) if kind == MIX else _of_kind(kind, chance, severity)
    dpis = [KINDS[name].dpi for name in chosen]
    dpi = next((one for one in dpis if one), None) or chance.choice((200, 200, 300))
    first = KINDS[kind] if kind != MIX else None
    scanned = sheet
    if first and first.empty:
        scanned, facing = first.empty(sheet, people, chance), facing or sheet
    scene = scene_of(scanned, dpi, chance, facing)
    for name in sorted(chosen, key=lambda name: KINDS[name].stage):
        if KINDS[name].stage >= Stage.LIGHT and not scene.seen:
            scene.look()
        KINDS[name].harm(scene, chosen[name], chance)
    if not scene.seen:
        scene.look()
    scene.finish()
    truth = {"kind": kind, "damages": chosen, **_truth(scene, people), "blank": bool(first and first.blank)}
    return Scan(_picture(scene), scene.dpi_tag, scene.quality, truth)


def _of_kind(kind: str, chance: random.Random, severity: float | None) -> dict[str, float]:
    strength = round(chance.uniform(0.2, 1.0) if severity is None else severity, 3)
    return dict.fromkeys((kind, *KINDS[kind].also), strength)


def _mild(chance: random.Random, severity: float | None) -> dict[str, float]:
    groups: dict[str, list[str]] = {}
    for name, damage in KINDS.items():
        if damage.mild:
            groups.setdefault(damage.mild, []).append(name)
    names = [chance.choice(groups[group]) for group in chance.sample(sorted(groups), chance.randint(1, 3))]
    return {name: round(chance.uniform(0.1, _MILD) if severity is None else min(severity, _MILD), 3) for name in names}


def _picture(scene: Scene) -> Image.Image:
    picture = Image.fromarray(scene.pixels)
    if scene.mode == "colour":
        return picture
    if scene.mode == "grey":
        return picture.convert("L")
    # As scanners do it, a dark sheet has a lower threshold; 247 is ordinary paper.
    grey = np.asarray(picture.convert("L"))
    threshold = scene.threshold * float(np.median(grey[::8, ::8])) / 247
    return Image.fromarray(np.where(grey < threshold, 0, 255).astype(np.uint8)).convert("1")


def _truth(scene: Scene, people: Cast) -> dict[str, Any]:
    wanted = wanted_items(people)
    pages = [_page_truth(placed, wanted) for placed in scene.placed]
    return {
        "title": pages[0]["title"],
        "dpi": scene.dpi,
        "dpi_tag": scene.dpi_tag,
        "width": scene.size[0],
        "height": scene.size[1],
        "turn_degrees": scene.turn_degrees,
        "skew_degrees": round(scene.skew_degrees, 2),
        "boxes_of": "scan",
        "corners": pages[0]["corners"],
        "label": pages[0]["label"],
        "lines": [line for page in pages for line in page["lines"]],
        "items": [item for page in pages for item in page["items"]],
        "halves": pages if len(pages) > 1 else None,
    }


def _page_truth(placed: Placed, wanted: dict[str, str]) -> dict[str, Any]:
    sheet = placed.sheet

    def where(box: tuple[float, float, float, float]) -> dict[str, Any]:
        quad = seen(corners_of(box), placed.matrix)
        return {"box": box_around(quad), "quad": quad}

    def label(line: PrintedLine | None) -> dict[str, Any] | None:
        return {"text": line.text, **where(line.box)} if line else None

    return {
        "side": placed.side,
        "title": sheet.title,
        "corners": seen(corners_of((0, 0, *sheet.picture.size)), placed.matrix),
        "label": label(sheet.label),
        "lines": [{"text": line.text, "vertical": line.vertical, **where(line.box)} for line in sheet.lines],
        "items": [
            {"kind": kind, "text": text, **where(box)}
            for line in sheet.lines
            for kind, text, box in printed_items(line, wanted)
        ],
    }
