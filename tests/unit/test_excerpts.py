"""Excerpts: whose they are, where they stand, and the DOCX made of them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from docx import Document
from docx.oxml.ns import qn
from filed import Filed
from sqlalchemy import select

from dossier import permissions
from dossier.catalogue.tables import AuditRow, Case, Excerpt
from dossier.errors import NotFound, UsageError
from dossier.evidence_kinds import (
    EVIDENCE_KINDS,
    RECORDS_OF_INSPECTIONS,
    STATEMENTS_OF_SUSPECTS,
    interrogation_of_title,
    kind_of_title,
)
from dossier.excerpts import (
    LONGEST_QUOTATION,
    add_excerpt,
    change_excerpt,
    excerpt_in_sight,
    excerpted_cases,
    excerpts_of,
    move_excerpt,
    printable,
    remove_excerpt,
)
from dossier.excerpts_document import WrittenExcerpt, document_of, paragraphs_of
from dossier.viewers import PROSECUTOR, Viewer

MINE, OTHERS = (
    Viewer(name, name, frozenset({PROSECUTOR}), sees_every_department=True) for name in ("闵榆", "傅溪")
)  # fmt: skip
DAY = dt.date(2031, 7, 4)


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Filed]:
    home = Filed(tmp_path)
    yield home
    home.close()


def taken(filed: Filed, *quotations: str, viewer: Viewer = MINE) -> tuple[str, list[str]]:
    """A case with a page, and the ids of excerpts from it."""
    case_id = filed.case()
    (page_id,) = filed.document(case_id, "讯问笔录（第2次）", ["问：钱呢？", "答：花了。"])
    with filed.catalogue.writing() as session:
        ids = [add_excerpt(session, viewer, [page_id], {"quotation": text})[0].id for text in quotations]
    return case_id, ids


def order(filed: Filed, case_id: str, viewer: Viewer = MINE) -> list[str]:
    with filed.catalogue.reading() as session:
        return [excerpt.quotation for excerpt in excerpts_of(session, viewer, case_id)]


def test_an_excerpt_is_its_owners_alone(filed: Filed) -> None:
    case_id, (mine,) = taken(filed, "甲")

    assert order(filed, case_id) == ["甲"]
    assert order(filed, case_id, OTHERS) == []
    with filed.catalogue.reading() as session:
        assert [(case.id, count) for case, count in excerpted_cases(session, MINE)] == [(case_id, 1)]
        assert excerpted_cases(session, OTHERS) == []
        with pytest.raises(NotFound):
            excerpt_in_sight(session, OTHERS, mine)


def test_an_excerpt_is_seen_only_as_long_as_its_case_is(filed: Filed) -> None:
    case_id, (mine,) = taken(filed, "甲")
    with filed.catalogue.writing() as session:
        permissions.seal(session, session.get_one(Case, case_id), "test")

    assert order(filed, case_id) == []
    with filed.catalogue.reading() as session:
        assert excerpted_cases(session, MINE) == []
        with pytest.raises(NotFound):
            excerpt_in_sight(session, MINE, mine)
    with filed.catalogue.writing() as session:
        permissions.unseal(session, session.get_one(Case, case_id), "test")
    assert order(filed, case_id) == ["甲"]


def test_a_title_tells_kind_and_interrogation_unless_these_are_given(filed: Filed) -> None:
    _, (mine,) = taken(filed, "甲")
    with filed.catalogue.writing() as session:
        excerpt = session.get_one(Excerpt, mine)
        assert (excerpt.evidence_kind, excerpt.interrogation) == (STATEMENTS_OF_SUSPECTS, 2)
        given = {"quotation": "乙", "evidence_kind": "", "interrogation": None}
        other, _ = add_excerpt(session, MINE, excerpt.page_ids, given)
        assert (other.evidence_kind, other.interrogation) == ("", None)


@pytest.mark.parametrize(
    ("title", "kind", "which"),
    [
        ("讯问笔录(第3次)", STATEMENTS_OF_SUSPECTS, 3),
        ("闵照屿 第十二次讯问笔录", STATEMENTS_OF_SUSPECTS, 12),
        ("询问笔录", "", None),
        ("辨认笔录", RECORDS_OF_INSPECTIONS, None),
        ("现场勘验检查笔录", RECORDS_OF_INSPECTIONS, None),
        ("司法鉴定意见书", "鉴定意见", None),
        ("第二卷", "", None),
    ],
)
def test_a_kind_is_taken_from_titles_that_leave_no_doubt(title: str, kind: str, which: int | None) -> None:
    assert (kind_of_title(title), interrogation_of_title(title)) == (kind, which)


def test_excerpts_are_moved_before_another_or_last(filed: Filed) -> None:
    case_id, ids = taken(filed, "甲", "乙", "丙")
    for moved, before, expected in ((2, 0, "丙甲乙"), (0, None, "丙乙甲"), (1, 2, "乙丙甲"), (1, 1, "乙丙甲")):
        with filed.catalogue.writing() as session:
            target = ids[before] if before is not None else None
            move_excerpt(session, MINE, session.get_one(Excerpt, ids[moved]), target)
        assert "".join(order(filed, case_id)) == expected


def test_the_same_key_gives_the_same_excerpt(filed: Filed) -> None:
    case_id, _ = taken(filed)
    (page_id,) = filed.document(case_id, "合同", ["甲方"])
    with filed.catalogue.writing() as session:
        first, is_new = add_excerpt(session, MINE, [page_id], {"quotation": "甲"}, "k1")
        again, is_new_again = add_excerpt(session, MINE, [page_id], {"quotation": "甲"}, "k1")
        others, is_theirs_new = add_excerpt(session, OTHERS, [page_id], {"quotation": "甲"}, "k1")
        assert (first.id, is_new, is_new_again, is_theirs_new) == (again.id, True, False, True)
        assert others.id != first.id


def test_every_deed_is_audited_without_the_words(filed: Filed) -> None:
    _, (mine, other) = taken(filed, "机密甲", "机密乙")
    with filed.catalogue.writing() as session:
        excerpt = excerpt_in_sight(session, MINE, mine)
        change_excerpt(session, MINE, excerpt, {"proves": "机密丙"})
        change_excerpt(session, MINE, excerpt, {"proves": "机密丙"})
        move_excerpt(session, MINE, excerpt, None)
        remove_excerpt(session, MINE, session.get_one(Excerpt, other))
    with filed.catalogue.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.subject_kind == "excerpt").order_by(AuditRow.id)).all()
    assert [row.deed for row in rows] == ["add_excerpt"] * 2 + ["change_excerpt", "move_excerpt", "remove_excerpt"]
    assert {row.actor for row in rows} == {"闵榆"}
    assert "机密" not in str([row.details for row in rows])


@pytest.mark.parametrize(
    "content",
    [
        {"quotation": ""},
        {"quotation": " \x01 "},
        {"quotation": "字" * (LONGEST_QUOTATION + 1)},
        {"quotation": "甲", "evidence_kind": "口供"},
        {"quotation": "甲", "interrogation": 0},
        {"quotation": "甲", "fact": "字" * 101},
    ],
)
def test_what_does_not_fit_is_refused(filed: Filed, content: dict[str, object]) -> None:
    case_id, _ = taken(filed)
    (page_id,) = filed.document(case_id, "合同", ["甲方"])
    with filed.catalogue.writing() as session, pytest.raises(UsageError):
        add_excerpt(session, MINE, [page_id], content)


def test_a_source_is_pages_of_one_case_within_sight(filed: Filed) -> None:
    case_id, (mine,) = taken(filed, "甲")
    other_case = filed.case("临检起诉受[2031]99010100008号")
    hidden_case = filed.case("临检起诉受[2031]99010100009号", sealed=True)
    (here,), (there,), (hidden,) = (
        filed.document(case, "合同", ["甲方"]) for case in (case_id, other_case, hidden_case)
    )
    with filed.catalogue.writing() as session:
        excerpt = session.get_one(Excerpt, mine)
        for page_ids, error in (
            ([here, there], UsageError),
            ([hidden], NotFound),
            (["p0"], NotFound),
            ([], UsageError),
        ):
            with pytest.raises(error):
                add_excerpt(session, MINE, page_ids, {"quotation": "甲"})
        with pytest.raises(UsageError):
            change_excerpt(session, MINE, excerpt, {"page_ids": [there]})
        change_excerpt(session, MINE, excerpt, {"page_ids": [here]})
        assert excerpt.page_ids == [here]


def test_control_characters_go_and_line_breaks_stay() -> None:
    assert printable(" 甲\x00\x0b\x1f乙\r\n丙\t丁\x85\ufffe\U00020000 ") == "甲乙\n丙 丁\U00020000"


# The document


def texts(content: bytes) -> list[tuple[str, str]]:
    """(style, text) of each paragraph."""
    return [(paragraph.style.name, paragraph.text) for paragraph in Document(io.BytesIO(content)).paragraphs]


EXCERPTS = [
    WrittenExcerpt(
        "证据卷二P35-37", "问：钱转到哪里？答：尾号6620的账户。\n他当时在场。", "事实二",
        STATEMENTS_OF_SUSPECTS, "闵照屿", 2, "2031年7月4日", "临江看守所", "收款账户",
    ),
    WrittenExcerpt("证据卷一P3", "合同一份", "事实一", "书证"),
    WrittenExcerpt("（侦查卷第2卷第8页）", "我没去过", "", ""),
    WrittenExcerpt("证据卷二P40", "辩解", "事实二", STATEMENTS_OF_SUSPECTS),
]  # fmt: skip


def test_a_document_by_fact_has_sources_questions_and_answers_as_paragraphs() -> None:
    written = texts(document_of("闵照屿诈骗案", "临检起诉受[2031]1号", EXCERPTS, "fact", "傅溪", DAY))

    assert written == [
        ("Title", "闵照屿诈骗案证据摘录"),
        ("Subtitle", "临检起诉受[2031]1号　傅溪　2031年7月4日"),
        ("Heading 1", "事实二"),
        ("摘录标题", f"1．{STATEMENTS_OF_SUSPECTS}，闵照屿，第2次，2031年7月4日，临江看守所（证据卷二P35-37）"),
        ("摘录正文", "问：钱转到哪里？"),
        ("摘录正文", "答：尾号6620的账户。"),
        ("摘录正文", "他当时在场。"),
        ("摘录正文", "证明内容：收款账户"),
        ("摘录标题", f"2．{STATEMENTS_OF_SUSPECTS}（证据卷二P40）"),
        ("摘录正文", "辩解"),
        ("Heading 1", "事实一"),
        ("摘录标题", "1．书证（证据卷一P3）"),
        ("摘录正文", "合同一份"),
        ("Heading 1", "（未写明事实）"),
        ("摘录标题", "1．（侦查卷第2卷第8页）"),
        ("摘录正文", "我没去过"),
    ]


def test_a_document_by_kind_has_the_kinds_of_the_law_in_its_order() -> None:
    shuffled = [WrittenExcerpt("P1", kind, evidence_kind=kind) for kind in ("", *reversed(EVIDENCE_KINDS))]
    written = texts(document_of("某案", "", shuffled, "kind", "傅溪", DAY))

    assert [text for style, text in written if style == "Heading 1"] == [*EVIDENCE_KINDS, "（未写明证据种类）"]


def test_every_word_is_set_in_fangsong_whatever_the_readers_theme() -> None:
    content = document_of("某案", "", EXCERPTS, "fact", "傅溪", DAY)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        parts = {
            name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith("xml")
        }
    used = {style for style, _ in texts(content)} | {"Normal"}
    fonts = {
        style.find(qn("w:name")).get(qn("w:val")).casefold(): style.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
        for style in parts["word/styles.xml"].iter(qn("w:style"))
    }
    assert {fonts[name.casefold()].get(qn("w:eastAsia")) for name in used} == {"仿宋"}
    for part in ("word/styles.xml", "word/document.xml"):
        for element in parts[part].iter(qn("w:rFonts")):
            assert [name for name in element.attrib if "Theme" in name] == []


def test_a_quotation_without_turns_stays_as_it_is() -> None:
    assert paragraphs_of("他问我答：好。") == ["他问我答：好。"]
    assert paragraphs_of("问：在哪？\n 答：家里。问：几点？答：八点") == [
        "问：在哪？",
        "答：家里。",
        "问：几点？",
        "答：八点",
    ]
