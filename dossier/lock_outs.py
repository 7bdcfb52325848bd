"""Lock-outs: wrong passwords by address and by user's name, kept so that a restart forgives nobody.

What is typed as a name may be a password in the wrong field. So names are kept where users bear them; all others are
counted together, under "".
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import SignInFailure, User

ADDRESS, NAME = "address", "name"
_MOST = 1000  # of each kind; whoever failed longest ago is forgotten first


def keep(
    session: Session, kind: str, whose: str, by_name: Mapping[str, int], locked_until: float, forgotten_seconds: float
) -> None:
    """Keep how often an address, or a name, has failed; nothing is kept of a name that no user bears.

    Args:
        session: the transaction.
        kind: `ADDRESS` or `NAME`.
        whose: the address or the name.
        by_name: how often, by the name that was tried; where nothing is left, it is struck out.
        locked_until: seconds since 1970.
        forgotten_seconds: after which failures count no more.
    """
    now = time.time()
    session.execute(
        delete(SignInFailure).where(
            SignInFailure.last_at < now - forgotten_seconds, SignInFailure.locked_until < now - forgotten_seconds
        )
    )
    users = set(session.scalars(select(User.name).where(User.name.in_({whose, *by_name}))))
    if kind == NAME and whose not in users:
        return
    counted: Counter[str] = Counter()
    for name, count in by_name.items():
        counted[name if name in users else ""] += count
    if not +counted:
        session.execute(delete(SignInFailure).where(SignInFailure.kind == kind, SignInFailure.whose == whose))
        return
    session.merge(
        SignInFailure(kind=kind, whose=whose, by_name=dict(+counted), last_at=now, locked_until=locked_until)
    )  # fmt: skip
    session.flush()
    latest = select(SignInFailure.whose).where(SignInFailure.kind == kind).order_by(SignInFailure.last_at.desc())
    session.execute(
        delete(SignInFailure)
        .where(SignInFailure.kind == kind, SignInFailure.whose.not_in(latest.limit(_MOST)))
        .execution_options(synchronize_session=False)
    )


def kept(session: Session) -> Sequence[SignInFailure]:
    """All that are kept, whoever failed longest ago first."""
    return session.scalars(select(SignInFailure).order_by(SignInFailure.last_at)).all()
