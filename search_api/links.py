"""Links of the description for machines (OpenAPI): what an answer names, and where that leads."""

from __future__ import annotations

from typing import Any, NamedTuple

_API = "/api/v1"


class Link(NamedTuple):
    """From the answers of one route to another one.

    Attributes:
        method, path: whose answers.
        field: in them, what names the thing, as a JSON pointer.
        parameter: of the routes that it leads to, as part of their path.
        to: these routes.
    """

    method: str
    path: str
    field: str
    parameter: str
    to: tuple[tuple[str, str], ...]


_CASE = f"{_API}/cases/{{case_id}}"
_PAGE = f"{_API}/pages/{{page_id}}"
_READ_CHANGE_END = ("get", "patch", "delete")


def _all(path: str, *methods: str) -> tuple[tuple[str, str], ...]:
    return tuple((method, path) for method in methods)


LINKS = (
    Link(
        "post", f"{_API}/cases", "/id", "case_id",
        (
            *_all(_CASE, "get", "patch"), ("get", f"{_CASE}/directory"), ("post", f"{_CASE}/numbers"),
            ("post", f"{_CASE}/deliveries"), ("post", f"{_CASE}/files"),
        ),
    ),
    Link("post", f"{_CASE}/files", "/id", "file_id", _all(f"{_API}/files/{{file_id}}", "get")),
    Link("get", f"{_CASE}/directory", "/volumes/0/id", "volume_id", _all(f"{_API}/volumes/{{volume_id}}.pdf", "get")),
    Link("post", f"{_API}/receipts", "/id", "receipt_id", _all(f"{_API}/receipts/{{receipt_id}}", "get", "patch")),
    Link("post", f"{_API}/receipts", "/case_id", "case_id", _all(_CASE, "get")),
    Link(
        "get", f"{_API}/search", "/hits/0/page_id", "page_id",
        (("get", _PAGE), ("get", f"{_PAGE}/text"), ("get", f"{_PAGE}/image")),
    ),
    Link("get", _PAGE, "/after", "page_id", _all(_PAGE, "get")),
    Link(
        "get", _PAGE, "/page_id", "page_id",
        (("get", f"{_PAGE}/text"), ("get", f"{_PAGE}/image"), ("post", f"{_PAGE}/transcriptions")),
    ),
    Link(
        "get", _PAGE, "/document_id", "document_id",
        (("get", f"{_API}/documents/{{document_id}}"), ("get", f"{_API}/documents/{{document_id}}.pdf")),
    ),
    Link("get", _PAGE, "/file_id", "file_id", _all(f"{_API}/files/{{file_id}}", "get")),
    Link("post", f"{_API}/pdfs", "/id", "exhibit_id", _all(f"{_API}/pdfs/{{exhibit_id}}.pdf", "get")),
    Link(
        "post", f"{_API}/excerpts", "/id", "excerpt_id",
        _all(f"{_API}/excerpts/{{excerpt_id}}", *_READ_CHANGE_END),
    ),
    Link("post", f"{_API}/notes", "/id", "note_id", _all(f"{_API}/notes/{{note_id}}", *_READ_CHANGE_END)),
    Link(
        "post", f"{_API}/bookmarks", "/id", "bookmark_id",
        _all(f"{_API}/bookmarks/{{bookmark_id}}", "patch", "delete"),
    ),
    Link(
        "post", f"{_PAGE}/transcriptions", "/id", "transcription_id",
        _all(f"{_API}/transcriptions/{{transcription_id}}", *_READ_CHANGE_END),
    ),
)  # fmt: skip


def give_links(paths: dict[str, Any]) -> None:
    """Write the links to the successful answers of the routes of a description.

    Args:
        paths: of the description; changed. Its operations have their ids.
    """
    for link in LINKS:
        responses = paths[link.path][link.method]["responses"]
        for status in sorted(set(responses) & {"200", "201", "202"}):
            links = responses[status].setdefault("links", {})
            for method, path in link.to:
                operation_id = paths[path][method]["operationId"]
                links[f"{operation_id}_of_{link.field.rpartition('/')[2]}"] = {
                    "operationId": operation_id,
                    "parameters": {f"path.{link.parameter}": f"$response.body#{link.field}"},
                }
