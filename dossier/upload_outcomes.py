"""What has become of uploads: the file's digest in the vault, and whether the same file was there before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Arrival, Upload, Volume
from dossier.permissions import Extent
from dossier.viewers import Viewer

_MOST_ELSEWHERE = 3


@dataclass(frozen=True)
class Outcome:
    """An upload that has become a file.

    Attributes:
        upload_id: whose outcome this is.
        file_id: the file's.
        sha256: of its bytes in the vault, in hexadecimal.
        volume, volume_id: where it stands.
        came_before: the same bytes stood at the same place before the upload began; nothing was added.
        elsewhere: where else the same bytes stand within the viewer's sight, as volume/path; the earliest, three.
    """

    upload_id: str
    file_id: str
    sha256: str
    volume: str
    volume_id: str
    came_before: bool
    elsewhere: tuple[str, ...]


def outcomes(session: Session, viewer: Viewer, upload_ids: Collection[str]) -> list[Outcome]:
    """What has become of a viewer's own uploads; those that are not whole, or of a case out of sight, are left out."""
    sight = Extent(viewer)
    rows = session.execute(
        select(Upload, Arrival, Volume)
        .join(Arrival, Arrival.id == Upload.arrival_id)
        .join(Volume, Volume.id == Arrival.volume_id)
        .where(Upload.id.in_(upload_ids), Upload.viewer_id == viewer.id, sight.holds(Arrival.case_id))
    ).all()
    same: dict[str, list[tuple[str, str]]] = {}
    for arrival_id, sha256, volume, path in session.execute(
        select(Arrival.id, Arrival.sha256, Volume.name, Arrival.path)
        .join(Volume, Volume.id == Arrival.volume_id)
        .where(
            Arrival.sha256.in_({arrival.sha256 for _, arrival, _ in rows}),
            Arrival.split_from.is_(None),  # what was split off came in one file
            sight.holds(Arrival.case_id),
        )
        .order_by(Arrival.received_at, Arrival.id)
    ):
        same.setdefault(sha256, []).append((arrival_id, f"{volume}/{path}"))
    return [
        Outcome(
            upload.id, arrival.id, arrival.sha256, volume.name, volume.id,
            came_before=arrival.received_at < upload.created_at,
            elsewhere=tuple(
                place for other_id, place in same[arrival.sha256] if other_id != arrival.id
            )[:_MOST_ELSEWHERE],
        )
        for upload, arrival, volume in rows
    ]  # fmt: skip
