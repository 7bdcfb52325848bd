"""Verifications: what came of each, told to whoever must know, and when it is time for the next share."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from dossier import audit, flags
from dossier.catalogue.tables import AuditRow, FixityFault, Original, ReadingRow, TranscriptionVersion, Work
from dossier.fixity import EVERYTHING, Fault
from dossier.objects import KINDS, row_of

UNCHECKED = "unchecked"
_ON_THE_MACHINE = ("machine", "vault")
_WORDS = {
    "missing": "缺少",
    "changed": "改动",
    "unknown": "来历不明",
    "inconsistent": "前后不一",
    UNCHECKED: "无法校验",
}

_DAY_SECONDS = 86400.0
# Not twice in a night, and not put off for ever where it is never quiet.
_LEAST_BETWEEN_SECONDS, _MOST_BETWEEN_SECONDS = 20 * 3600.0, 48 * 3600.0
_NIGHT = range(0, 5)


@dataclass(frozen=True)
class Verified:
    """A verification: when, in seconds since 1970; how many faults it found, and how much it could not look at; and
    the share of the vault that it compared."""

    at: float
    faults: int
    unchecked: int = 0
    share: str = ""


def record(session: Session, faults: Sequence[Fault], pages: int, share: Fraction, actor: str) -> None:
    """Write down what came of a verification, and raise or close the flags that say so."""
    counts = Counter(fault.kind for fault in faults)
    unchecked = counts[UNCHECKED]
    told = {"share": str(share)} if share != EVERYTHING else {}
    audit.record(
        session, "verify", "home", "", actor, faults=len(faults) - unchecked, unchecked=unchecked, pages=pages, **told
    )
    _flag(session, "fixity", {kind: count for kind, count in counts.items() if kind != UNCHECKED})
    _flag(session, "fixity_unchecked", {UNCHECKED: unchecked} if unchecked else {})


def _flag(session: Session, code: str, counts: dict[str, int]) -> None:
    if counts:
        reason = "，".join(f"{_WORDS[kind]} {count}" for kind, count in sorted(counts.items()))
        flags.raise_flag(session, *_ON_THE_MACHINE, None, code, reason=reason, path="原件库")
    else:
        flags.close_flag(session, *_ON_THE_MACHINE, code)


def last_verified(session: Session) -> Verified | None:
    """The last verification; None where there has been none."""
    row = session.scalars(
        select(AuditRow).where(AuditRow.deed == "verify").order_by(AuditRow.at.desc()).limit(1)
    ).first()
    if row is None:
        return None
    said = row.details
    return Verified(row.at, int(said.get("faults", 0)), int(said.get(UNCHECKED, 0)), str(said.get("share", "")))


def faults_by_kind(session: Session) -> dict[str, int]:
    """What is known to be wrong in the vault, counted."""
    counted = select(FixityFault.kind, func.count()).group_by(FixityFault.kind)
    return {kind: int(count) for kind, count in session.execute(counted)}


def is_due(session: Session, now: dt.datetime) -> bool:
    """Whether it is time for the next share: once a day, by night or while nothing else is to be done.

    A house in which all is younger than a day has nothing that could have gone bad unnoticed.

    Args:
        session: looks into the catalogue.
        now: with the zone by which it is night here.
    """
    last, moment = last_verified(session), now.timestamp()
    since = moment - last.at if last is not None else _MOST_BETWEEN_SECONDS
    # A clock that was set back must not end it for good.
    if 0 <= since < _LEAST_BETWEEN_SECONDS:
        return False
    if not any(_holds_older(session, kind, moment - _DAY_SECONDS) for kind in KINDS):
        return False
    is_late = last is not None and not 0 <= since < _MOST_BETWEEN_SECONDS
    return is_late or now.hour in _NIGHT or not _is_working(session)


def _holds_older(session: Session, kind: str, moment: float) -> bool:
    stored_at = {
        "original": Original.stored_at,
        "reading": ReadingRow.made_at,
        "transcription": TranscriptionVersion.at,
    }
    waits_since = func.coalesce(row_of(kind).checked_at, stored_at[kind])
    return bool(session.scalar(select(exists().where(waits_since < moment))))


def _is_working(session: Session) -> bool:
    return bool(session.scalar(select(exists().where(Work.state.in_(("waiting", "leased"))))))
