"""A client of edossier's API: one file, nothing but Python's standard library (3.9 or later). Copy it where it is used.

Every call may be repeated, and is: where a line breaks, the server is restarted or asks for patience (429, 423, 502,
503, 504), the call is sent again, later each time or after `Retry-After`, until `patience` seconds are over. What
changes something carries an `Idempotency-Key` that is made once for the call, so that it is done once.

    office = Edossier("http://127.0.0.1:8400", "KEY")
    case = office.put_case({"BMSAH": "临检起诉受[2031]99010123306号", "AJMC": "闵照屿等3人诈骗案"})
    file_id = office.upload(case["id"], "0001.pdf", volume="证据材料卷二")
    for hit in office.search("转账", case=case["id"]):
        print(hit["volume"], hit["page_number"], hit["snippet"])
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import random
import ssl
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Callable, NamedTuple, Optional, Union
from urllib.parse import quote, urlencode, urlsplit

Json = dict[str, Any]
Content = Union[bytes, str, "os.PathLike[str]"]
Body = Union[bytes, Callable[[], Iterable[bytes]], None]

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
PART_BYTES = 8 << 20
_BLOCK_BYTES = 1 << 16
_AGAIN = (423, 429, 502, 503, 504)
_TUS = {"Tus-Resumable": "1.0.0"}


class EdossierProblem(Exception):
    """What the server refused, as it says so (RFC 9457).

    Attributes:
        status: of the answer.
        code: stable; docs/errors.md lists them.
        detail: what exactly is concerned.
        cases: with number_clash, the ids of the cases that the number names.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.remedy = str(problem.get("remedy", ""))
        self.cases: Sequence[str] = tuple(problem.get("cases") or ())
        super().__init__(f"{status} {self.code}: {self.title}{self.detail} {self.remedy}")


class ServerAway(Exception):
    """The server could not be reached within `patience` seconds."""


