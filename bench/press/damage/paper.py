"""Harm to the paper: colour, age, staples, holes, folds."""

from __future__ import annotations

import random

import cv2
import numpy as np

from bench.press.damage.ink import inked
from bench.press.damage.scene import PAPER, Scene

_COLOURS = ((250, 214, 220), (214, 236, 250), (250, 243, 190), (214, 244, 214))


def coloured(scene: Scene, severity: float, chance: random.Random) -> None:
    """Pink, blue, yellow or green paper, such as forms in several copies have."""
    _tint(scene, chance.choice(_COLOURS), 0.4 + 0.6 * severity)


def yellowed(scene: Scene, severity: float, chance: random.Random) -> None:
    """Old paper: yellow, browner to its edges, spotted."""
    _tint(scene, (226, 200, 150), severity)
    rough = np.random.default_rng(chance.randrange(2**31)).uniform(0, 1, (9, 7)).astype(np.float32)
    rough[1:-1, 1:-1] *= 0.35
    stains = cv2.resize(rough, scene.size, interpolation=cv2.INTER_CUBIC).clip(0, 1) * 0.45 * severity
    inked(scene, stains, (196, 160, 104), 0, 0)


def _tint(scene: Scene, colour: tuple[int, int, int], share: float) -> None:
    factor = [1 - share * (1 - one / paper) for one, paper in zip(colour, PAPER, strict=True)]
    table = np.array([[value * one for one in factor] for value in range(256)]).clip(0, 255).astype(np.uint8)
    scene.pixels = np.asarray(cv2.LUT(scene.pixels, table[:, None, :]), np.uint8)


def stapled(scene: Scene, severity: float, chance: random.Random) -> None:
    """A staple in the top left corner, with its shadow, and a dog-ear when it is bad."""
    x, y, length = scene.dots(chance.uniform(8, 14)), scene.dots(chance.uniform(8, 14)), scene.dots(12)
    angle = chance.uniform(-0.9, 0.1)
    end = (round(x + length * np.cos(angle)), round(y - length * np.sin(angle)))
    start, thick = (round(x), round(y)), max(round(scene.dots(0.6)), 1)
    down = round(scene.dots(0.7))
    shadow = np.zeros(scene.pixels.shape[:2], np.uint8)
    cv2.line(shadow, (start[0] + down, start[1] + down), (end[0] + down, end[1] + down), 255, thick * 2, cv2.LINE_AA)
    soft = cv2.GaussianBlur(shadow, (0, 0), scene.dots(0.4)).astype(np.float32) / 255
    inked(scene, soft * (0.3 + 0.5 * severity), (60, 60, 60), 0, 0)
    cv2.line(scene.pixels, start, end, (142, 144, 148), thick, cv2.LINE_AA)
    if severity > 0.5:
        side = round(scene.dots(6 + 10 * (severity - 0.5)))
        cv2.fillPoly(scene.pixels, [np.array([(0, 0), (side, 0), (0, side)], np.int32)], (205, 203, 198))


def punched(scene: Scene, severity: float, chance: random.Random) -> None:
    """Holes of a binder at the left edge, dark as the scanner's lid or white as the next sheet."""
    across = scene.dots(chance.uniform(9, 13))
    colour = chance.choice(((24, 24, 26), (70, 68, 66), (228, 226, 222)))
    middle, spread = scene.size[1] / 2, scene.dots(chance.choice((40, 40, 54)))
    for place in (-1, 1) if severity < 0.6 else (-1, 0, 1):
        centre = (round(across + scene.dots(chance.uniform(-0.5, 0.5))), round(middle + place * spread))
        cv2.circle(scene.pixels, centre, round(scene.dots(3.0)), colour, -1, cv2.LINE_AA)
        cv2.ellipse(scene.pixels, centre, (round(scene.dots(3.0)),) * 2, 0, 200, 340, (150, 148, 144), 2, cv2.LINE_AA)


def folded_a3(scene: Scene, severity: float, chance: random.Random) -> None:
    """A large sheet that was folded: two pages beside each other on one paper, a crease between them."""
    if scene.size[0] < scene.size[1]:
        scene.place_beside(0, PAPER)
    middle = scene.size[0] / 2 + scene.dots(chance.uniform(-1.5, 1.5))
    away = (np.arange(scene.size[0], dtype=np.float32) - middle) / scene.dots(1.0)
    dark = np.exp(-(away**2) * 2) * 0.7 + np.exp(-np.abs(away) / 14) * (away > 0) * 0.25
    strength = np.broadcast_to(dark * (0.25 + 0.6 * severity), scene.pixels.shape[:2]).astype(np.float32)
    inked(scene, strength, (90, 88, 84), 0, 0)
