"""Cursors as users get them."""

from __future__ import annotations

import pytest

from dossier.errors import UsageError
from indexer.cursor import opened_cursor, sealed_cursor

ASKED = ("林晓禾", "c1", "page", "")


@pytest.mark.parametrize("place", ["phrase\x1fc1\x1f卷 一\x1f00000001\x1fp1", "x", "\x1f", "𠮷" * 500])
def test_a_cursor_gives_its_place_back(place: str) -> None:
    cursor = sealed_cursor(ASKED, place)
    assert opened_cursor(ASKED, cursor) == place
    assert cursor.replace("-", "").replace("_", "").isalnum(), "it goes into an address as it is"
    assert cursor.isascii()


def test_no_cursor_is_no_place() -> None:
    assert opened_cursor(ASKED, "") == ""


@pytest.mark.parametrize(
    "other",
    [
        ("林晓", "c1", "page", ""),
        ("林晓禾", "c2", "page", ""),
        ("林晓禾", "c1", "received", ""),
        ("林晓禾", "c1", "page"),
    ],
)
def test_a_cursor_of_another_search_is_refused(other: tuple[str, ...]) -> None:
    cursor = sealed_cursor(ASKED, "x")
    with pytest.raises(UsageError, match="another"):
        opened_cursor(other, cursor)


@pytest.mark.parametrize("made_up", ["x", "====", "林", "AAAA", "A" * 11, "A" * 40, "/etc/passwd", "_" * 100])
def test_what_is_no_cursor_is_refused(made_up: str) -> None:
    with pytest.raises(UsageError):
        opened_cursor(ASKED, made_up)


def test_a_cursor_without_a_place_is_refused() -> None:
    with pytest.raises(UsageError):
        opened_cursor(ASKED, sealed_cursor(ASKED, ""))
