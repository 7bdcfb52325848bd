"""What the unit tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle import Bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    """A bundle of paper in a home of its own."""
    bundle = Bundle(tmp_path / "home")
    yield bundle
    bundle.close()
