"""The contract of the API: whatever is sent to any of its routes is answered as the description for machines says."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from httpx import Response
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test
from scanroom import Scanroom
from site_under_test import PASSWORD, Room
from starlette.routing import compile_path

from dossier.home import Home
from indexer.roster.search import RosterSearcher
from search_api.access import ACCESS, OPEN
from search_api.app import create_app
from search_api.contract import WEB_PROBLEMS
from search_api.description import TAGS
from search_api.links import LINKS, Link

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import checks
    from schemathesis.schemas import BaseSchema

# More in a long run: make contract.
EXAMPLES = int(os.environ.get("EDOSSIER_TEST_EXAMPLES", "8"))
RULES = schemathesis.Config.from_path(Path(__file__).parents[2] / "schemathesis.toml")
OPERATIONS = sorted((method, path) for method, path in ACCESS if path.startswith("/api/v1/"))
# It describes the others.
DESCRIPTION = ("GET", "/api/v1/openapi.json")
# tus answers so.
EMPTY = ("POST", "/api/v1/uploads", "201")
_JSON = "application/json"
_PROBLEM = "application/problem+json"


@schemathesis.serializer("application/offset+octet-stream")
def _as_they_are(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)
# What was made is there, and what was taken away is gone.
OF_LINKS = (checks.ensure_resource_availability, checks.use_after_free)
# Where a body says all, what it allows is taken, and what it forbids is refused.
EXACTLY = re.compile(r"/api/v1/cases(/\{case_id\}(/(numbers|handler|deliveries|proceedings|merge|split|directory))?)?")
EXACT = (*CHECKS, checks.negative_data_rejection, checks.positive_data_acceptance)


class Contract:
    """The site with its description, and things that are there, so that paths do not only lead nowhere."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.program = room.with_key("search", "read", "write")
        self.headers = {"Authorization": self.program.headers["Authorization"], "Host": "localhost"}
        self.description: dict[str, Any] = room.app.openapi()
        room.app.openapi_schema = strictly(self.description)
        self.schema: BaseSchema = schemathesis.openapi.from_asgi(
            "/api/v1/openapi.json", room.app, config=RULES, headers=self.headers
        )  # fmt: skip
        page = room.scanroom.page(room.page_ids[0])
        excerpt = self.program.post("/api/v1/excerpts", json={"page_ids": [page.id], "quotation": "转账"}).json()
        self.things = {
            "case_id": page.case_id, "file_id": page.arrival_id, "document_id": page.document_id,
            "volume_id": page.volume_id, "page_id": page.id, "excerpt_id": excerpt["id"],
        }  # fmt: skip

    def begin_upload(self) -> None:
        """One that the test to come may end."""
        told = [("case", self.things["case_id"]), ("path", "0001.pdf")]
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told)
        begun = self.program.post("/api/v1/uploads", headers={"Upload-Length": "9", "Upload-Metadata": metadata})
        self.things["upload_id"] = begun.headers["location"].rpartition("/")[2]


def strictly(description: dict[str, Any]) -> dict[str, Any]:
    """The description with answers that have no other fields than those described."""
    strict = copy.deepcopy(description)
    schemas = strict["components"]["schemas"]
    for name in _reached(strict, _answers(strict)):
        if schemas[name].get("type") == "object":
            schemas[name].setdefault("additionalProperties", False)
    return strict


