"""What the tests of faults share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.steps import Office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose steps can be killed and failed, for the tests of a file."""
    office = Office(tmp_path_factory.mktemp("office"))
    try:
        yield office
    finally:
        office.close()
