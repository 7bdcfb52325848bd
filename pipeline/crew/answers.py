"""Answers as they travel from a worker process to its parent: a line of JSON each, of which nothing is believed.

Whoever has taken over a decoder writes what they like into the pipe, and the parent is confined by nothing. So what
comes out of it becomes values of a few kinds, field by field, and each field is looked at; to unpickle it would be to
call whatever it names. What a worker is asked comes from its parent, and travels as a pickle.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, get_args

from dossier.contents import Contents
from dossier.errors import EdossierError, FileRefused, every_error
from dossier.reading import Reading, Source
from pipeline.crew.tasks import Answer, InspectTask, ReadTask, Task
from pipeline.files.sources import PageKind, PageSource, Part

MOST_BYTES = 100_000_000
"""Of an answer: two million characters with their places, or six hundred thousand pages of a file."""

_PLACES = ("index", "kind", "width", "height", "dpi", "part", "cut")
_MEDIA_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9.+-]+|")
_TURNS = (0, 90, 180, 270)
_KINDS, _PARTS, _SOURCES = get_args(PageKind), get_args(Part), get_args(Source)
_NUMBERS = frozenset((int, float))
# What is larger neither the catalogue nor a float could hold.
_MOST_DIGITS = 12


def written(answer: Answer | EdossierError) -> bytes:
    """An answer as a line, its end included.

    Raises:
        ValueError: it would be longer than `MOST_BYTES`.
    """
    line = json.dumps(_as_json(answer), separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > MOST_BYTES:
        raise ValueError(f"an answer of {len(line)} bytes")
    return line


def understood(line: bytes, kind: type[Task]) -> Answer | EdossierError:
    """The answer in a line, its end left off.

    Args:
        line: what a worker has written.
        kind: of the task that it is to answer.

    Raises:
        ValueError: it is no answer to such a task.
    """
    try:
        said = json.loads(line, parse_int=_number)
        ((name, content),) = said.items()
        if name == "error":
            return _error(content)
        if name == "contents" and kind is InspectTask:
            return _contents(content)
        if name == "reading" and kind is ReadTask:
            return _reading(content)
        _require(name == "done" and content is None and kind not in (InspectTask, ReadTask), "answer")
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not an answer: {error}") from error
    return None


def _as_json(answer: Answer | EdossierError) -> dict[str, Any]:
    match answer:
        case None:
            return {"done": None}
        case Reading():
            return {"reading": answer.as_json()}
        case EdossierError():
            return {"error": _error_as_json(answer)}
    return {
        "contents": {
            "media_type": answer.media_type,
            "shapes": [[getattr(shape, name) for name in _PLACES] for shape in answer.shapes],
            "is_single_picture": answer.is_single_picture,
            "is_dynamic_form": answer.is_dynamic_form,
            "refusal": None if answer.refusal is None else _error_as_json(answer.refusal),
        }
    }


def _error_as_json(error: EdossierError) -> list[str]:
    return [error.code, str(error.detail)]


def _error(content: Any) -> EdossierError:
    code, detail = content
    _require(type(detail) is str, "detail")
    return every_error()[code](detail)


def _contents(content: dict[str, Any]) -> Contents:
    refusal = None if content["refusal"] is None else _error(content["refusal"])
    _require(refusal is None or isinstance(refusal, FileRefused), "refusal")
    assert refusal is None or isinstance(refusal, FileRefused)
    for name in ("is_single_picture", "is_dynamic_form"):
        _require(type(content[name]) is bool, name)
    _require(bool(_MEDIA_TYPE.fullmatch(content["media_type"])), "media_type")
    shapes = tuple(_shape(*shape) for shape in content["shapes"])
    return Contents(
        content["media_type"], shapes, content["is_single_picture"], refusal, content["is_dynamic_form"]
    )  # fmt: skip


def _shape(index: int, kind: PageKind, width: int, height: int, dpi: float, part: Part, cut: float) -> PageSource:
    _require(_are_whole((index, width, height)) and min(index, width, height) >= 0, "size of a page")
    _require(kind in _KINDS and part in _PARTS, "kind of a page")
    _require(_are_numbers((dpi, cut)), "resolution of a page")
    return PageSource(index, kind, width, height, dpi, part, cut)


def _reading(content: dict[str, Any]) -> Reading:
    # Loaded here, not above: the other end of the pipe has no use for it, nor for the database that comes with it.
    from dossier.flags import SENTENCES

    reading = Reading.of_json(content)
    _require(_are_whole((reading.width, reading.height)) and reading.width > 0 and reading.height > 0, "size")
    _require(_are_numbers((reading.dpi, reading.skew_degrees, reading.deskew_degrees)), "geometry")
    _require(_are_whole((reading.turn_degrees,)) and reading.turn_degrees in _TURNS, "turn")
    _require(reading.source in _SOURCES and type(reading.engine) is str, "engine")
    _require(type(reading.blank) is bool, "blank")
    _require(reading.separator is None or type(reading.separator) is str, "separator")
    _require(all(flag in SENTENCES for flag in reading.flags), "flags")
    for line in reading.lines:
        _require(type(line.text) is str and type(line.vertical) is bool, "line")
        _require(_are_numbers((*line.box, line.confidence)), "place of a line")
        _require(all(map(_are_numbers, line.characters)), "place of a character")
    for label in reading.labels:
        _require(type(label.text) is str and type(label.stamped) is bool, "label")
        _require(_are_numbers((*label.box, label.confidence)), "place of a label")
    if reading.crop is not None:
        crop = reading.crop
        _require(_are_numbers(crop.box) and _are_whole((crop.turn_degrees, crop.version)), "crop")
        _require(crop.turn_degrees in _TURNS, "turn of a crop")
    return reading


def _number(digits: str) -> int:
    _require(len(digits) <= _MOST_DIGITS, "number")
    return int(digits)


def _are_numbers(values: Iterable[Any]) -> bool:
    return _NUMBERS.issuperset(map(type, values))


def _are_whole(values: Iterable[Any]) -> bool:
    return all(type(value) is int for value in values)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"not an answer: {what}")
