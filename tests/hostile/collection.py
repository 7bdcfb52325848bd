"""The hostile collection: every specimen once, and which of them a short run takes."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tests.hostile.bad_pdfs import bad_pdfs
from tests.hostile.bad_pictures import bad_pictures
from tests.hostile.disguises import altered, disguises
from tests.hostile.specimen import Specimen, specimen

WHOLE = bool(os.environ.get("EDOSSIER_TEST_HOSTILE"))
"""Whether all are tried (`make hostile`), or a share."""

_SEEDS = Path(__file__).parent / "seeds"


def collection() -> list[Specimen]:
    """All specimens: made by kind, and those that were found to do harm once, which are kept as files."""
    return [*kept(), *bad_pictures(), *bad_pdfs(), *disguises(), *altered()]


def kept() -> Iterator[Specimen]:
    for path in sorted(_SEEDS.glob("[!.]*")):
        yield specimen(f"kept-{path.name}", path.read_bytes())


def share(every: int) -> list[Specimen]:
    """Every so manyeth of each kind."""
    by_kind: defaultdict[str, list[Specimen]] = defaultdict(list)
    for each in collection():
        by_kind[each.kind].append(each)
    return [each for kind in by_kind.values() for each in islice(kind, 0, None, every)]
