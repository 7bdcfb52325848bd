from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from dossier.place import LOOSE_VOLUME, Place, is_ignored, place_in_inbox, readable, volume_kind_and_number


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a.jpg", Place("", LOOSE_VOLUME, "a.jpg")),
        ("案/a.jpg", Place("案", LOOSE_VOLUME, "a.jpg")),
        ("案/卷/a.jpg", Place("案", "卷", "a.jpg")),
        ("案/卷/材料/a.jpg", Place("案", "卷", "材料/a.jpg")),
        ("案/卷/材料/附/a.jpg", Place("案", "卷", "材料/附/a.jpg")),
    ],
)
def test_a_path_in_the_inbox_is_a_place(path: str, place: Place) -> None:
    assert place_in_inbox(PurePosixPath(path)) == place


def test_only_the_case_json_of_a_case_folder_is_metadata() -> None:
    assert place_in_inbox(PurePosixPath("案/case.json")).is_metadata
    assert place_in_inbox(PurePosixPath("案/CASE.JSON")).is_metadata
    assert not place_in_inbox(PurePosixPath("案/卷/case.json")).is_metadata
    assert not place_in_inbox(PurePosixPath("case.json")).is_metadata


@pytest.mark.parametrize(
    ("name", "kind", "number"),
    [
        ("证据材料卷", "证据材料卷", None),
        ("第二卷", "", 2),
        ("证据卷2", "证据材料卷", 2),
        ("卷2(补)", "", 2),
        ("诉讼文书卷第十二卷", "诉讼文书卷", 12),
        ("文书卷一", "诉讼文书卷", 1),
        ("卷３", "", 3),
        ("A3101045500002020010001卷", "", None),
        ("新建文件夹 (2)", "", None),
    ],
)
def test_a_volume_name_tells_kind_and_number(name: str, kind: str, number: int | None) -> None:
    assert volume_kind_and_number(name) == (kind, number)


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("案/卷/Thumbs.db", True),
        ("案/卷/~$起诉书.doc", True),
        ("案/卷/1.jpg.part", True),
        (".taken/x/案/卷/1.jpg", True),
        ("案/.git/1.jpg", True),
        ("案/卷/1.jpg", False),
        ("案/卷/partial.jpg", False),
        ("案/卷/temp.jpg", False),
    ],
)
def test_what_is_left_behind_or_unfinished_is_ignored(path: str, ignored: bool) -> None:
    assert is_ignored(PurePosixPath(path)) is ignored


def test_names_become_readable_and_composed() -> None:
    gbk = "证据卷".encode("gb18030").decode("utf-8", "surrogateescape")

    assert readable(gbk) == "证据卷"
    assert readable("é") == "é"
    assert readable(b"\xff\xfe\xff".decode("utf-8", "surrogateescape")) == "\\xff\\xfe\\xff"
