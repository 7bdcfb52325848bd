"""The measurements of the search measure what they say."""

from __future__ import annotations

from bench.finding.many_pages import Sentence, entries, pages
from indexer.entry import entry_of_page

SENTENCES = [
    Sentence(text)
    for text in (
        "经审理查明，二〇三一年三月五日，被告人持刀进入店内；",
        "被害人损失人民币3.8万元，于2031年3月6日12时报案。",
        "卡号9990 0100 0000 0000，户名（Ａbc）。",
        "上述事实，有证人证言、书证在案佐证。",
    )
]


def test_a_made_entry_is_what_the_page_itself_would_give() -> None:
    made = list(pages(SENTENCES, 230, seed=5))
    assert len({page.place.page_id for page in made}) == 230
    for number, entry in enumerate(entries(iter(made))):
        page = made[number]
        following = made[number + 1] if number + 1 < len(made) and (number + 1) % 100 else None
        assert entry == entry_of_page(page.place, number + 1, page.reading, following and following.reading)
