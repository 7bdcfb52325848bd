"""The attention list: everything that needs a person's hand, with its reason and what to do next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from dossier import flags
from dossier.cases import cases_named, cases_with, numbers_of
from dossier.catalogue.tables import Arrival, Case, Document, Flag, OutboxRow, Page, Volume
from dossier.deeds import claims
from dossier.deeds.deed import Step
from dossier.errors import IndexRefused, error_of
from dossier.numbers import canonical
from dossier.permissions import Extent, sees
from dossier.place import METADATA_TYPE
from dossier.viewers import Viewer

# Flags that inform without asking for anything.
_QUIET = {"blank"}
_MOST_SUGGESTED = 3
# Volumes of a folder to look at; what is more is found by its case on the board.
_MOST_WAYS = 12
_BREADTH = ("machine", "inbox", "case", "volume", "arrival", "document", "page")


@dataclass(frozen=True)
class Remedy:
    """A deed that may answer a question, as a person sees it and as the API takes it.

    Attributes:
        words: on its button.
        address, body: of the call; an empty address: `page` is to be opened instead.
        asks: what a person must say first, a name in the body; "" where nothing.
        page: the address of a page on which the question is answered.
    """

    words: str
    address: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    asks: str = ""
    page: str = ""


@dataclass(frozen=True)
class Question:
    """A row of the list.

    Attributes:
        code: what it is: an error's or a flag's code.
        subject_kind, subject_id: what it concerns: case, volume, document, arrival, page.
        case_id, case_number, volume: where that is.
        source: the file or the page concerned, for people.
        message: what happened, in Chinese.
        remedy: what to do next, in Chinese.
        page_id: a page to look at, where there is one.
        since: seconds since 1970.
        remedies: deeds that may answer it.
    """

    code: str
    subject_kind: str
    subject_id: str
    case_id: str | None
    case_number: str | None
    volume: str
    source: str
    message: str
    remedy: str
    page_id: str | None
    since: float
    remedies: tuple[Remedy, ...] = ()


def questions(session: Session, viewer: Viewer | None = None, limit: int = 500) -> list[Question]:
    """What needs a hand: machine and inbox, cases, volumes, files, documents, pages; the newest first among equals.

    With a viewer, what concerns cases within their sight.
    """
    sight = Extent(viewer)
    rows = [
        *_refused_files(session, _refused_statement(sight).limit(limit)),
        *_parked_pages(session, _parked_statement(sight).limit(limit)),
        *_dead_letters(session, _dead_statement(sight).limit(limit)),
    ]
    flagged = _flag_statement(session, viewer)
    for subject_kind in _BREADTH:
        if len(rows) < limit:
            rows += _flags(session, flagged.where(Flag.subject_kind == subject_kind).limit(limit - len(rows)))
    numbers = numbers_of(session, {row.case_id for row in rows if row.case_id})
    numbered = [replace(row, case_number=numbers.get(row.case_id or "")) for row in rows]
    # What concerns the most pages first: a hundred doubtful pages must not bury an unclaimed case.
    return sorted(numbered, key=lambda row: (_BREADTH.index(row.subject_kind), -row.since))[:limit]


def is_open_refusal() -> ColumnElement[bool]:
    """Of arrivals: refused, and neither answered by a later file nor a case.json, whose flag says it better."""
    return and_(Arrival.state == "failed", Arrival.answered_by.is_(None), Arrival.media_type != METADATA_TYPE)


def count_questions(session: Session, viewer: Viewer | None = None) -> int:
    """How many rows the whole list has."""
    sight = Extent(viewer)
    flagged = _flag_statement(session, viewer)
    return sum(
        session.scalar(select(func.count()).select_from(statement.subquery())) or 0
        for statement in (_refused_statement(sight), _parked_statement(sight), _dead_statement(sight), flagged)
    )


def _refused_statement(sight: Extent) -> Select[Arrival, str]:
    return (
        select(Arrival, Volume.name)
        .join(Volume, Volume.id == Arrival.volume_id)
        .where(is_open_refusal(), sight.holds(Arrival.case_id))
        .order_by(Arrival.received_at.desc())
    )


def _parked_statement(sight: Extent) -> Select[Page, str, str]:
    return (
        select(Page, Volume.name, Arrival.source)
        .join(Volume, Volume.id == Page.volume_id)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .where(Page.state == "parked", Page.outside.is_(None), sight.holds(Page.case_id))
        .order_by(Page.created_at.desc())
    )


def _dead_statement(sight: Extent) -> Select[OutboxRow, Page, str]:
    return (
        select(OutboxRow, Page, Volume.name)
        .join(Page, Page.id == OutboxRow.page_id)
        .join(Volume, Volume.id == Page.volume_id)
        .where(OutboxRow.dead.is_(True), Page.outside.is_(None), sight.holds(Page.case_id))
    )


def _flag_statement(session: Session, viewer: Viewer | None) -> Select[Flag]:
    # What a person has taken out of the order asks for nothing more.
    of_arrival = Page.arrival_id == Flag.subject_id
    is_outside = or_(
        exists().where(Page.id == Flag.subject_id, Page.outside.is_not(None)),
        and_(
            Flag.subject_kind == "arrival",
            exists().where(of_arrival, Page.outside.is_not(None)),
            ~exists().where(of_arrival, Page.outside.is_(None)),
        ),
    )
    statement = select(Flag).where(Flag.closed_at.is_(None), Flag.code.not_in(_QUIET), ~is_outside)
    if viewer is not None:
        of_no_case = Flag.id.in_(_flags_of_no_case(session, viewer))
        statement = statement.where(or_(Extent(viewer).holds(Flag.case_id), of_no_case), may_be_told(session, viewer))
    return statement.order_by(Flag.created_at.desc())


# Once: an alias is dear to make, and this is asked for every page that is looked at.
_THIS_ARRIVAL, _OTHER_ARRIVAL = aliased(Arrival), aliased(Arrival)


def may_be_told(session: Session, viewer: Viewer) -> ColumnElement[bool]:
    """Of flags within a viewer's sight: those that do not speak of a case outside it.

    That the same file came before, or that a number is another case's, would tell that there is such a case.
    """
    this, other = _THIS_ARRIVAL, _OTHER_ARRIVAL
    repeats_what_is_seen = exists().where(
        this.id == Flag.subject_id,
        other.sha256 == this.sha256,
        func.coalesce(other.split_from, other.id) != func.coalesce(this.split_from, this.id),
        other.document_id.is_not(None),
        Extent(viewer).holds(other.case_id),
    )
    clashes = session.scalars(
        select(Flag).where(Flag.code == "number_clash", Flag.closed_at.is_(None), Extent(viewer).holds(Flag.case_id))
    )
    untold = [flag.id for flag in clashes if not _sees_both(session, viewer, flag)]
    return and_(or_(Flag.code != "repeated", repeats_what_is_seen), Flag.id.not_in(untold))


def _sees_both(session: Session, viewer: Viewer, flag: Flag) -> bool:
    numbers = {canonical(str(number)) for number in flag.details.get("numbers", ())}
    return all(sees(session, viewer, case.id) for case in cases_with(session, numbers))


def _flags_of_no_case(session: Session, viewer: Viewer) -> list[int]:
    """The flags on the machine and on files still in the inbox that a viewer sees: whoever takes files in.

    A file's path may name a case: what is not seen of it in the catalogue is not told from the inbox either.
    """
    if not (viewer.is_of_scanning_room or viewer.sees_every_department):
        return []
    open_ones = select(Flag.id, Flag.details).where(Flag.case_id.is_(None), Flag.closed_at.is_(None))
    folders = {
        flag_id: str(details.get("path", "")).lstrip("/").split("/")[0]
        for flag_id, details in session.execute(open_ones)
    }
    # Each folder once: thousands of files may wait in one.
    told = {folder for folder in set(folders.values()) if _sees_all_named(session, viewer, folder)}
    return [flag_id for flag_id, folder in folders.items() if folder in told]


def _sees_all_named(session: Session, viewer: Viewer, folder: str) -> bool:
    named = cases_named(session, folder) if folder else []
    return all(sees(session, viewer, case.id) for case in named)


def _refused_files(session: Session, statement: Select[Arrival, str]) -> list[Question]:
    found = []
    for arrival, volume in session.execute(statement):
        error = error_of(arrival.error_code or "", arrival.error_detail)
        found.append(
            Question(
                code=error.code, subject_kind="arrival", subject_id=arrival.id, case_id=arrival.case_id,
                case_number=None, volume=volume, source=arrival.source, message=error.chinese,
                remedy=error.remedy_chinese, page_id=None, since=arrival.received_at,
            )
        )  # fmt: skip
    return found


def _parked_pages(session: Session, statement: Select[Page, str, str]) -> list[Question]:
    found = []
    for page, volume, source in session.execute(statement):
        error = error_of(page.error_code or "", page.error_detail)
        found.append(
            Question(
                code=error.code, subject_kind="page", subject_id=page.id, case_id=page.case_id, case_number=None,
                volume=volume, source=f"{source} 第{page.page_number}页", message=error.chinese,
                remedy=error.remedy_chinese, page_id=page.id, since=page.created_at,
                remedies=(_remedy("重新识别", Step("page", page.id, "read-again")),),
            )
        )  # fmt: skip
    return found


def _dead_letters(session: Session, statement: Select[OutboxRow, Page, str]) -> list[Question]:
    return [
        Question(
            code=IndexRefused.code, subject_kind="page", subject_id=page.id, case_id=page.case_id, case_number=None,
            volume=volume, source=f"第{page.page_number}页", message=IndexRefused(row.error).chinese,
            remedy=IndexRefused.remedy_chinese, page_id=page.id, since=page.created_at,
        )
        for row, page, volume in session.execute(statement)
    ]  # fmt: skip


def _flags(session: Session, statement: Select[Flag]) -> list[Question]:
    found = []
    raised = session.scalars(statement).all()
    # Asked for together, and held as long as the list is made: what a flag stands on is then at hand.
    _held = _stood_on(session, raised)
    for flag in raised:
        volume, source, page_id = _subject(session, flag)
        message, remedy = sentence_of(flag)
        found.append(
            Question(
                code=flag.code, subject_kind=flag.subject_kind, subject_id=flag.subject_id, case_id=flag.case_id,
                case_number=None, volume=volume, source=source, message=message, remedy=remedy,
                page_id=page_id, since=flag.created_at, remedies=tuple(_remedies(session, flag)),
            )
        )  # fmt: skip
    return found


def _stood_on(session: Session, raised: Collection[Flag]) -> list[object]:
    """What flags stand on, and the volumes where that is, with one statement a kind."""
    found: list[Page | Document | Arrival] = []
    tables: dict[str, type[Page] | type[Document] | type[Arrival]] = {
        "page": Page,
        "document": Document,
        "arrival": Arrival,
    }
    for kind, table in tables.items():
        if ids := [flag.subject_id for flag in raised if flag.subject_kind == kind]:
            found.extend(session.scalars(select(table).where(table.id.in_(ids))))
    volume_ids = {each.volume_id for each in found}
    volumes = session.scalars(select(Volume).where(Volume.id.in_(volume_ids))).all() if volume_ids else []
    return [*found, *volumes]


def _remedies(session: Session, flag: Flag) -> list[Remedy]:
    """What a person can do about a flag at once; where that needs a look at the pages, the way there."""
    match flag.subject_kind, flag.code:
        case "page", "turn_uncertain":
            turn = session.get_one(Page, flag.subject_id).turn_degrees
            return [
                _remedy(words, Step("page", flag.subject_id, "turn", {"turn_degrees": (turn + by) % 360}))
                for words, by in (("向右转", 90), ("倒过来", 180), ("方向正确", 0))
            ]
        case "page", "sheet_unknown" | "sheet_unreadable":
            removal = Step("page", flag.subject_id, "remove", {"reason": "作废的分隔页"})
            return [_remedy("是普通页", Step("page", flag.subject_id, "restore")), _remedy("移出这一页", removal)]
        case "page", "no_text":
            return [
                _remedy("看过了，没问题", Step("page", flag.subject_id, "blank", {"blank": False})),
                _remedy("是空白页", Step("page", flag.subject_id, "blank", {"blank": True})),
                _remedy("重新识别", Step("page", flag.subject_id, "read-again")),
            ]
        case "page", "low_confidence":
            return [_remedy("重新识别", Step("page", flag.subject_id, "read-again"))]
        case "arrival", "repeated":
            return _answers_for_file(session, flag, "左右对照", "#labels", "重复扫描")
        case "arrival", "dynamic_form":
            return _answers_for_file(session, flag, "查看这一卷", "", "动态表单，内容另收")
        case "document", "name_reused":
            volume_id = session.get_one(Document, flag.subject_id).volume_id
            replace_earlier = Step("document", flag.subject_id, "replace-earlier")
            insertion = Step("document", flag.subject_id, "insert")
            return [
                _remedy("替换同名的原页", replace_earlier),
                Remedy("插入", insertion.address, asks="after_number"),
                _way("查看这一卷", volume_id),
            ]
        case "document", "gap":
            step = Step("document", flag.subject_id, "known-file-gap", {"names": list(flag.details.get("missing", ()))})
            way = _way("左右对照", session.get_one(Document, flag.subject_id).volume_id, "#labels")
            return [way, _remedy("没有缺页，是跳号", step)]
        case "volume", "label_gap" | "label_repeated" | "label_order":
            return [*_insertions(flag), _way("左右对照", flag.subject_id, "#labels")]
        case "volume", "side_pairs":
            step = Step("volume", flag.subject_id, "sides", {"keep": "primary"})
            return [_way("左右对照", flag.subject_id, "/sides"), _remedy("全部用 Pri 图", step)]
        case (("page" | "volume"), "check_fault"):
            step = Step("volume", flag.details["volume"], "mended", {"faults": flag.details["faults"], "mended": True})
            return [_remedy("已改好", step), _way("查看退回的差错", flag.details["volume"], "/check")]
        case "volume", "check_reopened":
            return [_way("查看并重新送审", flag.subject_id, "/check")]
        case (("case" | "document"), "unclaimed"):
            return _claims(session, flag)
    return []


def _answers_for_file(session: Session, flag: Flag, words: str, where: str, reason: str) -> list[Remedy]:
    """The way to a file's volume; of a file of one page also its removal."""
    pages = session.scalars(select(Page.id).where(Page.arrival_id == flag.subject_id).limit(2)).all()
    way = _way(words, session.get_one(Arrival, flag.subject_id).volume_id, where)
    if len(pages) != 1:
        return [way]
    return [way, _remedy("移出这一页", Step("page", pages[0], "remove", {"reason": reason}))]


