"""A page photographed on a desk."""

from __future__ import annotations

import random

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.press.damage.scene import Scene
from bench.press.damage.view import corners_of, perspective


def photographed(scene: Scene, severity: float, chance: random.Random) -> None:
    """A camera held by hand: perspective, a desk around the paper, uneven light, and 72 dpi in the file's tag."""
    width, height = scene.size
    margin = scene.dots(8 + 14 * chance.random())
    canvas = (round(width + 2 * margin), round(height + 2 * margin))
    lean = (0.015 + 0.045 * severity) * min(width, height)
    degrees = chance.uniform(-3, 3) * severity
    turn = np.radians(-degrees)
    target = []
    for x, y in corners_of((0, 0, width, height)):
        dx, dy = x - width / 2, y - height / 2
        shift = (chance.uniform(-lean, lean), chance.uniform(-lean, lean))
        target.append(
            [
                canvas[0] / 2 + (dx * np.cos(turn) - dy * np.sin(turn)) * 0.97 + shift[0],
                canvas[1] / 2 + (dx * np.sin(turn) + dy * np.cos(turn)) * 0.97 + shift[1],
            ]
        )
    scene.view = perspective(corners_of((0, 0, width, height)), target) @ scene.view
    scene.canvas = canvas
    scene.skew_degrees += round(degrees, 2)
    scene.backdrop = _desk(canvas, chance)
    scene.dpi_tag = 72
    scene.blur += 0.5 * severity
    scene.grain += 2 * severity


def _desk(size: tuple[int, int], chance: random.Random) -> NDArray[np.uint8]:
    """Wood: long grain in browns or greys."""
    random_field = np.random.default_rng(chance.randrange(2**31))
    streaks = random_field.uniform(0, 1, (80, 5)).astype(np.float32)
    wood = cv2.resize(streaks, size, interpolation=cv2.INTER_CUBIC)[..., None]
    dark, bright = chance.choice((((86, 56, 36), (150, 104, 66)), ((70, 72, 76), (120, 122, 126))))
    low, high = np.array(dark, np.float32), np.array(bright, np.float32)
    return np.asarray((low + wood * (high - low)).clip(0, 255), np.uint8)
