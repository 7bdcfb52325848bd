"""The head of a record 笔录 of a questioning: what its first page says of whom, when, where and by whom.

Forms differ, and OCR takes handwriting for what it looks like. So a field is what stands behind its printed name up to
the next printed name or the line's end; a value that cannot be what it should be is left out, and said to be doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dossier.evidence_kinds import interrogation_of_title
from dossier.folding import HAN, fold_for_search
from indexer.dates import find_dates

INTERROGATION, INQUIRY = "讯问笔录", "询问笔录"

NO_HEAD = "首页没有读出讯（询）问时间一栏"
NO_DATE = "时间一栏没有读出日期"
NO_DAY = "时间一栏只读出年月，没有读出日"
UNREAD = "首页还没有识别"

# Lines in which the title of a record stands, and its form's head.
_TITLE_WITHIN, _HEAD_WITHIN = 8, 40
_TITLE = re.compile(r"(讯\s*问|询\s*问)\s*笔\s*录")
_S = r"[ \n]*"
# Printed names of fields, the longer first: 被讯问人 must not be taken for 讯问人.
_PERSON = r"被(?:讯|询)问人(?:姓名)?|犯罪嫌疑人(?:姓名)?|被害人(?:姓名)?|证人(?:姓名)?|姓名"
_NAMES = {
    "person": _PERSON,
    "time": r"(?:讯问|询问|谈话|起止)?时间",
    "place": r"(?:讯问|询问|谈话)?地点",
    "questioners": r"(?<!被)(?:讯问|询问|侦查|办案)(?:人员|员|人)(?:\(签名\))?(?:姓名)?",
    "recorder": r"记录(?:人员|员|人)(?:\(签名\))?(?:姓名)?",
    # What ends a field and is of no interest.
    "other": r"性别|年龄|民族|出生(?:日期|年月)?|身份证|证件|文化程度|户籍|住址|现住|联系(?:方式|电话)|电话|工作单位"
    r"|单位|职业|职务|曾用名|别名|政治面貌|到案|问[:：]|答[:：]|第[^\n]{0,6}次|第[^\n]{0,4}页|翻译|法定代理人|监护人",
}
_FIELD = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _NAMES.items()))
_HOUR = re.compile(r"([01]?\d|2[0-4])\s*[时点:]\s*(?:([0-5]?\d)\s*分?)?")
_TO = re.compile(r"[至到~]|[-—]{1,2}")
_HAN_NAME = re.compile(rf"[{HAN}·]{{2,15}}")
_LONGEST_PLACE = 60


@dataclass(frozen=True, slots=True)
class Head:
    """What the first page of a record says.

    Attributes:
        kind: 讯问笔录 or 询问笔录; empty where neither stands there.
        person: who was questioned; empty where it could not be read, as are all others.
        ordinal: which time: 第N次; None where it is not said.
        began, ended: 2031-03-05T14:20, without the hour where that was not read.
        place: where.
        questioners, recorder: who asked, and who wrote.
        why_undated: why `began` is no day; empty where it is one.
    """

    kind: str = ""
    person: str = ""
    ordinal: int | None = None
    began: str = ""
    ended: str = ""
    place: str = ""
    questioners: tuple[str, ...] = ()
    recorder: str = ""
    why_undated: str = NO_HEAD


def head_of(lines: Sequence[str]) -> Head:
    """What the lines of a page say as the first page of a record, in reading order."""
    folded = [fold_for_search(line).text for line in lines[:_HEAD_WITHIN]]
    kind, at = _kind_of(folded)
    body = "\n".join(folded[at:])
    body = body[: _body_start(body)]
    fields = _fields_of(body)
    began, ended, why = _times_of(fields.get("time"))
    return Head(
        kind=kind,
        person=_name_of(fields.get("person", "")),
        ordinal=interrogation_of_title(re.sub(r"\s", "", "".join(folded[: at + 6]))),
        began=began,
        ended=ended,
        place=re.sub(r"\s+", "", fields.get("place", ""))[:_LONGEST_PLACE].strip(_EDGES),
        questioners=tuple(dict.fromkeys(_names_of(fields.get("questioners", "")))),
        recorder=next(iter(_names_of(fields.get("recorder", ""))), ""),
        why_undated=why,
    )


_EDGES = " :：,，。;；_-—、"


def _kind_of(lines: Sequence[str]) -> tuple[str, int]:
    """The title of the record, and the line in which it stands."""
    for at, line in enumerate(lines[:_TITLE_WITHIN]):
        found = _TITLE.search(line)
        if found is not None:
            return (INTERROGATION if "讯" in found[1] else INQUIRY), at
    return "", 0


def _body_start(text: str) -> int:
    """Where the first question stands: what comes behind it is said, and no field."""
    found = re.search(r"(?:^|\n) *问 *[:：]", text)
    return found.start() if found else len(text)


def _fields_of(text: str) -> dict[str, str]:
    """What stands behind each printed name, the first time that anything does."""
    found = list(_FIELD.finditer(text))
    fields: dict[str, str] = {}
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=False):
        name = str(match.lastgroup)
        value = text[match.end() : end]
        # Names and places end with their line; a time may go on in the next.
        lines = [line for line in value.split("\n") if line.strip(_EDGES)]
        value = "\n".join(lines[: 2 if name == "time" else 1]).strip(_EDGES)
        if name != "other" and value and name not in fields:
            fields[name] = value
    return fields


def _name_of(value: str) -> str:
    return next(iter(_names_of(value)), "")


def _names_of(value: str) -> list[str]:
    value = re.sub(r"\([^()]*\)", " ", value)
    return [name for name in _HAN_NAME.findall(value) if 2 <= len(name) <= 4 or "·" in name]


def _times_of(value: str | None) -> tuple[str, str, str]:
    """When it began and ended, and why that is not known to the day."""
    if value is None:
        return "", "", NO_HEAD
    text = value.replace("\n", "")
    dates = list(find_dates(text))
    if not dates:
        return "", "", NO_DATE
    day, _, end = dates[0]
    if len(day) < len("2031-03-05"):
        return day, "", NO_DAY
    later = dates[1] if len(dates) > 1 else None
    began_hour = _HOUR.match(text[end:].lstrip())
    began = _moment(day, began_hour)
    rest = text[end + (began_hour.end() if began_hour else 0) :]
    if later is not None:
        ended = _moment(later[0], _HOUR.match(text[later[2] :].lstrip()))
    else:
        to = _TO.search(rest)
        hour = _HOUR.search(rest[to.end() :]) if to else None
        ended = _moment(day, hour) if hour else ""
    return began, ended if ended >= began[:10] else "", ""


def _moment(day: str, hour: re.Match[str] | None) -> str:
    return day if hour is None else f"{day}T{int(hour[1]):02d}:{int(hour[2] or 0):02d}"
