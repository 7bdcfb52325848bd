"""Harm to the ink, and ink that does harm: faint print, carbon copies, seals, fingerprints, strokes of a pen."""

from __future__ import annotations

import random

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.press.damage.scene import PAPER, Scene
from bench.press.sheet import Sheet

_OFFICE = "云屏市公安局临溪分局"


def inked(scene: Scene, strength: NDArray[np.float32], colour: tuple[int, int, int], x: int, y: int) -> None:
    """Lays ink over the paper so that print shows through it: it multiplies.

    Args:
        scene: where.
        strength: float32 array (height, width), 0–1.
        colour: of the full ink.
        x, y: where the array's top left lies; what falls beside the paper is lost.
    """
    left, top = max(-x, 0), max(-y, 0)
    strength = strength[top : top + scene.size[1] - max(y, 0), left : left + scene.size[0] - max(x, 0)]
    if not strength.size:
        return
    x, y = max(x, 0), max(y, 0)
    area = scene.pixels[y : y + strength.shape[0], x : x + strength.shape[1]]
    light = 1 - strength[..., None] * (1 - np.array(colour, np.float32) / 255)
    area[:] = (area * light).astype(np.uint8)


def faded(scene: Scene, severity: float, chance: random.Random) -> None:
    """Print with little contrast, as an old ribbon or an empty cartridge leaves it."""
    keep = 1 - 0.72 * severity
    table = np.array([[PAPER[c] - max(PAPER[c] - v, 0) * keep for c in range(3)] for v in range(256)])
    scene.pixels = np.asarray(cv2.LUT(scene.pixels, table.round().clip(0, 255).astype(np.uint8)[:, None, :]), np.uint8)


def carbon(scene: Scene, severity: float, chance: random.Random) -> None:
    """A copy through carbon paper: blue, broad, uneven strokes."""
    grey = cv2.cvtColor(scene.pixels, cv2.COLOR_RGB2GRAY)
    spread = cv2.GaussianBlur(grey, (0, 0), scene.dots(0.05 + 0.12 * severity))
    ink = 1 - np.minimum(spread, 248).astype(np.float32) / 248
    pressed = _cloud(scene, chance, 12, 1 - 0.6 * severity, 1.0) * (0.95 - 0.3 * severity)
    ink = np.clip(ink * 1.25, 0, 1) * pressed
    colour = np.array((52, 62, 122), np.float32)
    paper = np.array(PAPER, np.float32)
    scene.pixels = (paper - ink[..., None] * (paper - colour)).astype(np.uint8)


def _cloud(scene: Scene, chance: random.Random, cells: int, low: float, high: float) -> NDArray[np.float32]:
    """Slow changes over the paper between two values."""
    rough = np.random.default_rng(chance.randrange(2**31)).uniform(low, high, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(rough, scene.size, interpolation=cv2.INTER_LINEAR), np.float32)


def sealed(scene: Scene, severity: float, chance: random.Random) -> None:
    """Red seals over the print, one or two."""
    lines = [line.box for one in scene.placed for line in one.sheet.lines]
    for _ in range(1 if severity < 0.6 else 2):
        diameter = chance.uniform(36, 44)
        stamp = Sheet("", size=(46, 46))
        stamp.stamp(23, 23, _OFFICE, diameter)
        size = round(scene.dots(46))
        picture = cv2.resize(np.asarray(stamp.picture), (size, size), interpolation=cv2.INTER_AREA)
        strength = (1 - picture[..., 1].astype(np.float32) / 255) * (0.5 + 0.6 * severity)
        x, y = chance.uniform(0.3, 0.75) * scene.size[0], chance.uniform(0.25, 0.8) * scene.size[1]
        if lines:
            x0, y0, x1, y1 = chance.choice(lines)
            point = scene.placed[0].matrix @ np.array([(x0 + x1) / 2, (y0 + y1) / 2, 1])
            x, y = float(point[0]), float(point[1])
        inked(scene, np.minimum(strength, 1), (214, 38, 44), round(x - size / 2), round(y - size / 2))


def fingerprints(scene: Scene, severity: float, chance: random.Random) -> None:
    """Red prints of a thumb, as under each page of a record."""
    for _ in range(1 + round(3 * severity)):
        width, height = round(scene.dots(chance.uniform(11, 15))), round(scene.dots(chance.uniform(15, 20)))
        ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        bend = np.sqrt((xs * 1.1) ** 2 + (ys + 0.35 * np.cos(xs * 2)) ** 2)
        ridges = 0.5 + 0.5 * np.sin(bend * 60 + 3 * np.sin(xs * 3 + chance.random() * 6))
        smear = np.random.default_rng(chance.randrange(2**31)).uniform(0.3, 1, (6, 5)).astype(np.float32)
        shape = np.clip((1 - np.sqrt(xs**2 + ys**2)) * 6, 0, 1)
        strength = ridges * shape * cv2.resize(smear, (width, height)) * (0.35 + 0.6 * severity)
        x, y = chance.uniform(0.15, 0.8) * scene.size[0], chance.uniform(0.1, 0.9) * scene.size[1]
        inked(scene, strength.astype(np.float32), (205, 40, 50), round(x), round(y))


def pen_strokes(scene: Scene, severity: float, chance: random.Random) -> None:
    """Lines under words, rings around them, ticks at the margin: a reader's ballpoint."""
    width, height = scene.size
    ink = np.zeros((height, width), np.uint8)
    thick = max(round(scene.dots(0.35)), 1)
    for _ in range(2 + round(7 * severity)):
        x, y = chance.uniform(0.15, 0.7) * width, chance.uniform(0.1, 0.9) * height
        what = chance.choice(("line", "ring", "tick"))
        if what == "line":
            length = scene.dots(chance.uniform(20, 70))
            points = [(x + length * t, y + scene.dots(0.6) * np.sin(t * 9 + x)) for t in np.linspace(0, 1, 24)]
        elif what == "ring":
            across, down = scene.dots(chance.uniform(10, 22)), scene.dots(chance.uniform(4, 7))
            points = [(x + across * np.cos(t), y + down * np.sin(t + 0.2)) for t in np.linspace(0, 6.6, 48)]
        else:
            unit = scene.dots(chance.uniform(4, 8))
            points = [(x, y), (x + unit * 0.4, y + unit * 0.5), (x + unit * 1.3, y - unit * 0.7)]
        cv2.polylines(ink, [np.array(points, np.int32)], False, 255, thick, cv2.LINE_AA)
    colour = chance.choice(((28, 44, 140), (40, 40, 46), (190, 30, 40)))
    inked(scene, (ink * np.float32(0.9 / 255)).astype(np.float32), colour, 0, 0)


def bled_through(scene: Scene, severity: float, chance: random.Random) -> None:
    """What is printed on the back, mirrored and faint."""
    front = scene.placed[0].sheet
    back = scene.facing or front
    grey = np.asarray(back.picture.convert("L"))
    grey = cv2.resize(grey, scene.size, interpolation=cv2.INTER_AREA)[:, ::-1]
    soft = cv2.GaussianBlur(grey, (0, 0), scene.dots(0.25))
    strength = (1 - soft.astype(np.float32) / 255) * (0.08 + 0.27 * severity)
    inked(scene, strength, (40, 38, 36), 0, 0)
