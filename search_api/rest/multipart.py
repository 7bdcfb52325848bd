"""Multipart: a form with one file, received without ever standing whole in memory.

The framework's own forms put files in the system's folder for temporary files, which may be small or memory itself;
here they go where the vault wants them. Only the framing is read here: what the file is, nobody looks at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from search_api.gate import upload_too_large
from search_api.problems import Problem

# A line that has died is noticed by this: otherwise it would hold what it has for hours.
LONGEST_SILENCE_SECONDS = 60.0
_PORTION = 1 << 20
_MOST_FIELD_BYTES = 8 * 1024
_MOST_PARTS = 20


@dataclass
class Form:
    """What a form held besides the file's bytes.

    Attributes:
        fields: the values of its fields.
        file_name: as the sender named the file; None where the form had no file.
        size: of the file, in bytes.
    """

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None
    size: int = 0


def broken(detail: str) -> Problem:
    """That an upload ended early, or is not in the form asked for."""
    return Problem(400, "upload_broken", "上传没有完成。", "请重新上传；同一份文件不会重复收入。", detail)


async def portions(request: Request) -> AsyncIterator[bytes]:
    """The body of a request, in portions that are worth a write.

    Raises:
        Problem: it ended early, or paused for too long.
    """
    gathered = bytearray()
    stream = request.stream()
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream), LONGEST_SILENCE_SECONDS)
        except StopAsyncIteration:
            break
        except (ClientDisconnect, TimeoutError) as error:
            if gathered:
                yield bytes(gathered)
            is_lost = isinstance(error, ClientDisconnect)
            raise broken(
                "连接中断 / the connection was lost" if is_lost else "连接停顿 / it paused too long"
            ) from error
        gathered += chunk
        if len(gathered) >= _PORTION:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def receive_form(
    request: Request,
    target: Path,
    most_bytes: int,
    look_for_room: Callable[[int, int], None] = lambda received, portion: None,
) -> Form:
    """Receive a form, and write its field `file` to `target`.

    Before each portion it is looked for room: `look_for_room` is told how many bytes have come, and how many these are.

    Raises:
        Problem: it ended early, is no such form, or is too large.
        OSError: the disk does not take it.
    """
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if media_type != b"multipart/form-data" or not 1 <= len(boundary) <= 200:
        raise broken("multipart/form-data")
    with target.open("xb") as file:
        receiver = _Receiver(boundary, file, most_bytes)
        received = 0
        async for portion in portions(request):
            look_for_room(received, len(portion))
            received += len(portion)
            await run_in_threadpool(receiver.take, portion)
    return receiver.whole()


class _Receiver:
    """Takes a form apart as it comes."""

    def __init__(self, boundary: bytes, file: BinaryIO, most_bytes: int) -> None:
        self._form, self._file, self._most_bytes = Form(), file, most_bytes
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name, self._header_value = bytearray(), bytearray()
        self._name = ""
        self._value = bytearray()
        self._is_over = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_name_comes,
                "on_header_value": self._header_value_comes,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._content_begins,
                "on_part_data": self._content_comes,
                "on_part_end": self._part_ends,
                "on_end": self._ends,
            },
        )

    def take(self, portion: bytes) -> None:
        try:
            self._parser.write(portion)
        except FormParserError as error:
            raise broken("multipart/form-data") from error

    def whole(self) -> Form:
        if not self._is_over:
            raise broken("multipart/form-data: 没有结束 / without its end")
        return self._form

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise broken("multipart/form-data: 字段过多 / too many fields")
        self._headers.clear()
        self._value.clear()

    def _header_name_comes(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_comes(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _content_begins(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = _text(options.get(b"name", b""))
        if self._name == "file":
            if self._form.file_name is not None:
                raise broken("file: 一次一份文件 / one file at a time")
            self._form.file_name = _text(options.get(b"filename", b""))

    def _content_comes(self, data: bytes, start: int, end: int) -> None:
        if self._name == "file":
            self._form.size += end - start
            if self._form.size > self._most_bytes:
                raise upload_too_large(self._most_bytes)
            self._file.write(memoryview(data)[start:end])
        else:
            self._value += data[start:end]
            if len(self._value) > _MOST_FIELD_BYTES:
                raise broken(f"{self._name}: 过长 / too long")

    def _part_ends(self) -> None:
        if self._name != "file":
            self._form.fields[self._name] = _text(bytes(self._value))

    def _ends(self) -> None:
        self._is_over = True


def _text(value: bytes) -> str:
    """A name or value as text; browsers and curl send UTF-8, old Chinese programs GBK."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("gb18030", "replace")
