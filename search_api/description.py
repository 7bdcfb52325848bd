"""The description for machines (OpenAPI): what the routes say of themselves, made whole.

A route says what it takes and gives, and which problems are its own. What is so for all of them is added here: who may
ask, the problems of the gate, tags, and a sentence for each, which is the first of the route's docstring.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from dossier.errors import every_error
from search_api.access import ACCESS, ANY_KEY, OPEN, PEOPLE, scope_of
from search_api.contract import (
    CODES,
    SERVICE_PROBLEMS,
    STORE_PROBLEMS,
    WEB_PROBLEMS,
    Problem,
    status_of,
    statuses_of,
)
from search_api.links import give_links
from search_api.problems import MEDIA_TYPE, as_content
from search_api.problems import Problem as Raised
from search_api.session import COOKIE

FOLDER = "/api/v1/"
TAGS = {
    "cases": "Cases 案件: put by number, found, changed, merged, split; their directory.",
    "files": "Files 文件: sent whole, or in parts by tus; what became of them.",
    "search": "Search 检索: pages, facets, hits around a page, everybody of a roster at once.",
    "pages": "Pages, documents and volumes 页、材料、卷: pictures, text, citations, PDFs.",
    "deeds": "Deeds 整理: what puts a dossier right; each answers with the calls that undo it.",
    "excerpts": "Excerpts 摘录: the asker's own.",
    "notes": "Notes and bookmarks 批注与书签.",
    "transcriptions": "Transcriptions 人工校录: what people have read on pages.",
    "receipts": "Receipts 收卷登记: what came on paper, and what of it is here.",
    "changes": "Changes 变更: what has happened since, in its order.",
    "site": "The site itself: standing, metrics, health.",
}
# By the first part of the address that tells; a POST to what is read elsewhere is a deed.
_TAG_OF = {
    "cases": "cases", "files": "files", "uploads": "files", "search": "search", "roster": "search", "pages": "pages",
    "documents": "pages", "volumes": "pages", "pdfs": "pages", "changes": "changes", "status": "site",
    "metrics": "site", "health": "site", "notes": "notes", "bookmarks": "notes", "transcriptions": "transcriptions",
}  # fmt: skip
_UNSAFE = ("post", "put", "patch", "delete")
_KEY, _SESSION = "key", "session"
_SCHEMES = {
    _KEY: {
        "type": "http", "scheme": "bearer",
        "description": "an API key, made by `edossier key add` or on the page 管理; its scopes say what it is for",
    },
    _SESSION: {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "a person who has signed in"},
}  # fmt: skip
_DETAILS = {"not_found": "c44f4c777c3595fe59461", "number_clash": "沪临检刑诉[2031]7号"}
_CASES = ("c44f4c777c3595fe59461", "c0f1e2d3c4b5a69788102")


def describing(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What an application answers with as its description; made once."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _whole(made())
        return app.openapi_schema

    return openapi


def _whole(description: dict[str, Any]) -> dict[str, Any]:
    whole = copy.deepcopy(description)
    names = Counter(
        _name_of(method, path, operation)
        for path, operations in whole["paths"].items()
        for method, operation in operations.items()
    )
    components = whole.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    said: set[str] = set()
    tags: set[str] = set()
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            wanted = ACCESS.get((method.upper(), path), PEOPLE)
            name = _name_of(method, path, operation)
            if names[name] == 1:
                operation["operationId"] = name
            operation["tags"] = operation.get("tags") or [_tag_of(method, path)]
            tags.update(operation["tags"])
            _give_sentences(operation, wanted)
            operation["security"] = _security(wanted)
            _give_descriptions(operation["responses"], schemas)
            said |= _give_problems(operation, method, wanted)
    give_links(whole["paths"])
    for schema in schemas.values():
        if "example" in schema:
            schema["example"] = _with_nulls(schema["example"], schema, schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    (_, definitions) = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    schemas.update(definitions["$defs"])
    components["examples"] = {code: {"value": _example(code)} for code in sorted(said)}
    components["securitySchemes"] = _SCHEMES
    whole["tags"] = [{"name": tag, "description": TAGS.get(tag, tag)} for tag in [*TAGS, *sorted(tags - set(TAGS))]]
    return whole


def _name_of(method: str, path: str, operation: dict[str, Any]) -> str:
    """The name of the function that answers, without the address that the framework writes behind it."""
    return str(operation["operationId"]).removesuffix(re.sub(r"\W", "_", path) + f"_{method}")


def _tag_of(method: str, path: str) -> str:
    parts = path.removeprefix(FOLDER).split("/")
    if parts[-1] == "files":
        return "files"
    first = parts[0].partition(".")[0]
    if parts[-1] == "transcriptions":
        return "transcriptions"
    if first in ("pages", "documents", "volumes") and (method == "post" or parts[-1] == "title"):
        return "deeds"
    return _TAG_OF.get(first, first)


def _give_sentences(operation: dict[str, Any], wanted: str) -> None:
    """The first sentence of the docstring as summary; behind the rest, what a key needs."""
    text = operation.get("description", "").split("\n\nRaises:")[0].strip()
    sentence = text.partition("\n\n")[0].replace("\n", " ").rstrip(".")
    if sentence:
        operation["summary"] = sentence
    if wanted == OPEN:
        needs = "Needs neither key nor session."
    elif wanted == ANY_KEY:
        needs = "Any key will do."
    elif scope_of(wanted) in ("search", "read", "write"):
        needs = f"A key needs the scope `{scope_of(wanted)}`."
    else:
        needs = "For people who have signed in; no key opens it."
    operation["description"] = f"{text}\n\n{needs}".strip()


def _give_descriptions(responses: dict[str, Any], schemas: dict[str, Any]) -> None:
    """What the framework calls a success is what the docstring of the answer's model says."""
    for status, response in responses.items():
        if response.get("description") not in (None, "Successful Response"):
            continue
        contents: list[dict[str, Any]] = [*response.get("content", {}).values(), {}]
        shown = contents[0].get("schema", {})
        model = schemas.get(shown.get("$ref", "").rpartition("/")[2], {})
        response["description"] = model.get("description") or ("done" if status == "204" else "as asked for")


