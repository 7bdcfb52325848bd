"""The plots are well-formed pictures of their figures, and the report holds what was measured."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import __main__ as bench
from bench.finding import __main__ as finding
from bench.plots import bars, grouped_bars, scatter, stacked


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("text")]


def numbers(picture: str, shape: str, attribute: str) -> list[float]:
    found = ElementTree.fromstring(picture).iter(f"{{http://www.w3.org/2000/svg}}{shape}")
    return [
        float(element.attrib[attribute]) for element in found if element.attrib[attribute].replace(".", "").isdigit()
    ]


def test_bars_are_as_long_as_their_values() -> None:
    picture = bars("Errors <by kind>", {"a & b": 2.0, "c": 1.0, "d": 0.0}, " %")

    assert texts(picture)[0] == "Errors <by kind>"
    assert {"a & b", "2 %", "1 %", "0 %"} <= set(texts(picture))
    longest, half, none = numbers(picture, "rect", "width")
    assert longest == pytest.approx(2 * half, abs=0.2)
    assert none == 1.0


def test_parts_fill_their_bar() -> None:
    picture = stacked("Time", {"find": 30.0, "read": 60.0, "bind": 10.0}, " ms")

    widths = numbers(picture, "rect", "width")[0::2]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)
    assert sum(widths) == pytest.approx(720, abs=1)


def test_points_stand_where_their_logarithms_are() -> None:
    picture = scatter("Speed", {"slow": (10.0, 10.0), "middle": (100.0, 1.0), "fast": (1000.0, 0.1)}, "x", "y")

    across, down = numbers(picture, "circle", "cx"), numbers(picture, "circle", "cy")
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2) and across[1] > across[0]
    assert down[1] - down[0] == pytest.approx(down[2] - down[1], abs=0.2) and down[1] > down[0]


def test_the_report_holds_what_each_measurement_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    monkeypatch.setattr(bench, "REPORT", tmp_path)
    (tmp_path / "memory.txt").write_text("peak 700 MB\n", encoding="utf-8")
    (tmp_path / "stages.txt").write_text("find 0.2\n", encoding="utf-8")
    (tmp_path / "stages.json").write_text('{"pages": [{"find": 0.2, "bind": 0.1}]}', encoding="utf-8")

    bench.write_report()

    report = (tmp_path / "figures.md").read_text("utf-8")
    assert "peak 700 MB" in report and "![Processor time by stage](stages.svg)" in report
    assert "find 200 ms" in texts((tmp_path / "stages.svg").read_text("utf-8"))


def test_every_series_has_a_bar_beneath_every_name() -> None:
    picture = grouped_bars("Time", {"few": {"a": 1.0, "b": 2.0}, "many": {"a": 2.0, "b": 4.0}}, " ms")

    widths = [width for width in numbers(picture, "rect", "width") if width not in (12.0, 760.0)]
    assert widths == pytest.approx([widths[0], 2 * widths[0], 2 * widths[0], 4 * widths[0]], abs=0.2)
    assert {"few", "many", "a", "b", "4 ms"} <= set(texts(picture))


def test_the_report_of_the_search_holds_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "RESULTS", tmp_path)
    monkeypatch.setattr(finding, "REPORT", tmp_path)
    (tmp_path / "exact.txt").write_text("recall 1\n", encoding="utf-8")
    (tmp_path / "exact.json").write_text('{"kinds": {"name": {"recall": 0.75}}}', encoding="utf-8")

    finding.write_report()

    report = (tmp_path / "finding.md").read_text("utf-8")
    assert "recall 1" in report and "(finding-exact.svg)" in report
    assert "0.75" in texts((tmp_path / "finding-exact.svg").read_text("utf-8"))


def test_every_measurement_is_a_program_of_its_own() -> None:
    for measurement in (*bench.MEASUREMENTS, *finding.MEASUREMENTS):
        module, *arguments = measurement.command.split()
        if measurement.needs and measurement.needs.suffix == ".py" and not measurement.needs.exists():
            continue
        if module == "bench.peers":
            module = "bench.peers.__main__"
        source = Path(str(importlib.util.find_spec(module).origin)).read_text("utf-8")  # type: ignore[union-attr]
        options = [argument for argument in arguments if argument.startswith("--")]
        options += ["--json"] * measurement.has_figures
        assert all(re.search(rf'"{option}"', source) for option in options), measurement.name
