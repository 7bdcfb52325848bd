"""Two pictures of one side, as scanners make them at once (colour and black and white): known by their names.

Canon's CapturePerfect writes `Pri` and `Sec` into the names; so do others, with - or _ before. A name only suggests
that two pages are one side: which of them counts, a person says.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dossier import flags
from dossier.catalogue.tables import Arrival, Page, Volume

SIDE_PAIRS = "side_pairs"

# A word by itself or behind the side of the sheet (docs0001Fron_Pri, FronPri), never within one (primary, section).
_MARK = re.compile(r"(?:(?<![a-z])|(?<=fron)|(?<=front)|(?<=back))(pri|sec)(?![a-z])")


@dataclass(frozen=True)
class SidePair:
    """Two pages whose names call them the first and the second picture of one side."""

    primary: Page
    secondary: Page

    @property
    def is_open(self) -> bool:
        """Whether both count, and nobody has said that they should."""
        both = (self.primary, self.secondary)
        return all(page.outside is None and not page.is_no_pair for page in both)


def side_named(path: str) -> tuple[str, str] | None:
    """What a path has in common with that of the other picture, and which of them it is: pri or sec; None for neither.

    Endings do not count: one picture may be a JPEG and the other a TIFF.
    """
    plain = unicodedata.normalize("NFKC", path).casefold()
    place = PurePosixPath(plain)
    marks = list(_MARK.finditer(place.stem))
    if not marks:
        return None
    last = marks[-1]
    return f"{place.parent}/{place.stem[: last.start()]}\0{place.stem[last.end() :]}", last.group()


def side_pairs(session: Session, volume_id: str) -> list[SidePair]:
    """The pairs of a volume, answered ones among them, by the places of their first pictures.

    Files of several pages are pairs page by page, where they have the same pages.
    """
    session.flush()
    rows = session.execute(
        select(Page, Arrival.path)
        .join(Arrival, Arrival.id == Page.arrival_id)
        .where(Page.volume_id == volume_id, or_(Arrival.path.ilike("%pri%"), Arrival.path.ilike("%sec%")))
        .order_by(Page.place, Page.page_number, Page.id)
    ).all()
    named: dict[str, dict[str, dict[int, list[Page]]]] = {}
    for page, path in rows:
        known = side_named(path)
        if known is not None:
            key, side = known
            named.setdefault(key, {}).setdefault(side, {}).setdefault(page.index_in_file, []).append(page)
    found = []
    for sides in named.values():
        first, second = sides.get("pri", {}), sides.get("sec", {})
        if first.keys() == second.keys():
            # Scanned once more under the same names, the first pair is that of the first scan.
            found += [SidePair(*both) for at in first for both in zip(first[at], second[at], strict=False)]
    return sorted(found, key=lambda pair: (pair.primary.place, pair.primary.id))


def settle_side_pairs(session: Session, volume_id: str) -> None:
    """Ask about the pairs of a volume of which nobody has said yet which picture counts."""
    waiting = [pair for pair in side_pairs(session, volume_id) if pair.is_open]
    if not waiting:
        flags.close_flag(session, "volume", volume_id, SIDE_PAIRS)
        return
    case_id = session.get_one(Volume, volume_id).case_id
    told = {"reason": f"{len(waiting)} 对", "page_id": waiting[0].primary.id}
    flags.raise_flag(session, "volume", volume_id, case_id, SIDE_PAIRS, **told)
