"""Returns 还卷: the paper of a volume is bound again and given back."""

from __future__ import annotations

import datetime as dt
import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit
from dossier.catalogue.tables import VolumeReturn
from dossier.deeds.deed import Done, Step, volume_of
from dossier.errors import DeedRefused

LONGEST = 200


def return_of(session: Session, volume_id: str) -> VolumeReturn | None:
    """How a volume's paper was given back; None as long as it has not been."""
    return session.scalars(
        select(VolumeReturn)
        .where(VolumeReturn.volume_id == volume_id, VolumeReturn.undone_at.is_(None))
        .order_by(VolumeReturn.id.desc())
        .limit(1)
    ).first()


def give_back(
    session: Session,
    volume_id: str,
    actor: str,
    *,
    given_to: str,
    given_on: str = "",
    given_by: str = "",
    bound_by: str = "",
    remarks: str = "",
) -> Done:
    """Record that a volume's paper was given back; done again with the same words it changes nothing.

    Args:
        session: the transaction.
        volume_id: which volume.
        actor: who records it.
        given_to: who has taken it.
        given_on: the day, as an ISO date; "": today.
        given_by: who has given it; "": who records it.
        bound_by: who has bound it again.
        remarks: what else there is to say.

    Raises:
        DeedRefused: nobody is named, the day is none or still to come, or it was given back already.
    """
    volume = volume_of(session, volume_id)
    known = return_of(session, volume_id)
    # Repeated on another day, what names no day means the same.
    taker, day = _plain(given_to), given_on or (known.given_on if known is not None else dt.date.today().isoformat())
    if not taker:
        raise DeedRefused("请写明交给了谁")
    try:
        if dt.date.fromisoformat(day) > dt.date.today():
            raise DeedRefused("还卷日期在今天以后")
    except ValueError:
        raise DeedRefused(f"还卷日期“{day[:20]}”不是 2031-03-05 这样的写法") from None
    told = (_plain(bound_by), _plain(given_by) or actor, taker, day, _plain(remarks))
    if known is not None:
        if (known.bound_by, known.given_by, known.given_to, known.given_on, known.remarks) == told:
            return Done(f"{volume.name}已经登记还卷。", volume_id)
        raise DeedRefused("这一卷已经登记还卷，有误请先撤销")
    session.add(
        VolumeReturn(
            volume_id=volume_id, bound_by=told[0], given_by=told[1], given_to=taker, given_on=day, remarks=told[4],
            recorded_by=actor,
        )
    )  # fmt: skip
    audit.record(session, "give_back", "volume", volume_id, actor, given_to=taker, given_on=day)
    return Done(f"{volume.name}已还给{taker}。", volume_id, (_undo(volume_id),))


def undo_return(session: Session, volume_id: str, reason: str, actor: str) -> Done:
    """Say that the paper has not been given back after all.

    Raises:
        DeedRefused: there is no reason, or it had not been given back.
    """
    volume = volume_of(session, volume_id)
    plain = _plain(reason)
    known = return_of(session, volume_id)
    if known is None:
        raise DeedRefused("这一卷还没有登记还卷")
    if not plain:
        raise DeedRefused("请写明撤销的原因")
    known.undone_at, known.undone_by, known.undone_reason = time.time(), actor, plain
    audit.record(session, "undo_return", "volume", volume_id, actor, reason=plain)
    return Done(f"{volume.name}的还卷登记已撤销。", volume_id)


def _undo(volume_id: str) -> Step:
    return Step("volume", volume_id, "undo-return", {"reason": "登记有误"})


def _plain(words: str) -> str:
    return " ".join(words.split())[:LONGEST]
