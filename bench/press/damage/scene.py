"""A sheet on its way through the scanner: its pixels, and by which matrix the printed lines follow them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.press.damage.view import Matrix, moved, quarter, scaled, warped
from bench.press.sheet import DPI, Sheet

PAPER = (250, 248, 243)
_LID = (244, 244, 242)


@dataclass(slots=True)
class Placed:
    """A sheet and the matrix from its pixels to those of the scene."""

    sheet: Sheet
    matrix: Matrix
    side: Literal["whole", "left", "right"] = "whole"


@dataclass(slots=True)
class Scene:
    """What lies on the glass, and how it is looked at.

    Attributes:
        dpi: pixels an inch of what is seen.
        pixels: uint8 array (height, width, 3), RGB: the paper until `look`, the scan after it.
        placed: the sheets in it.
        facing: what stands on the other side of the paper, or on the page beside it.
        view: from the paper's pixels to those of the canvas; damages of the feed change it, `look` applies it.
        canvas: width and height of what the scanner sees, pixels.
        surround: colour of what is beside the paper; None for more of the same.
        backdrop: uint8 array as large as the canvas, for what lies around the paper of a photograph.
        turn_degrees, skew_degrees: as in a reading (dossier/reading.py).
        blur: deviation of the softness, pixels.
        grain: deviation of the noise, of 255.
        mode, quality, dpi_tag: how the file is stored.
        threshold: below it, a bitonal pixel is black.
    """

    dpi: int
    pixels: NDArray[np.uint8]
    placed: list[Placed]
    facing: Sheet | None
    seed: int
    view: Matrix = field(default_factory=lambda: np.eye(3))
    canvas: tuple[int, int] = (0, 0)
    surround: tuple[int, int, int] | None = _LID
    backdrop: NDArray[np.uint8] | None = None
    turn_degrees: int = 0
    skew_degrees: float = 0.0
    blur: float = 0.4
    grain: float = 2.5
    mode: Literal["colour", "grey", "bitonal"] = "colour"
    quality: int = 88
    dpi_tag: int = 0
    threshold: int = 150
    seen: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def dots(self, millimetres: float) -> float:
        """Millimetres in pixels of the scene."""
        return millimetres / 25.4 * self.dpi

    def place_beside(self, gap: float, colour: tuple[int, int, int]) -> None:
        """Puts the facing sheet to the right of the paper, `gap` millimetres of a colour between them."""
        beside = self.facing or Sheet("", size=self.placed[0].sheet.size)
        right, matrix = printed(beside, self.dpi)
        height = max(self.pixels.shape[0], right.shape[0])
        width, between = self.pixels.shape[1], round(self.dots(gap))
        both = np.full((height, width + between + right.shape[1], 3), PAPER, np.uint8)
        both[: self.pixels.shape[0], :width] = self.pixels
        both[:, width : width + between] = colour
        both[: right.shape[0], width + between :] = right
        self.pixels = both
        self.placed[0].side = "left"
        self.placed.append(Placed(beside, moved(width + between, 0) @ matrix, "right"))

    def look(self) -> None:
        """Lets the scanner see the paper: applies the view."""
        if not self.canvas[0]:
            self.canvas = self.size
        if not np.array_equal(self.view, np.eye(3)) or self.canvas != self.size:
            if self.backdrop is not None:
                # Soft where paper ends, as a lens shows it.
                inside = warped(np.full_like(self.pixels, 255), self.view, self.canvas, (0, 0, 0))[..., :1]
                share = inside.astype(np.float32) / 255
                paper = warped(self.pixels, self.view, self.canvas, None).astype(np.float32)
                self.pixels = (paper * share + self.backdrop * (1 - share)).astype(np.uint8)
            else:
                self.pixels = warped(self.pixels, self.view, self.canvas, self.surround)
        for one in self.placed:
            one.matrix = self.view @ one.matrix
        self.seen = True

    def finish(self) -> None:
        """The lens and the sensor: softness, grain, and the quarter turn."""
        if self.blur:
            self.pixels = np.asarray(cv2.GaussianBlur(self.pixels, (0, 0), self.blur), np.uint8)
        if self.grain:
            height, width = self.pixels.shape[:2]
            noise = np.random.default_rng(self.seed).standard_normal((height, width), np.float32) * self.grain
            grain = cv2.merge([noise.round().astype(np.int16)] * 3)
            self.pixels = np.asarray(cv2.add(self.pixels, grain, dtype=cv2.CV_8U), np.uint8)
        if self.turn_degrees:
            matrix = quarter(self.turn_degrees, *self.size)
            self.pixels = np.ascontiguousarray(np.rot90(self.pixels, self.turn_degrees // 90))
            for one in self.placed:
                one.matrix = matrix @ one.matrix


def printed(sheet: Sheet, dpi: int) -> tuple[NDArray[np.uint8], Matrix]:
    """A sheet's pixels at a resolution, on ordinary paper, and the matrix from the sheet's pixels to them."""
    pixels = np.asarray(sheet.picture)
    height, width = pixels.shape[:2]
    size = (round(width * dpi / DPI), round(height * dpi / DPI))
    if dpi != DPI:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if dpi < DPI else cv2.INTER_CUBIC)
    return np.minimum(pixels, np.array(PAPER, np.uint8)), scaled(size[0] / width, size[1] / height)


def scene_of(sheet: Sheet, dpi: int, chance: random.Random, facing: Sheet | None) -> Scene:
    """A sheet on the glass, straight and undamaged."""
    pixels, matrix = printed(sheet, dpi)
    seed = chance.randrange(2**31)
    return Scene(dpi, pixels, [Placed(sheet, matrix)], facing, seed, dpi_tag=dpi, quality=chance.randint(80, 90))
