"""Kinds of document, and what stands around a name."""

from __future__ import annotations

import pytest

from indexer.roster.kinds import UNNAMED, Kinds
from indexer.roster.passages import Passage, spaced

ID_NUMBER, OTHER_ID = "820000209902030015", "820000209703040034"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("讯问笔录(第2次)", "讯问笔录"),
        ("讯问笔录（第二次）", "讯问笔录"),
        ("王伟询问笔录", "询问笔录"),
        ("王伟明询问笔录3", "询问笔录"),
        ("关于陈某某投资情况的询问笔录", "询问笔录"),
        ("03 王伟 投资合同.pdf", "投资合同"),
        ("转账凭证复印件", "转账凭证"),
        ("王伟身份证（正反面）", "身份证"),
        ("审计报告之二", "审计报告"),
        ("公司章程 2", "公司章程"),
        ("一、公司章程", "公司章程"),
        ("王伟", UNNAMED),
        ("0001", UNNAMED),
        ("", UNNAMED),
    ],
)
def test_a_kind_is_a_title_without_whose_and_which(title: str, kind: str) -> None:
    assert Kinds(["王伟", "王伟明"]).kind_of(title) == kind


def test_a_name_within_longer_names_only_is_part_of_them() -> None:
    name, longer = spaced("王伟"), {spaced("王伟明"), spaced("王伟国")}

    assert Passage(["王 伟明、王伟国"]).part_of(name, longer) != ""
    assert Passage(["王伟明与王", "伟"]).part_of(name, longer) == ""
    assert Passage(["李青"]).part_of(name, longer) == ""
    assert Passage(["王伟明王伟明"]).part_of(name, {spaced("王伟明")}) == spaced("王伟明")


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (["王岚，女，身份证号", OTHER_ID], OTHER_ID),
        ([f"王岚，身份证号{OTHER_ID}，电话19900001234"], OTHER_ID),
        ([f"王岚{OTHER_ID}19900001234"], ""),  # run together: no number that could be told
        (["王岚，李青", OTHER_ID], ""),  # it is the other's
        ([OTHER_ID, "王岚"], ""),
        (["王岚", "一二三四五六七八九十" * 7, OTHER_ID], ""),  # too far away
        (["王岚说", f"王岚 {OTHER_ID}"], OTHER_ID),
        (["王岚", "820000209703040035"], ""),  # its check digit is wrong
    ],
)
def test_the_id_after_a_name_is_the_next_one_nearby(lines: list[str], number: str) -> None:
    assert Passage(lines).id_after(spaced("王岚"), {spaced("李青")}) == number
