"""Which format bytes are of, by their content; a name only tells one kind of attachment from another."""

from __future__ import annotations

import zipfile
from pathlib import Path

from dossier.errors import DamagedFile, EmptyFile, TruncatedFile, UnknownFormat
from pipeline.files.completeness import ends_in_zeros
from pipeline.files.sources import Format

_HEAD = 4096

_PAGES: tuple[tuple[bytes, Format, str], ...] = (
    (b"\xff\xd8\xff", Format.JPEG, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", Format.PNG, "image/png"),
    (b"II*\x00", Format.TIFF, "image/tiff"),
    (b"MM\x00*", Format.TIFF, "image/tiff"),
    (b"II+\x00", Format.TIFF, "image/tiff"),
    (b"MM\x00+", Format.TIFF, "image/tiff"),
    (b"%PDF-", Format.PDF, "application/pdf"),
)

# Pictures that could be pages but are not read here; their user is asked to convert them.
_FOREIGN_PICTURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "GIF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS"),
    (0, b"AT&TFORM", "DjVu"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\x97JB2\r\n\x1a\n", "JBIG2"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypavif", "AVIF"),
)

_ATTACHMENTS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (257, b"ustar", "application/x-tar"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"ftyp", "video/mp4"),
    (4, b"moov", "video/quicktime"),
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b".RMF", "application/vnd.rn-realmedia"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
)

_BY_NAME = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".doc": "application/msword",
    ".wps": "application/vnd.ms-works",
    ".xls": "application/vnd.ms-excel",
    ".et": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".dps": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
    ".m4a": "audio/mp4",
    ".mov": "video/quicktime",
    ".3gp": "video/3gpp",
    ".wma": "audio/x-ms-wma",
    ".wmv": "video/x-ms-wmv",
}
"""Finer names for containers whose content has been recognised."""

_TEXTS = {
    ".txt": "text/plain",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".xml": "application/xml",
    ".htm": "text/html",
    ".html": "text/html",
    ".mht": "multipart/related",
    ".mhtml": "multipart/related",
    ".eml": "message/rfc822",
    ".vcf": "text/vcard",
    ".srt": "text/plain",
}

_RECORDINGS = {
    ".dav": "video/x-dav",
    ".264": "video/h264",
    ".h264": "video/h264",
    ".265": "video/h265",
    ".h265": "video/h265",
    ".ts": "video/mp2t",
    ".mts": "video/mp2t",
    ".vob": "video/mpeg",
    ".mpg": "video/mpeg",
    ".mp3": "audio/mpeg",
    ".pcm": "audio/basic",
    ".silk": "audio/silk",
}
"""Recordings without a signature of their own: surveillance recorders and raw streams."""


def identify(path: Path, name: str = "") -> tuple[Format, str]:
    """The format and media type of a file.

    Args:
        path: the file.
        name: the name under which it came, if `path` bears another.

    Raises:
        EmptyFile: it has no bytes.
        TruncatedFile: it ends within a signature, was reserved and never written, or is a cut-off archive.
        DamagedFile: it is an archive whose directory is broken.
        UnknownFormat: it is nothing that could be pages or a known attachment.
    """
    suffix = Path(name or path.name).suffix.lower()
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise EmptyFile
    for signature, format_, media_type in _PAGES:
        if head.startswith(signature):
            return format_, media_type
    if _ends_within_a_signature(head) and suffix not in _TEXTS:
        raise TruncatedFile(f"{len(head)} bytes")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP, "image/webp"
    if _is_bmp(head):
        return Format.BMP, "image/bmp"
    for offset, signature, name in _FOREIGN_PICTURES:
        if head.startswith(signature, offset):
            raise UnknownFormat(name)
    for offset, signature, media_type in _ATTACHMENTS:
        if head.startswith(signature, offset):
            return Format.ATTACHMENT, _container(path, suffix, media_type)
    text = _as_text(head)
    # ISO 32000-1, annex H.3.4.1: readers look for the header within the first 1024 bytes.
    if b"%PDF-" in head[:1024] and not (text or "").lstrip("\ufeff \r\n\t").startswith("<"):
        return Format.PDF, "application/pdf"
    return Format.ATTACHMENT, _named(suffix, head, text)


def _ends_within_a_signature(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return len(head) < 18
    if head.startswith(b"RIFF"):
        return len(head) < 12
    beginnings = (b"BM", b"RIFF", *(signature for signature, _, _ in _PAGES))
    return any(len(head) < len(beginning) and beginning.startswith(head) for beginning in beginnings)


def _is_bmp(head: bytes) -> bool:
    """Two letters are not enough: the header that follows has one of the known lengths, 12 to 124 bytes."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124)


def _container(path: Path, suffix: str, media_type: str) -> str:
    if media_type == "application/zip":
        if not zipfile.is_zipfile(path):
            raise TruncatedFile("ZIP without its directory")
        try:
            with zipfile.ZipFile(path) as archive:
                if "OFD.xml" in archive.namelist():
                    return "application/ofd"
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise DamagedFile(f"ZIP: {error}") from error
    return _BY_NAME.get(suffix, media_type)


def _named(suffix: str, head: bytes, text: str | None) -> str:
    if text is not None and suffix in _TEXTS:
        return _TEXTS[suffix]
    if not any(head) and ends_in_zeros(head):
        raise TruncatedFile("nothing but zeros")
    if text is None and suffix in _RECORDINGS:
        return _RECORDINGS[suffix]
    if text is None:
        raise UnknownFormat(suffix)
    beginning = text.lstrip("\ufeff \r\n\t")[:256].lower()
    for mark, name in (("<svg", "SVG"), ("<html", "HTML"), ("<!doctype html", "HTML"), ("<?xml", "XML")):
        if mark in beginning:
            raise UnknownFormat(name)
    raise UnknownFormat("plain text")


def _as_text(head: bytes) -> str | None:
    """The head as text in UTF-8, UTF-16 with a byte order mark, or GB 18030; None where it is none of them."""
    for encoding in ("utf-16",) if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "gb18030"):
        # The head may end within a character: up to three bytes of UTF-8 or GB 18030, one of UTF-16.
        for cut in range(4):
            try:
                text = head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            if not any(character < " " and character not in "\t\r\n\f\v\x1a\x1b" for character in text):
                return text
    return None
