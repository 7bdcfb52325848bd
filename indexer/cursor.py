"""Cursors as users get them: where to go on, tied to what was asked.

A cursor is no secret and no proof: whoever decodes it reads the place of the last hit that they were given, with the
ids in it, and anybody can make one up. It carries no right: what is in sight is looked up with every search, and one
that was made up is at worst refused, or a place at which nothing stands.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from dossier.errors import UsageError

_DIGEST = 8  # bytes


def sealed_cursor(asked: Sequence[str], place: str) -> str:
    """The cursor of a place among the answers to what was asked."""
    return urlsafe_b64encode(_digest(asked) + place.encode()).decode().rstrip("=")


def opened_cursor(asked: Sequence[str], cursor: str) -> str:
    """The place in a cursor; "" for none.

    Raises:
        UsageError: it is no cursor, or one of another search.
    """
    if not cursor:
        return ""
    try:
        content = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        place = content[_DIGEST:].decode()
    except ValueError as error:
        raise UsageError("after: 不是游标 / not a cursor") from error
    if content[:_DIGEST] != _digest(asked) or not place:
        raise UsageError("after: 这个游标属于另一次搜索 / the cursor belongs to another query, order, group or filter")
    return place


def _digest(asked: Sequence[str]) -> bytes:
    return hashlib.sha256(json.dumps(list(asked), ensure_ascii=False).encode()).digest()[:_DIGEST]