def _with_nulls(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """An example with the nulls that the framework has left out of it."""
    for part in (schema, *schema.get("anyOf", ())):
        target = schemas[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        if isinstance(example, list) and "items" in target:
            return [_with_nulls(entry, target["items"], schemas) for entry in example]
        if isinstance(example, dict) and "properties" in target:
            fields = target["properties"]
            nulls = dict.fromkeys(name for name in target.get("required", ()) if name not in example)
            return {
                name: _with_nulls(value, fields.get(name, {}), schemas) for name, value in {**example, **nulls}.items()
            }
    return example


def _security(wanted: str) -> list[dict[str, list[str]]]:
    if wanted == OPEN:
        return []
    scope = scope_of(wanted)
    if wanted == ANY_KEY:
        return [{_KEY: []}, {_SESSION: []}]
    return [{_KEY: [scope]}, {_SESSION: []}] if scope in ("search", "read", "write") else [{_SESSION: []}]


def _give_problems(operation: dict[str, Any], method: str, wanted: str) -> set[str]:
    """Every problem that may be the answer, by status; returns their codes."""
    responses = operation["responses"]
    codes = ["host_refused", *STORE_PROBLEMS, *SERVICE_PROBLEMS]
    if wanted != OPEN:
        codes += ["not_signed_in", "key_refused", "rate_limited"]
        if wanted != ANY_KEY:
            codes += ["scope_missing", "role_missing"]
    if method == "post":
        codes.append("method_override")
    if method in _UNSAFE:
        codes += ["origin_refused", "too_large"]
    if operation.get("parameters") or operation.get("requestBody"):
        codes.append("invalid_request")
    if operation.get("requestBody"):
        codes.append("body_unreadable")
    opened = {int(status) for status, response in responses.items() if response.get(CODES) == []}
    own = [code for response in responses.values() for code in response.pop(CODES, [])]
    if not own and not opened and (operation.get("parameters") or operation.get("requestBody")):
        # It does not say which: any of them, in the one shape.
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses["4XX"] = {"description": "a problem; `code` says which", "content": content}
        codes += ["not_found", "usage"]
    codes += own
    responses.pop("422", None)
    by_status: dict[int, list[str]] = {open_to_all: [] for open_to_all in opened} | statuses_of(codes)
    for status, of_status in by_status.items():
        told: list[dict[str, Any]] = [{"properties": {"status": {"enum": [status]}}}]
        if status not in opened:
            told = [{"properties": {"code": {"enum": of_status}, "status": {"enum": [status]}}}]
        responses[str(status)] = {
            **{name: value for name, value in responses.get(str(status), {}).items() if name == "headers"},
            "description": " ".join(f"`{code}`: {_meaning(code)}." for code in of_status) or "a problem",
            "content": {
                MEDIA_TYPE: {
                    "schema": {
                        "allOf": [
                            {"$ref": "#/components/schemas/Problem"},
                            *told,
                        ]
                    },
                    "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in of_status},
                }
            },
        }
    operation["responses"] = dict(sorted(responses.items()))
    return set(codes)


def _meaning(code: str) -> str:
    meaning = WEB_PROBLEMS[code][1] if code in WEB_PROBLEMS else every_error()[code].english
    return meaning.rstrip(".")


def _example(code: str) -> dict[str, Any]:
    if code in WEB_PROBLEMS:
        raised = Raised(status_of(code), code, "……", "……")
    else:
        kind = every_error()[code]
        raised = Raised(status_of(code), code, kind.chinese, kind.remedy_chinese, _DETAILS.get(code, ""))
    if code == "number_clash":
        raised.case_ids = _CASES
    return as_content(raised)
