"""All errors that a user can meet, in one small tree.

    EdossierError
    ├── UsageError                exit 2: wrong usage or settings
    │   ├── SettingsError
    │   ├── NotFound
    │   ├── NumberClash           a number names two cases
    │   ├── NumberTaken           a number belongs to another case
    │   ├── NumberInsufficient    nothing but a document's number, or none
    │   ├── CaseOutOfReach        a case would be out of the sight of whoever opens it
    │   ├── CaseDeedRefused       cases that cannot be merged or split like this
    │   ├── KeyReused             an Idempotency-Key that came with another request
    │   ├── DeedRefused           what a person asked of a page, document or volume cannot be done
    │   │   ├── PagesUnsettled    a volume is handed in with open questions, and no word about them
    │   │   ├── TwoPersonsNeeded  whoever made a volume, or is nobody by name, would check it
    │   │   ├── PagesUnseen       a volume would be approved whose sample has not been seen
    │   │   ├── VolumeUnclaimed   a volume of no case would be handed in or approved
    │   │   └── VolumeChanged     a volume is no longer as its checker looked at it
    │   ├── OrderChanged          a new order of pages was made from an old one
    │   ├── TextChanged           somebody else has written there meanwhile
    │   ├── ReceiptChanged        somebody else has corrected the receipt meanwhile
    │   ├── BackupRefused         a folder that cannot be backed up to, or restored to
    │   ├── CatalogueNewer        a newer version of the program has written the catalogue
    │   ├── SecrecyRefused        top secret files, which must not come in
    │   └── RosterRefused         a spreadsheet of people that cannot be searched
    ├── FileRefused               exit 3: a file that could not become pages
    │   ├── EmptyFile
    │   ├── TruncatedFile
    │   ├── EncryptedFile
    │   ├── DamagedFile
    │   ├── UnknownFormat
    │   └── FileTooLarge
    ├── FileUnreadable            exit 3: a file named on the command line that cannot be opened
    ├── PageFailed                exit 3: a page that could not be read or assembled
    │   ├── PageUnreadable
    │   ├── PageTimeout
    │   ├── PageTooHeavy
    │   ├── WorkerDied
    │   ├── TextLayerMismatch
    │   └── IndexRefused
    ├── ReindexFailed             exit 3: a new index was not put in service
    ├── StoreError                exit 3: the vault or the catalogue does not hold what it should
    │   ├── CatalogueDamaged
    │   ├── ObjectMissing
    │   └── ObjectChanged
    └── ServiceUnreachable        exit 4: a service is not there, or another process has what is needed
        ├── EngineUnreachable
        │   ├── EngineBusy
        │   └── IndexDamaged
        ├── MachineFailed         disk full, too many open files, a broken installation
        ├── HomeBusy
        ├── UploadBusy            a part of an upload is on its way already
        └── ModelsMissing

Each class has a stable `code`, a sentence for the user in Chinese and in English, and what to do next. The sentence
becomes an exit code (cli/main.py), a problem document (search_api/problems.py) or a row on the attention list
(dossier/attention.py) in one place each.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class EdossierError(Exception):
    """An error with a stable code and a sentence for its user.

    Args:
        detail: what exactly is concerned (a file name, a setting, a number); shown behind the sentence.
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    chinese: ClassVar[str] = "程序出错。"
    english: ClassVar[str] = "Something went wrong in the program."
    remedy_chinese: ClassVar[str] = "请把日志交给管理员。"
    remedy_english: ClassVar[str] = "Give the log to the administrator."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.english.rstrip('.')}{detail}. {self.remedy_english}"

    @property
    def message(self) -> str:
        """The sentence in both languages, as it stands on the attention list and in JSON."""
        detail = f"（{self.detail}）" if self.detail else ""
        return f"{self.chinese.rstrip('。')}{detail}。{self.remedy_chinese} / {self}"


class UsageError(EdossierError):
    """The command or request does not make sense as it stands."""

    code = "usage"
    exit_code = 2
    chinese = "用法不对。"
    english = "Wrong usage."
    remedy_chinese = "请用 --help 查看用法。"
    remedy_english = "See --help."


class SettingsError(UsageError):
    """A setting has a value that cannot work."""

    code = "settings"
    chinese = "设置有误。"
    english = "A setting is wrong."
    remedy_chinese = "请按 config/settings.toml 的说明改正。"
    remedy_english = "Mend it as config/settings.toml describes."


