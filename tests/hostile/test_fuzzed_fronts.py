"""Fronts that see every byte first, fuzzed: what they raise is a typed refusal, whatever comes.

What broke one of them once lies in seeds/ and is tried by the hostile collection.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import suppress
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dossier.case_metadata import parse_metadata
from dossier.errors import FileRefused, UsageError
from dossier.numbers import canonical, find_numbers, is_well_formed
from dossier.place import place_in_inbox, volume_kind_and_number
from indexer.clause import leaves
from indexer.query import MOST_CLAUSES, ladder, understand
from indexer.sight import Sight
from pipeline.files.completeness import require_bmp_end, require_jpeg_end, require_png_end, require_webp_end
from pipeline.files.pdf_file import _ending
from pipeline.files.signatures import identify
from pipeline.files.tiff_frames import tiff_frames
from tests.hostile.disguises import seeds

# Many by `make hostile`.
EXAMPLES = int(os.environ.get("EDOSSIER_TEST_FUZZ", "60"))
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES <= 60,
    database=None,
)

SEEDS = seeds()


@st.composite
def altered(draw: st.DrawFn, *endings: str) -> bytes:
    """A good file of a kind with pieces cut out, put in, doubled, or overwritten."""
    content = draw(st.sampled_from([content for name, content in SEEDS.items() if name.endswith(endings)]))
    for _ in range(draw(st.integers(0, 5))):
        first = draw(st.integers(0, min(len(content), 600) if draw(st.booleans()) else len(content)))
        last = draw(st.integers(first, min(first + draw(st.sampled_from((1, 4, 40, 100_000))), len(content))))
        piece = draw(
            st.one_of(
                st.binary(max_size=12),
                st.sampled_from((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"", content[first:last] * 2)),
            )
        )
        content = content[:first] + piece + content[last:]
    return content


@pytest.mark.parametrize(
    ("front", "head", "endings"),
    [
        (require_jpeg_end, b"\xff\xd8\xff", (".jpg",)),
        (require_png_end, b"\x89PNG\r\n\x1a\n", (".png",)),
        (require_webp_end, b"RIFF\0\0\0\0WEBP", (".webp",)),
        (require_bmp_end, b"BM" + bytes(12) + b"\x28\0\0\0", (".bmp",)),
        (lambda content: tiff_frames(io.BytesIO(content), 1000), b"II*\0", (".tif",)),
        (lambda content: _ending(io.BytesIO(content)), b"%PDF-", (".pdf",)),
    ],
    ids=["jpeg", "png", "webp", "bmp", "tiff", "pdf"],
)
def test_a_look_at_a_file_s_end_finds_it_or_refuses(front: object, head: bytes, endings: tuple[str, ...]) -> None:
    @many
    @given(st.one_of(altered(*endings), st.binary(max_size=300).map(lambda rest: head + rest)))
    def holds(content: bytes) -> None:
        if not content.startswith(head[:2]) or len(content) < 20:
            return  # others never come here: `identify` has told what it is
        with suppress(FileRefused):
            front(content)  # type: ignore[operator]

    holds()


def test_what_a_file_is_is_told_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "any"
    endings = (".jpg", ".png", ".webp", ".bmp", ".tif", ".pdf")

    @many
    @given(
        st.one_of(altered(*endings), st.binary(max_size=5000)),
        st.sampled_from(["a.pdf", "a.txt", "a.zip", "a.mp3", "a"]),
    )
    def holds(content: bytes, name: str) -> None:
        path.write_bytes(content)
        try:
            _, media_type = identify(path, name)
        except FileRefused:
            return
        assert "/" in media_type

    holds()


_CASE_LETTERS = "（(〔[沪粤检刑诉受公字第号初终民0123456789０１２〇一二三十百 -/〕)]）卷\u3000\n\0"
_QUERY_LETTERS = '甲乙丙丁林王0123456789１ab -+*?~:：/\\"“”「」()（）|&!^[]{}<>，。、\u3000\n\0\ud800'
_QUERY_WORDS = (
    "AND ",
    "OR ",
    "NOT ",
    "姓名:",
    "案号:",
    "日期:",
    "金额:",
    "-",
    '"',
    "2031年3月4日",
    "19900001234",
    "3.5万元",
    "临检起诉受[2031]99010100007号",
)


@many
@given(st.text(st.sampled_from(_CASE_LETTERS), max_size=60) | st.text(max_size=60))
def test_any_text_has_numbers_or_none(text: str) -> None:
    for number in find_numbers(text):
        assert canonical(number.as_given) == canonical(canonical(number.as_given))
        assert find_numbers(number.as_given), number
    assert isinstance(is_well_formed(text), bool)
    volume_kind_and_number(text)


@many
@given(
    st.lists(st.text(st.sampled_from(_QUERY_LETTERS), max_size=8) | st.sampled_from(_QUERY_WORDS), max_size=30).map(
        "".join
    )
    | st.text(max_size=200)
)
def test_any_query_is_understood_or_refused_and_never_grows_beyond_its_bound(text: str) -> None:
    try:
        query = understand(text)
        found = ladder(query, Sight())
    except UsageError as error:
        assert error.message
        return
    assert sum(leaves(rung.clause) for rung in found.rungs) <= MOST_CLAUSES


_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["numbers", "number", "name", "suspects", "due_on", "BMSAH", "details"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@many
@given(st.binary(max_size=300) | _DOCUMENTS.map(lambda document: json.dumps(document).encode("utf-8", "surrogatepass")))
def test_any_metadata_are_understood_or_refused(content: bytes) -> None:
    try:
        parse_metadata(content)
    except FileRefused as error:
        assert error.message


@many
@given(
    st.lists(
        st.text(st.characters(blacklist_characters="/\0"), min_size=1, max_size=20).filter(
            lambda part: part not in (".", "..")
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_path_in_the_inbox_is_a_place_of_text_that_can_be_stored_and_shown(parts: list[str]) -> None:
    place = place_in_inbox(PurePosixPath(*parts))

    for text in (place.case_folder, place.volume, place.path):
        text.encode()
        assert len(text.splitlines()) <= 1
    assert ".." not in place.path.split("/") or ".." in parts
