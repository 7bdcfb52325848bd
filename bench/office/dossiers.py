"""What stands in the dossiers of an invented office: volumes, documents and pages, sentence by sentence.

The first case is one of money taken from the public, with a thousand investors in sixty volumes; the others are small.
Sentences that many pages share are cut into tokens once (bench/finding/many_pages); each page has a line of its own
with somebody's name, numbers and an amount. Nobody is meant.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from bench.finding.many_pages import Sentence
from bench.press.cast import Person, person
from bench.press.facts import BANKS, CITY

VOLUMES, VOLUME_PAGES = 60, 200
"""Of the first case."""
OTHER_VOLUMES, OTHER_VOLUME_PAGES = 4, 125
"""Of the others."""
DEPARTMENTS = tuple(f"第{number}检察部" for number in "一二三四五六七八")
INVESTORS = 1000
TITLES = ("询问笔录", "投资合同", "转账凭证", "收款收据", "身份证复印件", "银行流水")
SEARCHES = ("年化收益", "转账", "还本付息", "营业部", "签字确认")
"""Phrases that stand on many pages."""

_PAGE = 640  # characters
_SUBJECTS = (
    "我是经朋友介绍", "业务员上门", "开会的时候", "在营业部二楼", "合同到期以后", "第二年春天", "利息停发之前",
    "公司搬走那天", "我和家里人商量", "派出所通知我", "电话里对方", "收据丢失以后",
)  # fmt: skip
_ACTS = (
    "知道了这个理财产品", "把合同看了一遍并签字确认", "用手机银行分三次转账", "拿到一张加盖公章的收据",
    "听说年化收益百分之十二", "要求按照约定还本付息", "发现营业部已经关门", "把流水单打印出来交给民警",
    "被告知资金由银行存管", "同意把到期的钱续投一年", "没有收到任何书面答复", "在风险告知书上按了指印",
)  # fmt: skip
_ENDS = (
    "，当时没有怀疑。", "，具体日期记不清楚了。", "，有转账记录可以证明。", "，后来再也没有人接电话。",
    "，和我一起去的还有两个邻居。", "，以上内容与我所说的相符。",
)  # fmt: skip


@dataclass(frozen=True)
class MadeDocument:
    """A document: its title, and the sentences of each of its pages."""

    title: str
    pages: tuple[tuple[Sentence, ...], ...]


@cache
def shared_sentences() -> tuple[Sentence, ...]:
    """The sentences of which pages are made."""
    said = [f"{who}{act}{end}" for who in _SUBJECTS for act in _ACTS for end in _ENDS]
    where = [f"{CITY}{bank}{number}号窗口办理，经办人没有留下姓名。" for bank in BANKS for number in range(1, 9)]
    return tuple(map(Sentence, said + where))


def people(count: int, chance: random.Random) -> list[Person]:
    """Invented people; some share a name."""
    return [person(chance) for _ in range(count)]


def documents(pages: int, cast: Sequence[Person], chance: random.Random) -> Iterator[MadeDocument]:
    """The documents of a volume of so many pages, a person's together."""
    filled = 0
    while filled < pages:
        somebody = cast[int(chance.random() * len(cast))]
        for title in TITLES:
            length = min(pages - filled, chance.choice((3, 4, 5, 6)) if title == TITLES[0] else chance.choice((1, 2)))
            if length > 0:
                filled += length
                made = tuple(_page(somebody, title, number, chance) for number in range(1, length + 1))
                yield MadeDocument(f"{somebody.name}{title}", made)


def _page(somebody: Person, title: str, number: int, chance: random.Random) -> tuple[Sentence, ...]:
    shared = shared_sentences()
    amount = chance.randrange(1, 90) * 10_000
    own = (
        Sentence(f"{somebody.name}{title}第{number}页，身份证号{somebody.id_number}。"),
        Sentence(f"账号{somebody.card}，金额{amount}元，电话{somebody.phone}。"),
    )
    drawn = [*own]
    length = sum(len(sentence.text) for sentence in own)
    while length < _PAGE:
        drawn.append(shared[int(chance.random() * len(shared))])
        length += len(drawn[-1].text)
    return tuple(drawn)