def _insertions(flag: Flag) -> list[Remedy]:
    """Of pages out of order: to the place where their number belongs."""
    return [
        _remedy(
            f"页码 {found['label']} 插到图像第 {found['number']} 页之后"
            if found["number"]
            else f"页码 {found['label']} 放到最前",
            Step(
                "page", found["page_id"], "insert", {"after": found["after"]} if found["after"] else {"after_number": 0}
            ),
        )
        for found in flag.details.get("insert", ())
    ]


def _claims(session: Session, flag: Flag) -> list[Remedy]:
    """Claims for the numbers that were read, and for one that a person knows.

    A folder goes as a whole volume, or with all its volumes, or one by one where they are of several cases; loose files
    each by itself.
    """
    case = session.get_one(Case, flag.case_id)
    if flag.subject_kind == "document" and not case.folder:
        step, numbers = Step("document", flag.subject_id, "claim"), list(flag.details.get("numbers", ()))
    else:
        if not case.folder:
            return []
        if flag.subject_kind == "document":
            volumes = [session.get_one(Document, flag.subject_id).volume_id]
        else:
            volumes = claims.volumes_with_files(session, case.id)
        if len(volumes) > 1:
            return _claims_of_folder(session, case, volumes)
        if not volumes:
            return []
        step, numbers = Step("volume", volumes[0], "claim"), claims.suggested_numbers(session, volumes[0])
    suggested = [_remedy(f"归入 {number}", step, number=number) for number in numbers[:_MOST_SUGGESTED]]
    return [*suggested, Remedy("归入", step.address, asks="number")]


