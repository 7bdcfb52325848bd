"""Excerpts as a DOCX: by fact or by kind of evidence, each with its source, quotation, and what it proves."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from dossier.evidence_kinds import EVIDENCE_KINDS
from dossier.excerpts import printable

ExcerptGrouping = Literal["fact", "kind"]

_HAN, _LATIN = "仿宋", "Times New Roman"
_BODY, _TITLE, _HEADING = Pt(16), Pt(22), Pt(16)  # 三号, 二号, 三号
_LINE = Pt(28)
# A4 with the margins of GB/T 9704-2012, 5.2: top 37 mm, left 28 mm, a type area of 156 × 225 mm.
_PAPER, _MARGINS = (Mm(210), Mm(297)), (Mm(37), Mm(26), Mm(35), Mm(28))
_LONGEST_PROPERTY = 200  # python-docx takes 255 characters
_WITHOUT = {"fact": "（未写明事实）", "kind": "（未写明证据种类）"}
_THEMES = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")
_SENTENCE_END_BEFORE_TURN = re.compile(r"(?<=[。？！?!])\s*(?=[问答]\s*[：:])")


@dataclass(frozen=True, slots=True)
class WrittenExcerpt:
    """An excerpt as it is written down; `citation` says where it is from."""

    citation: str
    quotation: str
    fact: str = ""
    evidence_kind: str = ""
    provider: str = ""
    interrogation: int | None = None
    moment: str = ""
    location: str = ""
    proves: str = ""


def document_of(
    heading: str, case_number: str, excerpts: Sequence[WrittenExcerpt], by: ExcerptGrouping, author: str, on: dt.date
) -> bytes:
    """The bytes of a DOCX.

    Args:
        heading: the case's name.
        case_number: the number to show; may be empty.
        excerpts: in the order in which they stand within their groups.
        by: fact: facts in the order of their first excerpts; kind: the kinds of the law, in its order.
        author: who has taken them.
        on: the day to be written on it.
    """
    # Names of cases may come from folders, and those of keys may be long.
    heading, case_number, author = printable(heading), printable(case_number), printable(author)
    document = Document()
    _set_up(document)
    document.core_properties.title = f"{heading[:_LONGEST_PROPERTY]}证据摘录"
    document.core_properties.author = document.core_properties.last_modified_by = author[:_LONGEST_PROPERTY]
    document.core_properties.comments = ""
    document.core_properties.created = document.core_properties.modified = dt.datetime.combine(on, dt.time())
    title = document.add_paragraph(style="Title")
    title.add_run(f"{heading}证据摘录")
    beneath = "　".join(part for part in (case_number, author, f"{on.year}年{on.month}月{on.day}日") if part)
    document.add_paragraph(beneath, style="Subtitle")
    for name, group in _groups(excerpts, by):
        document.add_paragraph(name or _WITHOUT[by], style="Heading 1")
        for number, excerpt in enumerate(group, 1):
            _write(document, number, excerpt, by)
    if not excerpts:
        document.add_paragraph("还没有摘录。")
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def paragraphs_of(quotation: str) -> list[str]:
    """A quotation's paragraphs: its lines, and each question and answer by itself."""
    found = [
        part.strip() for line in quotation.split("\n") for part in _SENTENCE_END_BEFORE_TURN.split(line) if part.strip()
    ]
    return found or [""]


def _groups(excerpts: Sequence[WrittenExcerpt], by: ExcerptGrouping) -> Iterable[tuple[str, list[WrittenExcerpt]]]:
    groups: dict[str, list[WrittenExcerpt]] = {}
    if by == "kind":
        groups = {kind: [] for kind in EVIDENCE_KINDS}
    for excerpt in excerpts:
        groups.setdefault(excerpt.fact if by == "fact" else excerpt.evidence_kind, []).append(excerpt)
    # What belongs nowhere yet comes last.
    return sorted(((name, group) for name, group in groups.items() if group), key=lambda one: one[0] == "")


def _write(document: Any, number: int, excerpt: WrittenExcerpt, by: ExcerptGrouping) -> None:
    which = f"第{excerpt.interrogation}次" if excerpt.interrogation is not None else ""
    other = excerpt.evidence_kind if by == "fact" else excerpt.fact
    facts = [part for part in (other, excerpt.provider, which, excerpt.moment, excerpt.location) if part]
    head = document.add_paragraph(style="摘录标题")
    head.add_run(f"{number}．" + "，".join(facts))
    citation = printable(excerpt.citation)  # volumes are called by their folders, too
    head.add_run(f"（{citation}）" if not citation.startswith("（") else citation)
    for paragraph in paragraphs_of(excerpt.quotation):
        document.add_paragraph(paragraph, style="摘录正文")
    if excerpt.proves:
        proves = document.add_paragraph(style="摘录正文")
        proves.add_run("证明内容：").bold = True
        parts = [part.strip() for part in excerpt.proves.split("\n") if part.strip()]
        proves.add_run(parts[0])
        for part in parts[1:]:
            document.add_paragraph(part, style="摘录正文")


def _set_up(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = _PAPER
    section.top_margin, section.right_margin, section.bottom_margin, section.left_margin = _MARGINS
    styles = document.styles
    _set_language(styles.element)
    _set_font(styles["Normal"], _BODY)
    form = styles["Normal"].paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing = _LINE
    for name, size in (("Title", _TITLE), ("Subtitle", _BODY), ("Heading 1", _HEADING)):
        style = styles[name]
        _set_font(style, size)
        style.font.bold, style.font.italic = name != "Subtitle", False
        style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
        _drop(style.element.pPr, "pBdr")
        if name != "Heading 1":
            style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    styles["Title"].paragraph_format.line_spacing = Pt(36)
    styles["Subtitle"].paragraph_format.space_after = styles["Heading 1"].paragraph_format.space_before = Pt(14)
    for name, identity, is_head in (("摘录标题", "ExcerptHead", True), ("摘录正文", "ExcerptBody", False)):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.element.set(qn("w:styleId"), identity)
        style.base_style = styles["Normal"]
        _set_font(style, _BODY)
        style.font.bold = is_head
        style.paragraph_format.keep_with_next = is_head
        _indent_by_two_characters(style)
    _number_pages(section)


def _set_font(style: Any, size: Any) -> None:
    """仿宋 for Han, whatever theme the reader's program has: a theme's font would outrank the one named."""
    style.font.name, style.font.size, style.font.color.rgb = _LATIN, size, RGBColor(0, 0, 0)
    fonts = style.element.rPr.rFonts
    fonts.set(qn("w:eastAsia"), _HAN)
    fonts.set(qn("w:hint"), "eastAsia")
    fonts.set(qn("w:cs"), _LATIN)
    _drop_themes(fonts)
    for name in ("spacing", "kern"):
        _drop(style.element.rPr, name)


def _set_language(styles: Any) -> None:
    for fonts in styles.iter(qn("w:rFonts")):
        _drop_themes(fonts)
    for language in styles.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")


def _drop_themes(fonts: Any) -> None:
    for theme in _THEMES:
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _drop(properties: Any, name: str) -> None:
    for element in properties.findall(qn(f"w:{name}")) if properties is not None else ():
        properties.remove(element)


def _indent_by_two_characters(style: Any) -> None:
    style.paragraph_format.first_line_indent = _BODY * 2
    style.element.pPr.ind.set(qn("w:firstLineChars"), "200")


def _number_pages(section: Any) -> None:
    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)
