"""The administrator's first page: how engine, disk and queue are; beside it departments and settings, to be read."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from dossier import audit_chain, webhooks
from dossier.audit_heads import AuditHeads
from dossier.backup.taking import last_backup
from dossier.departments import departments
from dossier.errors import EngineUnreachable
from dossier.retrying import retry_everything
from dossier.room import room_of
from dossier.settings import Settings, load_settings, source_of
from dossier.statistics import bytes_a_day
from dossier.status import Status, oldest_work, status_of
from dossier.verifications import Verified, last_verified
from dossier.work import READ
from search_api.site import Site, TheSite, TheViewer
from search_api.wording import duration

# Under this much free disk the machine will soon stop taking files in (the same bound as `edossier doctor`).
LEAST_FREE_BYTES = 5 * 1024**3
FEW_DAYS, MANY_DAYS = 30, 365
OLD_SECONDS = 40 * 86400.0
# The part that exports looks every few seconds; this is no longer chance.
LATE_HEAD_SECONDS = 3600.0
BACKUP_OLD_SECONDS = 8 * 86400.0

WORK_WORDS = {"paginate": "拆页", "read": "识别", "assemble": "生成 PDF", "picture": "生成图像"}

# What an administrator is asked about; the others stand in the documented file alone.
SETTINGS: dict[str, str] = {
    "host": "网页服务监听的地址。127.0.0.1 只有本机能打开。",
    "port": "网页服务的端口。",
    "watermark": "页面上是否淡淡地显示姓名和时间（屏幕和打印都有）。",
    "trusted_proxies": "可信的反向代理的地址；由它们说明请求来自哪里。",
    "public_address": "浏览器打开本系统用的地址；统一登录要用。",
    "oidc_issuer": "统一登录（OpenID Connect）的登录服务；空表示只用口令登录。",
    "oidc_client_id": "登录服务给本系统的名称。",
    "oidc_claim": "登录服务给出的哪一项是这里的用户名。",
    "oidc_role_claim": "登录服务给出的哪一项决定角色；空表示角色只在这里给。",
    "oidc_roles": "哪个角色对应那一项的哪个值。",
    "requests_a_minute": "每人、每个密钥每分钟最多多少次请求；0 表示不限。",
    "sign_in_header": "可信的反向代理用哪个头说明是谁登录的；空表示在本系统登录。",
    "sample_share": "质检时审核人至少要看过每卷多大一份（随机抽取）；1 表示每一页。",
    "sample_least": "质检时每卷至少抽查多少页。",
    "search_engine": "搜索引擎：tantivy（内置）或 elasticsearch。",
    "elasticsearch_url": "Elasticsearch 的地址；用内置引擎时不起作用。",
    "workers": "同时识别的进程数；0 表示每个处理器核心一个。",
    "page_timeout_seconds": "一页识别超过这么多秒就停下，重试三次后搁置。",
    "worker_memory_bytes": "一个处理进程最多用多少内存（地址空间），字节；超过就停下这一页，其余照常。",
    "ocr_engine": "运行识别模型的引擎。",
    "pdf_quality": "双层 PDF 的图像：archive 用扫描原图，compact 压缩得更小。",
    "split_spreads": "一张图上有左右两页时，是否拆成两页。",
    "watch_mode": "怎样发现收件箱里的新文件；共享文件夹用 polling。",
    "settle_seconds": "文件安静这么多秒后才收。",
    "max_pixels": "能收的最大图像，像素。",
    "max_pages": "一个文件最多收多少页。",
    "verify_days": "多少天内把原件库全部校验一遍（每天一份，夜里或空闲时）；0 表示不自动校验。",
}

SOURCES = {"default": "默认", "file": "设置文件", "environment": "环境变量"}

_log = logging.getLogger(__name__)

router = APIRouter(prefix="/admin", include_in_schema=False)


@dataclass(frozen=True)
class Check:
    """Something that is looked at: `state` is good, warn or bad; `advice` says what to do where it is not good."""

    name: str
    state: str
    finding: str
    advice: str = ""


@router.get("")
def overview(
    request: Request,
    site: TheSite,
    pages: Annotated[int, Query(ge=0)] = 0,
    files: Annotated[int, Query(ge=0)] = 0,
    pdfs: Annotated[int, Query(ge=0)] = 0,
    entries: Annotated[int, Query(ge=0)] = 0,
    retried: bool = False,
) -> Response:
    """How the machine is. Counts alone: nothing of any case."""
    with site.catalogue.reading() as session:
        status = status_of(session)
        unchained = audit_chain.count_unchained(session)
        oldest = oldest_work(session)
        pace = bytes_a_day(session)
        verified = last_verified(session)
        backed_up = last_backup(session)
        hooks = webhooks.all_webhooks(session)
        given_up = [webhook.name for webhook in hooks if webhook.dead]
    context = {
        "status": status,
        "checks": [
            _engine(site, status),
            _disk(site, pace),
            _queue(status, oldest),
            _failed(status),
            _questions(status),
            _webhooks(len(hooks), given_up),
            _audit(site, unchained),
            _verified(verified),
            _backed_up(backed_up),
        ],
        "failed": status.pages["parked"] + status.files["failed"] + status.dead_letters,
        "done": f"已重新排队：{pages} 页，{files} 个文件，{pdfs} 个 PDF，{entries} 条索引。" if retried else "",
        "queue": {WORK_WORDS.get(kind, kind): count for kind, count in status.queue.items()},
    }
    return site.pages.TemplateResponse(request, "admin_overview.html", context)


@router.post("/retry")
def retry(site: TheSite, viewer: TheViewer) -> Response:
    """Put what failed back in the queue."""
    with site.catalogue.writing() as session:
        done = retry_everything(session, viewer.name or viewer.id)
    counts = f"pages={done.pages}&files={done.files}&pdfs={done.pdfs}&entries={done.index_entries}"
    return RedirectResponse(f"/admin?retried=true&{counts}", 303)


@router.get("/departments")
def list_departments(request: Request, site: TheSite) -> Response:
    """The departments: how many cases each has, and who sees them."""
    with site.catalogue.reading() as session:
        found = departments(session)
    return site.pages.TemplateResponse(request, "admin_departments.html", {"departments": found})


@router.get("/settings")
def settings(request: Request, site: TheSite) -> Response:
    """The settings that matter, as the next start will read them."""
    now = load_settings(site.home.root)
    rows = [
        {
            "name": name,
            "value": _shown(getattr(now, name)),
            "default": _shown(Settings.model_fields[name].default),
            "source": SOURCES[source_of(now, name)],
            "help": text,
        }
        for name, text in SETTINGS.items()
    ]
    context = {"rows": rows, "file": site.home.root / "settings.toml"}
    return site.pages.TemplateResponse(request, "admin_settings.html", context)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value) if value != "" else "（空）"


def _engine(site: Site, status: Status) -> Check:
    name = status.engine or "（还没有）"
    try:
        entries = site.searcher.count_entries()
    except EngineUnreachable as error:
        return Check("搜索引擎", "bad", f"{name}：{error.chinese}", error.remedy_chinese)
    finding = (
        f"{name}，索引中有 {entries} 页，应有 {status.pages['searchable']} 页；"
        f"可搜索 {status.pages['searchable']}/{sum(status.pages.values())}"
    )
    if status.dead_letters:
        return Check("搜索引擎", "warn", f"{finding}；{status.dead_letters} 页被拒绝", "排除原因后点“全部重试”。")
    if entries != status.pages["searchable"] and not status.outbox and status.reindex is None:
        return Check("搜索引擎", "warn", finding, "数目对不上，请运行 edossier verify。")
    return Check("搜索引擎", "good", finding)


def _disk(site: Site, bytes_a_day: float) -> Check:
    usage = shutil.disk_usage(site.home.root)
    finding = f"还剩 {usage.free / 1024**3:.0f} GiB，共 {usage.total / 1024**3:.0f} GiB"
    # Pictures and PDFs are made of the originals, and take about as much again.
    days = usage.free / (2 * bytes_a_day) if bytes_a_day else None
    if days is not None:
        finding += f"；按最近七天的速度，约够 {days:.0f} 天" if days < MANY_DAYS else "；按最近七天的速度，够一年以上"
    if not room_of(site.home, site.settings.disk_floor_bytes).holds():
        return Check("磁盘", "bad", finding, "已暂停收件：请腾出空间，有空间后自动继续。已收的和收件箱里的都不会丢。")
    if usage.free < LEAST_FREE_BYTES:
        return Check("磁盘", "bad", finding, "请尽快腾出空间：磁盘满了就不再收文件。已收的不会丢。")
    if usage.free < usage.total * 0.1:
        return Check("磁盘", "warn", finding, "空间不到一成，请安排扩容。")
    if days is not None and days < FEW_DAYS:
        return Check("磁盘", "warn", finding, "一个月内会用完，请安排扩容。")
    return Check("磁盘", "good", finding)


def _queue(status: Status, oldest: Mapping[str, float]) -> Check:
    waiting = sum(status.queue.values())
    if not waiting and not status.outbox:
        return Check("队列", "good", "没有等待的工作")
    finding = f"{waiting} 项工作、{status.outbox} 页索引在等待"
    if READ in oldest:
        finding += f"；最早的一页等了 {duration(time.time() - oldest[READ]).removeprefix('约 ')}"
    if status.open_pages and not status.pages_a_minute:
        return Check("队列", "warn", f"{finding}，最近五分钟没有进展", "请看 edossier run 是否在运行。")
    return Check("队列", "good", f"{finding}，每分钟 {status.pages_a_minute:.0f} 页")


def _failed(status: Status) -> Check:
    parked, refused = status.pages["parked"], status.files["failed"]
    if not parked and not refused:
        return Check("没做成的", "good", "没有")
    return Check("没做成的", "warn", f"搁置 {parked} 页，没收成 {refused} 个文件", "排除原因后点“全部重试”。")


def _webhooks(count: int, given_up: Sequence[str]) -> Check:
    if given_up:
        return Check("变更推送", "warn", f"已停止：{'、'.join(given_up)}", "请到“变更推送”看原因，处理后点“立即重试”。")
    return Check("变更推送", "good", f"{count} 个地址" if count else "没有登记")


def _verified(verified: Verified | None) -> Check:
    if verified is None:
        return Check("校验", "warn", "还没有校验过", "请不时运行 edossier verify：核对不丢、不重、不改。")
    finding = f"{dt.datetime.fromtimestamp(verified.at):%Y-%m-%d %H:%M}，{verified.faults} 处问题"
    if verified.share:
        finding += f"（核对了原件库的 {verified.share}）"
    if verified.unchecked:
        finding += f"，{verified.unchecked} 处无法校验"
    if verified.faults:
        return Check("校验", "bad", finding, "请再运行 edossier verify 看是哪些，并从备份恢复。")
    if verified.unchecked:
        return Check("校验", "warn", finding, "请检查磁盘、权限和搜索引擎，再运行 edossier verify。")
    if time.time() - verified.at > OLD_SECONDS:
        return Check("校验", "warn", finding, "一个多月没有校验了，请运行 edossier verify。")
    return Check("校验", "good", finding)


def _backed_up(last: tuple[float, int] | None) -> Check:
    if last is None:
        return Check("备份", "warn", "还没有备份过", "请每天运行 edossier backup，备份到另一块磁盘。")
    at, missing = last
    finding = f"{dt.datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"
    if missing:
        return Check(
            "备份", "bad", f"{finding}，缺 {missing} 件", "请运行 edossier verify 看是哪些，并从以前的备份恢复。"
        )
    if time.time() - at > BACKUP_OLD_SECONDS:
        return Check("备份", "warn", finding, "一个多星期没有备份了，请运行 edossier backup。")
    return Check("备份", "good", finding)


def _questions(status: Status) -> Check:
    if not status.questions:
        return Check("需要处理", "good", "没有")
    return Check("需要处理", "warn", f"{status.questions} 项", "制作人在“进度”里能看到每一项和办法。")


def _audit(site: Site, unchained: int) -> Check:
    if unchained > audit_chain.MOST_BEHIND:
        return Check("审计记录", "warn", f"{unchained} 条还没有编入校验链", "请看 edossier run 是否在运行。")
    heads = AuditHeads(site.home, site.settings)
    try:
        late = heads.seconds_late()
    except OSError as error:
        _log.warning("audit heads: %s", error)
        return Check(
            "审计记录", "warn", "链头的文件夹打不开", "请检查设置 audit_head_folder 的文件夹，看日志里写了什么。"
        )
    if late > LATE_HEAD_SECONDS:
        finding = f"链头 {duration(late)}前就该导出了"
        return Check("审计记录", "warn", finding, "请看 edossier run 是否在运行、日志里写了什么。")
    return Check("审计记录", "good", "已编入校验链" if not unchained else "正在编入校验链")
