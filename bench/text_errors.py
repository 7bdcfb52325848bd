"""How far one text is from another."""

from __future__ import annotations

import unicodedata

_LOOK_ALIKE = str.maketrans("。、“”‘’—", ".,\"\"''-")


def folded(text: str) -> str:
    """Text as a search compares it: width and kind of punctuation do not count, nor does white space."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKE).split())


def unpunctuated(text: str) -> str:
    """Text without punctuation marks and symbols."""
    return "".join(character for character in text if unicodedata.category(character)[0] not in "PS")


def edit_distance(one: str, other: str) -> int:
    """Levenshtein's distance, many rows at once in the bits of a number (Myers, J. ACM 46(3), 1999; Hyyrö 2003)."""
    if not one:
        return len(other)
    last, every = 1 << (len(one) - 1), (1 << len(one)) - 1
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    up, down, distance = every, 0, len(one)
    for character in other:
        equal = places.get(character, 0)
        vertical = equal | down
        horizontal = (((equal & up) + up) ^ up) | equal
        more, less = down | (~(horizontal | up) & every), up & horizontal
        distance += bool(more & last) - bool(less & last)
        more, less = (more << 1) | 1, less << 1
        up, down = (less | ~(vertical | more)) & every, more & vertical & every
    return distance