def _claims_of_folder(session: Session, case: Case, volume_ids: Collection[str]) -> list[Remedy]:
    numbers = claims.suggested_numbers(session, *volume_ids)[:_MOST_SUGGESTED]
    step = Step("case", case.id, "claim")
    volumes = session.scalars(select(Volume).where(Volume.id.in_(volume_ids)).order_by(Volume.order_key, Volume.id))
    return [
        *(_remedy(f"整个文件夹归入 {number}", step, number=number) for number in numbers),
        Remedy("整个文件夹归入", step.address, asks="number"),
        *(_way(f"查看 {volume.name}", volume.id) for volume in list(volumes)[:_MOST_WAYS]),
    ]


def _remedy(words: str, step: Step, **further: str) -> Remedy:
    return Remedy(words, step.address, {**step.details, **further})


def _way(words: str, volume_id: str, part: str = "") -> Remedy:
    return Remedy(words, page=f"/volumes/{volume_id}{part}")


def sentence_of(flag: Flag) -> tuple[str, str]:
    """What a flag says, with its particulars, and what to do next, in Chinese."""
    message, remedy = flags.SENTENCES[flag.code]
    return message + _details(flag), remedy


def _details(flag: Flag) -> str:
    for name in ("missing", "numbers", "reason"):
        value = flag.details.get(name)
        if value:
            opening = "首页识别到：" if (flag.code, name) == ("unclaimed", "numbers") else ""
            return f"（{opening}{'、'.join(value) if isinstance(value, list) else value}）"
    return ""