class Answer(NamedTuple):
    """An answer that is no problem: header names are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


class Changes(NamedTuple):
    """A portion of the feed; whoever has kept `after` goes on from there."""

    changes: list[Json]
    after: str


class Edossier:
    """A server and the key for it. Safe to use from several threads: each call has a connection of its own.

    Args:
        address: http://host:port, or https.
        key: an API key, made by `edossier key add`.
        timeout: seconds for which the server may be silent.
        patience: seconds for which a call is repeated where the server is away.
        context: for https with a certificate of one's own.
    """

    def __init__(
        self,
        address: str,
        key: str,
        timeout: float = 60.0,
        patience: float = 300.0,
        context: Optional[ssl.SSLContext] = None,
    ) -> None:
        self._where = urlsplit(address)
        self._key = key
        self._timeout = timeout
        self._patience = patience
        self._context = context
        self.repeats = 0
        """How often a request had to be sent again."""

    # Cases

    def put_case(self, fields: Mapping[str, Any]) -> Json:
        """Open the case with these numbers, or bring it up to date; in our field names or those of case systems."""
        return self._post("/api/v1/cases", fields)

    def find_case(self, number: str) -> Json:
        """The case with a number, in any brackets."""
        return self._get("/api/v1/cases", {"number": number})

    def case(self, case_id: str) -> Json:
        """A case; the id of one that was merged gives the case that it has become part of."""
        return self._get(_path("cases", case_id))

    def change_case(self, case_id: str, changes: Mapping[str, Any]) -> Json:
        """Change fields of a case as it stands now; null empties one.

        Raises:
            EdossierProblem: precondition_failed where somebody else has changed it in between; look, then try again.
        """
        tag = self.call("GET", _path("cases", case_id)).headers["etag"]
        headers = {"If-Match": tag, **_new_key()}
        return _object(self.call("PATCH", _path("cases", case_id), changes, headers))

    def bind_number(self, case_id: str, number: str, kind: str = "", system: str = "") -> Json:
        """Give a case one more number."""
        return self._post(_path("cases", case_id, "numbers"), {"system": system, "kind": kind, "number": number})

    def change_handler(self, case_id: str, handler: str) -> Json:
        """Give a case to another handler; "" for nobody."""
        return self._post(_path("cases", case_id, "handler"), {"handler": handler})

    def put_delivery(self, case_id: str, kind: str = "first", number: int = 1, **fields: Any) -> Json:
        """Say what came together 移送批次: `arrived_on`, `details`."""
        return self._post(_path("cases", case_id, "deliveries"), {"kind": kind, "number": number, **fields})

    def put_proceeding(self, case_id: str, number: str, **fields: Any) -> Json:
        """Say with which number the case came 件: `kind`, `department`, `handler`, `accepted_on`, `due_on`, `state`."""
        return self._post(_path("cases", case_id, "proceedings"), {"number": {"number": number}, **fields})

    def withdraw(self, case_id: str, number: str, **fields: Any) -> Json:
        """Say that the coming with this number was withdrawn 撤回; what was filed stays."""
        return self.put_proceeding(case_id, number, state="withdrawn", **fields)

    def transfer(self, case_id: str, department: str, handler: str = "") -> Json:
        """Give a case to another department 移送, and to a handler there; who sees it changes at once."""
        return self.change_case(case_id, {"department": department, "handler": handler or None})

    def merge(self, case_id: str, other: str) -> Json:
        """Let another case, by its id or a number, become part of this one 并案."""
        return self._post(_path("cases", case_id, "merge"), {"case": other})

    def split(self, case_id: str, volume_ids: Sequence[str], fields: Mapping[str, Any]) -> Json:
        """Let volumes go to a case of their own 分案, described as for `put_case`; that case."""
        return self._post(_path("cases", case_id, "split"), {"volumes": list(volume_ids), "case": dict(fields)})

    def directory(self, case_id: str) -> Json:
        """Volumes, documents with first and last page, files as they came with SHA-256 and MD5."""
        return self._get(_path("cases", case_id, "directory"))

    # Files

    def send_file(self, case_id: str, content: Content, volume: str = "", path: str = "", key: str = "") -> str:
        """Send a file in one request; its id.

        Args:
            case_id: an id.
            content: bytes, or the name of a file.
            volume: a volume's name; "": 未分卷.
            path: within the volume; "": the file's own name.
            key: the caller's own Idempotency-Key, to be used again when the program has been restarted; "": a new one.
        """
        boundary = uuid.uuid4().hex
        name = path or _name_of(content)
        fields = [("volume", volume), ("path", name)]
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields
            if value
        )
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n'
        start, end = head.encode(), f"\r\n--{boundary}--\r\n".encode()

        def body() -> Iterator[bytes]:
            yield start
            yield from _blocks(content, 0, _size_of(content))
            yield end

        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(start) + _size_of(content) + len(end)),
            **_new_key(key),
        }
        return str(self.call("POST", _path("cases", case_id, "files"), body, headers).json()["id"])

    def upload(
        self,
        case: str,
        content: Content,
        volume: str = "",
        path: str = "",
        where: str = "",
        began: Callable[[str], None] = lambda where: None,
        part_bytes: int = PART_BYTES,
        key: str = "",
    ) -> str:
        """Send a file in parts (tus), going on where the line broke; the file's id.

        Args:
            case: an id or a number.
            content, volume, path, key: as for `send_file`.
            where: of an upload that was begun earlier, to go on with it.
            began: is told where the upload goes, to be kept until it is done.
            part_bytes: how much is sent at once.
        """
        size = _size_of(content)
        if not where:
            told = {"case": case, "volume": volume, "path": path or _name_of(content)}
            metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
            headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": metadata, **_new_key(key)}
            where = self.call("POST", "/api/v1/uploads", None, headers).headers["location"]
            began(where)
        until = time.monotonic() + self._patience
        while True:
            standing = self.call("HEAD", where, None, _TUS)
            offset = int(standing.headers["upload-offset"])
            if "upload-file" in standing.headers:
                return standing.headers["upload-file"]
            length = min(part_bytes, size - offset)
            try:
                answer = self._once("PATCH", where, *self._part(content, offset, length))
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > until:
                    raise ServerAway(str(error)) from error
                self.repeats += 1
                continue
            if answer.status == 204:
                until = time.monotonic() + self._patience
            elif answer.status not in (409, 460, *_AGAIN) or time.monotonic() > until:
                raise _problem(answer)
            else:
                self.repeats += 1
                time.sleep(FIRST_PAUSE_SECONDS)

    def _part(self, content: Content, offset: int, length: int) -> tuple[Body, dict[str, str]]:
        digest = hashlib.sha256()
        for block in _blocks(content, offset, length):
            digest.update(block)
        headers = {
            **_TUS,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {base64.b64encode(digest.digest()).decode()}",
        }
        return (lambda: _blocks(content, offset, length)), headers

    def file(self, file_id: str) -> Json:
        """What has become of a file: `state`, `pages`, `searchable`, `error`."""
        return self._get(_path("files", file_id))

    def wait_for_file(self, file_id: str, seconds: float = 3600.0, pause: float = 1.0) -> Json:
        """A file, when it is done (all that can be found can be found) or has failed.

        Raises:
            TimeoutError: it is neither by then.
        """
        until = time.monotonic() + seconds
        while True:
            standing = self.file(file_id)
            is_done = standing["state"] == "done" and (standing["searchable"] == standing["pages"] or standing["error"])
            if is_done or standing["state"] == "failed":
                return standing
            if time.monotonic() > until:
                raise TimeoutError(file_id)
            time.sleep(pause)

    # What is found and read

    def search(self, query: str, case: str = "", limit: int = 100, **filters: str) -> Iterator[Json]:
        """All pages that a query finds, one after the other; `order`, `charge`, `department`, `volume_kind`, `year`."""
        asked = {"q": query, "limit": str(limit), **filters, **({"case": case} if case else {})}
        after = ""
        while True:
            found = self._get("/api/v1/search", {**asked, **({"after": after} if after else {})})
            yield from found["hits"]
            after = found.get("after", "")
            if not after:
                return

    def page(self, page_id: str) -> Json:
        """Where a page stands and how it is."""
        return self._get(_path("pages", page_id))

    def page_text(self, page_id: str) -> Json:
        """What was read on a page, line by line, and how it is cited."""
        return self._get(_path("pages", page_id, "text"))

    def page_image(self, page_id: str, target: Union[str, os.PathLike[str]], width: Optional[int] = None) -> None:
        """Write a page's picture (JPEG) to a file, as wide as asked (pixels), if it is not narrower itself."""
        address = _path("pages", page_id, "image") + (f"?width={width}" if width else "")
        self._download(address, Path(target))

    def document_pdf(self, document_id: str, target: Union[str, os.PathLike[str]]) -> None:
        """Write a document's searchable PDF to a file; waits until it is made."""
        self._download(f"/api/v1/documents/{quote(document_id, safe='')}.pdf", Path(target))

    def volume_pdf(self, volume_id: str, target: Union[str, os.PathLike[str]]) -> None:
        """Write a volume's searchable PDF to a file; waits until it is made."""
        self._download(f"/api/v1/volumes/{quote(volume_id, safe='')}.pdf", Path(target))

    # Changes

    def changes(self, after: str = "", wait: float = 0.0, limit: int = 100) -> Changes:
        """What has happened since; waits so many seconds (at most 60) where there is nothing yet."""
        found = self._get("/api/v1/changes", {"after": after, "wait": str(wait), "limit": str(limit)})
        return Changes(found["changes"], found["after"])

    def follow(self, after: str = "", wait: float = 30.0) -> Iterator[Changes]:
        """All that has happened and will happen, in portions. Keep `after` with what was made of a portion."""
        while True:
            found = self.changes(after, min(wait, self._timeout / 2))
            after = found.after
            yield found

    # Requests

    def call(
        self, method: str, address: str, body: Union[Body, Mapping[str, Any]] = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        """Send a request until there is an answer that stands.

        Args:
            method: GET, POST, …
            address: path and query.
            body: a JSON object, bytes, or a function that gives the bytes anew each time.
            headers: besides the key.

        Raises:
            EdossierProblem: the server refuses it.
            ServerAway: there was no answer within `patience`.
        """
        sent = dict(headers)
        if isinstance(body, Mapping):
            body = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        until = time.monotonic() + self._patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            asked_for = 0.0
            try:
                answer = self._once(method, address, body, sent)
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > until:
                    raise ServerAway(f"{method} {address}: {error}") from error
            else:
                if answer.status not in _AGAIN or time.monotonic() > until:
                    if answer.status >= 400:
                        raise _problem(answer)
                    return answer
                asked_for = _seconds(answer.headers.get("retry-after", ""))
            self.repeats += 1
            # Not all at once, when the server is back.
            time.sleep(max(asked_for, pause * (0.5 + random.random() / 2)))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _once(self, method: str, address: str, body: Body, headers: Mapping[str, str]) -> Answer:
        connection = self._connection()
        try:
            connection.request(method, address, body() if callable(body) else body, self._headers(headers, body))
            response = connection.getresponse()
            content = response.read()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._where.hostname or "", self._where.port
        if self._where.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)

    def _headers(self, headers: Mapping[str, str], body: Body) -> dict[str, str]:
        length = {"Content-Length": "0"} if body is None else {}
        return {"Authorization": f"Bearer {self._key}", "Accept": "application/json", **length, **headers}

    def _get(self, path: str, query: Mapping[str, str] = {}) -> Json:
        return _object(self.call("GET", path + (f"?{urlencode(query)}" if query else "")))

    def _post(self, path: str, body: Mapping[str, Any]) -> Json:
        return _object(self.call("POST", path, body, _new_key()))

    def _download(self, address: str, target: Path) -> None:
        """Write what is at an address to a file, which is there whole or not at all."""
        until = time.monotonic() + self._patience
        while True:
            answer = self.call("GET", address, None, {"Accept": "*/*"})
            if answer.status == 200:
                break
            if time.monotonic() > until:
                raise TimeoutError(address)
            time.sleep(_seconds(answer.headers.get("retry-after", "")) or FIRST_PAUSE_SECONDS)
        part = target.with_name(f"{target.name}.part")
        part.write_bytes(answer.body)
        os.replace(part, target)


