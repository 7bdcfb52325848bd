"""Which characters this program's reading takes for which others, counted on printed pages of known text.

    python -m bench.confusions [--count 60] [--seed 41] [--damage mix] [--texts FILE.jsonl] [--documents case|more|all]

Each printed line is compared with what was read inside its place, both folded as the search folds them. A character
that stands for another between equal neighbours is a confusion; characters without a counterpart are counted as missing
or as extra. indexer/look_alikes.py keeps what was learnt so, for the rung `similar`; seeds that other measurements read
(1 to 5) are not to be learnt from.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from bench.page_errors import characters_of, inside, through, upright_matrix
from bench.press.pages import source_of, write_damaged_pages
from dossier.folding import fold_for_search
from indexer.tokens import tokens_of_text
from pipeline.files.formats import inspect
from pipeline.models import shared_folder
from pipeline.reading.page_reader import PageReader

_LONGEST = 2  # characters in a row that are other ones; more is another line, not a look-alike


def searched(text: str) -> str:
    """A text's folded characters without spaces and punctuation: what the search compares."""
    return "".join(tokens_of_text(fold_for_search(text).text))


def differences(printed: str, read: str) -> Iterator[tuple[str, str]]:
    """(printed, read) of each character that differs; one of both is empty where it has no counterpart."""
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, printed, read, autojunk=False).get_opcodes():
        if kind == "replace" and a1 - a0 == b1 - b0 <= _LONGEST:
            yield from zip(printed[a0:a1], read[b0:b1], strict=True)
        elif kind == "delete" and a1 - a0 <= _LONGEST:
            yield from ((character, "") for character in printed[a0:a1])
        elif kind == "insert" and b1 - b0 <= _LONGEST:
            yield from (("", character) for character in read[b0:b1])


def lines_of_pages(folder: Path, reader: PageReader) -> Iterator[tuple[str, str]]:
    """(printed, read) of each printed line of the pages in a folder, where the reading tells its place."""
    for truth in json.loads((folder / "truth.json").read_text(encoding="utf-8"))["pages"]:
        path = folder / truth["file"]
        reading = reader.read(path, inspect(path).pages[0]).reading
        matrix = upright_matrix(reading, truth["width"], truth["height"])
        if matrix is None:
            continue
        characters = characters_of(reading)
        for line in truth["lines"]:
            hits = inside(characters, through(line["quad"], matrix), 0.005 * reading.width, line["vertical"])
            yield searched(line["text"]), searched("".join(character for character, *_ in hits))


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.confusions", description="What is taken for what.")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--damage", default="mix", help="as of bench.accuracy")
    parser.add_argument("--documents", nargs="+", default=["all"], help="case, more, all or names")
    parser.add_argument("--texts", type=Path, default=None, help="JSON lines of texts to print")
    parser.add_argument("--models", type=Path, default=shared_folder())
    chosen = parser.parse_args(arguments)
    found: Counter[tuple[str, str]] = Counter()
    printed = lines = 0
    with tempfile.TemporaryDirectory() as folder:
        source = source_of(chosen.documents, chosen.texts)
        write_damaged_pages(Path(folder), chosen.count, chosen.seed, chosen.damage, None, source)
        for text, read in lines_of_pages(Path(folder), PageReader(chosen.models)):
            printed, lines = printed + len(text), lines + 1
            found.update(differences(text, read))
    taken = {pair: count for pair, count in found.items() if all(pair)}
    missing = sum(count for (_, read), count in found.items() if not read)
    extra = sum(count for (text, _), count in found.items() if not text)
    print(f"{chosen.count} pages, {lines} lines, {printed} characters without punctuation")
    print(f"taken for others {sum(taken.values())}, missing {missing}, extra {extra}")
    for (text, read), count in sorted(taken.items(), key=lambda item: (-item[1], item[0])):
        print(f"{text} {read} {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
