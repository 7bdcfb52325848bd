"""The headings of a roster: which row has them, and which column is what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dossier.folding import fold

NAME, ID_NUMBER, PHONE, CARD, AMOUNT = "name", "id_number", "phone", "card", "amount"
DETAILS = (NAME, ID_NUMBER, PHONE, CARD, AMOUNT)

HEADINGS_WITHIN = 30
"""Rows in which they must be."""

# As people write them, folded, without spaces, brackets and what is in them. The first that fits counts.
_HEADINGS: dict[str, tuple[str, ...]] = {
    ID_NUMBER: (
        r"(?:居民)?(?:身份证|证件|公民身份)(?:件)?(?:号码?|编号)?",
        r".*(?:身份证|证件|身份)(?:号码?|编号)",
        r"id(?:number|no)?",
    ),
    PHONE: (r"(?:手机|电话|联系电话|联系方式|移动电话)(?:号码?)?", r".*(?:手机|电话)(?:号码?)?", r"phone|mobile|tel"),
    CARD: (r"(?:银行)?(?:卡号|[账帐]号|[账帐]户|银行卡)(?:号码?)?", r".*(?:卡号|[账帐]号|银行卡号码)", r"card|account"),
    AMOUNT: (r"(?:投资|涉案|损失|被骗)?(?:总)?金额|投资额|本金", r".*(?:金额|投资额|本金)", r"amount"),
    NAME: (
        r"姓名|名字|投资人|投资者|集资参与人|被害人|受害人|出借人|客户|会员|人员|当事人",
        r".*(?:姓名|名字|投资人|投资者|集资参与人|被害人|受害人|出借人)",
        r"name",
    ),
}
_BRACKETED = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its place from 0, its heading as written, and what it is ("" if it is not searched)."""

    place: int
    heading: str
    detail: str


@dataclass(frozen=True, slots=True)
class Headings:
    """The row that has the headings: its place from 0, and its columns."""

    place: int
    columns: tuple[Column, ...]


def headings_of(rows: Sequence[Sequence[str]]) -> Headings | None:
    """The headings of a sheet, from the texts of its rows; None if it is no roster."""
    for place, row in enumerate(rows[:HEADINGS_WITHIN]):
        columns = columns_of(row)
        # A single cell is the sheet's title, unless the sheet is a plain list.
        if {column.detail for column in columns} & {NAME, ID_NUMBER} and (
            len(columns) > 1 or _is_list(rows[place + 1 :])
        ):
            return Headings(place, columns)
    return None


def columns_of(row: Sequence[str]) -> tuple[Column, ...]:
    """What each cell of a row says as a heading; only phones and cards may have several columns."""
    headings = [_BRACKETED.sub("", re.sub(r"[\s*:：]+", "", fold(text).text)) for text in row]
    details = [""] * len(row)
    for detail, patterns in _HEADINGS.items():
        for pattern in patterns:
            fitting = [
                place
                for place, heading in enumerate(headings)
                if not details[place] and re.fullmatch(rf"(?:{pattern})\d{{0,2}}", heading)
            ]
            if fitting:
                for place in fitting if detail in (PHONE, CARD) else fitting[:1]:
                    details[place] = detail
                break
    return tuple(
        Column(place, text.strip(), detail)
        for place, (text, detail) in enumerate(zip(row, details, strict=True))
        if text.strip()
    )


def _is_list(rows: Sequence[Sequence[str]]) -> bool:
    return all(sum(bool(text.strip()) for text in row) <= 1 for row in rows)
