"""The routes of cases keep what their description for machines promises, as Schemathesis asks them: what the
description allows is not answered with a fault, what it forbids is refused, and every answer is one that it describes.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from scanroom import CASE
from schemathesis import Case, GenerationMode
from site_under_test import Room

from dossier.viewers import READ, WRITE
from search_api.access import ACCESS

# Files go up in forms, where every value is a text and a place has rules of its own: test_file_contract.py asks them.
ROUTES = sorted(
    route for route in ACCESS if route[1].startswith("/api/v1/cases") and not route[1].endswith("/files")
)  # fmt: skip
EXAMPLES = 10
RULES = schemathesis.Config.from_path(Path(__file__).parents[2] / "schemathesis.toml")
# They take an id, and any text is one, even if no case has it.
NOTHING_CAN_BE_WRONG = {("GET", "/api/v1/cases/{case_id}"), ("GET", "/api/v1/cases/{case_id}/directory")}
ASKED = [
    (*route, mode, is_known)
    for route in ROUTES
    for mode in GenerationMode
    for is_known in (False, True)
    if (mode == GenerationMode.POSITIVE or route not in NOTHING_CAN_BE_WRONG)
    and (not is_known or "{case_id}" in route[1])
]


@pytest.mark.parametrize(("method", "path", "mode", "is_known"), ASKED)
def test_a_route_answers_as_its_description_says(
    room: Room, method: str, path: str, mode: GenerationMode, is_known: bool
) -> None:
    program = room.with_key(READ, WRITE)
    shown = {"Authorization": program.headers["Authorization"], "Host": "localhost"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", room.app, config=RULES, headers=shown)
    known = None
    if is_known:
        known = {"case_id": program.get("/api/v1/cases", params={"number": CASE}).json()["id"]}
    asked = schema[path][method].as_strategy(generation_mode=mode, path_parameters=known)
    counted = 0

    # What was asked changes what there is, so that an example cannot be made smaller afterwards.
    @given(case=asked)
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Case) -> None:
        nonlocal counted
        counted += 1
        case.call_and_validate(headers=shown)

    ask()
    assert counted
