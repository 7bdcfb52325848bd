"""How the paper lies on the glass: askew, turned, beside its facing page, with black around it."""

from __future__ import annotations

import random

import numpy as np

from bench.press.damage.ink import inked
from bench.press.damage.scene import Scene
from bench.press.damage.view import moved, skewed

LARGEST_SKEW = 5.0
"""Degrees."""


def askew(scene: Scene, severity: float, chance: random.Random) -> None:
    """Skew of up to ±5°, the canvas as large as the paper."""
    degrees = round(LARGEST_SKEW * severity, 2) * chance.choice((-1, 1))
    width, height = scene.canvas if scene.canvas[0] else scene.size
    scene.view = skewed(degrees, (width / 2, height / 2)) @ scene.view
    scene.skew_degrees += degrees


def turned(scene: Scene, severity: float, chance: random.Random) -> None:
    """A quarter turn, or two, or three."""
    scene.turn_degrees = chance.choice((90, 180, 270))


def black_bordered(scene: Scene, severity: float, chance: random.Random) -> None:
    """The glass is larger than the paper and its lid is open: black on two to four sides, the paper a little askew."""
    edges = [scene.dots(chance.uniform(2, 4 + 16 * severity)) for _ in range(4)]
    for place in chance.sample(range(4), chance.randint(0, 2)):
        edges[place] = 0.0
    left, top, right, bottom = (round(edge) for edge in edges)
    width, height = scene.size
    scene.view = moved(left, top) @ scene.view
    scene.canvas = (width + left + right, height + top + bottom)
    degrees = round(chance.uniform(-1, 1) * severity, 2)
    scene.view = skewed(degrees, (scene.canvas[0] / 2, scene.canvas[1] / 2)) @ scene.view
    scene.skew_degrees += degrees
    scene.surround = (chance.randint(8, 30),) * 3


def spread(scene: Scene, severity: float, chance: random.Random) -> None:
    """Two pages of an open book on one picture, the gutter dark between them."""
    scene.place_beside(chance.uniform(0, 3), (120, 118, 114))
    middle = scene.size[0] / 2
    away = np.abs(np.arange(scene.size[0], dtype=np.float32) - middle) / scene.dots(4 + 10 * severity)
    strength = np.broadcast_to(np.exp(-away) * (0.3 + 0.5 * severity), scene.pixels.shape[:2]).astype(np.float32)
    inked(scene, strength, (50, 48, 46), 0, 0)
