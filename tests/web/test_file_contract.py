"""The contract of files, uploads, changes, PDFs, metrics: what OpenAPI says is answered, whatever is sent."""

from __future__ import annotations

import base64
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scanroom import Scanroom
from site_under_test import PASSWORD, Room

from dossier.home import Home
from search_api.access import ACCESS
from search_api.app import create_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import checks
    from schemathesis.schemas import BaseSchema


@schemathesis.serializer("application/offset+octet-stream")
def _as_they_are(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


_FOLDERS = ("cases", "files", "uploads", "changes", "metrics", "documents", "volumes")
OPERATIONS = sorted(
    (method, path)
    for method, path in ACCESS
    if path.startswith("/api/v1/")
    and (path.split("/")[3] in _FOLDERS or path == "/api/v1/pages/{page_id}")
)  # fmt: skip
_WITHOUT_PARAMETERS = ("/api/v1/metrics",)
CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)


@pytest.fixture(scope="module")
def contract(furnished: tuple[Path, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    home, page_ids = furnished
    target = tmp_path_factory.mktemp("contract") / "home"
    shutil.copytree(home, target)
    scanroom = Scanroom(Home.at(target))
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD)
    yield Contract(Room(scanroom, app, page_ids))
    scanroom.close()


class Contract:
    """The site with its description, and things that are there, so that paths do not only lead nowhere."""

    def __init__(self, room: Room) -> None:
        program = room.with_key("read", "write")
        self.headers = {"Authorization": program.headers["Authorization"], "Host": "localhost"}
        self.schema: BaseSchema = schemathesis.openapi.from_asgi(
            "/api/v1/openapi.json", room.app, headers=self.headers
        )  # fmt: skip
        page = room.scanroom.page(room.page_ids[0])
        self.things = {
            "case_id": page.case_id, "file_id": page.arrival_id, "document_id": page.document_id,
            "volume_id": page.volume_id, "page_id": page.id,
        }  # fmt: skip
        self._program = program

    def begin_upload(self) -> None:
        """One that the test to come may end."""
        told = [("case", self.things["case_id"]), ("path", "0001.pdf")]
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told)
        begun = self._program.post("/api/v1/uploads", headers={"Upload-Length": "9", "Upload-Metadata": metadata})
        self.things["upload_id"] = begun.headers["location"].rpartition("/")[2]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_described(contract: Contract, method: str, path: str) -> None:
    operation = contract.schema[path][method.lower()]
    contract.begin_upload()
    # What fits the description, and what breaks it.
    fitting, breaking = (operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode)
    anything = fitting if path in _WITHOUT_PARAMETERS else fitting | breaking

    @settings(
        max_examples=20, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate], database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=anything, leads_somewhere=st.booleans())
    def ask(case: schemathesis.Case, leads_somewhere: bool) -> None:
        if leads_somewhere and case.path_parameters:
            case.path_parameters = {name: contract.things[name] for name in case.path_parameters}
        case.call_and_validate(headers=contract.headers, checks=CHECKS)

    ask()
