"""Pictures on their way into a PDF, kept in a temporary file without a name instead of in memory.

The file is itself a PDF: pikepdf opens it, adds the pages and writes the whole, and reads each picture only when it is
written. Copying between two open PDFs would hold all of them in memory at once.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from pikepdf import AccessMode, Array, Dictionary, Name, Object, Pdf, Stream

_ROOT, _PAGES = 1, 2
_BINARY = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
"""Four bytes over 127 mark the file as binary (ISO 32000-1, 7.5.2)."""


class PictureSpool:
    """A PDF without pages that grows by one stream after the other.

    Args:
        folder: where the temporary file may lie.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by `close`)
        self._offsets = {_ROOT: 0, _PAGES: 0}
        self._known: dict[bytes, int] = {}
        self._file.write(_BINARY)
        self._object(_ROOT, b"<< /Type /Catalog /Pages %d 0 R >>" % _PAGES)
        self._object(_PAGES, b"<< /Type /Pages /Kids [] /Count 0 >>")

    def add(self, stream: Stream) -> int:
        """Write a stream, and those that its dictionary holds, and return its object number; equal ones count once."""
        said = self._written(Dictionary({key: value for key, value in stream.items() if key != "/Length"}))
        data = stream.read_raw_bytes()
        digest = hashlib.sha256(said + b"\0" + data).digest()
        if digest not in self._known:
            number = len(self._offsets) + 1
            body = said.removesuffix(b">>") + b"/Length %d >>\nstream\n" % len(data)
            self._object(number, body + data + b"\nendstream")
            self._known[digest] = number
        return self._known[digest]

    def opened(self) -> Pdf:
        """The file as a PDF, whose objects have the numbers that `add` returned; nothing can be added any more."""
        start = self._file.tell()
        rows = [b"%010d 00000 n \n" % self._offsets[number] for number in sorted(self._offsets)]
        count = len(rows) + 1
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(rows))
        self._file.write(b"trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, _ROOT, start))
        self._file.flush()
        # Not mapped into memory, where it would count as much as if it had stayed there.
        return Pdf.open(self._file, access_mode=AccessMode.stream)

    def close(self) -> None:
        """Drop the temporary file."""
        self._file.close()

    def _object(self, number: int, body: bytes) -> None:
        self._offsets[number] = self._file.tell()
        self._file.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")

    def _written(self, value: Object | int | float) -> bytes:
        """A value as it stands in a file; a stream in it becomes an object of its own."""
        if isinstance(value, Stream):
            return b"%d 0 R" % self.add(value)
        if isinstance(value, Dictionary):
            return (
                b"<< " + b" ".join(Name(key).unparse() + b" " + self._written(v) for key, v in value.items()) + b" >>"
            )
        if isinstance(value, Array):
            return b"[ " + b" ".join(map(self._written, value)) + b" ]"
        if isinstance(value, Object):
            return value.unparse()
        return str(value).lower().encode("ascii")  # True, 8, 0.5
