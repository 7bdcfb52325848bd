"""Kinds of document 材料种类, told by titles: 王伟询问笔录（第2次） and 询问笔录3 are 询问笔录."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dossier.folding import HAN, fold

# What a title may end in, however it begins: 关于陈某某投资情况的询问笔录. The longest counts.
_KNOWN = (
    "讯问笔录", "询问笔录", "辨认笔录", "勘验笔录", "检查笔录", "搜查笔录", "扣押笔录", "报案笔录", "接受证据材料清单",
    "报案材料", "报案登记表", "报案书", "受案登记表", "立案决定书", "投资合同", "借款合同", "理财合同", "认购协议",
    "合同", "协议书", "协议", "转账凭证", "转账记录", "银行流水", "交易明细", "对账单", "收据", "收条", "借条", "欠条",
    "身份证", "身份证明", "户籍证明", "审计报告", "鉴定意见书", "鉴定意见", "鉴定报告", "起诉意见书", "提请批准逮捕书",
    "扣押清单", "调取证据清单", "情况说明", "抓获经过", "聊天记录", "通话记录", "供述", "陈述", "证言",
)  # fmt: skip
_ENDINGS = sorted(_KNOWN, key=len, reverse=True)

_FILE_ENDING = re.compile(r"\.(?:pdf|tiff?|jpe?g|png|bmp|webp)$")
_BRACKETED = re.compile(r"\([^()]*\)")
_NUMERALS = "0-9〇零一二三四五六七八九十百两"
_ORDINAL = re.compile(rf"第[{_NUMERALS}]+[次份页卷册本组号]|之[{_NUMERALS}]+$|[{_NUMERALS}]+次$|副本|复印件|扫描件")
_COUNTER = re.compile(rf"^[\d\s.、_\-]+|[\d\s._\-]+$|^[{_NUMERALS}]+[、.]|(?<=[{HAN}])[一二三四五六七八九十]+$")

UNNAMED = "未命名材料"


class Kinds:
    """Tells kinds, and remembers what it has told.

    Args:
        names: of people, which say whose a document is and not what it is.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        longest_first = sorted({fold(name).text for name in names if len(name) > 1}, key=len, reverse=True)
        self._names = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._told: dict[str, str] = {}

    def kind_of(self, title: str) -> str:
        """The kind that a document's title tells; `UNNAMED` for mere counters."""
        if title not in self._told:
            self._told[title] = self._kind(title)
        return self._told[title]

    def _kind(self, title: str) -> str:
        text = _FILE_ENDING.sub("", fold(title).text.strip())
        while (shorter := _BRACKETED.sub("", text)) != text:
            text = shorter
        text = _ORDINAL.sub("", text)
        if self._names is not None:
            text = self._names.sub("", text)
        while (shorter := _COUNTER.sub("", text)) != text:
            text = shorter
        text = text.strip("-_,.:;、，。： 的")
        for ending in _ENDINGS:
            if text.endswith(ending):
                return ending
        return text or UNNAMED


_OTHERS = "其他材料"
_GROUPED = {
    "报案、询问笔录": (
        "询问笔录", "报案笔录", "报案材料", "报案登记表", "报案书", "接受证据材料清单", "受案登记表", "陈述", "证言",
    ),
    "讯问笔录": ("讯问笔录", "供述"),
    "合同": ("投资合同", "借款合同", "理财合同", "认购协议", "合同", "协议书", "协议"),
    "转账、收付凭证": ("转账凭证", "转账记录", "银行流水", "交易明细", "对账单", "收据", "收条", "借条", "欠条"),
    "身份证": ("身份证", "身份证明", "户籍证明"),
    "审计、鉴定": ("审计报告", "鉴定意见书", "鉴定意见", "鉴定报告"),
}  # fmt: skip
_GROUP_OF = {kind: group for group, kinds in _GROUPED.items() for kind in kinds}

GROUPS = (*_GROUPED, _OTHERS)
"""The columns of the matrix at the screen: kinds that prove the same of a person."""


def group_of(kind: str) -> str:
    """The column of `GROUPS` that a kind belongs to."""
    return _GROUP_OF.get(kind, _OTHERS)
