"""Figures of many damaged pages: all of them together, and by the kind of damage."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from statistics import mean, median
from typing import Any

from bench.page_errors import PageErrors, compare
from pipeline.files.formats import inspect
from pipeline.reading.page_reader import PageReader


def read_all(folder: Path, reader: PageReader) -> list[PageErrors]:
    """Reads the pages of a folder that `write_damaged_pages` wrote, the models warm."""
    truths = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["pages"]
    pages = []
    for place, truth in enumerate(truths):
        path = folder / truth["file"]
        source = inspect(path).pages[0]
        if place == 0:
            reader.read(path, source)
        started = time.perf_counter()
        reading = reader.read(path, source).reading
        pages.append(compare(truth, reading, time.perf_counter() - started))
    return pages


def summary(pages: list[PageErrors]) -> dict[str, Any]:
    """The figures of some pages; shares are 0–1, None where there is nothing to divide by."""
    printed, words = sum(page.printed for page in pages), sum(page.printed_words for page in pages)
    errors, errors_words = sum(page.errors for page in pages), sum(page.errors_words for page in pages)
    skews = [page.skew_left for page in pages if page.skew_left is not None and not page.turned_wrongly]
    labels = [page.label for page in pages if page.label is not None]
    items: dict[str, list[int]] = {}
    for page in pages:
        for kind, (right, count) in page.items.items():
            one = items.setdefault(kind, [0, 0])
            one[0], one[1] = one[0] + right, one[1] + count
    return {
        "pages": len(pages),
        "printed": printed,
        "error": _share(errors, printed),
        "error_without_punctuation": _share(errors_words, words),
        "error_of_punctuation_only": _share(errors - errors_words, printed),
        "error_in_reading_order": _share(sum(page.errors_in_order for page in pages), printed),
        "read_beside_print": sum(page.beside for page in pages),
        "lines": sum(page.lines for page in pages),
        "lines_whole": sum(page.whole for page in pages),
        "items": items,
        "skew_left_mean": round(mean(skews), 3) if skews else None,
        "skew_left_worst": max(skews) if skews else None,
        "turned_wrongly": sum(page.turned_wrongly for page in pages),
        "blank": sum(page.blank for page in pages),
        "blank_missed": sum(page.blank and not page.read_as_blank for page in pages),
        "blank_false": sum(page.read_as_blank and not page.blank for page in pages),
        "labels": len(labels),
        "labels_read": sum(labels),
        "flagged": sum(bool(page.flags) for page in pages),
        "not_placed": sum(not page.placed for page in pages),
        "seconds_median": round(median(page.seconds for page in pages), 3) if pages else None,
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def figures(pages: list[PageErrors], options: dict[str, Any]) -> dict[str, Any]:
    """Everything that was measured, as JSON."""
    return {
        "options": options,
        "total": summary(pages),
        "kinds": _grouped(pages, lambda page: page.kind),
        "documents": _grouped(pages, lambda page: page.title),
        "pages": [asdict(page) for page in pages],
    }


def _grouped(pages: Iterable[PageErrors], key: Callable[[PageErrors], str]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[PageErrors]] = {}
    for page in pages:
        groups.setdefault(key(page), []).append(page)
    return {name: summary(members) for name, members in groups.items()}


def lines_of(measured: dict[str, Any]) -> list[str]:
    """The report for a terminal: the total, then tables by kind of damage and by document."""
    total = measured["total"]
    report = [
        f"pages                 {total['pages']}, {total['turned_wrongly']} turned wrongly, {total['flagged']} flagged",
        f"character errors      {_percent(total['error'])} folded, line by line ({total['printed']} printed)",
        f"  without punctuation {_percent(total['error_without_punctuation'])}; punctuation only "
        f"{_percent(total['error_of_punctuation_only'])}",
        f"  in reading order    {_percent(total['error_in_reading_order'])}",
        f"read beside print     {total['read_beside_print']} characters",
        f"lines without error   {total['lines_whole']} of {total['lines']}",
        *(f"{kind:<12} in place {right} of {count}" for kind, (right, count) in sorted(total["items"].items())),
        f"skew left             mean {_degrees(total['skew_left_mean'])}, worst {_degrees(total['skew_left_worst'])}",
        f"blank pages           {total['blank']}: {total['blank_missed']} missed, {total['blank_false']} false alarms",
        f"stamped page numbers  {total['labels_read']} of {total['labels']} read in place",
        f"seconds a page        {total['seconds_median']} (median)",
    ]
    if total["not_placed"]:
        report.append(f"not placed            {total['not_placed']}: compared by the order of their text only")
    for name in ("kinds", "documents"):
        head = f"{name[:-1]:<20}{'pages':>6}{'error':>9}{'words':>9}{'order':>9}{'beside':>8}{'skew':>8}{'turns':>6}"
        report += ["", head + f"{'missed':>8}{'false':>7}{'s':>7}"]
        for kind, one in measured[name].items():
            # Han characters are two columns wide.
            wide = 20 - sum(ord(character) > 0x2E80 for character in kind)
            report.append(
                f"{kind:<{wide}}{one['pages']:>6}{_percent(one['error']):>9}"
                f"{_percent(one['error_without_punctuation']):>9}{_percent(one['error_in_reading_order']):>9}"
                f"{one['read_beside_print']:>8}{_degrees(one['skew_left_worst']):>8}{one['turned_wrongly']:>6}"
                f"{one['blank_missed']:>8}{one['blank_false']:>7}{one['seconds_median']:>7.2f}"
            )
    return report


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _degrees(degrees: float | None) -> str:
    return "–" if degrees is None else f"{degrees:.2f}°"
