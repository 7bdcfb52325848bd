"""Where a file belongs: case, volume and path, as its place in the inbox says."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from dossier.natural_order import chinese_number
from dossier.one_line import written_out

LOOSE_VOLUME = "未分卷"
METADATA_NAME = "case.json"
METADATA_TYPE = "application/json"

VOLUME_KINDS = (
    "诉讼文书卷",
    "证据材料卷",
    "补充侦查卷",
    "退补卷",
    "检察内卷",
    "治安管理处罚卷",
    "侦查工作卷",
    "技术侦查卷",
)
_KIND_SHORT = {"文书卷": "诉讼文书卷", "证据卷": "证据材料卷", "补侦卷": "补充侦查卷", "内卷": "检察内卷"}
_VOLUME_NUMBER = re.compile(
    r"(?<!\d)(?:第\s*)?([0-9]{1,4}|[〇零一二三四五六七八九十百]{1,5})\s*[卷册]"
    r"|卷\s*第?\s*([0-9]{1,4}(?!\d)|[〇零一二三四五六七八九十百]{1,5})"
)

# Control characters, line and paragraph separators, and what sets the direction of writing (Unicode, annex 9).
_NOT_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_LONGEST_NAME = 200  # characters; Linux takes 255 bytes, other systems as many characters
_DEEPEST = 20  # folders

# Files that systems and programs leave in folders, and what is still being written.
IGNORED_NAMES = {"thumbs.db", "desktop.ini", ".ds_store", "ehthumbs.db"}
IGNORED_ENDINGS = (".part", ".partial", ".crdownload", ".tmp", ".temp", ".swp", ".filepart", ".lock")


@dataclass(frozen=True)
class Place:
    """A place for a file.

    Attributes:
        case_folder: the first folder's name; empty for a loose file.
        volume: the volume's name as people wrote it; `LOOSE_VOLUME` for a case folder's loose files.
        path: the path within the volume, with "/" between folders; its last part is the file's name.
    """

    case_folder: str
    volume: str
    path: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name

    @property
    def folder(self) -> str:
        """The folder within the volume, empty at its root."""
        parent = str(PurePosixPath(self.path).parent)
        return "" if parent == "." else parent

    @property
    def source(self) -> str:
        """The name of a file there for people, where no folder gave it one."""
        return f"{self.volume}/{self.path}"

    @property
    def is_metadata(self) -> bool:
        """Whether this is the case's `case.json`."""
        return bool(self.case_folder) and self.volume == LOOSE_VOLUME and self.path.casefold() == METADATA_NAME


def place_in_inbox(relative: PurePosixPath) -> Place:
    """The place that a path below `inbox/` stands for: `<案>/<卷>/[<材料>/]…`."""
    parts = [legible(part) for part in relative.parts]
    if len(parts) == 1:
        return Place("", LOOSE_VOLUME, parts[0])
    if len(parts) == 2:
        return Place(parts[0], LOOSE_VOLUME, parts[1])
    return Place(parts[0], parts[1], "/".join(parts[2:]))


def place_of_upload(case_id: str, volume: str, path: str) -> Place:
    """The place that a caller names for a file: a volume by its name, and a path with "/" between folders.

    Raises:
        ValueError: that is no place; the message says why, in Chinese and in English.
    """
    volume = readable(volume).strip() or LOOSE_VOLUME
    parts = [part.strip() for part in readable(path).replace("\\", "/").split("/")]
    if len(volume) > _LONGEST_NAME or "/" in volume or not volume.isprintable():
        raise ValueError("volume: 卷名过长或含有不能用的字符 / too long, or with characters that no name has")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError("path: 请写卷内的相对路径 / write a path within the volume")
    if len(parts) > _DEEPEST or any(len(part) > _LONGEST_NAME or not part.isprintable() for part in parts):
        raise ValueError("path: 路径过长或含有不能用的字符 / too long, or with characters that no name has")
    return Place(case_id, volume, "/".join(parts))


def readable(name: str) -> str:
    """A file or folder name as text that can be stored and shown.

    Names in GBK bytes, as archives unpacked on Linux leave them, reach Python with those bytes escaped.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        try:
            raw = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a surrogate pair, as JSON may hold it: no file system does
            return readable(name.encode("utf-8", "backslashreplace").decode())
        try:
            name = raw.decode("gb18030")
        except UnicodeDecodeError:
            name = raw.decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", name)


def legible(name: str) -> str:
    r"""A name from a file system as one line of text that reads as it is stored.

    What would break a line, act on a terminal, or turn the reading order round (a "fdp.exe" that shows as "exe.pdf") is
    written out: \x0a, \u202e.
    """
    return _NOT_TEXT.sub(lambda match: written_out(match.group()), readable(name))


def is_ignored(relative: PurePosixPath) -> bool:
    """Whether a path is something that systems leave behind or that is still being written."""
    name = relative.name.casefold()
    return (
        name in IGNORED_NAMES
        or name.endswith(IGNORED_ENDINGS)
        or name.startswith("~$")
        or any(part.startswith(".") for part in relative.parts)
    )


def short_kind(kind: str) -> str:
    """A kind of volume as people say it for short: 证据卷 for 证据材料卷; a kind without a short form as it is."""
    return next((short for short, known in _KIND_SHORT.items() if known == kind), kind)


def volume_kind_and_number(name: str) -> tuple[str, int | None]:
    """A volume's kind and number, as far as its name tells: 证据卷2 is (证据材料卷, 2), 第二卷 is ("", 2)."""
    kind = next((known for known in VOLUME_KINDS if known in name), "")
    if not kind:
        kind = next((known for short, known in _KIND_SHORT.items() if short in name), "")
    match = _VOLUME_NUMBER.search(unicodedata.normalize("NFKC", name))
    if not match:
        return kind, None
    numeral = match.group(1) or match.group(2)
    return kind, int(numeral) if numeral.isdecimal() else chinese_number(numeral)
