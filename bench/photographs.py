"""How well photographed sheets are found, and what that does for reading.

    python -m bench.photographs [--count 40] [--flat 10] [--read 6] [--seed 11] [--models FOLDER]

Sheets of known text lie before a made camera (bench/press/camera.py), so that corners and places are known exactly.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.accuracy import edit_distance, folded
from bench.press.camera import Points, Pose, corners, on_photograph, photograph, random_pose
from bench.press.pages import sheets
from bench.press.scanner import random_feed, scan
from bench.press.sheet import Sheet
from dossier.reading import Reading
from pipeline.cleaning.perspective import PhotographedSheet, find_sheet, mapped
from pipeline.cleaning.photograph import as_photographed, as_scanned, turned_back
from pipeline.cleaning.upright import Picture
from pipeline.files.decode import Scan
from pipeline.models import shared_folder
from pipeline.reading.page_reader import PageReader


def posed_sheets(count: int, seed: int) -> Iterator[tuple[Sheet, Pose]]:
    """Sheets of all kinds in turn, each before the camera at random."""
    chance = random.Random(seed)
    for _, (_, sheet) in zip(range(count), sheets(chance), strict=False):
        yield sheet, random_pose(chance)


def corner_error(found: PhotographedSheet, sheet: Sheet, pose: Pose) -> float:
    """The largest distance of a corner from where it is, as a share of the photograph's diagonal."""
    size = np.array([pose.width, pose.height])
    points, truth = np.array(found.corners) * size, corners(sheet, pose)
    # The first corner is the one at the upper left of the picture, wherever the print begins.
    largest = [np.linalg.norm(np.roll(points, shift, axis=0) - truth, axis=1).max() for shift in range(4)]
    return float(min(largest)) / math.hypot(*size)


def flat_scans(count: int, seed: int) -> Iterator[tuple[str, Picture]]:
    """What a scanner makes, each with its kind: none of it is a photograph."""
    chance = random.Random(seed)
    for _, (_, sheet) in zip(range(count), sheets(chance), strict=False):
        page = np.array(scan(sheet, random_feed(chance, 5.0)).convert("RGB"))
        height, width = page.shape[:2]
        grain = np.random.default_rng(chance.randrange(2**31))
        yield "page", page
        yield "coloured paper", (page * np.array(chance.choice([(1, 0.9, 0.6), (0.6, 0.5, 0.4)]))).astype(np.uint8)
        dark = page.copy()
        dark[: chance.randint(10, 150)] = dark[-chance.randint(10, 150) :] = 12
        dark[:, : chance.randint(10, 150)] = dark[:, -chance.randint(10, 150) :] = 12
        yield "black border", dark
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), chance.uniform(-5, 5), chance.uniform(0.6, 0.9))
        for level in (10, 60, 115, 170):
            lid = cv2.warpAffine(page, turn, (width, height), borderValue=(level, level, level)).astype(np.int16)
            rough = lid + grain.normal(0, 4, (height, width, 1)).astype(np.int16)
            yield f"askew before a lid of grey {level}", np.clip(rough, 0, 255).astype(np.uint8)
        framed, inset = page.copy(), chance.randint(60, 200)
        cv2.rectangle(framed, (inset, inset), (width - inset, height - inset), (0, 0, 0), chance.randint(8, 60))
        yield "thick frame", framed
        view = np.asarray(photograph(sheet, random_pose(chance)))
        for share in (0.8, 0.97):
            printed = np.full_like(page, 246)
            small = cv2.resize(view, (int(width * share), int(height * share)), interpolation=cv2.INTER_AREA)
            top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
            printed[top : top + small.shape[0], left : left + small.shape[1]] = small
            yield "photograph printed on a page", printed
        cards = np.full_like(page, 243)
        for down in (0.3, 0.7):
            around = ((width / 2, height * down), (width * 0.42, width * 0.265), chance.uniform(-15, 15))
            cv2.fillPoly(cards, [cv2.boxPoints(around).astype(np.int32)], (190, 205, 215))
        yield "copy of a card", cards


