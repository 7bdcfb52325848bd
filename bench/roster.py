"""Seconds that a roster takes: 1,500 invented investors over the 12,000 pages of an invented case.

    python -m bench.roster [--people 1500] [--pages 12000] [--repeat 3] [--home DIR] [--url URL] [--profile]

The pages go straight into catalogue, vault and index, as readings of some six hundred characters with a box for each.
Each person has documents of their own and stands in tables with others; some share a name, some have a name that is
part of another's, some are nowhere. What comes back is held against a plain search through all the text. With `--url`,
the index is on that Elasticsearch server; with `--home`, the pages are kept there and used again.
"""

from __future__ import annotations

import argparse
import cProfile
import gzip
import hashlib
import io
import json
import pstats
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from openpyxl import Workbook
from sqlalchemy import select

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Arrival, Case, CaseNumber, Document, Original, Page, ReadingRow, Volume
from dossier.home import Home
from dossier.reading import Box, Line, Reading
from dossier.vault import Vault
from dossier.viewers import AT_MACHINE
from indexer.engine import Engine
from indexer.entry import IndexEntry, PagePlace, entry_of_page
from indexer.roster.matrix import Matrix
from indexer.roster.search import RosterSearcher
from indexer.roster.workbook import workbook_of

VOLUMES = 60
ABSENT = 0.05
"""Share of the people who are on no page."""

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
_GIVEN = "伟明岚青禾舒照屿望景行晓文博雅宁泽宇辰欣怡若溪子墨云帆清和安然"
_SENTENCES = (
    "我是经朋友介绍知道这个理财产品的，当时说年化收益百分之十二，按月付息，到期还本。",
    "合同是在营业部二楼会议室签的，业务员把合同拿来，我看了一遍就签字按了指印。",
    "钱是用手机银行转的，转账以后对方给了一张加盖公章的收据，收据我一直保存着。",
    "开始几个月利息都按时到账，后来就停了，打电话没有人接，营业部也关门了。",
    "以上笔录我看过，和我说的相符，没有补充，愿意对所述内容承担法律责任。",
    "本协议一式两份，双方各执一份，自签字盖章之日起生效，未尽事宜另行协商解决。",
    "公司对外宣传有国有企业担保，资金由银行存管，每个项目都有抵押物，不存在风险。",
)
_WEIGHTS, _CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"
_LINE = 34  # characters
_BATCH = 500


@dataclass(frozen=True)
class Investor:
    """An invented person; born in 2099."""

    name: str
    id_number: str
    phone: str
    card: str
    amount: int


@dataclass(frozen=True)
class Sheet:
    """A page before it is filed: its document's title and its lines."""

    title: str
    lines: tuple[str, ...]


def investors(count: int, chance: random.Random) -> list[Investor]:
    """Invented people; names of two and three characters, so that some are the same and some part of another."""
    people = []
    for number in range(count):
        name = chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2, 2))))
        digits = f"8200002099{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{number % 1000:03}"
        check = _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]
        card = f"62220{number:013}"
        people.append(
            Investor(name, digits + check, f"199{number:08}", card + luhn_digit(card), chance.randrange(1, 90) * 10_000)
        )
    return people


