"""A roster searched over a real catalogue, vault and index."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from dossier.catalogue.tables import Case
from dossier.errors import EngineUnreachable, NotFound, RosterRefused
from indexer.roster.matrix import Matrix, PersonRow
from indexer.roster.workbook import workbook_of
from tests.filed import CASE, Filed

# Invented: nobody is born in 2099. Their check digits are right (GB 11643).
LIN_ID, OTHER_ID, WANG_ID = "820000209902030015", "820000209801010015", "820000209703040034"


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Filed]:
    opened = Filed(tmp_path)
    yield opened
    opened.close()


def csv(*rows: str, headings: str = "姓名,身份证号,手机号,银行卡号,投资金额") -> bytes:
    return "\n".join([headings, *rows]).encode("utf-8-sig")


def row_of(matrix: Matrix, name: str) -> PersonRow:
    (row,) = [row for row in matrix.rows if row.person.name == name]
    return row


def cited(row: PersonRow) -> list[tuple[str, tuple[str, ...], str]]:
    return [(page.citation, page.matched, page.doubt) for page in row.pages]


def test_each_detail_is_found_by_itself_and_the_pages_are_their_union(filed: Filed) -> None:
    case = filed.case()
    filed.document(case, "林晓禾询问笔录（第1次）", ["被询问人林晓禾", f"身份证号{LIN_ID}"], ["电话199 0000 1234"])
    filed.document(case, "银行流水", ["账号 6222 0201 0000 1234 564 转入"])

    matrix = filed.searcher.search(csv(f"林晓禾,{LIN_ID},19900001234,6222020100001234564,"))

    assert cited(matrix.rows[0]) == [
        ("证据材料卷一图像第1页", ("name", "id_number"), ""),
        ("证据材料卷一图像第2页", ("phone",), ""),
        ("证据材料卷一图像第3页", ("card",), ""),
    ]


def test_an_amount_counts_where_the_person_is_however_it_is_written(filed: Filed) -> None:
    case = filed.case()
    filed.document(
        case, "收据", ["今收到林晓禾叁万捌仟元整"], ["今收到周望舒38,000元"], ["林晓禾投资3.8万元"], ["林晓禾"]
    )

    matrix = filed.searcher.search(csv("林晓禾,,,,38000"))

    assert [(page.facts.cited.page_number, page.matched) for page in matrix.rows[0].pages] == [
        (1, ("name", "amount")),
        (3, ("name", "amount")),
        (4, ("name",)),
    ]


def test_an_amount_beside_a_name_does_not_tell_namesakes_apart(filed: Filed) -> None:
    filed.document(filed.case(), "询问笔录", ["王岚投资38,000元", f"身份证号{OTHER_ID}"])

    assert filed.searcher.search(csv(f"王岚,{WANG_ID},,,38000")).rows[0].pages[0].doubt == "other_id"


def test_a_stroke_in_place_of_a_name_does_not_stop_the_others(filed: Filed) -> None:
    filed.document(filed.case(suspects=["--", "***"]), "合同", ["林晓禾 —— 电话19900001234"])

    matrix = filed.searcher.search(csv("--,,19900001234,,", "林晓禾,,,,"))

    assert [[page.matched for page in row.pages] for row in matrix.rows] == [[("phone",)], [("name",)]]


def test_a_traditional_name_is_the_simplified_one(filed: Filed) -> None:
    filed.document(filed.case(), "合同", ["王偉签字"], ["王伟明签字"])

    matrix = filed.searcher.search(csv("王偉,,,,", "王伟,,,,", "王偉明,,,,"))

    assert [[(page.facts.cited.page_number, page.doubt) for page in row.pages] for row in matrix.rows] == [
        [(1, ""), (2, "part_of_name")],
        [(1, ""), (2, "part_of_name")],
        [(2, "")],
    ]
    assert [[remark.code for remark in row.person.remarks] for row in matrix.rows] == [["homonym"], ["homonym"], []]


def test_kinds_are_told_by_titles_and_pages_are_cited_as_ranges(filed: Filed) -> None:
    case = filed.case()
    filed.document(
        case, "询问笔录（第2次）", ["林晓禾"], ["林晓禾"], ["林晓禾"], volume="证据材料卷二", labels=["35", "36", "37"]
    )
    filed.document(case, "周望舒询问笔录3", ["林晓禾也在"], volume="证据材料卷二")
    filed.document(case, "投资合同", ["甲方林晓禾"], volume="证据材料卷三")

    matrix = filed.searcher.search(csv("林晓禾,,,,", "周望舒,,,,"))
    (found,) = [row["kinds"] for row in matrix.as_json()["people"] if row["name"] == "林晓禾"]

    assert matrix.kinds == ("询问笔录", "投资合同")
    assert found["询问笔录"]["citation"] == "证据材料卷二P35-37；证据材料卷二图像第4页"
    assert found["投资合同"] == {"pages": 1, "doubtful_pages": 0, "citation": "证据材料卷三图像第1页"}


def test_a_zero_says_how_much_was_searched(filed: Filed) -> None:
    case = filed.case()
    filed.document(case, "合同", ["甲"], ["乙"], ["丙"], states=["searchable", "parked", "waiting"])

    matrix = filed.searcher.search(csv("林晓禾,,,,"))

    assert matrix.as_json()["coverage"] == {"searchable": 1, "parked": 1, "pages": 3}
    assert "未见（可检索 1 / 3 页）" in [cell.value for cell in sheet_of(matrix, "名册")[2]]


def test_what_was_not_searched_is_no_zero(filed: Filed) -> None:
    filed.document(filed.case(), "合同", ["李某交38000元"])

    matrix = filed.searcher.search(csv("李,,,,38000", "闻人遥,,19900001234,,"))
    nobody, missing = matrix.as_json()["people"]
    cells = [[cell.value for cell in row] for row in sheet_of(matrix, "名册")]
    scope = {name.value: value.value for name, value in sheet_of(matrix, "检索范围")}

    assert set(nobody["matched"].values()) == {None}
    assert missing["matched"] == {"name": 0, "id_number": None, "phone": 0, "card": None, "amount": None}
    assert cells[1][8:] == ["没有可检索的项目", "第 2 行“姓名”：只有一个字（李），没有按姓名检索"]
    assert cells[2][8:] == ["姓名 0、手机 0", "未见（可检索 1 / 1 页）"]
    assert (scope["一页也没有找到的人数"], scope["没有可检索的项目的人数"]) == (1, 1)


def test_a_name_within_a_longer_one_of_the_roster_or_the_suspects_is_doubtful(filed: Filed) -> None:
    case = filed.case(suspects=["王伟国"])
    filed.document(case, "名单", ["王伟明签字"], ["王伟国签字"], ["王伟明和王伟都签字"], ["王伟"])

    matrix = filed.searcher.search(csv("王伟,,,,", "王伟明,,,,"))
    row = row_of(matrix, "王伟")

    assert [(page.facts.cited.page_number, page.doubt, page.note) for page in row.pages] == [
        (1, "part_of_name", "王伟明"),
        (2, "part_of_name", "王伟国"),
        (3, "", ""),
        (4, "", ""),
    ]
    assert len(row.certain) == 2


def test_a_page_on_which_another_id_follows_the_name_is_doubtful(filed: Filed) -> None:
    case = filed.case()
    filed.document(case, "询问笔录", ["姓名 王岚 性别女", f"身份证号 {OTHER_ID}"], ["王岚说", f"我是{WANG_ID}"])
    filed.document(case, "审计报告", ["王岚", "50000", "李青", OTHER_ID])

    matrix = filed.searcher.search(csv(f"王岚,{WANG_ID},,,", "李青,,,,"))

    assert [(page.doubt, page.note) for page in row_of(matrix, "王岚").pages] == [
        ("other_id", OTHER_ID),
        ("", ""),
        ("", ""),
    ]


def test_a_page_with_a_namesakes_number_is_doubtful_for_the_other(filed: Filed) -> None:
    filed.document(filed.case(), "转账凭证", ["户名王岚", "电话19900001234"], ["户名王岚"])

    matrix = filed.searcher.search(csv("王岚,,19900001234,,", "王岚,,,,"))

    assert [[(page.doubt, page.note) for page in row.pages] for row in matrix.rows] == [
        [("", ""), ("", "")],
        [("namesake", "第 2 行"), ("", "")],
    ]


def test_an_id_that_differs_in_a_digit_or_two_is_said_to_be_perhaps_misread(filed: Filed) -> None:
    filed.document(filed.case(), "询问笔录", ["王岚", "身份证号 820000209703040018"])

    matrix = filed.searcher.search(csv(f"王岚,{WANG_ID},,,"))

    assert matrix.rows[0].pages[0].note == "820000209703040018（与名册号码只差 2 位，可能是识别或填写有误）"


def test_namesakes_and_an_id_under_two_names_are_remarked(filed: Filed) -> None:
    filed.case()
    matrix = filed.searcher.search(
        csv(f"王岚,{WANG_ID},,,", f"王岚,{OTHER_ID},,,", f"李青,{OTHER_ID},,,", f"李青,{OTHER_ID},19900001234,,")
    )

    assert [(row.person.rows, [remark.code for remark in row.person.remarks]) for row in matrix.rows] == [
        ((2,), ["homonym"]),
        ((3,), ["homonym", "id_under_two_names"]),
        ((4, 5), ["id_under_two_names"]),
    ]
    assert matrix.rows[2].person.phones == ("19900001234",)


def test_sealed_cases_are_neither_found_nor_counted(filed: Filed) -> None:
    filed.document(filed.case(), "合同", ["林晓禾"])
    hidden = filed.case("临检起诉受[2031]99010100008号", suspects=["林晓禾山"])
    filed.document(hidden, "密件", ["林晓禾"])
    assert len(filed.searcher.search(csv("林晓禾,,,,")).rows[0].pages) == 2

    with filed.catalogue.writing() as session:
        session.get_one(Case, hidden).sealed = True
    matrix = filed.searcher.search(csv("林晓禾,,,,"))

    assert [page.facts.document_title for page in matrix.rows[0].pages] == ["合同"]
    assert matrix.coverage.pages == 1
    assert matrix.kinds == ("合同",)
    with pytest.raises(NotFound):
        filed.searcher.search(csv("林晓禾,,,,"), case="临检起诉受[2031]99010100008号")


def test_a_case_sealed_while_the_search_runs_is_left_out(filed: Filed) -> None:
    case = filed.case()
    filed.document(case, "合同", ["林晓禾"])

    def seal(done: int, total: int) -> None:
        with filed.catalogue.writing() as session:
            session.get_one(Case, case).sealed = True

    matrix = filed.searcher.search(csv("林晓禾,,,,"), progress=seal)

    assert (matrix.rows[0].pages, matrix.coverage.pages, matrix.kinds) == ((), 0, ())


def test_the_name_of_somebody_in_a_case_out_of_sight_raises_no_doubt(filed: Filed) -> None:
    filed.document(filed.case(), "合同", ["王伟国签字"])
    hidden = filed.case("临检起诉受[2031]99010100008号", suspects=["王伟国"])
    assert filed.searcher.search(csv("王伟,,,,")).rows[0].pages[0].doubt == "part_of_name"

    with filed.catalogue.writing() as session:
        session.get_one(Case, hidden).sealed = True

    assert filed.searcher.search(csv("王伟,,,,")).rows[0].pages[0].doubt == ""


def test_only_the_case_asked_for_is_searched(filed: Filed) -> None:
    filed.document(filed.case(), "合同", ["林晓禾"])
    filed.document(filed.case("临检起诉受[2031]99010100008号"), "协议", ["林晓禾"])

    matrix = filed.searcher.search(csv("林晓禾,,,,"), case=CASE)

    assert (matrix.case_number, matrix.coverage.pages, matrix.kinds) == (CASE, 1, ("合同",))


def test_a_person_on_more_pages_than_are_usual_is_found_on_all(filed: Filed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.roster.search._FEW", 2)
    monkeypatch.setattr("indexer.roster.search._MANY", 3)
    filed.document(filed.case(), "流水", *[["何景行"]] * 9)

    assert [page.facts.cited.page_number for page in filed.searcher.search(csv("何景行,,,,")).rows[0].pages] == [
        *range(1, 10)
    ]


def test_a_roster_that_is_on_more_pages_than_anybody_reads_is_refused(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.roster.search._MOST_CITATIONS", 3)
    filed.document(filed.case(), "合同", *[["林晓禾"]] * 2)

    with pytest.raises(RosterRefused, match="up to row 3"):
        filed.searcher.search(csv("林晓禾,,,,", "林晓禾,,,,", "林晓禾,,,,"))


def test_an_engine_that_does_not_answer_is_said(filed: Filed) -> None:
    filed.case()
    (filed.home.index / "current.json").write_text("{")

    with pytest.raises(EngineUnreachable):
        filed.searcher.search(csv("林晓禾,,,,"))


def test_a_reading_that_is_lost_leaves_its_page_found(filed: Filed) -> None:
    (page_id,) = filed.document(filed.case(), "合同", ["王岚"])
    (kept,) = filed.home.vault.rglob(f"{page_id}*")
    kept.unlink()

    matrix = filed.searcher.search(csv(f"王岚,{WANG_ID},,,"))

    assert [(page.facts.page_id, page.doubt) for page in matrix.rows[0].pages] == [(page_id, "")]


def test_the_workbook_reads_back_with_texts_as_texts(filed: Filed) -> None:
    filed.document(filed.case(), "=合同", ["=1+2 林晓禾"])
    book = Workbook()
    book.active.append(["姓名", "手机"])
    cell = book.active.cell(2, 1, "=1+1林晓禾")
    cell.data_type = "s"
    book.active.append(["-王岚", "19900001234"])
    book.active.append(["林晓禾", "19900001234"])
    buffer = io.BytesIO()
    book.save(buffer)

    matrix = filed.searcher.search(buffer.getvalue())
    written = load_workbook(io.BytesIO(workbook_of(matrix)))

    assert written.sheetnames == ["名册", "引用", "检索范围"]
    types = {cell.data_type for sheet in written for row in sheet for cell in row if cell.value is not None}
    assert types == {"s", "n"}
    names = [row[1] for row in written["名册"]]
    assert [cell.value for cell in names] == ["姓名", "=1+1林晓禾", "-王岚", "林晓禾"]
    assert [cell.quotePrefix for cell in names] == [False, True, True, False]
    assert written["名册"].freeze_panes == "C2"
    assert written["引用"].auto_filter.ref == "A1:M2"
    assert ("可检索", "可检索 1 / 1 页") in [(a.value, b.value) for a, b in written["检索范围"]]
    assert [cell.value for cell in written["引用"][2]][7:11] == ["证据材料卷一图像第1页", 1, None, "姓名"]


@pytest.mark.parametrize("title", ["=1+1", "+1", "@甲", " =1", "#N/A", "12%", "2031-03-05", "TRUE", "100", "合" * 60])
def test_a_text_of_the_workbook_is_taken_for_nothing_else(filed: Filed, title: str) -> None:
    filed.document(filed.case(), title, ["林晓禾"])

    cell = sheet_of(filed.searcher.search(csv("林晓禾,,,,")), "引用")["F2"]

    assert (cell.value, cell.data_type) == (title, "s")


def test_the_json_is_plain(filed: Filed) -> None:
    filed.document(filed.case(), "合同", ["林晓禾 3.8万"])

    answer = json.loads(json.dumps(filed.searcher.search(csv("林晓禾,,,,3.80万")).as_json()))

    assert answer["people"][0]["amounts"] == ["38000"]
    assert answer["columns"][4] == {"heading": "投资金额", "detail": "amount"}


def test_what_is_no_roster_is_refused(filed: Filed) -> None:
    with pytest.raises(RosterRefused):
        filed.searcher.search(b"nothing,of,the,kind\n1,2,3,4")


def sheet_of(matrix: Matrix, name: str):  # type: ignore[no-untyped-def]
    return load_workbook(io.BytesIO(workbook_of(matrix)))[name]