def is_signed(secret: str, signature: str, body: bytes, now: Optional[float] = None, tolerance: float = 300.0) -> bool:
    """Whether a webhook's request comes from the server, and not from long ago.

    Args:
        secret: as `edossier webhook add` has shown it.
        signature: the header `Edossier-Signature`.
        body: as it came.
        now: seconds since 1970; None: by the clock.
        tolerance: seconds that it may be old.
    """
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    at = parts.get("t", "")
    if not at.isdecimal() or abs((time.time() if now is None else now) - int(at)) > tolerance:
        return False
    expected = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())


def _path(*parts: str) -> str:
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


def _new_key(key: str = "") -> dict[str, str]:
    return {"Idempotency-Key": key or uuid.uuid4().hex}


def _object(answer: Answer) -> Json:
    found: Json = answer.json()
    return found


def _problem(answer: Answer) -> EdossierProblem:
    try:
        problem = json.loads(answer.body)
    except ValueError:
        problem = {}
    return EdossierProblem(answer.status, problem if isinstance(problem, dict) else {})


def _seconds(header: str) -> float:
    return float(header) if header.isdecimal() else 0.0


def _name_of(content: Content) -> str:
    if isinstance(content, bytes):
        raise ValueError("bytes need a path")
    return Path(content).name


def _size_of(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else os.stat(content).st_size


def _blocks(content: Content, offset: int, length: int) -> Iterator[bytes]:
    """The bytes of a part, a little at a time."""
    if isinstance(content, bytes):
        yield content[offset : offset + length]
        return
    opened: IO[bytes]
    with open(content, "rb") as opened:
        opened.seek(offset)
        while length > 0:
            block = opened.read(min(_BLOCK_BYTES, length))
            if not block:
                raise OSError(f"{content}: shorter than it was")
            length -= len(block)
            yield block
