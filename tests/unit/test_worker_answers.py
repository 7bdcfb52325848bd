"""Answers of worker processes: what is one comes through whole, and what is none becomes nothing."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.contents import Contents
from dossier.errors import EdossierError, FileRefused, WorkerDied, every_error
from dossier.reading import Box, Crop, LabelCandidate, Line, Reading
from pipeline.crew import answers
from pipeline.crew.answers import understood, written
from pipeline.crew.tasks import Answer, AssembleTask, InspectTask, PictureTask, ReadTask, Task
from pipeline.files.sources import PageSource

BOX = Box(0.1, 1 / 3, 0.9, 0.5)
READING = Reading(
    2480, 3508, 299.99, 90, -0.31, 0.31, False, "ocr", "paddle",
    (Line("询问笔录", BOX, 0.987, (BOX,) * 4), Line("\ud800\n", Box(0, 0, 1, 1), 1, vertical=True)),
    ("low_confidence", "turn_uncertain"), (LabelCandidate("0035", BOX, 0.5, stamped=False),),
    ((0.0, 0.0), (1.0, 0.01), (1.01, 1.0), (-0.01, 1.0)), Crop(BOX, 180, 3), "EDOSSIER 1",
)  # fmt: skip
CONTENTS = Contents(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    (PageSource(0, "picture", 2480, 3508, 300.0, "left", 0.497), PageSource(7, "pdf_text", 1, 1, 72, "right")),
    is_single_picture=True,
)


def told(answer: Answer | EdossierError, kind: type[Task]) -> Answer | EdossierError:
    line = written(answer)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    return understood(line[:-1], kind)


@pytest.mark.parametrize("reading", [READING, Reading(1, 1, 1.0), replace(READING, source="pdf", blank=True)])
def test_a_reading_comes_through_whole(reading: Reading) -> None:
    assert told(reading, ReadTask) == reading


def test_what_a_file_holds_comes_through_whole() -> None:
    assert told(CONTENTS, InspectTask) == CONTENTS
    assert told(Contents("audio/mpeg"), InspectTask) == Contents("audio/mpeg")
    form = Contents("application/pdf", CONTENTS.shapes, is_dynamic_form=True)
    assert told(form, InspectTask) == form


def test_a_task_that_is_done_comes_through() -> None:
    assert told(None, PictureTask) is None
    assert told(None, AssembleTask) is None


@pytest.mark.parametrize("error", every_error().values(), ids=lambda error: error.__name__)
@pytest.mark.parametrize("kind", [InspectTask, ReadTask, PictureTask, AssembleTask])
def test_every_error_comes_through_with_its_detail(error: type[EdossierError], kind: type[Task]) -> None:
    detail = "第 3 页 \udcff\n“x”"
    answer = told(error(detail), kind)

    assert type(answer) is error
    assert (answer.detail, str(answer)) == (detail, str(error(detail)))


@pytest.mark.parametrize("error", [each for each in every_error().values() if issubclass(each, FileRefused)])
def test_every_refusal_of_a_file_comes_through(error: type[FileRefused]) -> None:
    answer = told(Contents(refusal=error("x")), InspectTask)

    assert isinstance(answer, Contents) and answer.refusal is not None
    assert (type(answer.refusal), answer.refusal.detail) == (error, "x")


@pytest.mark.parametrize("kind", [InspectTask, ReadTask, PictureTask, AssembleTask])
@pytest.mark.parametrize("answer", [None, READING, CONTENTS])
def test_a_task_is_answered_in_its_own_kind(answer: Answer, kind: type[Task]) -> None:
    fitting = {InspectTask: Contents, ReadTask: Reading}.get(kind, type(None))
    if isinstance(answer, fitting):
        assert told(answer, kind) == answer
    else:
        with pytest.raises(ValueError, match="not an answer"):
            told(answer, kind)


def _changed(place: tuple[str | int, ...], value: Any, answer: Answer | EdossierError) -> bytes:
    said = json.loads(written(answer))
    inner = said
    for step in place[:-1]:
        inner = inner[step]
    assert place[-1] in inner if isinstance(inner, dict) else inner[place[-1]] is not None
    inner[place[-1]] = value
    return json.dumps(said).encode()


LINE, LABEL = ("reading", "lines", 0), ("reading", "labels", 0)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("reading", "width"), "2480"), (("reading", "height"), 0), (("reading", "width"), 2480.0),
        (("reading", "dpi"), None), (("reading", "turn_degrees"), 91), (("reading", "turn_degrees"), 90.0),
        (("reading", "skew_degrees"), []), (("reading", "deskew_degrees"), "0"), (("reading", "blank"), 0),
        (("reading", "source"), "else"), (("reading", "source"), []), (("reading", "engine"), {}),
        (("reading", "lines"), 1), ((*LINE, "text"), 4), ((*LINE, "text"), [1, 2, 3, 4]),
        ((*LINE, "text"), "三个字"),
        ((*LINE, "vertical"), None), ((*LINE, "confidence"), "1"), ((*LINE, "box"), [0, 0, 1]),
        ((*LINE, "box"), [0, 0, 1, "1"]), ((*LINE, "characters", 1), [0, 0, None, 1]),
        ((*LINE, "characters", 1), [0, 0, 1]), (("reading", "flags"), ["of_another_house"]),
        (("reading", "flags"), [["low_confidence"]]), ((*LABEL, "text"), 35), ((*LABEL, "stamped"), 1),
        ((*LABEL, "box"), [0, 0, 1, {}]), ((*LABEL, "confidence"), True), (("reading", "corners"), [[0, 0]]),
        (("reading", "corners"), [[0, 0]] * 3 + [[0, "a"]]), (("reading", "crop", "box"), ["", 0, 1, 1]),
        (("reading", "crop", "turn_degrees"), 1), (("reading", "crop", "version"), 1.5),
        (("reading", "crop"), 1), (("reading", "separator"), 3), (("reading", "format"), 2),
        (("reading",), [READING.text]), (("reading", "width"), 10**30), ((*LINE, "box"), [0, 0, 1, 10**400]),
    ],
)  # fmt: skip
def test_no_field_of_a_reading_is_believed(place: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(ValueError):
        understood(_changed(place, value, READING), ReadTask)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("contents", "media_type"), "text/html\r\nSet-Cookie: a=b"), (("contents", "media_type"), None),
        (("contents", "is_single_picture"), "yes"), (("contents", "shapes"), 3), (("contents", "shapes", 0), []),
        (("contents", "shapes", 0, 0), -1), (("contents", "shapes", 0, 0), True), (("contents", "shapes", 0, 1), "dvd"),
        (("contents", "shapes", 0, 2), 1.5), (("contents", "shapes", 0, 3), "1"), (("contents", "shapes", 0, 4), []),
        (("contents", "shapes", 0, 5), "middle"), (("contents", "shapes", 0, 5), {}),
        (("contents", "shapes", 0, 6), "0"),
        (("contents", "refusal"), ["worker_died", ""]), (("contents", "refusal"), ["damaged"]),
        (("contents", "refusal"), [["damaged"], ""]), (("contents",), None),
    ],
)  # fmt: skip
def test_no_field_of_what_a_file_holds_is_believed(place: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(ValueError):
        understood(_changed(place, value, CONTENTS), InspectTask)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"null", b"[]", b"{}", b'{"done":null,"error":["damaged",""]}', b'{"done":1}', b'{"error":["",""]}',
        b'{"error":["damaged",1]}', b'{"error":"damaged"}', b"[" * 1_000_000, b"1" * 10_000, b"\xff", b"\x80\x04N.",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_none(line: bytes) -> None:
    with pytest.raises(ValueError):
        understood(line, PictureTask)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.data())
def test_any_value_in_any_place_is_taken_as_an_answer_or_refused(data: st.DataObject) -> None:
    said = deepcopy(json.loads(written(data.draw(st.sampled_from([READING, CONTENTS, WorkerDied("x")])))))
    inner: Any = said
    while True:
        place = data.draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        if not isinstance(inner[place], dict | list) or not inner[place] or data.draw(st.booleans()):
            break
        inner = inner[place]
    inner[place] = data.draw(JSON)
    try:
        answer = understood(json.dumps(said).encode(), data.draw(st.sampled_from([ReadTask, InspectTask])))
    except ValueError:
        return
    assert isinstance(answer, Reading | Contents | EdossierError)


def test_an_answer_without_end_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="bytes"):
        written(READING)
