"""A document camera for printed sheets: they lie on a desk, seen from the side and somewhat turned.

The lens is a pinhole over the middle of the picture, so that corners and boxes on the photograph are known exactly.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from bench.press.damage.view import Matrix, Points, corners_of, moved, scaled, taken
from bench.press.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Pose:
    """How a sheet lies before the camera.

    Attributes:
        width, height: of the photograph, pixels.
        turn_degrees: 0, 90, 180 or 270; the photograph turned clockwise by it shows the sheet upright.
        spin_degrees: how far the sheet lies askew on the desk, clockwise.
        pitch_degrees, yaw_degrees: how far the desk leans away from the lens at the top, and at the right.
        fill: the sheet's share of the photograph's height or width, whichever is tighter.
        desk: colour of the desk, RGB.
        grain: deviation of the desk's pattern, of 255.
        shading: how much darker the far side of the light is, 0–1.
        noise: deviation of the sensor's noise, of 255.
        seed: of pattern and noise.
    """

    width: int = 2480
    height: int = 3508
    turn_degrees: int = 0
    spin_degrees: float = 0.0
    pitch_degrees: float = 0.0
    yaw_degrees: float = 0.0
    fill: float = 0.85
    desk: tuple[int, int, int] = (92, 70, 52)
    grain: float = 8.0
    shading: float = 0.15
    noise: float = 3.0
    seed: int = 0


def random_pose(chance: random.Random) -> Pose:
    """A pose such as happens: always somewhat oblique, seldom straight, on desks of wood, mats and painted steel."""
    across, down = chance.choice(((2448, 3264), (3264, 2448), (2480, 3508)))
    return Pose(
        width=across,
        height=down,
        turn_degrees=chance.choice((0, 0, 0, 90, 180, 270)),
        spin_degrees=chance.uniform(-12, 12),
        pitch_degrees=chance.choice((-1, 1)) * chance.uniform(8, 28),
        yaw_degrees=chance.uniform(-18, 18),
        fill=chance.uniform(0.62, 0.88),
        desk=chance.choice(((92, 70, 52), (40, 42, 46), (70, 92, 80), (120, 120, 124), (128, 84, 60), (60, 80, 130))),
        grain=chance.uniform(2, 12),
        shading=chance.uniform(0, 0.3),
        noise=chance.uniform(1, 5),
        seed=chance.randrange(2**31),
    )


def on_photograph(points: Points, sheet: Sheet, pose: Pose) -> Points:
    """Where points of the sheet (pixels) lie on the photograph (pixels)."""
    return taken(points, _view(sheet, pose))


def corners(sheet: Sheet, pose: Pose) -> Points:
    """The sheet's corners on the photograph: top left, top right, bottom right, bottom left of the print."""
    return on_photograph(np.array(corners_of((0, 0, *sheet.picture.size)), np.float64), sheet, pose)


def photograph(sheet: Sheet, pose: Pose) -> Image.Image:
    """The photograph, RGB."""
    size = (pose.width, pose.height)
    grain = np.random.default_rng(pose.seed)
    paper = np.minimum(np.asarray(sheet.picture), np.array([246, 244, 238], np.uint8))
    outline = corners(sheet, pose)
    # Shrunk by averaging first: sampling alone would break thin strokes.
    shrink = min(1.0, 1.2 * math.sqrt(cv2.contourArea(outline.astype(np.float32)) / (paper.shape[0] * paper.shape[1])))
    small = cv2.resize(paper, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    # Pixel centres lie half a pixel inside of the edges that the corners are.
    scale = scaled(sheet.picture.size[0] / small.shape[1], sheet.picture.size[1] / small.shape[0])
    view = moved(-0.5, -0.5) @ _view(sheet, pose) @ scale @ moved(0.5, 0.5)
    seen = cv2.warpPerspective(small, view, size, flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0))
    cover = cv2.warpPerspective(np.full(small.shape[:2], 255, np.uint8), view, size, flags=cv2.INTER_LINEAR)
    share = (cover.astype(np.float32) / 255)[..., None]
    streaks = grain.normal(0, pose.grain, (pose.height // 12 + 1, pose.width // 120 + 1, 1)).astype(np.float32)
    wood = cv2.resize(streaks, size, interpolation=cv2.INTER_CUBIC)[..., None]
    values = seen.astype(np.float32) + (np.array(pose.desk, np.float32) + wood) * (1 - share)
    direction = grain.uniform(0, 2 * np.pi)
    across = np.cos(direction) * np.linspace(-1, 1, pose.width)
    along = np.sin(direction) * np.linspace(-1, 1, pose.height)[:, None]
    values *= (1 - pose.shading * (across + along + 1.5) / 3)[..., None].astype(np.float32)
    values += grain.normal(0, pose.noise, (pose.height, pose.width, 1)).astype(np.float32)
    return Image.fromarray(cv2.GaussianBlur(np.clip(values, 0, 255).astype(np.uint8), (0, 0), 0.6))


def _view(sheet: Sheet, pose: Pose) -> Matrix:
    """The homography from the sheet's pixels to the photograph's."""
    width, height = sheet.picture.size
    spin = math.radians(pose.spin_degrees - pose.turn_degrees)
    pitch, yaw = math.radians(pose.pitch_degrees), math.radians(pose.yaw_degrees)
    lying = np.array([[math.cos(spin), -math.sin(spin), 0], [math.sin(spin), math.cos(spin), 0], [0, 0, 1]])
    leaning = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    turning = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    rotation = turning @ leaning @ lying
    longest = max(width, height)
    unit = np.array([[1 / longest, 0, -width / 2 / longest], [0, 1 / longest, -height / 2 / longest], [0, 0, 1.0]])
    # Seen from 2.2 lengths of the sheet: with its usual lens, a camera is no nearer when the whole sheet is in view.
    # Pushed about on the desk until its outline stands in the middle, since the lens looks there.
    place = np.array([0.0, 0.0, 2.2])
    for _ in range(20):
        plane = np.column_stack([rotation[:, 0], rotation[:, 1], place]) @ unit
        flat = taken(np.array(corners_of((0, 0, width, height)), np.float64), plane)
        place[:2] -= (flat.max(axis=0) + flat.min(axis=0)) / 2 * place[2]
    extent = flat.max(axis=0) - flat.min(axis=0)
    zoom = pose.fill * min(pose.width / extent[0], pose.height / extent[1])
    lens = np.array([[zoom, 0, pose.width / 2], [0, zoom, pose.height / 2], [0, 0, 1]])
    return np.asarray(lens @ plane, np.float64)
