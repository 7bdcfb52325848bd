"""Processes are killed at random moments, a thousand times if one likes; each page that came is found, once."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.faults.steps import Office

# 1,000 by `make kills`.
KILLS = int(os.environ.get("EDOSSIER_TEST_RANDOM_KILLS", "6"))
PAGES = int(os.environ.get("EDOSSIER_TEST_RANDOM_PAGES", "5"))
SEED = int(os.environ.get("EDOSSIER_TEST_SEED", "20311129"))


@pytest.mark.timeout(3600)
def test_kills_at_random_moments_lose_and_double_no_page(office: Office) -> None:
    print(f"seed {SEED}")
    ended = office.night(KILLS, PAGES, SEED)

    print({name: value for name, value in ended.items() if name != "written"})
    assert Counter(ended["killed"]).total() == KILLS
    assert office.complaints() == []
