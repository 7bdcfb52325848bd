"""People of a roster: headings as people write them, and details that are not what they seem."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dossier.errors import RosterRefused
from indexer.roster.doubles import longer_names, with_doubles_marked
from indexer.roster.people import Person, Roster, roster_of
from indexer.roster.sheet import Cell, Sheet

ID_NUMBER = "820000209902030015"


def sheet(*rows: tuple[str | int | float, ...], name: str = "名单") -> Sheet:
    """A sheet in which numbers are numbers, as Excel has them."""
    return Sheet(
        name,
        tuple(
            tuple(
                Cell(repr(value) if isinstance(value, float) else str(value), not isinstance(value, str))
                for value in row
            )
            for row in rows
        ),
    )


def roster(*rows: tuple[str | int | float, ...]) -> Roster:
    return roster_of([sheet(*rows)])


def one(*rows: tuple[str | int | float, ...]) -> Person:
    (person,) = roster(*rows).people
    return person


def codes(person: Person) -> list[str]:
    return [remark.code for remark in person.remarks]


@pytest.mark.parametrize(
    ("headings", "details"),
    [
        (("姓名", "身份证号", "手机号", "银行卡号", "金额"), ["name", "id_number", "phone", "card", "amount"]),
        (
            ("投资人", "证件号码", "联系电话", "账号", "投资金额（元）"),
            ["name", "id_number", "phone", "card", "amount"],
        ),
        (("序号", "名字", "公民身份号码", "手机", "卡号"), ["", "name", "id_number", "phone", "card"]),
        (("编号", "投资人姓名", "住址", "身份证号码"), ["", "name", "", "id_number"]),
        (("业务员姓名", "姓名", "手机1", "手机2"), ["", "name", "phone", "phone"]),
        (
            ("姓 名：", "*身份证号", "收款账号", "打款账号", "投资本金(万元)"),
            ["name", "id_number", "card", "card", "amount"],
        ),
        (("客户", "居民身份证号码", "移动电话", "帐号", "损失金额"), ["name", "id_number", "phone", "card", "amount"]),
        (("姓名", "年龄", "投资人数", "身份"), ["name", "", "", ""]),
        (("Name", "ID", "Phone", "Account", "Amount"), ["name", "id_number", "phone", "card", "amount"]),
    ],
)
def test_headings_are_recognised_as_people_write_them(headings: tuple[str, ...], details: list[str]) -> None:
    found = roster(headings, ("甲乙",) * len(headings))

    assert [column.detail for column in found.columns] == details


def test_the_headings_may_stand_below_titles() -> None:
    found = roster(
        ("某某案投资人名册",), (), ("制表：财务", "", "2031年3月"), ("姓名", "手机"), ("林晓禾", "19900001234")
    )

    assert [(person.rows, person.name) for person in found.people] == [((5,), "林晓禾")]


def test_the_first_sheet_with_headings_is_taken() -> None:
    found = roster_of([sheet(("说明",), ("共2人",), name="封面"), sheet(("姓名", "手机"), ("林晓禾", ""), name="名单")])

    assert (found.sheet, found.people[0].name) == ("名单", "林晓禾")


def test_a_plain_list_of_names_is_a_roster() -> None:
    assert [person.name for person in roster(("姓名",), ("林晓禾",), ("周望舒",)).people] == ["林晓禾", "周望舒"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("甲", "乙"), ("丙", "丁")], "没有找到表头"),
        ([("姓名", "手机")], "第 1 行是表头，下面没有人员"),
        ([("说明",), ("姓名", "手机"), ("林" * 61, "")], "第 3 行 A 列“姓名”不像姓名"),
        ([("手机", "姓名"), ("", "林" * 61)], "row 2, column B"),
    ],
)
def test_a_sheet_that_is_no_roster_is_refused_with_its_place(rows: list[tuple[str, ...]], said: str) -> None:
    with pytest.raises(RosterRefused) as refused:
        roster(*rows)

    assert said in refused.value.detail


@pytest.mark.parametrize("written", [" 林 晓禾 ", "林晓　禾", "'林晓禾", "林晓禾 "])
def test_spaces_and_apostrophes_do_not_belong_to_a_name(written: str) -> None:
    assert one(("姓名", "手机"), (written, "")).name == "林晓禾"


def test_a_foreign_name_keeps_its_inner_spaces_and_points() -> None:
    assert one(("姓名", "手机"), (" Ada  Quill", "")).name == "Ada Quill"
    assert one(("姓名", "手机"), ("阿卜杜·热合曼", "")).name == "阿卜杜·热合曼"


def test_what_is_in_brackets_is_left_out_and_said() -> None:
    person = one(("姓名", "手机"), ("林晓禾（已故）", ""))

    assert (person.name, codes(person)) == ("林晓禾", ["bracket_left_out"])
    assert "第 2 行“姓名”" in person.remarks[0].chinese


def test_a_name_of_one_character_is_said_not_to_be_searched() -> None:
    assert codes(one(("姓名", "手机"), ("林", ""))) == ["name_too_short"]


@pytest.mark.parametrize("stroke", ["--", "——", "***", "/", "－－"])
def test_a_stroke_in_place_of_a_name_is_no_name(stroke: str) -> None:
    found = roster(("姓名", "手机"), (stroke, "19900001234"), (stroke, ""))

    assert ([person.name for person in found.people], found.skipped) == ([""], (3,))


@pytest.mark.parametrize(
    "number", [820000209902030015, 8.20000209902030e17, "8.20000209902030E+17", "8.2E+17", 6222020100001234560]
)
def test_a_number_that_excel_cut_is_not_searched_and_said(number: str | int | float) -> None:
    person = one(("姓名", "手机", "证件号码", "卡号"), ("林晓禾", "", number, number))

    assert (person.id_numbers, person.cards) == ((), ())
    assert codes(person) == ["digits_lost", "digits_lost"]
    assert "第 2 行“证件号码”" in person.remarks[0].chinese


def test_people_of_whom_there_is_only_a_number_that_excel_cut_are_people_nevertheless() -> None:
    people = roster(("身份证号", "金额"), (8.2e17, 1), ("见附件", 2), ("", "3")).people

    assert [(person.rows, codes(person)) for person in people] == [((2,), ["digits_lost"]), ((3,), ["not_a_number"])]


def test_an_id_as_text_whose_last_digits_excel_made_zeros_is_not_searched() -> None:
    assert codes(one(("姓名", "身份证号"), ("林晓禾", "820000209902030000"))) == ["digits_lost"]


def test_a_card_as_text_whose_last_digits_excel_made_zeros_is_not_searched() -> None:
    assert codes(one(("姓名", "卡号"), ("林晓禾", "6222020100001240000"))) == ["digits_lost"]
    assert one(("姓名", "卡号"), ("林晓禾", "6222020100001234564")).cards == ("6222020100001234564",)


@pytest.mark.parametrize("written", ["无", "不详", " / ", "-", "暂无"])
def test_a_word_for_nothing_is_nothing(written: str) -> None:
    person = one(("姓名", "手机", "卡号"), ("林晓禾", written, written))

    assert (person.phones, person.cards, person.remarks) == ((), (), ())


@pytest.mark.parametrize("written", ["同上", "见附件", "123", "1" * 41])
def test_what_is_no_number_is_not_searched_and_said(written: str) -> None:
    person = one(("姓名", "卡号"), ("林晓禾", written))

    assert (person.cards, codes(person)) == ((), ["not_a_number"])


@pytest.mark.parametrize("written", ["E12345678", "A123456(7)"])
def test_passports_and_other_documents_are_searched_as_written(written: str) -> None:
    assert one(("姓名", "证件号码"), ("林晓禾", written)).id_numbers == (written,)


def test_an_id_with_a_wrong_check_digit_is_searched_and_said() -> None:
    person = one(("姓名", "身份证号"), ("林晓禾", "820000209902030016"))

    assert (person.id_numbers, codes(person)) == (("820000209902030016",), ["check_digit"])


@pytest.mark.parametrize(
    "written", [ID_NUMBER, f"'{ID_NUMBER}", "820000 20990203 0015", "８２００００２０９９０２０３００１５"]
)
def test_an_id_is_the_same_however_it_is_written(written: str) -> None:
    assert one(("姓名", "身份证号"), ("林晓禾", written)).id_numbers == (ID_NUMBER,)


def test_numbers_of_a_phone_stay_numbers_and_several_are_taken_apart() -> None:
    assert one(("姓名", "手机"), ("林晓禾", 19900001234)).phones == ("19900001234",)
    assert one(("姓名", "手机"), ("林晓禾", "199-0000-1234/19900005678、")).phones == ("19900001234", "19900005678")
    assert one(("姓名", "手机", "手机2"), ("林晓禾", "19900001234", "19900005678")).phones == (
        "19900001234",
        "19900005678",
    )


@pytest.mark.parametrize(
    ("heading", "written", "numbers"),
    [
        ("手机", "19900001234 19900005678", ("19900001234", "19900005678")),
        ("手机", "+8619900001234  19900005678", ("8619900001234", "19900005678")),
        ("手机", "19900001234-19900005678", ("19900001234", "19900005678")),
        ("手机", "199 0000 1234", ("19900001234",)),
        ("身份证号", f"{ID_NUMBER} 82000020970304001x", (ID_NUMBER, "82000020970304001X")),
        ("卡号", "6222020100001234564 6222 0201 0000 1234 564", ("62220201000012345646222020100001234564",)),
        ("卡号", "6222020100001234564 6222020100001234572", ("6222020100001234564", "6222020100001234572")),
    ],
)
def test_numbers_with_only_a_space_between_are_taken_apart_where_each_is_whole(
    heading: str, written: str, numbers: tuple[str, ...]
) -> None:
    person = one(("姓名", heading), ("林晓禾", written))

    assert (*person.id_numbers, *person.phones, *person.cards) == numbers


def test_a_number_longer_than_any_is_searched_and_said_to_be_perhaps_several() -> None:
    person = one(("姓名", "手机"), ("林晓禾", "010 66012345 19900001234"))

    assert (person.phones, codes(person)) == (("0106601234519900001234",), ["perhaps_several"])


@pytest.mark.parametrize("written", ["林晓禾、周望舒", "林晓禾/周望舒", "林晓禾\n周望舒", "林晓禾（夫）；周望舒（妻）"])
def test_several_names_in_a_cell_are_said(written: str) -> None:
    assert "perhaps_several" in codes(one(("姓名", "手机"), (written, "")))
    assert codes(one(("姓名", "手机"), ("林晓禾、", ""))) == []


@pytest.mark.parametrize(
    ("heading", "written", "yuan"),
    [
        ("金额", 38000, "38000"),
        ("金额", 38000.5, "38000.5"),
        ("投资金额", "￥38,000.00元", "38000"),
        ("金额", "3.8万", "38000"),
        ("金额(万元)", 3.8, "38000"),
        ("金额（万元）", "3.8", "38000"),
        ("金额", "人民币 1.2亿元整", "120000000"),
    ],
)
def test_amounts_are_yuan(heading: str, written: str | float, yuan: str) -> None:
    assert one(("姓名", heading), ("林晓禾", written)).amounts == (Decimal(yuan),)


@pytest.mark.parametrize("written", ["约三万", "NaN", "Infinity", "1e999999999", "-"])
def test_an_amount_that_cannot_be_read_is_said(written: str) -> None:
    person = one(("姓名", "金额"), ("林晓禾", written))

    assert (person.amounts, codes(person)) == ((), ["unreadable_amount"])


def test_rows_of_the_same_name_and_id_are_one_person() -> None:
    person = one(("姓名", "身份证号", "金额"), ("林晓禾", ID_NUMBER, "1"), ("", "", ""), ("林晓禾", ID_NUMBER, "2"))

    assert (person.rows, person.amounts) == ((2, 4), (Decimal(1), Decimal(2)))


def test_more_numbers_than_can_be_searched_are_refused() -> None:
    with pytest.raises(RosterRefused, match="numbers"):
        roster(
            ("姓名", "手机"),
            *[("林晓禾", "、".join(str(10_000 * row + n) for n in range(100))) for row in range(10, 700)],
        )


def test_rows_that_name_nobody_are_told() -> None:
    found = roster(("姓名", "金额"), ("林晓禾", "1"), ("", "3"), ("（空）", ""), ("姓名", "金额"), ("合 计", "4"))

    assert [person.name for person in found.people] == ["林晓禾"]
    assert found.skipped == (3, 4, 5, 6)


def test_namesakes_without_ids_cannot_be_told_apart_and_that_is_said() -> None:
    people = with_doubles_marked(roster(("姓名", "身份证号"), ("林晓禾", ID_NUMBER), ("林晓禾", "")).people)

    assert [codes(person) for person in people] == [["homonym"], ["homonym"]]
    assert people[0].remarks[0].chinese == "名册中有同名人员：第 3 行，有人缺证件号码，无法区分"


def test_thousands_of_namesakes_have_short_remarks() -> None:
    people = with_doubles_marked(roster(("姓名", "手机"), *[("林晓禾", str(n)) for n in range(3000)]).people)

    assert max(len(remark.chinese) for person in people for remark in person.remarks) < 200


def test_longer_names_are_those_that_contain_a_name() -> None:
    assert longer_names(["王伟", "王伟明", "小王伟", "李青"]) == {"王伟": ("小王伟", "王伟明")}
    assert longer_names(["热合曼", "阿卜杜·热合曼", ""]) == {"热合曼": ("阿卜杜·热合曼",)}
