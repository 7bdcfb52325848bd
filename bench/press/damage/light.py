"""How light falls on what is scanned."""

from __future__ import annotations

import random

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.press.damage.scene import Scene


def lit(scene: Scene, field: NDArray[np.float32]) -> None:
    """Darkens what is seen by a field of factors 0–1 of any size, stretched over the whole."""
    stretched = cv2.resize(field, scene.size, interpolation=cv2.INTER_LINEAR)
    factors = np.minimum(stretched * 256, 256).astype(np.uint16)
    scene.pixels = ((scene.pixels * factors[..., None]) >> 8).astype(np.uint8)


def shaded(scene: Scene, severity: float, chance: random.Random) -> None:
    """Light that falls off towards one side, down to half."""
    turn = chance.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[-1:1:64j, -1:1:64j]
    across = (np.cos(turn) * xs + np.sin(turn) * ys) / 1.415
    lit(scene, (1 - (0.1 + 0.4 * severity) * (across + 1) / 2).astype(np.float32))


def gutter(scene: Scene, severity: float, chance: random.Random) -> None:
    """The shadow of a bound volume along the left or right edge."""
    reach = 3 + 11 * severity
    millimetres = np.linspace(0, scene.size[0] / scene.dpi * 25.4, 800)
    dark = np.exp(-millimetres / reach) * (0.5 + 0.42 * severity)
    row = (1 - dark).astype(np.float32)
    lit(scene, np.repeat((row if chance.random() < 0.7 else row[::-1])[None], 4, 0))
