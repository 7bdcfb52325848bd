"""How the scan is stored: colours, compression, resolution."""

from __future__ import annotations

import random

from bench.press.damage.scene import Scene


def strongly_compressed(scene: Scene, severity: float, chance: random.Random) -> None:
    """JPEG of a quality between 85 (mild) and 40."""
    scene.quality = round(85 - 45 * severity)


def grey(scene: Scene, severity: float, chance: random.Random) -> None:
    """No colours."""
    scene.mode = "grey"


def bitonal(scene: Scene, severity: float, chance: random.Random) -> None:
    """Black and white, at a threshold that thickens or thins the strokes."""
    scene.mode = "bitonal"
    scene.threshold = round(150 + chance.choice((-1, 1)) * 45 * severity)


def only_resolution(scene: Scene, severity: float, chance: random.Random) -> None:
    """Nothing: the resolution was chosen before the sheet was laid on the glass."""
