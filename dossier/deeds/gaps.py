"""What a person says of a gap: the paper itself jumps there, or the scanner's counter did. Asked no more then."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import KnownFileGaps, ReceiptVolume
from dossier.deeds.deed import Done, Step, document_of, settle, volume_of
from dossier.errors import DeedRefused
from dossier.file_gaps import flag_file_gaps, known_names
from dossier.receipts.known_gaps import MOST_RANGES, parse_gaps, written


def know_gap(session: Session, volume_id: str, gap: str, is_known: bool, actor: str) -> Done:
    """Say that a volume's paper lacks these numbers itself, or that it does not.

    The receipts that announced the volume say so, too: whoever corrects one later must not unsay it unseen.

    Raises:
        DeedRefused: it is no number and no range.
    """
    volume = volume_of(session, volume_id)
    told = parse_gaps(gap)
    if not told:
        raise DeedRefused("请写明缺哪个号")
    known = _changed(volume.known_gaps, told, is_known)
    if known == list(volume.known_gaps):
        return Done(f"页码 {written(told)} {'已是已知缺页' if is_known else '不在已知缺页里'}。", volume_id)
    if len(known) > MOST_RANGES:
        raise DeedRefused(f"缺页最多写 {MOST_RANGES} 处 / at most {MOST_RANGES} gaps")
    volume.known_gaps = known
    for row in session.scalars(select(ReceiptVolume).where(ReceiptVolume.volume_id == volume_id)):
        row.known_gaps = _changed(row.known_gaps, told, is_known)
    audit.record(session, "know_gap", "volume", volume_id, actor, gaps=told, known=is_known)
    settle(session, volume_id)
    undo = Step("volume", volume_id, "known-gap", {"gap": written(told), "known": not is_known})
    sentence = "已记为纸上本来就缺，不再问。" if is_known else "重新列为缺页。"
    return Done(f"页码 {written(told)} {sentence}", volume_id, (undo,))


def know_file_gap(session: Session, document_id: str, names: Sequence[str], is_known: bool, actor: str) -> Done:
    """Say that no page is missing where names are missing among a document's files, or that one is."""
    document = document_of(session, document_id)
    before = known_names(session, document_id)
    known = _changed(before, [name.strip() for name in names if name.strip()], is_known)
    if known == before:
        return Done("已经记下。", document.volume_id)
    if len(known) > MOST_RANGES:
        raise DeedRefused(f"最多写 {MOST_RANGES} 处 / at most {MOST_RANGES} gaps")
    row = session.get(KnownFileGaps, document_id)
    if row is None:
        row = KnownFileGaps(document_id=document_id, names=known)
        session.add(row)
    row.names = known
    audit.record(session, "know_gap", "document", document_id, actor, names=list(names), known=is_known)
    session.flush()
    flag_file_gaps(session, document)
    settle(session, document.volume_id)
    undo = Step("document", document_id, "known-file-gap", {"names": list(names), "known": not is_known})
    return Done("已记为没有缺页，不再问。" if is_known else "重新列为缺页。", document.volume_id, (undo,))


def _changed(before: Sequence[str], told: Sequence[str], is_known: bool) -> list[str]:
    if is_known:
        return list(dict.fromkeys([*before, *told]))
    return [gap for gap in before if gap not in told]
