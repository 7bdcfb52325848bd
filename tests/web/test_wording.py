"""The words on the screen."""

from __future__ import annotations

import datetime as dt

import pytest

from dossier.status import PAGE_STATES
from indexer.query import SCORES
from search_api import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "不到 1 分钟"),
        (29, "不到 1 分钟"),
        (31, "约 1 分钟"),
        (720, "约 12 分钟"),
        (3600, "约 1 小时"),
        (12_000, "约 3 小时 20 分"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


def test_a_deadline_says_how_near_it_is() -> None:
    nearness = {}
    for days in (-2, 0, 3, 4, 400):
        words, nearness[days] = wording.deadline((dt.date.today() + dt.timedelta(days=days)).isoformat())
        assert ("年" in words) == (days == 400)
    assert nearness == {-2: "overdue", 0: "today", 3: "soon", 4: "later", 400: "later"}


def test_overlapping_and_overhanging_marks_are_joined_and_clipped() -> None:
    assert wording.marked("甲乙<丙>丁", [(3, 9), (1, 4), (0, 0)]) == "甲<mark>乙&lt;丙</mark><mark>&gt;丁</mark>"
    assert wording.marked("", [(0, 3)]) == ""


def test_less_than_all_is_never_called_a_hundred_per_cent() -> None:
    assert [wording.per_cent(part) for part in (0.0, 0.29, 0.9999, 1.0)] == ["0%", "29%", "99%", "100%"]


def test_every_state_and_rung_has_its_words() -> None:
    for state in PAGE_STATES:
        assert wording.page_state(state)
    for rung in SCORES:
        assert wording.rung(rung)
    for case_state in ("known", "provisional", "unclaimed", "merged"):
        assert wording.case_state(case_state) is not None
