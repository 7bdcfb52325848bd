"""A roster on either engine: the same pages, details and doubts."""

from __future__ import annotations

from pathlib import Path

from indexer.engine import Engine
from tests.filed import Filed

ID_NUMBER, OTHER_ID = "820000209902030015", "820000209703040034"


def test_a_roster_finds_the_same_on_each_engine(engine: Engine, tmp_path: Path) -> None:
    filed = Filed(tmp_path, engine)
    case = filed.case(suspects=["林晓禾山"])
    filed.document(case, "询问笔录（第1次）", ["林晓禾", f"身份证号{ID_NUMBER}"], ["林晓禾山"], ["电话199-0000-1234"])
    filed.document(case, "合同", *[["周望舒"]] * 210)
    content = f"姓名,身份证号,手机\n林晓禾,{ID_NUMBER},19900001234\n周望舒,{OTHER_ID},\n闻人遥,,".encode()

    matrix = filed.searcher.search(content)

    assert [
        [(page.facts.cited.page_number, page.matched, page.doubt) for page in row.pages] for row in matrix.rows
    ] == [
        [(1, ("name", "id_number"), ""), (2, ("name",), "part_of_name"), (3, ("phone",), "")],
        [(number, ("name",), "") for number in range(4, 214)],
        [],
    ]
    filed.catalogue.close()
