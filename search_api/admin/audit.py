"""The audit log 审计记录: searched by who, what, when and which case. Searching it is on record, too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Set
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dossier import audit
from dossier.audit_chain import count_unchained, end_of
from dossier.audit_search import AuditPage, Wanted, search_audit
from dossier.catalogue.tables import AuditRow
from dossier.viewers import ROLES
from search_api.site import TheSite, TheViewer

ROWS_A_VIEW = 50

# What people read for a deed; one that is not here is shown by its code.
DEED_WORDS = {
    "look": "查看页面",
    "search": "搜索",
    "sign_in": "登录",
    "lock_out": "多次口令不对，暂停登录",
    "accept": "收入文件",
    "accept_again": "重复收到文件",
    "open_case": "登记案件",
    "change_case": "更改案件信息",
    "put_delivery": "登记移送批次",
    "put_proceeding": "登记件",
    "merge": "并案、合并材料",
    "become_part": "并入另一案件",
    "split": "分案",
    "claim": "认领",
    "turn": "转向",
    "crop": "裁切或恢复整页",
    "choose_side": "同一面两幅图选一幅",
    "read_again": "重新识别",
    "mark_blank": "标为空白或有内容",
    "label": "改正页码",
    "remove": "移出页序",
    "restore": "放回页序",
    "fold": "折叠空白页",
    "unfold": "空白页重新计页",
    "order": "调整页序",
    "insert": "插到某页之后",
    "carry": "批注、书签、摘录出处随重扫页走",
    "answer_carried": "核对原页的人工校录",
    "answer_double": "核对重复的页",
    "know_gap": "记为已知缺页",
    "move_to_volume": "移到另一卷",
    "replace": "以重扫页替换",
    "rename": "材料命名",
    "divide": "分开材料",
    "receive": "收卷登记",
    "correct_receipt": "更正收卷登记",
    "sort": "按分隔页归卷",
    "print_sheets": "打印卷标、分隔页",
    "hand_in": "送审",
    "take_back": "撤回送审",
    "approve": "审核通过",
    "refuse": "审核退回",
    "reopen": "通过后有改动，退回制作",
    "mark_fault": "记差错",
    "withdraw_fault": "撤回差错",
    "acknowledge_unshown": "看不到图像的页，确认已核对",
    "mend_fault": "差错已改好",
    "give_back": "还卷",
    "undo_return": "撤销还卷",
    "add_excerpt": "添加摘录",
    "change_excerpt": "修改摘录",
    "move_excerpt": "移动摘录",
    "remove_excerpt": "删除摘录",
    "make_exhibit": "选页制成 PDF",
    "add_transcription": "人工校录",
    "change_transcription": "改正人工校录",
    "withdraw_transcription": "撤回人工校录",
    "add_note": "添加批注",
    "change_note": "修改批注",
    "remove_note": "删除批注",
    "add_bookmark": "添加书签",
    "change_bookmark": "修改书签",
    "remove_bookmark": "删除书签",
    "read": "识别",
    "park": "搁置页面",
    "retry": "重试",
    "move": "案件转部门、页换位置",
    "hand_over": "案件换承办人",
    "grant": "授权查看",
    "revoke": "收回授权",
    "seal": "封存",
    "unseal": "解除封存",
    "add_user": "添加用户",
    "set_role": "更改角色",
    "set_departments": "更改部门",
    "disable_user": "停用用户",
    "set_password": "重设口令",
    "add_key": "生成密钥",
    "revoke_key": "吊销密钥",
    "add_webhook": "添加变更通知",
    "remove_webhook": "取消变更通知",
    "revive_webhook": "恢复变更通知",
    "reindex": "重建索引",
    "reindex_done": "新索引启用",
    "reindex_failed": "新索引没有启用",
    "search_audit": "查审计记录",
    "verify_audit": "校验审计记录",
    "verify": "校验",
    "backup": "备份",
}
# Where one code stands for what is done to several kinds of things.
_WORDS_OF_KINDS = {
    ("move", "case"): "案件转部门",
    ("move", "page"): "页换位置",
    ("merge", "case"): "并案",
    ("merge", "document"): "合并材料",
}
# The parts of the program that act by themselves.
ACTOR_WORDS = {"watch": "收件", "work": "识别", "index": "索引", "machine": "一次性口令", "quality": "质检"}
_DETAIL_WORDS = {
    "what": "内容", "q": "查找", "hits": "显示结果",
    "before": "原为", "after": "现为", "name": "名称", "role": "角色", "departments": "部门",
    "address": "地址", "error": "原因", "scopes": "用途", "seconds": "秒", "who": "谁", "deed": "做了什么",
    "asked": "条件", "since": "从", "until": "到", "case": "案件", "is_sealed": "已封存", "by": "经由",
    "title": "名称", "reason": "原因", "label": "页码", "turn_degrees": "转向", "blank": "空白", "numbers": "编号",
    "number": "编号", "folder": "文件夹", "source": "来源", "state": "状态", "fields": "字段",
    "faults": "问题", "pages": "页", "crop": "裁切", "kept": "选用",
}  # fmt: skip
_VALUE_WORDS = {
    "picture": "图像", "text": "文字", "primary": "Pri 图", "secondary": "Sec 图", "both": "两幅", "undecided": "待定",
    **ROLES,
}  # fmt: skip
# What only a program has use for.
_UNSHOWN = {"viewer", "version", "sha256", "engine", "page_ids", "page", "transcription", "exhibit", "other"}
# What is told of deeds on dossiers to those who manage: nothing that somebody looked for, read or wrote.
_ON_DOSSIERS = {
    "case", "volume", "document", "arrival", "page", "excerpt", "exhibit", "receipt", "note", "bookmark", "search",
}  # fmt: skip
_TOLD_OF_DOSSIERS = {"what", "hits", "state", "error", "is_sealed"}
_TOLD_OF_CASES = _TOLD_OF_DOSSIERS | {"before", "after", "name", "until"}

router = APIRouter(prefix="/admin/audit", include_in_schema=False)

DateText = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


@router.get("")
def audit_log(
    request: Request,
    site: TheSite,
    viewer: TheViewer,
    who: Annotated[str, Query(max_length=100)] = "",
    deed: Annotated[str, Query(max_length=40)] = "",
    since: DateText = "",
    until: DateText = "",
    case: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The rows that match, the latest first."""
    asked = {"who": who.strip(), "deed": deed, "since": since, "until": until, "case": case.strip()}
    wanted = Wanted(asked["who"], deed, _midnight(since), _midnight(until, days=1), asked["case"])
    narrowing = {name: value for name, value in asked.items() if value}
    with site.catalogue.reading() as session:
        found = search_audit(session, wanted, before, ROWS_A_VIEW)
        context: dict[str, Any] = {
            "asked": asked,
            # What somebody looked for, or wrote on a page, tells of the case: that is for auditors.
            "rows": _rows(found, viewer.reads_content or not viewer.manages),
            "later": f"?{urlencode(narrowing)}" if before is not None else None,
            "earlier": f"?{urlencode({**narrowing, 'before': found.before})}" if found.before else None,
            "deeds": DEED_WORDS,
            "end": asdict(end_of(session)),
            "unchained": count_unchained(session),
        }
    with site.catalogue.writing() as session:
        audit.record(session, "search_audit", "audit", "", viewer.name or viewer.id, asked=narrowing)
    return site.pages.TemplateResponse(request, "admin_audit.html", context)