def _answers(description: dict[str, Any]) -> list[Any]:
    return [operation["responses"] for _, _, operation in _operations(description)]


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def _reached(description: dict[str, Any], start: Any) -> set[str]:
    """The names of the schemas that a part of the description refers to, and those that these refer to."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in set(re.findall(r"#/components/schemas/(\w+)", json.dumps(waiting.pop()))) - found:
            found.add(name)
            waiting.append(description["components"]["schemas"][name])
    return found


@pytest.fixture(scope="module")
def contract(furnished: tuple[Path, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    yield from _contract_of(furnished, tmp_path_factory)


@pytest.fixture(scope="module")
def untouched(furnished: tuple[Path, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    """Another site, of which no test has asked whatever came to its mind."""
    yield from _contract_of(furnished, tmp_path_factory)


def _contract_of(
    furnished: tuple[Path, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Contract]:
    home, page_ids = furnished
    target = tmp_path_factory.mktemp("contract") / "home"
    shutil.copytree(home, target)
    scanroom = Scanroom(Home.at(target))
    roster = RosterSearcher(scanroom.catalogue, scanroom.vault, scanroom.engine).search
    app = create_app(scanroom.home, scanroom.catalogue, scanroom.vault, scanroom.searcher, PASSWORD, roster=roster)
    yield Contract(Room(scanroom, app, page_ids))
    app.state.site.looks.close()
    scanroom.close()


@pytest.mark.parametrize(("method", "path"), [route for route in OPERATIONS if route != DESCRIPTION])
def test_answers_are_as_described(contract: Contract, method: str, path: str) -> None:
    operation = contract.schema[path][method.lower()]
    contract.begin_upload()
    fitting = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    anything = fitting
    if operation.definition.raw.get("requestBody") or operation.definition.raw.get("parameters"):
        anything = fitting | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    checked = EXACT if EXACTLY.fullmatch(path) else CHECKS

    # What was asked changes what there is, so that an example cannot be made smaller afterwards.
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, phases=[Phase.generate], database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=anything, leads_somewhere=st.booleans())
    def ask(case: schemathesis.Case, leads_somewhere: bool) -> None:
        if leads_somewhere and case.path_parameters:
            case.path_parameters = {name: contract.things.get(name, "x") for name in case.path_parameters}
        case.call_and_validate(headers=contract.headers, checks=checked)

    ask()


def test_what_is_made_is_there_under_the_address_that_the_answer_links_to(contract: Contract) -> None:
    followed: list[tuple[str, str, int]] = []
    broken: list[BaseException] = []
    page_id = contract.things["page_id"]
    own = {
        "page_id": page_id, "page_ids": [page_id], "pages": [page_id], "quotation": "转账", "text": "转账",
        "box": [0.1, 0.1, 0.5, 0.2],
    }  # fmt: skip
    linked = {(link.method, link.path) for link in LINKS} | {to for link in LINKS for to in link.to}
    schema = contract.schema.include(lambda route: (route.operation.method, route.operation.path) in linked)

    class Walk(schema.as_state_machine()):  # type: ignore[misc]
        """Goes from answer to answer by the links of the description."""

        def setup(self) -> None:
            self.named = ""

        def before_call(self, case: schemathesis.Case) -> None:
            # What no answer has named leads somewhere nevertheless.
            for name, value in (case.path_parameters or {}).items():
                if str(value) not in self.named:
                    case.path_parameters[name] = contract.things.get(name, "x")
            if isinstance(case.body, dict) and case.method == "POST":
                case.body |= {field: value for field, value in own.items() if field in case.body}

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": contract.headers}

        def after_call(self, response: Any, case: schemathesis.Case) -> None:
            super().after_call(response, case)
            followed.append((case.method, case.operation.path, response.status_code))
            if response.status_code < 300 and "json" in str(response.headers.get("content-type", "")):
                self.named += json.dumps(response.json())

        def validate_response(self, response: Any, case: schemathesis.Case, **_: Any) -> None:
            try:
                case.validate_response(response, checks=[*CHECKS, *OF_LINKS], recorder=self.recorder)
            except BaseException as failure:
                broken.append(failure)
                raise

    for number in range(max(2, EXAMPLES // 8)):
        # A walk changes what there is, so that the next one may not be the same where it begins alike.
        with contextlib.suppress(FlakyStrategyDefinition):
            run_state_machine_as_test(
                seed(number)(Walk),
                settings=settings(
                    max_examples=2, stateful_step_count=6, deadline=None, phases=[Phase.generate], database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )  # fmt: skip
    assert not broken
    assert len(followed) > 6


# What makes something, or finds it, for each link.
ASKED: dict[str, Any] = {
    "/api/v1/cases": {"numbers": [{"number": "临检起诉受[2031]99010123999号"}], "name": "某案"},
    "/api/v1/receipts": {"case_name": "某案", "volumes": [{"kind": "证据材料卷", "number": 1, "paper_pages": 2}]},
    "/api/v1/pdfs": {"pages": ["{page_id}"]},
    "/api/v1/excerpts": {"page_ids": ["{page_id}"], "quotation": "转账"},
    "/api/v1/notes": {"page_id": "{page_id}", "text": "待查"},
    "/api/v1/bookmarks": {"page_id": "{page_id}", "name": "转账"},
    "/api/v1/pages/{page_id}/transcriptions": {"text": "转账", "box": [0.5, 0.9, 0.9, 0.95]},
}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link.method} {link.path} {link.field}")
def test_what_an_answer_names_is_there(untouched: Contract, link: Link) -> None:
    answered = _ask_for(untouched, link)
    assert answered.status_code < 300, answered.text
    value = answered.json()
    for part in link.field.removeprefix("/").split("/"):
        value = value[int(part)] if part.isdecimal() else value[part]
    ended = False
    for method, path in sorted(link.to, key=lambda to: to[0] == "delete"):
        if method in ("get", "delete"):
            case = untouched.schema[path][method].Case(path_parameters={link.parameter: value})
            ended = ended or method == "delete"
            assert case.call_and_validate(headers=untouched.headers, checks=CHECKS).status_code in (200, 202, 204)
    if ended and ("get", path) in link.to and "transcription" not in path:  # its history is kept
        assert untouched.program.get(path.replace(f"{{{link.parameter}}}", value)).status_code == 404


def _ask_for(contract: Contract, link: Link) -> Response:
    things = contract.things
    address = link.path.format(**things)
    if link.method == "get":
        query = {"q": "林晓禾"} if link.path.endswith("/search") else {}
        return contract.program.get(address, params=query)
    if link.path.endswith("/files"):
        return contract.program.post(address, files={"file": ("新.pdf", b"not yet looked into")})
    body = json.loads(json.dumps(ASKED[link.path]).replace("{page_id}", things["page_id"]))
    return contract.program.post(address, json=body)


def test_a_link_leads_from_what_is_answered_to_what_is_taken(contract: Contract) -> None:
    schemas = contract.description["components"]["schemas"]
    for link in LINKS:
        answer = contract.description["paths"][link.path][link.method]["responses"]
        status = next(status for status in ("200", "201", "202") if _JSON in answer.get(status, {}).get("content", {}))
        schema = answer[status]["content"][_JSON]["schema"]
        for part in link.field.removeprefix("/").split("/"):
            schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
            schema = schema["items"] if part.isdecimal() else schema["properties"][part]
        assert "string" in json.dumps(schema)
        for method, path in link.to:
            operation = contract.description["paths"][path][method]
            assert link.parameter in {one["name"] for one in operation["parameters"] if one["in"] == "path"}


def test_every_route_of_the_api_is_described(contract: Contract) -> None:
    described = {(method, path) for method, path, _ in _operations(contract.description)}

    assert described == set(OPERATIONS) - {DESCRIPTION}


@pytest.mark.parametrize(("method", "path"), [route for route in OPERATIONS if route != DESCRIPTION])
def test_a_route_says_what_it_takes_and_gives(contract: Contract, method: str, path: str) -> None:
    operation = contract.description["paths"][path][method.lower()]

    assert operation["summary"].strip()
    assert set(operation["tags"]) <= {tag["name"] for tag in contract.description["tags"]}
    assert (operation["security"] == []) == (ACCESS[method, path] == OPEN)
    assert "default" not in operation["responses"]
    for status, answer in operation["responses"].items():
        assert answer["description"] not in ("", "Successful Response"), status
        for media_type, content in answer.get("content", {}).items():
            if media_type == _JSON and operation["tags"][0] in TAGS:
                assert "$ref" in content["schema"], "a model, not anything"
                _check_examples(contract.description, content)
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == _JSON:
            _check_examples(contract.description, content)


@pytest.mark.parametrize(("method", "path"), [route for route in OPERATIONS if ACCESS[route] != OPEN])
def test_a_route_asks_for_a_key(contract: Contract, method: str, path: str) -> None:
    address = re.sub(r"\{\w+\}", "x", path)

    nobody = contract.room.client().request(method, address)
    stranger = contract.room.client().request(method, address, headers={"Authorization": "Bearer no-such-key"})

    assert (nobody.status_code, stranger.status_code) == (401, 401)
    if method != "HEAD":
        assert (nobody.json()["code"], stranger.json()["code"]) == ("not_signed_in", "key_refused")
    assert nobody.headers["www-authenticate"] == stranger.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", sorted({path for _, path in OPERATIONS}))
def test_a_method_that_an_address_does_not_take_is_refused(contract: Contract, path: str) -> None:
    # Filled with names that no other address has: /documents/x.pdf is one of two.
    address = re.sub(r"\{\w+\}", "x1", path)
    taken = {method for method, other in ACCESS if compile_path(other)[0].fullmatch(address)}
    for method in {"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"} - taken:
        answer = contract.program.request(method, address)

        assert answer.status_code == 405, method
        assert answer.headers["content-type"] == _PROBLEM
        assert answer.json()["code"] == "method_not_allowed"
        assert set(answer.headers["allow"].split(", ")) == taken


def test_no_answer_is_just_anything(contract: Contract) -> None:
    for method, path, operation in _operations(contract.description):
        for status, answer in operation["responses"].items():
            if not status.startswith("2") or status == "204" or method in ("HEAD", "OPTIONS"):
                continue
            if (method, path, status) == EMPTY:
                assert "content" not in answer
                continue
            assert answer.get("content"), (method, path, status)
            for media_type, content in answer["content"].items():
                schema = content.get("schema", {})
                assert "$ref" in schema or media_type != _JSON, (method, path, status)
                assert schema, (method, path, status, media_type)


def test_problems_of_the_web_are_described_as_the_page_of_errors_has_them() -> None:
    text = (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8").split("## Of the web alone")[1]
    documented = {
        code: (int(status), meaning)
        for code, status, meaning in re.findall(r"^\| `(\w+)` \| (\d+) \| (.*) \|$", text, re.MULTILINE)
    }

    assert {code: documented[code] for code in WEB_PROBLEMS} == WEB_PROBLEMS


def _check_examples(description: dict[str, Any], content: dict[str, Any]) -> None:
    """There is an example, and each fits its schema."""
    schema = {**content["schema"], "components": description["components"]}
    names = _reached(description, content["schema"])
    examples = [entry["value"] for entry in content.get("examples", {}).values() if "value" in entry]
    for name in names if not examples else ():
        model = description["components"]["schemas"][name]
        if content["schema"].get("$ref", "").endswith(f"/{name}"):
            examples += [model["example"]] if "example" in model else model.get("examples", [])
    examples += content["schema"].get("examples", [])
    if not examples:  # one of its fields each
        model = description["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        fields = model["properties"]
        examples = [{name: _example_of(field) for name, field in fields.items() if _example_of(field) is not None}]
        assert set(model.get("required", [])) <= set(examples[0]), "an example"
    validator = jsonschema_rs.Draft202012Validator(schema)
    for example in examples:
        validator.validate(example)


def _example_of(field: dict[str, Any]) -> Any:
    for part in (field, *field.get("anyOf", ())):
        if part.get("examples"):
            return part["examples"][0]
    return field.get("default")
