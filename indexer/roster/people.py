"""The people of a roster: what each row of a spreadsheet says of a person.

A detail that cannot be searched as it stands (digits lost to Excel, brackets, an ID whose check digit is wrong) is said
as a remark on the person; it never silently becomes a zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from dossier.errors import RosterRefused
from dossier.folding import HAN, fold
from indexer.identifiers import is_card_number, is_id_number
from indexer.roster.headings import (
    AMOUNT,
    CARD,
    HEADINGS_WITHIN,
    ID_NUMBER,
    NAME,
    PHONE,
    Column,
    Headings,
    headings_of,
)
from indexer.roster.sheet import Cell, Sheet
from indexer.tokens import tokens_of_text

MOST_PEOPLE = 10_000
MOST_NUMBERS = 60_000
"""Each is a search of its own."""
_LONGEST_NAME = 60
_TRUE_DIGITS = 15  # of a number in Excel, which holds IEEE 754 doubles and shows no more

_SEVERAL = re.compile(r"[/、;；,，\n|]+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e\+?\d+", re.IGNORECASE)
_SEVERAL_NAMES = re.compile(r"[/、;；，\n|]")
# A phone, an ID, a card: what a gap follows is not a part of it.
_WHOLE = re.compile(r"(?:86)?1[3-9]\d{9}|\d{17}[\dX]|[34569]\d{15,18}")
_LONGEST_USUAL = 20  # digits of a number
_DIGIT_GAPS = re.compile(r"[\s\-+]+")
# An ID, a passport, a phone, an account: letters and digits, (7) at the end of some IDs; at least four digits.
_NUMBER = re.compile(r"(?=(?:\D*\d){4})[0-9A-Z()]{4,40}")
_NOTHING = {"", "无", "不详", "未知", "暂无", "没有", "缺", "/", "NULL", "NONE"}
_LOST = {"digits_lost", "not_a_number"}
_SUMS = {"合计", "总计", "小计", "共计"}
_MONEY = re.compile(r"(?:人民币|rmb|cny|[¥$])?([+-]?[\d,]*\.?\d+)(万|亿)?元?(?:整|人民币)?")
_UNITS = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(100_000_000)}


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person's reader should know.

    Attributes:
        code: stable: digits_lost, check_digit, perhaps_several, unreadable_amount, homonym, id_under_two_names, ….
        chinese: the sentence.
    """

    code: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the roster.

    Attributes:
        rows: numbers of the sheet's rows that are about them, from 1; several where name and ID are the same.
        name: without spaces and brackets; empty if the row has none.
        id_numbers, phones, cards: as they are searched: digits (an ID's X upper case), or as written.
        amounts: yuan.
        remarks: what could not be searched, and why.
    """

    rows: tuple[int, ...]
    name: str
    id_numbers: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    amounts: tuple[Decimal, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def numbers(self) -> Iterator[tuple[str, str]]:
        """(detail, number) of each ID, phone and card."""
        for detail, values in ((ID_NUMBER, self.id_numbers), (PHONE, self.phones), (CARD, self.cards)):
            for value in values:
                yield detail, value


@dataclass(frozen=True, slots=True)
class Roster:
    """A spreadsheet understood.

    Attributes:
        sheet: the name of the sheet that was taken, empty for CSV.
        columns: all that have a heading.
        people: in the order of their first rows.
        skipped: numbers of rows that name nobody.
    """

    sheet: str
    columns: tuple[Column, ...]
    people: tuple[Person, ...]
    skipped: tuple[int, ...] = ()


@dataclass(slots=True)
class _Draft:
    rows: list[int]
    name: str = ""
    values: dict[str, list[str]] = field(default_factory=lambda: {ID_NUMBER: [], PHONE: [], CARD: []})
    amounts: list[Decimal] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def roster_of(sheets: Sequence[Sheet]) -> Roster:
    """The people of the first sheet that has headings of a roster.

    Raises:
        RosterRefused: no sheet has them, nobody is in it, or too many are; a row has what cannot be.
    """
    for sheet in sheets:
        found = headings_of([[cell.text for cell in row] for row in sheet.rows])
        if found is not None:
            return _read(sheet, found)
    raise RosterRefused(
        f"前 {HEADINGS_WITHIN} 行没有找到表头：要有“姓名”，以及身份证号、手机号、银行卡号、金额中的若干列"
        f" / no headings within the first {HEADINGS_WITHIN} rows: 姓名 and some of 身份证号, 手机号, 银行卡号, 金额"
    )


def plain_amount(amount: Decimal) -> str:
    """An amount as the index has it, a plain number of yuan: 38000, 12.5."""
    return format(amount.normalize(), "f")


def is_searchable_name(name: str) -> bool:
    """Whether a name says more than a single character, which is on nearly every page."""
    return len("".join(tokens_of_text(name))) > 1


def _read(sheet: Sheet, headings: Headings) -> Roster:
    place, columns = headings.place, headings.columns
    taken = [column for column in columns if column.detail]
    drafts: list[_Draft] = []
    known: dict[tuple[str, str], _Draft] = {}
    skipped: list[int] = []
    numbers = 0
    for number, row in enumerate(sheet.rows[place + 1 :], place + 2):
        if not any(cell.text.strip() for cell in row):
            continue
        draft = _draft(number, row, taken)
        numbers += sum(map(len, draft.values.values()))
        if numbers > MOST_NUMBERS:
            raise RosterRefused(f"超过 {MOST_NUMBERS} 个号码，请拆分 / more than {MOST_NUMBERS} numbers; divide it")
        is_heading = any(draft.name == column.heading for column in taken if column.detail == NAME)
        # A row whose only number was lost is about somebody, too.
        is_somebody = draft.name or any(draft.values.values()) or any(one.code in _LOST for one in draft.remarks)
        if draft.name in _SUMS or is_heading or not is_somebody:
            skipped.append(number)
            continue
        ids = draft.values[ID_NUMBER]
        same = known.get((draft.name, ids[0])) if ids else None
        if same is not None:
            _join(same, draft)
            continue
        if ids:
            known[draft.name, ids[0]] = draft
        drafts.append(draft)
        if len(drafts) > MOST_PEOPLE:
            raise RosterRefused(f"超过 {MOST_PEOPLE} 人，请拆分 / more than {MOST_PEOPLE} people; divide it")
    if not drafts:
        raise RosterRefused(
            f"第 {place + 1} 行是表头，下面没有人员 / row {place + 1} has the headings, and nobody is below it"
        )
    return Roster(sheet.name, columns, tuple(_person(draft) for draft in drafts), tuple(skipped))


def _draft(number: int, row: Sequence[Cell], columns: Sequence[Column]) -> _Draft:
    draft = _Draft([number])
    for column in columns:
        cell = row[column.place] if column.place < len(row) else Cell("")
        # A leading apostrophe is Excel's sign for text, and comes along when a cell is copied as it is shown.
        text = fold(cell.text).text.strip().lstrip("'`’‘").strip()
        if not text:
            continue
        where = f"第 {number} 行“{column.heading}”"
        if column.detail == NAME:
            _take_name(draft, cell.text, where, number, column)
        elif column.detail == AMOUNT:
            _take_amount(draft, text, column.heading, where)
        else:
            _take_numbers(draft, column.detail, text, cell.is_number, where)
    return draft


def _take_name(draft: _Draft, written: str, where: str, number: int, column: Column) -> None:
    raw = written.strip().lstrip("'`’‘").strip()
    name = re.sub(r"[（(\[【〔][^）)\]】〕]*[）)\]】〕]", "", raw)
    if name != raw:
        draft.remarks.append(Remark("bracket_left_out", f"{where}：括号里的字没有用来检索（{raw}）"))
    name = re.sub(rf"(?<=[{HAN}])\s+(?=[{HAN}])", "", " ".join(name.split()))
    if not tokens_of_text(name):  # blank, or a stroke for nobody: --, ——, ***
        return
    if len(name) > _LONGEST_NAME:
        letter = chr(ord("A") + column.place) if column.place < 26 else str(column.place + 1)
        raise RosterRefused(
            f"第 {number} 行 {letter} 列“{column.heading}”不像姓名：超过 {_LONGEST_NAME} 字"
            f" / row {number}, column {letter}: no name has more than {_LONGEST_NAME} characters"
        )
    draft.name = name
    if len([part for part in _SEVERAL_NAMES.split(raw) if part.strip()]) > 1:
        said = f"{where}：像是几个人的姓名（{name}），已当作一个姓名检索；请每人一行"
        draft.remarks.append(Remark("perhaps_several", said))
    if not is_searchable_name(name):
        draft.remarks.append(Remark("name_too_short", f"{where}：只有一个字（{name}），没有按姓名检索"))


def _take_numbers(draft: _Draft, detail: str, text: str, is_number: bool, where: str) -> None:
    if _SCIENTIFIC.fullmatch(text) or (is_number and len(text.lstrip("-")) > _TRUE_DIGITS):
        draft.remarks.append(
            Remark(
                "digits_lost",
                f"{where}：Excel 已把长数字存成数值（{text}），末几位已丢失，没有检索；请把该列设为文本后重新填写",
            )
        )
        return
    for value in (value for part in _SEVERAL.split(text.upper()) for value in _numbers_of(part)):
        if value in _NOTHING or value in draft.values[detail]:
            continue
        if not _NUMBER.fullmatch(value):
            draft.remarks.append(Remark("not_a_number", f"{where}：不是号码（{value[:40]}），没有检索"))
            continue
        is_wrong_id = detail == ID_NUMBER and re.fullmatch(r"\d{17}[\dX]", value) and not is_id_number(value)
        is_wrong_card = detail == CARD and re.fullmatch(r"\d{16,19}", value) and not is_card_number(value)
        if (is_wrong_id or is_wrong_card) and re.fullmatch(rf"\d{{{_TRUE_DIGITS}}}00+", value):
            draft.remarks.append(
                Remark("digits_lost", f"{where}：末几位都是 0 且校验位不符（{value}），多半是 Excel 丢了，没有检索")
            )
            continue
        if is_wrong_id:
            draft.remarks.append(Remark("check_digit", f"{where}：身份证号校验位不符（{value}），已照样检索"))
        if sum(map(str.isdecimal, value)) > _LONGEST_USUAL:
            draft.remarks.append(
                Remark(
                    "perhaps_several",
                    f"{where}：超过 {_LONGEST_USUAL} 位（{value}），已当作一个号码检索；如是几个号码，请用顿号隔开",
                )
            )
        draft.values[detail].append(value)


def _numbers_of(part: str) -> list[str]:
    """The numbers between signs that divide: one, whatever gaps it is grouped by, or several with gaps between."""
    pieces = [piece for piece in _DIGIT_GAPS.split(part) if piece]
    return pieces if all(map(_WHOLE.fullmatch, pieces)) else ["".join(pieces)]


def _take_amount(draft: _Draft, text: str, heading: str, where: str) -> None:
    unit = "万" if "万" in heading else ""
    match = _MONEY.fullmatch(text.replace(" ", ""))
    try:
        amount = Decimal(match.group(1).replace(",", "") if match else text)
        if not amount.is_finite() or amount.adjusted() > _TRUE_DIGITS:
            raise InvalidOperation
    except InvalidOperation:
        draft.remarks.append(Remark("unreadable_amount", f"{where}：金额看不懂（{text[:40]}），没有使用"))
        return
    draft.amounts.append(amount * _UNITS[(match.group(2) or unit) if match else unit])


def _join(person: _Draft, row: _Draft) -> None:
    """Add what another row says of the same person."""
    person.rows += row.rows
    person.remarks += row.remarks
    person.amounts += row.amounts
    for detail, values in row.values.items():
        person.values[detail] += [value for value in values if value not in person.values[detail]]


def _person(draft: _Draft) -> Person:
    return Person(
        rows=tuple(draft.rows),
        name=draft.name,
        id_numbers=tuple(draft.values[ID_NUMBER]),
        phones=tuple(draft.values[PHONE]),
        cards=tuple(draft.values[CARD]),
        amounts=tuple(draft.amounts),
        remarks=tuple(draft.remarks),
    )