class NotFound(UsageError):
    """What was asked for is not in the catalogue."""

    code = "not_found"
    chinese = "没有找到。"
    english = "Not found."
    remedy_chinese = "请核对编号。"
    remedy_english = "Check the number or id."


class NumberClash(UsageError):
    """A number names two cases; nothing is guessed."""

    code = "number_clash"
    chinese = "这个编号对应两个案件。"
    english = "This number names two cases."
    remedy_chinese = "请改用受案号。"
    remedy_english = "Use the acceptance number instead."

    def __init__(self, detail: str = "", case_ids: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.case_ids = tuple(case_ids)


class NumberTaken(UsageError):
    """A number belongs to another case, perhaps to one that the caller does not see."""

    code = "number_taken"
    chinese = "这个编号已属于另一个案件。"
    english = "This number belongs to another case."
    remedy_chinese = "请核对编号；确是同一案件的，请合并案件。"
    remedy_english = "Check the number; if both are one case, merge them."


class NumberInsufficient(UsageError):
    """A case cannot be opened without a number, or with the number of a document alone."""

    code = "number_insufficient"
    chinese = "只凭文号或没有编号，不能建立案件。"
    english = "A case cannot be opened without a number, or by a document's number alone."
    remedy_chinese = "请提供受案号。"
    remedy_english = "Give the acceptance number."


class CaseOutOfReach(UsageError):
    """Whoever opens a case would not see it."""

    code = "case_out_of_reach"
    chinese = "建立以后，您自己看不到这个案件。"
    english = "You would not see the case that you open."
    remedy_chinese = "请填写您能看到的部门。"
    remedy_english = "Name a department whose cases you see."


class CaseDeedRefused(UsageError):
    """Cases cannot be merged or split like this; the detail says why."""

    code = "case_deed_refused"
    chinese = "案件不能这样合并或拆分。"
    english = "Cases cannot be merged or split like this."
    remedy_chinese = "请按说明改正后再试。"
    remedy_english = "Mend what the detail says and try again."


class KeyReused(UsageError):
    """An Idempotency-Key came before, with another request or another file; nothing was done."""

    code = "idempotency_key_reused"
    chinese = "这个 Idempotency-Key 已用于另一个请求。"
    english = "This Idempotency-Key has been used for another request."
    remedy_chinese = "请为每个新请求换一个新的值。"
    remedy_english = "Use a new value for each new request."


class DeedRefused(UsageError):
    """What a person asked to do to a page, document or volume cannot be done as it stands."""

    code = "deed_refused"
    chinese = "这一步不能这样做。"
    english = "This cannot be done as it stands."
    remedy_chinese = "请按说明改正后再试。"
    remedy_english = "Mend what the detail says and try again."


class PagesUnsettled(DeedRefused):
    """A volume is handed in although something of it is not settled, and its maker does not say why."""

    code = "pages_unsettled"
    chinese = "这一卷还有没处理完的。"
    english = "Something of this volume is not settled yet."
    remedy_chinese = "请处理完再送审，或写明原因。"
    remedy_english = "Settle it first, or say why it is handed in as it is."


class TwoPersonsNeeded(DeedRefused):
    """Whoever made a volume would check it; or somebody without a name, who may be the maker."""

    code = "two_persons_needed"
    chinese = "制作和审核须是两个人。"
    english = "A volume is made and checked by two persons."
    remedy_chinese = "请由没有动过这一卷的审核人用自己的用户名审核。"
    remedy_english = "Let a checker who has not worked on it check it under a name of their own."


class PagesUnseen(DeedRefused):
    """A volume would be approved although pages of the sample have not been seen."""

    code = "pages_unseen"
    chinese = "抽查的页还没有看完。"
    english = "Pages of the sample have not been seen yet."
    remedy_chinese = "请在快速翻阅里看完抽查的页。"
    remedy_english = "Look at the pages of the sample in the flip-through first."


class VolumeUnclaimed(DeedRefused):
    """A volume would be handed in or approved that is of no case yet (待认领)."""

    code = "volume_unclaimed"
    chinese = "这一卷还没有归入案件（待认领）。"
    english = "This volume is not of any case yet (unclaimed)."
    remedy_chinese = "请先在这一卷的页面上认领：写明案件编号，点“归入”，再送审。"
    remedy_english = "Claim it first on the volume's own page: give the case's number, then hand it in."


class VolumeChanged(DeedRefused):
    """A volume is no longer as its checker looked at it."""

    code = "volume_changed"
    chinese = "这一卷刚刚变过。"
    english = "This volume has changed meanwhile."
    remedy_chinese = "请刷新，看过变化再审核。"
    remedy_english = "Load it again, look at what has changed, and decide then."


class OrderChanged(UsageError):
    """A new order of a volume's pages was made from one that no longer stands."""

    code = "order_changed"
    chinese = "这一卷的页序刚刚变过。"
    english = "The order of this volume's pages has changed meanwhile."
    remedy_chinese = "请刷新后重新调整。"
    remedy_english = "Load it again and arrange it anew."


class TextChanged(UsageError):
    """What somebody wants to write anew, another person has written meanwhile; nothing was written over.

    Args:
        current: what stands there now, as the API shows it.
    """

    code = "text_changed"
    chinese = "这里刚刚有人写过。"
    english = "Somebody has written here meanwhile."
    remedy_chinese = "请看过现在的文字后再改。"
    remedy_english = "Look at the text as it is now, and change that."

    def __init__(self, detail: str = "", current: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.current = dict(current or {})


class CursorUnknown(UsageError):
    """A place in the feed of changes that this catalogue does not have, as after a restore from a backup."""

    code = "cursor_unknown"
    chinese = "变更游标已失效。"
    english = "This place in the feed of changes is not known."
    remedy_chinese = "请不带 after 从头读取。"
    remedy_english = "Read the feed from its beginning, without after."


class ReceiptChanged(UsageError):
    """A receipt was corrected from a state that it no longer has."""

    code = "receipt_changed"
    chinese = "这份登记在此期间已有改动。"
    english = "The receipt has been corrected meanwhile."
    remedy_chinese = "请重新打开，看过新的内容再改。"
    remedy_english = "Open it again, and look at what it says now."


class BackupRefused(UsageError):
    """A folder cannot be backed up to, or restored from or to; nothing was done."""

    code = "backup_refused"
    chinese = "不能备份到这个文件夹，或不能这样恢复。"
    english = "This folder cannot be backed up to, or restored from or to."
    remedy_chinese = "请按说明换一个文件夹。"
    remedy_english = "Name another folder, as the detail says."


class CatalogueNewer(UsageError):
    """The catalogue has a version that this program does not know; nothing was done."""

    code = "catalogue_newer"
    chinese = "目录库是更新版本的程序写的。"
    english = "The catalogue was written by a newer version of the program."
    remedy_chinese = "请使用新版程序，或从备份恢复。"
    remedy_english = "Use that version, or restore from a backup."


class SecrecyRefused(UsageError):
    """Top secret files must not be entered here at all."""

    code = "secrecy_refused"
    chinese = "绝密案卷不能录入本系统。"
    english = "Top secret files must not be entered in this system."
    remedy_chinese = "请按保密规定另行办理，不要扫描。"
    remedy_english = "Follow the rules for state secrets, and do not scan them."


class RosterRefused(UsageError):
    """A spreadsheet of people cannot be read, or is not one; the detail names row and column."""

    code = "roster_refused"
    chinese = "人员名册无法使用。"
    english = "The roster cannot be used."
    remedy_chinese = "请改正表格后再试。"
    remedy_english = "Mend the spreadsheet and try again."


class FileRefused(EdossierError):
    """A file is kept, but cannot become pages."""

    code = "file_refused"
    exit_code = 3
    chinese = "文件无法处理。"
    english = "The file cannot be processed."
    remedy_chinese = "原件已保存，请检查后重新扫描或上传。"
    remedy_english = "The original is kept; check it, then scan or upload it again."


class EmptyFile(FileRefused):
    """The file has no bytes, or a container without a page."""

    code = "empty"
    chinese = "文件是空的。"
    english = "The file is empty."


class TruncatedFile(FileRefused):
    """The file ends before its content does."""

    code = "truncated"
    chinese = "文件不完整，后半部分缺失。"
    english = "The file is cut off before its end."


class EncryptedFile(FileRefused):
    """The file asks for a password."""

    code = "encrypted"
    chinese = "文件有密码保护。"
    english = "The file is protected by a password."
    remedy_chinese = "原件已保存，请提供无密码的文件。"
    remedy_english = "The original is kept; provide the file without a password."


class DamagedFile(FileRefused):
    """The file is of a known format, but its content is broken."""

    code = "damaged"
    chinese = "文件已损坏。"
    english = "The file is damaged."


class UnknownFormat(FileRefused):
    """The content is of no format that could be pages or a known attachment."""

    code = "unknown_format"
    chinese = "无法识别的文件格式。"
    english = "The file format is not known."
    remedy_chinese = "原件已保存，请转换为 PDF、TIFF 或 JPEG。"
    remedy_english = "The original is kept; convert it to PDF, TIFF or JPEG."


class FileTooLarge(FileRefused):
    """The file asks for more pixels or pages than the settings allow."""

    code = "too_large"
    chinese = "文件超过允许的大小。"
    english = "The file exceeds a limit."
    remedy_chinese = "原件已保存，请降低分辨率、拆分文件，或提高设置中的上限。"
    remedy_english = "The original is kept; lower the resolution, divide it, or raise the limit in the settings."


class FileUnreadable(EdossierError):
    """The file named on the command line cannot be opened; it was not taken in."""

    code = "unreadable"
    exit_code = 3
    chinese = "文件无法打开，没有收入。"
    english = "The file cannot be opened and was not taken in."
    remedy_chinese = "请检查文件权限和存储设备。"
    remedy_english = "Check its permissions and the disk it is on."


class PageFailed(EdossierError):
    """A page could not be read or assembled; the rest goes on."""

    code = "page_failed"
    exit_code = 3
    chinese = "页面处理失败。"
    english = "The page could not be processed."
    remedy_chinese = "请运行 edossier retry 重试，或重新扫描该页。"
    remedy_english = "Run edossier retry, or scan the page again."


class PageUnreadable(PageFailed):
    """The page's picture could not be decoded."""

    code = "page_unreadable"
    chinese = "页面图像无法解码。"
    english = "The page's picture cannot be decoded."


class PageTimeout(PageFailed):
    """The page took longer than the limit and its process was ended."""

    code = "page_timeout"
    chinese = "页面处理超时，已终止。"
    english = "The page took too long and was stopped."


class PageTooHeavy(PageFailed):
    """The page took more memory than a worker process may have."""

    code = "page_too_heavy"
    chinese = "页面所需内存超过上限，已终止。"
    english = "The page took more memory than allowed and was stopped."
    remedy_chinese = "请降低扫描分辨率后重新扫描该页，或提高设置 worker_memory_bytes。"
    remedy_english = "Scan it again at a lower resolution, or raise the setting worker_memory_bytes."


class WorkerDied(PageFailed):
    """The process that worked on the page ended without an answer."""

    code = "worker_died"
    chinese = "处理进程意外退出。"
    english = "The process that worked on it died."


class TextLayerMismatch(PageFailed):
    """The text that came out of the written PDF is not the text that went in."""

    code = "text_layer_mismatch"
    chinese = "PDF 文字层与识别结果不一致。"
    english = "The PDF's text layer differs from what was read."


class IndexRefused(PageFailed):
    """The search engine refused the page's entry again and again."""

    code = "index_refused"
    chinese = "索引拒绝此页。"
    english = "The search engine refuses the page."
    remedy_chinese = "请运行 edossier retry 重试。"
    remedy_english = "Run edossier retry."


class ReindexFailed(EdossierError):
    """A new index did not hold or answer what it should; the one in service has stayed."""

    code = "reindex_failed"
    exit_code = 3
    chinese = "新索引没有启用，原索引照常使用。"
    english = "The new index was not put in service; the old one stays."
    remedy_chinese = "请按原因处理后重新运行 edossier reindex。"
    remedy_english = "Mend the cause and run edossier reindex again."


class StoreError(EdossierError):
    """Vault or catalogue do not hold what they should."""

    code = "store"
    exit_code = 3
    chinese = "存储校验失败。"
    english = "The store failed a check."
    remedy_chinese = "请运行 edossier verify，并从备份恢复。"
    remedy_english = "Run edossier verify and restore from a backup."


class CatalogueDamaged(StoreError):
    """SQLite finds the catalogue's file damaged."""

    code = "catalogue_damaged"
    chinese = "目录库文件已损坏。"
    english = "The catalogue's file is damaged."
    remedy_chinese = "请停止程序，保留原文件，从备份恢复。"
    remedy_english = "Stop the program, keep the file, and restore from a backup."


class ObjectMissing(StoreError):
    """A file that the catalogue names is not in the vault."""

    code = "object_missing"
    chinese = "库中缺少文件。"
    english = "A file is missing from the vault."


class ObjectChanged(StoreError):
    """A file in the vault no longer has the content it was stored under."""

    code = "object_changed"
    chinese = "库中文件内容已变。"
    english = "A file in the vault has changed."


class ServiceUnreachable(EdossierError):
    """Something that the command needs does not answer."""

    code = "unreachable"
    exit_code = 4
    chinese = "服务无法连接。"
    english = "A service is not reachable."
    remedy_chinese = "请运行 edossier doctor 查看原因。"
    remedy_english = "Run edossier doctor to see why."


class UploadBusy(ServiceUnreachable):
    """Somebody is sending a part of this upload already, or a line has died and is not given up yet."""

    code = "upload_busy"
    chinese = "这份上传正在进行。"
    english = "A part of this upload is on its way already."
    remedy_chinese = "请稍候再续传。"
    remedy_english = "Wait a moment and go on."


class EngineUnreachable(ServiceUnreachable):
    """The search engine does not answer."""

    code = "engine_unreachable"
    chinese = "搜索引擎无法连接。"
    english = "The search engine is not reachable."
    remedy_chinese = "请检查 search_engine 和 elasticsearch_* 设置。"
    remedy_english = "Check the settings search_engine and elasticsearch_*."


class EngineBusy(EngineUnreachable):
    """The search engine has no room for a request at the moment, or did not answer it in time."""

    code = "engine_busy"
    chinese = "搜索引擎繁忙。"
    english = "The search engine is busy."
    remedy_chinese = "不用处理：程序会放慢速度，自动再试；长期如此请给服务器增加资源。"
    remedy_english = "Nothing to do: it is asked again, more slowly; if this lasts, give the server more resources."


class IndexDamaged(EngineUnreachable):
    """The files of the index are damaged; they are thrown away and filled anew from the catalogue."""

    code = "index_damaged"
    chinese = "索引文件已损坏。"
    english = "The index is damaged."
    remedy_chinese = "保持 edossier run 运行，索引会自动重建。"
    remedy_english = "Keep edossier run running: it is filled anew by itself."


class MachineFailed(ServiceUnreachable):
    """The machine cannot do its part at the moment; no page or file is at fault."""

    code = "machine"
    chinese = "机器环境有问题，处理已暂停。"
    english = "Something is wrong with this machine; work has paused."
    remedy_chinese = "请检查磁盘空间和安装，然后会自动继续。"
    remedy_english = "Check disk space and installation; work goes on by itself."


class HomeBusy(ServiceUnreachable):
    """Another process of this home does this part already."""

    code = "home_busy"
    chinese = "另一个 edossier 进程正在做这件事。"
    english = "Another edossier process does this already."
    remedy_chinese = "请先停止它，或直接使用它。"
    remedy_english = "Stop it first, or use that one."


class ModelsMissing(ServiceUnreachable):
    """The OCR models are not installed, or are not the ones expected."""

    code = "models_missing"
    chinese = "缺少 OCR 模型或校验不符。"
    english = "The OCR models are missing or not the expected ones."
    remedy_chinese = "请运行 make setup。"
    remedy_english = "Run make setup."


# Numbers with which the system says that the machine, not the file, is at fault.
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EROFS}


def is_machine_fault(error: OSError) -> bool:
    """Whether a system error would meet any other file just as well: a full disk, too many open files."""
    return error.errno in _MACHINE


def every_error() -> dict[str, type[EdossierError]]:
    """All error classes by their code, so that a code stored in the catalogue finds its sentence again."""
    found: dict[str, type[EdossierError]] = {}
    waiting: list[type[EdossierError]] = [EdossierError]
    while waiting:
        error = waiting.pop()
        found[error.code] = error
        waiting.extend(error.__subclasses__())
    return found


def error_of(code: str, detail: str = "") -> EdossierError:
    """The error that a stored code and detail stand for; an unknown code becomes the base error."""
    return every_error().get(code, EdossierError)(detail)