def luhn_digit(digits: str) -> str:
    """The check digit of a card number (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def case_pages(people: Sequence[Investor], count: int, chance: random.Random) -> list[Sheet]:
    """The pages of a case in which most of the people appear: of their own, and in tables of twenty."""
    present = [person for person in people if chance.random() >= ABSENT]
    sheets: list[Sheet] = []
    while len(sheets) < count:
        for start in range(0, len(present), 20):
            rows = [
                f"{person.name} {person.id_number} {person.phone} {person.amount}"
                for person in present[start : start + 20]
            ]
            sheets.append(Sheet("审计报告", tuple(rows)))
        for person in present:
            head = f"姓名 {person.name} 性别 女 身份证号 {person.id_number}"
            first = (head, f"联系电话 {person.phone}", *_prose(chance, 520))
            named = (f"问：{person.name}，你投资了多少？答：{person.amount}元。", *_prose(chance, 560))
            paid = (f"户名 {person.name} 账号 {person.card}", f"金额 {person.amount}", *_prose(chance, 300))
            visit = chance.randrange(1, 4)
            sheets += [
                *(
                    Sheet(f"{person.name}询问笔录（第{visit}次）", lines)
                    for lines in (first, named, _prose(chance, 600))
                ),
                *(
                    Sheet(f"{person.name}投资合同", lines)
                    for lines in ((head, *_prose(chance, 560)), _prose(chance, 600))
                ),
                Sheet(f"{person.name}转账凭证", paid),
                Sheet(f"{person.name}身份证", (person.name, f"公民身份号码 {person.id_number}")),
            ]
    return sheets[:count]


def _prose(chance: random.Random, characters: int) -> tuple[str, ...]:
    text = ""
    while len(text) < characters:
        text += chance.choice(_SENTENCES)
    return tuple(text[start : start + _LINE] for start in range(0, len(text), _LINE))


def stored(lines: Sequence[str]) -> bytes:
    """A stored reading with a box for every character, as `Reading.to_bytes` makes them but faster."""
    read = []
    for row, text in enumerate(lines):
        y0, y1 = round(0.1 + 0.02 * row, 5), round(0.115 + 0.02 * row, 5)
        boxes = [[round(0.1 + 0.02 * at, 5), y0, round(0.12 + 0.02 * at, 5), y1] for at in range(len(text))]
        line = {"text": text, "box": [0.1, y0, boxes[-1][2], y1], "confidence": 0.98, "characters": boxes}
        read.append({**line, "vertical": False})
    facts = {"format": 1, "width": 2480, "height": 3508, "dpi": 300.0, "lines": read, "flags": [], "labels": []}
    return gzip.compress(json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)


def file_pages(catalogue: Catalogue, vault: Vault, engine: Engine, sheets: Sequence[Sheet]) -> list[str]:
    """Put pages into catalogue, vault and index; returns their ids, in order."""
    page_ids: list[str] = []
    entries: list[IndexEntry] = []
    with catalogue.writing() as session:
        case = Case(state="known", name="非法吸收公众存款案")
        session.add(case)
        session.flush()
        number = "临检起诉受[2031]99010100007号"
        session.add(CaseNumber(case_id=case.id, kind="department", as_given=number, canonical=number, folded=number))
        share = -(-len(sheets) // VOLUMES)
        document, arrival = None, None
        for place, sheet in enumerate(sheets):
            if place % share == 0:
                name = f"证据材料卷{place // share + 1}"
                volume = Volume(case_id=case.id, name=name, order_key=f"{place // share:04}")
                session.add(volume)
                session.flush()
                document = None
            if document is None or arrival is None or document.title != sheet.title:
                sha256, source = f"{place:064}", f"{place}/{sheet.title}"
                document = Document(
                    case_id=case.id, volume_id=volume.id, path=source, title=sheet.title, order_key=f"{place:06}"
                )
                session.add_all([document, Original(sha256=sha256, md5="", size=1)])
                session.flush()
                arrival = Arrival(
                    case_id=case.id, volume_id=volume.id, document_id=document.id, sha256=sha256, path=source,
                    source=source, origin="bench", state="done",
                )  # fmt: skip
                session.add(arrival)
                session.flush()
            page = Page(
                case_id=case.id, volume_id=volume.id, document_id=document.id, arrival_id=arrival.id,
                index_in_file=place, source_kind="picture", order_key=f"{place:06}", place=place % share + 1,
                page_number=place % share + 1,
                state="searchable", width=2480, height=3508, dpi=300.0, reading_version=1,
            )  # fmt: skip
            session.add(page)
            session.flush()
            content = stored(sheet.lines)
            digest = hashlib.sha256(content).hexdigest()
            path = vault.reading_path(page.id, 1, digest)  # as `store_reading`, which waits for the disk each time
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            session.add(ReadingRow(page_id=page.id, version=1, sha256=digest, engine="invented"))
            where = PagePlace(page.id, case.id, volume.id, document.id, page.page_number, "", volume.order_key)
            lines = tuple(
                Line(text, Box(0.1, 0.1 + 0.02 * row, 0.8, 0.115 + 0.02 * row)) for row, text in enumerate(sheet.lines)
            )
            entries.append(entry_of_page(where, place + 1, Reading(2480, 3508, 300.0, lines=lines), None))
            page_ids.append(page.id)
    for start in range(0, len(entries), _BATCH):
        engine.apply(entries[start : start + _BATCH])
    return page_ids


def spreadsheet(people: Sequence[Investor]) -> bytes:
    """The roster as XLSX."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("名册")
    sheet.append(["序号", "姓名", "身份证号", "手机号", "银行卡号", "投资金额（元）"])
    for number, person in enumerate(people, 1):
        sheet.append([number, person.name, person.id_number, person.phone, person.card, person.amount])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def truth(people: Sequence[Investor], sheets: Sequence[Sheet], page_ids: Sequence[str]) -> set[tuple[int, str, str]]:
    """(person, page, detail) of everything that is there, by looking through all text."""
    texts = [re.sub(r"\W+", "", "".join(sheet.lines)) for sheet in sheets]
    numbers = [set(re.findall(r"\d{9,}X?", " ".join(sheet.lines))) for sheet in sheets]
    found = set()
    by_name: dict[str, list[str]] = {}
    for name in {person.name for person in people}:
        by_name[name] = [page_id for page_id, text in zip(page_ids, texts, strict=True) if name in text]
    by_number: dict[str, list[str]] = {}
    for page_id, some in zip(page_ids, numbers, strict=True):
        for number in some:
            by_number.setdefault(number, []).append(page_id)
    for place, person in enumerate(people):
        found |= {(place, page_id, "name") for page_id in by_name[person.name]}
        for detail, number in (("id_number", person.id_number), ("phone", person.phone), ("card", person.card)):
            found |= {(place, page_id, detail) for page_id in by_number.get(number, ())}
    return found