def _subject(session: Session, flag: Flag) -> tuple[str, str, str | None]:
    """Volume name, a name for people and a page to look at, of whatever a flag stands on."""
    page_id: str | None
    if flag.subject_kind in ("inbox", "machine"):
        return "", flag.details.get("path", flag.subject_id), None
    if flag.subject_kind == "case":
        case = session.get_one(Case, flag.subject_id)
        volumes = claims.volumes_with_files(session, case.id) if case.folder and flag.code == "unclaimed" else []
        page_id = _first_page(session, Page.volume_id, volumes[0]) if volumes else None
        return "", case.name or case.folder or "收件箱", page_id
    if flag.subject_kind == "volume":
        name = session.get_one(Volume, flag.subject_id).name
        return name, name, flag.details.get("page_id")
    if flag.subject_kind == "page":
        page = session.get_one(Page, flag.subject_id)
        page_id = page.id
        volume_id, source = page.volume_id, f"第{page.page_number}页"
    elif flag.subject_kind == "document":
        document = session.get_one(Document, flag.subject_id)
        volume_id, source = document.volume_id, document.title
        page_id = _first_page(session, Page.document_id, document.id)
    else:
        arrival = session.get_one(Arrival, flag.subject_id)
        volume_id, source = arrival.volume_id, arrival.source
        page_id = _first_page(session, Page.arrival_id, arrival.id)
    return session.get_one(Volume, volume_id).name, source, page_id


def _first_page(session: Session, column: InstrumentedAttribute[str], id_: str) -> str | None:
    return session.scalars(select(Page.id).where(column == id_).order_by(Page.page_number).limit(1)).first()
