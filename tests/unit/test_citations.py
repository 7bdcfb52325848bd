"""Citations by the office's template."""

from __future__ import annotations

from pathlib import Path

import pytest

from dossier.citations import STANDARD_TEMPLATE, CitationTemplate, CitedPage
from dossier.errors import SettingsError
from dossier.natural_order import chinese_number, numeral_of
from dossier.place import volume_kind_and_number
from dossier.settings import load_settings

IN_BRACKETS = "（侦查卷第{number}卷[第{pages}页]）"


def pages(volume: str, *labels: str | int) -> list[CitedPage]:
    """Pages in order; a text is a confirmed label, a number the place of a page without one."""
    kind, number = volume_kind_and_number(volume)
    return [
        CitedPage(
            volume, volume, place if isinstance(label, str) else label, label if isinstance(label, str) else "",
            kind, number,
        )
        for place, label in enumerate(labels, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cited", "citation"),
    [
        ([], ""),
        (pages("证据材料卷二", "35", "36", "37"), "证据卷二P35-37"),
        (pages("证据卷2", "35"), "证据卷二P35"),
        (pages("证据材料卷 第12卷", "35"), "证据卷十二P35"),
        (pages("第2卷 证据材料卷", "35"), "证据卷二P35"),
        (pages("诉讼文书卷一", "3", "5", "6"), "文书卷一P3、5-6"),
        (pages("侦查工作卷3", "1", "2"), "侦查工作卷三P1-2"),
        (pages("证据材料卷二", "35", "35-1", "35背", "36"), "证据卷二P35、35-1、35背、36"),
        (pages("证据材料卷二", "9", "10", "10"), "证据卷二P9-10"),
        (pages("证据材料卷二", 12, 13, 14, 20), "证据卷二图像第12-14、20页"),
        (pages("证据材料卷二", "35", "36", 3, "39"), "证据卷二P35-36；证据卷二图像第3页；证据卷二P39"),
        (pages("证据材料卷一", "7") + pages("证据材料卷二", "8"), "证据卷一P7；证据卷二P8"),
        # Taken out of the order: no place in it is theirs, but the number on the paper is.
        (pages("证据材料卷二", 12, 0, 0, 13), "证据卷二图像第12页；证据卷二不计页的图像；证据卷二图像第13页"),
        # What the kind and the number alone do not tell is called by its name.
        (pages("证据材料卷", "35"), "证据材料卷P35"),
        (pages("第二卷", "35"), "第二卷P35"),
        (pages("未分卷", 1, 2), "未分卷图像第1-2页"),
        (pages("证据卷2(补)", "35"), "证据卷2(补)P35"),
        (pages("证据卷2-1", "35"), "证据卷2-1P35"),
        (pages("一退证据卷2", "35"), "一退证据卷2P35"),
    ],
)
def test_the_standard_template_cites(cited: list[CitedPage], citation: str) -> None:
    assert CitationTemplate(STANDARD_TEMPLATE).citation_of(cited) == citation


@pytest.mark.parametrize(
    ("template", "cited", "citation"),
    [
        (IN_BRACKETS, pages("证据材料卷二", "35", "36", "37"), "（侦查卷第2卷第35-37页）"),
        (IN_BRACKETS, pages("证据材料卷二", 35, 36), "（侦查卷第2卷图像第35-36页）"),
        (IN_BRACKETS, pages("证据材料卷二", "1", 35), "（侦查卷第2卷第1页）；（侦查卷第2卷图像第35页）"),
        ("{kind}{number}[第{pages}页]", pages("证据卷二", "35"), "证据材料卷2第35页"),
        ("《{volume}》[第{pages}页]", pages("证据卷2(补)", "35"), "《证据卷2(补)》第35页"),
        ("[第{pages}页]，{volume}", pages("证据卷二", "35"), "第35页，证据卷二"),
    ],
)
def test_an_office_may_cite_otherwise(template: str, cited: list[CitedPage], citation: str) -> None:
    assert CitationTemplate(template).citation_of(cited) == citation


def test_volumes_of_the_same_name_are_cited_apart() -> None:
    cited = [CitedPage("v1", "卷一", 1, "1"), CitedPage("v2", "卷一", 2, "2")]

    assert CitationTemplate(STANDARD_TEMPLATE).citation_of(cited) == "卷一P1；卷一P2"


@pytest.mark.parametrize(
    "template",
    [
        "", "证据卷", "{volume}P{pages}", "{volume}[P]", "{volume}[P{pages}][P{pages}]", "{volume}[{pages}{pages}]",
        "{volume}[P{number}]", "{book}[P{pages}]", "{}[P{pages}]", "证据卷[P{pages}]", "{kind}[P{pages}]",
        "{volume[P{pages}]", "{volume}}[P{pages}]", "{volume}[P{pages}}]",
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused_at_start_by_the_settings_name(template: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(f"citation_template = '{template}'\n", "utf-8")

    with pytest.raises(SettingsError, match="citation_template"):
        load_settings(tmp_path)


def test_a_number_and_its_numeral_are_each_others() -> None:
    assert [chinese_number(numeral_of(number)) for number in range(1000)] == list(range(1000))
    assert [numeral_of(number) for number in (0, 10, 11, 20, 101, 110, 1001)] == [
        "零", "十", "十一", "二十", "一百零一", "一百一十", "一千零一",
    ]  # fmt: skip