def _midnight(date: str, days: int = 0) -> float | None:
    """When a day begins in this machine's zone, so many days later; None for what is no day."""
    try:
        return dt.datetime.combine(dt.date.fromisoformat(date) + dt.timedelta(days=days), dt.time()).timestamp()
    except (ValueError, OverflowError):
        return None


def _rows(found: AuditPage, tells_all: bool) -> list[dict[str, Any]]:
    rows = []
    for row in found.rows:
        subject = found.subjects.get((row.subject_kind, row.subject_id))
        rows.append(
            {
                "id": row.id,
                "at": f"{dt.datetime.fromtimestamp(row.at):%Y-%m-%d %H:%M:%S}",
                "who": ACTOR_WORDS.get(row.actor, row.actor),
                "deed": _WORDS_OF_KINDS.get((row.deed, row.subject_kind)) or DEED_WORDS.get(row.deed, row.deed),
                "case_number": subject.case_number if subject else None,
                "where": subject.where if subject else row.subject_id,
                "details": _details(row.details, _unshown(row, tells_all)),
                "is_chained": row.place is not None,
            }
        )
    return rows


def _unshown(row: AuditRow, tells_all: bool) -> Set[str]:
    if tells_all or row.subject_kind not in _ON_DOSSIERS:
        return _UNSHOWN
    return row.details.keys() - (_TOLD_OF_CASES if row.subject_kind == "case" else _TOLD_OF_DOSSIERS)


def _details(details: Mapping[str, Any], unshown: Set[str] = _UNSHOWN) -> str:
    return "；".join(
        f"{_DETAIL_WORDS.get(name, name)} {_value(name, value)}"
        for name, value in details.items()
        if name not in unshown and value not in (None, "", [], {})
    )


def _value(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return _details(value)
    if isinstance(value, list):
        return "、".join(_value(name, each) for each in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    words = DEED_WORDS if name == "deed" else _VALUE_WORDS
    return words.get(value, value) if isinstance(value, str) else str(value)