def matched(matrix: Matrix) -> set[tuple[int, str, str]]:
    """(person, page, detail) of everything that was found; amounts are apart."""
    return {
        (place, page.facts.page_id, detail)
        for place, row in enumerate(matrix.rows)
        for page in row.pages
        for detail in page.matched
        if detail != "amount"
    }


def _engine(folder: Path, url: str) -> Engine:
    if url:
        from indexer.elasticsearch_engine import ElasticsearchEngine

        engine = ElasticsearchEngine(url, "bench-roster", timeout=100)
        engine.clear()
        return engine
    from indexer.tantivy_engine import TantivyEngine

    return TantivyEngine(folder)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.roster", description="A roster over a large case.")
    parser.add_argument("--people", type=int, default=1500)
    parser.add_argument("--pages", type=int, default=12_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--home", type=Path, help="a home folder to keep the pages in")
    parser.add_argument("--url", default="", help="an Elasticsearch server, in place of the embedded engine")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    chosen = parser.parse_args(arguments)
    chance = random.Random(41)
    people = investors(chosen.people, chance)
    sheets = case_pages(people, chosen.pages, chance)
    with tempfile.TemporaryDirectory() as name:
        home = Home.at(chosen.home or Path(name))
        catalogue, vault, engine = Catalogue.open(home), Vault(home.vault), _engine(home.index, chosen.url)
        started = time.monotonic()
        with catalogue.reading() as session:
            page_ids = list(session.scalars(select(Page.id).order_by(Page.order_key)))
        if not page_ids:
            page_ids = file_pages(catalogue, vault, engine, sheets)
        print(f"{len(sheets)} pages filed in {time.monotonic() - started:.0f} s (not measured)", file=sys.stderr)
        content = spreadsheet(people)
        searcher = RosterSearcher(catalogue, vault, engine)
        searching, working, writing = [], [], []
        profile = cProfile.Profile()
        for _ in range(chosen.repeat):
            started, worked = time.monotonic(), _processor_seconds()
            if chosen.profile:
                profile.enable()
            matrix = searcher.search(content, viewer=AT_MACHINE)
            profile.disable()
            searching.append(time.monotonic() - started)
            working.append(_processor_seconds() - worked)
            started = time.monotonic()
            book = workbook_of(matrix)
            writing.append(time.monotonic() - started)
        if chosen.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(30)
        there, found = truth(people, sheets, page_ids), matched(matrix)
        engine.close()
        catalogue.close()
    doubtful = sum(len(row.pages) - len(row.certain) for row in matrix.rows)
    absent = sum(row.is_missing for row in matrix.rows)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(people)} people, {len(sheets)} pages, {engine.name}, {chosen.repeat} times")
    print(f"{'search, seconds (min / median / max)':<40}{_spread(searching)}")
    print(f"{'processor time of it, seconds':<40}{_spread(working)}")
    print(f"{'workbook, seconds':<40}{_spread(writing)}   {len(book) / 1e6:.1f} MB")
    print(f"{'memory at most':<40}{memory:.0f} MB (with the making of the pages)")
    print(f"{'citations':<40}{sum(len(row.pages) for row in matrix.rows)}, {doubtful} of them doubtful")
    print(f"{'people on no page':<40}{absent}")
    print(f"{'details there / found':<40}{len(there)} / {len(found)}")
    print(f"{'missed, wrong':<40}{len(there - found)}, {len(found - there)}")
    return 0 if there == found else 1


def _processor_seconds() -> float:
    """What this process and those that it has waited for have used."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _spread(seconds: Sequence[float]) -> str:
    return f"{min(seconds):.2f} / {median(seconds):.2f} / {max(seconds):.2f}"


if __name__ == "__main__":
    sys.exit(main())
