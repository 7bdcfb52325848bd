"""Splitting a case 分案: chosen volumes go to a case of their own, which is opened where its numbers are new."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit, permissions
from dossier.case_deeds import case_meant, change_case, open_case
from dossier.case_metadata import CaseMetadata
from dossier.catalogue.tables import Case, Delivery, Membership, Volume
from dossier.errors import CaseDeedRefused
from dossier.viewers import Viewer
from dossier.volume_moves import move_volumes


def split(
    session: Session, viewer: Viewer, case: Case, volume_ids: Collection[str], metadata: CaseMetadata, actor: str
) -> tuple[Case, bool]:
    """Move volumes of a case to the case with these numbers.

    A new case is sealed as this one is, for the same members, and has its department and handler, unless others are
    given. Volumes that are there already stay.

    Returns:
        The case in which the volumes are now, and whether it is new.

    Raises:
        CaseDeedRefused: the numbers are this case's; a volume is neither here nor there; or the seal would be lost.
        NumberClash, NumberTaken, NumberInsufficient, CaseOutOfReach: as for putting a case.
    """
    target = case_meant(session, viewer, metadata.numbers)
    if target is not None and target.id == case.id:
        raise CaseDeedRefused("编号属于要拆分的案件本身 / the number is that of the case to be split")
    volumes = _chosen(session, case, target, volume_ids)
    if target is not None and case.sealed and not target.sealed:
        raise CaseDeedRefused("要拆分的案件已封存，另一案件没有封存 / the case to be split is sealed, the other is not")
    is_new = target is None
    if target is None:
        target = open_case(
            session, viewer, _inherited(case, metadata), actor, lambda new: _seal_alike(session, case, new)
        )
    else:
        change_case(session, target, metadata, actor)
    if volumes:
        _move_deliveries(session, volumes, target)
        move_volumes(session, volumes, case, target)
        for each in (case, target):
            each.version += 1
            each.updated_at = time.time()
        audit.record(
            session, "split", "case", case.id, actor, into=target.id, volumes=[volume.id for volume in volumes]
        )  # fmt: skip
    session.flush()
    return target, is_new


def _chosen(session: Session, case: Case, target: Case | None, volume_ids: Collection[str]) -> Sequence[Volume]:
    """The chosen volumes that are to be moved, in order; without those that are there already."""
    rows = {volume.id: volume for volume in session.scalars(select(Volume).where(Volume.id.in_(volume_ids)))}
    here = [each for each in rows.values() if each.case_id == case.id]
    there = [each for each in rows.values() if target is not None and each.case_id == target.id]
    unknown = sorted(set(volume_ids) - {each.id for each in (*here, *there)})
    if unknown:
        raise CaseDeedRefused(f"不是本案的卷 / no volume of this case: {', '.join(unknown)}")
    names = {each.name for each in here}
    for volume in session.scalars(select(Volume).where(Volume.case_id == case.id, Volume.name.in_(names))):
        if volume.id not in rows:
            raise CaseDeedRefused(f"同一卷的各个版本要一起拆分 / versions of a volume go together: {volume.id}")
    return sorted(here, key=lambda each: (each.order_key, each.version))


def _inherited(case: Case, metadata: CaseMetadata) -> CaseMetadata:
    given = {
        "department": metadata.department if metadata.department is not None else case.department,
        "handler": metadata.handler if metadata.handler is not None else case.handler,
        "charge": metadata.charge if metadata.charge is not None else case.charge,
    }
    return metadata.model_copy(update=given)


def _seal_alike(session: Session, case: Case, new: Case) -> None:
    new.sealed = case.sealed
    session.add_all(
        Membership(case_id=new.id, viewer_id=member.viewer_id, admitted=member.admitted, ends_at=member.ends_at)
        for member in permissions.members_of(session, case)
    )


def _move_deliveries(session: Session, volumes: Sequence[Volume], target: Case) -> None:
    """Let the volumes belong to deliveries of the new case, which came as those of the old one."""
    for volume in volumes:
        if volume.delivery_id is None:
            continue
        came = session.get_one(Delivery, volume.delivery_id)
        alike = session.scalars(
            select(Delivery).where(
                Delivery.case_id == target.id, Delivery.kind == came.kind, Delivery.number == came.number
            )
        ).first()
        if alike is None:
            alike = Delivery(
                case_id=target.id, kind=came.kind, number=came.number, arrived_on=came.arrived_on, details=came.details
            )
            session.add(alike)
            session.flush()
        volume.delivery_id = alike.id
