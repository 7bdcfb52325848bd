"""What becomes of an approval when its volume changes: the volume is being made again, and everybody sees why.

Called where every change of a volume comes through: a file that arrives or is opened, labels that are settled anew, a
page that is turned, and one that has been read, whose labels are settled only once its document is.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from dossier import audit, changes, flags
from dossier.catalogue.tables import Volume, VolumeCheck
from dossier.quality.contents import contents_of, differences

REOPENED = "check_reopened"
ACTOR = "quality"


def follow(session: Session, volume_id: str) -> None:
    """Take a volume back to making where it is no longer what was approved; costs one look where it is not approved."""
    check = session.get(VolumeCheck, volume_id)
    if check is None or check.state != "approved":
        return
    changed = differences(check.contents, contents_of(session, volume_id))
    if not changed:
        return
    check.state, check.reason = "making", "审核通过后" + "、".join(changed)
    audit.record(session, "reopen", "volume", volume_id, ACTOR, reason=check.reason, checker=check.checker)
    case_id = session.get_one(Volume, volume_id).case_id
    flags.raise_flag(session, "volume", volume_id, case_id, REOPENED, reason="、".join(changed))
    # Whoever was told of the approval is told that it no longer holds, before anything made of the volume as it is now.
    changes.record(session, changes.REOPENED, volume_id=volume_id)
