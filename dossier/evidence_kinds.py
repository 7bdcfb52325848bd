"""Kinds of evidence 证据种类: the eight of the Criminal Procedure Law 刑事诉讼法 (2018), article 50, in its order."""

from __future__ import annotations

import re

from dossier.natural_order import chinese_number

STATEMENTS_OF_SUSPECTS = "犯罪嫌疑人、被告人供述和辩解"
RECORDS_OF_INSPECTIONS = "勘验、检查、辨认、侦查实验等笔录"
EVIDENCE_KINDS = (
    "物证",
    "书证",
    "证人证言",
    "被害人陈述",
    STATEMENTS_OF_SUSPECTS,
    "鉴定意见",
    RECORDS_OF_INSPECTIONS,
    "视听资料、电子数据",
)

# Titles that leave no doubt; a 询问笔录 may be a witness's or a victim's, and nothing is guessed.
_OF_TITLES = (
    (re.compile("讯问笔录|供述"), STATEMENTS_OF_SUSPECTS),
    (re.compile("(勘验|检查|辨认|侦查实验)(检查)?笔录"), RECORDS_OF_INSPECTIONS),
    (re.compile("鉴定(意见|书|报告)"), "鉴定意见"),
    (re.compile("被害人陈述"), "被害人陈述"),
    (re.compile("证人证言"), "证人证言"),
)
_ORDINAL = re.compile(r"第\s*([0-9]{1,3}|[一二三四五六七八九十百]{1,5})\s*次")


def kind_of_title(title: str) -> str:
    """The kind of evidence that a document's title tells, empty where it tells none."""
    return next((kind for pattern, kind in _OF_TITLES if pattern.search(title)), "")


def interrogation_of_title(title: str) -> int | None:
    """Which interrogation a document is the record of: 2 of 讯问笔录（第二次）; None where its title does not say."""
    found = _ORDINAL.search(title)
    if found is None:
        return None
    return int(found[1]) if found[1].isdecimal() else chinese_number(found[1])