def sheet_errors(reading: Reading, to_photograph: Points, sheet: Sheet, pose: Pose) -> tuple[int, int]:
    """Wrong characters and printed characters, line by line.

    Args:
        reading: of the photograph or of the sheet cut out of it.
        to_photograph: where the corners of its upright page lie on the photograph, fractions.
        sheet: what was photographed.
        pose: how.
    """
    width, height = sheet.picture.size
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    back, _ = cv2.findHomography(on_photograph(whole, sheet, pose), whole)
    found = [
        (character, box) for line in reading.lines for character, box in zip(line.text, line.characters, strict=True)
    ]
    if not found:
        printed = sum(len(folded(line.text)) for line in sheet.lines)
        return printed, printed
    middles = np.array([[(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2] for _, box in found])
    seen = mapped(middles, tuple(map(tuple, to_photograph))) * np.array([pose.width, pose.height])
    on_sheet = cv2.perspectiveTransform(seen[None], back)[0]
    errors = printed = 0
    for line in sheet.lines:
        x0, y0, x1, y1 = line.box
        inside = _inside(on_sheet, (x0 - 12, y0 - 6, x1 + 12, y1 + 6))
        order = sorted(np.nonzero(inside)[0], key=lambda place: on_sheet[place, 0])
        expected = folded(line.text)
        printed += len(expected)
        errors += min(edit_distance(folded("".join(found[place][0] for place in order)), expected), len(expected))
    return errors, printed


def line_overlap(reading: Reading, to_photograph: Points, sheet: Sheet, pose: Pose) -> float:
    """Mean overlap (intersection over union), on the photograph, of lines read whole with where they are printed."""
    printed = {folded(line.text): line.box for line in sheet.lines}
    size, overlaps = np.array([pose.width, pose.height]), []
    for line in reading.lines:
        box = printed.get(folded(line.text))
        if box is not None and len(line.text) > 3:
            own = (line.box.x0, line.box.y0, line.box.x1, line.box.y1)
            seen = (mapped(_ends(own), tuple(map(tuple, to_photograph))) * size).astype(np.float32)
            truth = on_photograph(_ends(box), sheet, pose).astype(np.float32)
            common, _ = cv2.intersectConvexConvex(seen, truth)
            overlaps.append(common / (cv2.contourArea(seen) + cv2.contourArea(truth) - common))
    return mean(overlaps) if overlaps else 0.0


def _ends(box: tuple[float, float, float, float]) -> Points:
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _inside(points: Points, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    x, y = points.T
    return np.asarray((box[0] <= x) & (x <= box[2]) & (box[1] <= y) & (y <= box[3]), np.bool_)


def report_corners(count: int, seed: int) -> None:
    """Prints how many sheets are found, and how exactly."""
    errors, seconds = [], []
    for sheet, pose in posed_sheets(count, seed):
        picture = np.asarray(photograph(sheet, pose))
        started = time.process_time()
        found = find_sheet(picture)
        seconds.append(time.process_time() - started)
        if found is not None:
            errors.append(corner_error(found, sheet, pose))
    print(f"sheets found          {len(errors)} of {count}")
    print(f"worst corner          mean {mean(errors):.3%} of the diagonal, largest {max(errors):.3%}")
    print(f"milliseconds          {median(seconds) * 1000:.1f} (median), {max(seconds) * 1000:.1f} (largest)")


def report_flat(count: int, seed: int) -> None:
    """Prints how many scans are taken for photographs."""
    alarms, seconds = [], []
    for kind, picture in flat_scans(count, seed):
        started = time.process_time()
        found = find_sheet(picture)
        seconds.append(time.process_time() - started)
        if found is not None:
            alarms.append(kind)
    print(f"false alarms          {len(alarms)} of {len(seconds)} flat scans {sorted(set(alarms)) or ''}")
    print(f"milliseconds          {median(seconds) * 1000:.1f} (median), {max(seconds) * 1000:.1f} (largest)")


def report_reading(count: int, seed: int, models: Path) -> None:
    """Prints the errors of reading with the sheet cut out, and of the photograph as it is."""
    reader = PageReader(models)
    for sheet, pose in posed_sheets(count, seed):
        taken = Scan(np.asarray(photograph(sheet, pose)), 72.0, dpi_trusted=False)
        found = find_sheet(taken.picture)
        plain = reader.read_scan(taken).reading
        answers = [(plain, turned_back(plain, (pose.width, pose.height)))]
        if found is not None:
            straight = as_photographed(reader.read_scan(as_scanned(taken, found)).reading, found, taken)
            answers.append((straight, np.array(straight.corners)))
        shares = [sheet_errors(*answer, sheet, pose) for answer in answers]
        said = " → ".join(f"{errors / printed:.2%}" for errors, printed in shares)
        places = " → ".join(f"{line_overlap(*answer, sheet, pose):.2f}" for answer in answers)
        angles = f"{pose.turn_degrees}° {pose.spin_degrees:.0f}° {pose.pitch_degrees:.0f}° {pose.yaw_degrees:.0f}°"
        print(f"{sheet.title}: errors {said} of {shares[0][1]} printed, lines overlap {places} (turned {angles})")


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.photographs", description="How photographs are handled.")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--flat", type=int, default=10, help="sheets, of each of which eleven flat scans are made")
    parser.add_argument("--read", type=int, default=6)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--models", type=Path, default=shared_folder())
    chosen = parser.parse_args(arguments)
    report_corners(chosen.count, chosen.seed)
    report_flat(chosen.flat, chosen.seed)
    report_reading(chosen.read, chosen.seed, chosen.models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
