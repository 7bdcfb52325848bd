"""Troubles: what keeps a part of the program from its work at the moment, while the site itself answers."""

from __future__ import annotations

from sqlalchemy import select

from dossier import room
from dossier.catalogue.tables import Flag
from indexer import upkeep
from search_api.site import Site


def troubles_of(site: Site) -> dict[str, bool]:
    """Whether each of the troubles stands, by the code of its flag; the disk is looked at, the others said by flags."""
    codes = (room.FLAG[2], upkeep.AWAY_FLAG[2])
    with site.catalogue.reading() as session:
        standing = set(
            session.scalars(
                select(Flag.code).where(Flag.subject_kind == "machine", Flag.code.in_(codes), Flag.closed_at.is_(None))
            )
        )
    if not room.room_of(site.home, site.settings.disk_floor_bytes).holds():
        standing.add(room.FLAG[2])
    return {code: code in standing for code in codes}
