"""A measurement is a program of its own: what it prints is kept as NAME.txt, its figures as NAME.json."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One of the measurements.

    Attributes:
        name: of its files.
        title: what it tells.
        command: module and arguments, for this Python.
        has_figures: whether it takes `--json`.
        needs: what it reads, if that is not in the project; it is left out where that is missing.
    """

    name: str
    title: str
    command: str
    has_figures: bool = False
    needs: Path | None = None


def tell(lines: Iterable[str], figures: Mapping[str, Any], target: Path | None) -> None:
    """What a measurement says at its end: its lines printed, its figures to the file that `--json` names."""
    print("\n".join(lines))
    if target:
        target.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def measure(measurement: Measurement, place: str, results: Path) -> bool:
    """Runs one; what it prints goes to its file once it is done. Returns whether it worked."""
    print(f"{place} {measurement.title}: python -m {measurement.command}", flush=True)
    output, figures = results / f"{measurement.name}.txt", results / f"{measurement.name}.json"
    command = [sys.executable, "-m", *measurement.command.split()]
    if measurement.has_figures:
        command += ["--json", str(figures)]
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, f"  {time.monotonic() - started:.0f} s", sep="", flush=True)
    if done.returncode:
        return False
    output.write_text(done.stdout, encoding="utf-8")
    return True


def measure_all(measurements: Iterable[Measurement], results: Path) -> list[str]:
    """Runs all whose needs are there, one after the other; returns the names of those that failed."""
    results.mkdir(parents=True, exist_ok=True)
    wanted, failed = list(measurements), []
    for number, measurement in enumerate(wanted, 1):
        if measurement.needs is not None and not measurement.needs.exists():
            print(f"{measurement.title}: left out, {measurement.needs} is not there")
        elif not measure(measurement, f"{number}/{len(wanted)}", results):
            failed.append(measurement.name)
    if failed:
        print("failed: " + ", ".join(failed), file=sys.stderr)
    return failed


def figures_of(name: str, results: Path) -> Any:
    """The figures of a measurement; None if there are none yet."""
    path = results / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def sections(measurements: Iterable[Measurement], results: Path, pictures: Mapping[str, str]) -> Iterable[str]:
    """What each measurement printed, under its title, with its picture where there is one."""
    for measurement in measurements:
        output = results / f"{measurement.name}.txt"
        if not output.exists():
            continue
        yield f"## {measurement.title}\n\n`python -m {measurement.command}`\n"
        if measurement.name in pictures:
            yield f"![{measurement.title}]({pictures[measurement.name]})\n"
        yield f"```text\n{output.read_text('utf-8').rstrip()}\n```\n"
