"""Transcriptions: what people read, beside what the program read; searched, marked, and never lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.attention import questions
from dossier.catalogue.tables import OutboxRow, Page
from dossier.errors import KeyReused, NotFound, ObjectChanged, TextChanged, UsageError
from dossier.home import Home
from dossier.reading import Box
from dossier.readings import reading_of
from dossier.retrying import retry_everything
from dossier.transcriptions.standing import transcription_in_sight, transcriptions_of, versions_of
from dossier.transcriptions.transcription import turned
from dossier.transcriptions.writing import add_transcription, change_transcription, withdraw_transcription
from dossier.verify import verify_store
from dossier.viewers import AT_MACHINE, PROSECUTOR, Viewer
from indexer.feed import Feed
from indexer.tantivy_engine import TantivyEngine
from tests.web.scanroom import Scanroom

LINES = ("被害人林晓禾陈述", "借款三万元整", "合同由何景行经手")
BELOW = [0.1, 0.7, 0.5, 0.75]
WRITER = Viewer("u1", "闵榆", roles=frozenset({PROSECUTOR}), sees_every_department=True)
OTHER = Viewer("u2", "苏见川", roles=frozenset({PROSECUTOR}), sees_every_department=True)


class Office:
    """A page that was read, and what is done with it."""

    def __init__(self, folder: Path) -> None:
        self.scanroom = Scanroom(Home.at(folder))
        self.page_id = self.scanroom.receive("0001.jpg")
        self.scanroom.read(self.page_id, LINES)
        self.scanroom.make_searchable()

    def add(self, text: str, box: list[float] | Box = BELOW, viewer: Viewer = WRITER, key: str = "") -> str:
        room = self.scanroom
        return add_transcription(room.catalogue, room.vault, viewer, self.page_id, text, box, key)[0].id

    def line_box(self, line: int) -> list[float]:
        reading = self.reading()
        return reading.lines[line].box.as_list()

    def reading(self):  # type: ignore[no-untyped-def]
        with self.scanroom.catalogue.reading() as session:
            return reading_of(session, self.scanroom.vault, session.get_one(Page, self.page_id))

    def standing(self) -> list[tuple[str, str, int]]:
        with self.scanroom.catalogue.reading() as session:
            ones = transcriptions_of(session, self.scanroom.vault, [self.page_id]).get(self.page_id, ())
        return [(one.text, one.author, one.version) for one in ones]

    def faults(self) -> list[str]:
        """What is wrong with the vault; the rows of the invented file are nobody's business here."""
        with self.scanroom.catalogue.reading() as session:
            faults = verify_store(session, self.scanroom.vault)
        return [fault.kind for fault in faults if fault.kind != "inconsistent"]

    def found(self, query: str) -> list[tuple[str, str]]:
        """(rung, snippet with its marks) of the hits."""
        self.scanroom.make_searchable()
        hits = self.scanroom.searcher.search(query, viewer=AT_MACHINE).hits
        return [(hit.rung, "|".join(hit.snippet[start:end] for start, end in hit.marks)) for hit in hits]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "home")
    yield made
    made.scanroom.close()


def test_what_a_person_read_is_found_as_such(office: Office) -> None:
    assert office.found("收条") == []
    office.add("今收到傅溪现金8000元，2021年3月5日，电话13900008123")

    assert office.found("收到傅溪") == [("transcription", "收到傅溪")]
    assert office.found("8123") == [("transcription", "13900008123")]
    assert office.found("2021-03-05") == [("transcription", "2021年3月5日")]
    assert office.found("日期:2021-03") == [("transcription", "2021年3月5日")]
    assert office.found("日期:2022-03") == []
    assert office.found('"现金8000"') == [("transcription", "现金8000")]


def test_what_the_program_read_is_found_on_its_own_rungs(office: Office) -> None:
    office.add("今收到傅溪现金")
    assert office.found("林晓禾") == [("phrase", "林晓禾")]
    assert office.found("何景行 林晓禾") == [("words", "林晓禾|何景行")]


def test_words_of_both_are_found_together(office: Office) -> None:
    office.add("今收到傅溪现金")
    room = office.scanroom
    room.make_searchable()
    (hit,) = room.searcher.search("傅溪 林晓禾", viewer=AT_MACHINE).hits
    assert hit.rung == "transcription"
    human, read = hit.rects
    assert human[1] == pytest.approx(BELOW[1])
    assert read[1] == pytest.approx(office.line_box(0)[1])


def test_what_is_excluded_is_excluded_where_people_read_it(office: Office) -> None:
    office.add("今收到傅溪现金")
    assert office.found("林晓禾 -傅溪") == []
    assert office.found("收到傅溪 -林晓禾") == []
    assert office.found("林晓禾 -郑余") == [("phrase", "林晓禾")]


def test_the_rectangle_is_in_that_of_the_transcription(office: Office) -> None:
    office.add("甲乙丙丁")
    office.scanroom.make_searchable()
    (hit,) = office.scanroom.searcher.search("乙丙", viewer=AT_MACHINE).hits
    assert hit.rects == (pytest.approx((0.2, 0.7, 0.4, 0.75)),)


def test_a_correction_is_the_next_version_and_the_former_stays(office: Office) -> None:
    room = office.scanroom
    one = office.add("借款八万元整", office.line_box(1))
    change_transcription(room.catalogue, room.vault, OTHER, one, 1, "借款捌万元整")

    assert office.standing() == [("借款捌万元整", "苏见川", 2)]
    assert office.found("八万元整") == [("transcription", "捌万元整")], "by its value"
    assert office.found('"八万元整"') == []
    with room.catalogue.reading() as session:
        versions = versions_of(session, room.vault, transcription_in_sight(session, WRITER, one))
    assert [(version.text, version.author) for version in versions] == [
        ("借款八万元整", "闵榆"),
        ("借款捌万元整", "苏见川"),
    ]


def test_nothing_is_written_over_that_somebody_else_has_written(office: Office) -> None:
    room = office.scanroom
    one = office.add("借款八万元整", office.line_box(1))
    with pytest.raises(TextChanged) as refused:
        office.add("借款三万元整", office.line_box(1), OTHER)
    assert refused.value.current["text"] == "借款八万元整"

    change_transcription(room.catalogue, room.vault, OTHER, one, 1, "借款捌万元整")
    for deed in (
        lambda: change_transcription(room.catalogue, room.vault, WRITER, one, 1, "借款三万元整"),
        lambda: withdraw_transcription(room.catalogue, room.vault, WRITER, one, 1),
    ):
        with pytest.raises(TextChanged) as refused:
            deed()
        assert (refused.value.current["text"], refused.value.current["version"]) == ("借款捌万元整", 2)
    assert office.standing() == [("借款捌万元整", "苏见川", 2)]


def test_what_is_withdrawn_is_not_found_and_stays_in_its_history(office: Office) -> None:
    room = office.scanroom
    one = office.add("今收到傅溪现金")
    assert office.found("傅溪") != []
    withdraw_transcription(room.catalogue, room.vault, WRITER, one)
    withdraw_transcription(room.catalogue, room.vault, WRITER, one)

    assert office.standing() == []
    assert office.found("傅溪") == []
    with room.catalogue.reading() as session:
        assert len(versions_of(session, room.vault, transcription_in_sight(session, WRITER, one))) == 1
    # Its place is free again.
    office.add("今收到傅溪")


def test_a_page_whose_transcription_is_damaged_is_found_by_what_the_program_read(office: Office) -> None:
    room = office.scanroom
    office.add("另有收条一张", [0.1, 0.8, 0.5, 0.85])
    lost = office.add("今收到傅溪现金")
    (path,) = (room.home.vault / "transcriptions").rglob(f"{office.page_id}.{lost}.1.*")
    stored = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(stored.replace("傅溪".encode(), "付溪".encode()))

    room.engine.close()
    shutil.rmtree(room.home.index)
    room.engine = room.searcher.engine = TantivyEngine(room.home.index)
    room.feed = Feed(room.catalogue, room.vault, room.engine)
    assert office.found("林晓禾") == [("phrase", "林晓禾")]
    assert office.found("另有收条") == [("transcription", "另有收条")], "another person's work is not lost with it"
    assert (office.found("傅溪"), office.found("付溪")) == ([], [])
    with room.catalogue.reading() as session:
        assert [row.code for row in questions(session) if row.page_id == office.page_id] == ["transcription_damaged"]
        assert session.query(OutboxRow).count() == 0

    # Tried again in vain it stays there, and goes when the file is back.
    for content, codes, hits in (
        (None, ["transcription_damaged"], []),
        (stored, [], [("transcription", "收到傅溪")]),
    ):
        if content is not None:
            path.write_bytes(content)
        with room.catalogue.writing() as session:
            retry_everything(session, "test")
        assert office.found("收到傅溪") == hits
        with room.catalogue.reading() as session:
            assert [row.code for row in questions(session) if row.page_id == office.page_id] == codes


def test_a_repeated_key_writes_nothing(office: Office) -> None:
    assert office.add("今收到", key="k1") == office.add("今收到", key="k1")
    assert len(office.standing()) == 1


def test_a_key_is_good_for_one_text_on_one_page(office: Office) -> None:
    room, one = office.scanroom, office.add("今收到", key="k1")
    other = room.receive("0002.jpg")
    with pytest.raises(KeyReused):
        add_transcription(room.catalogue, room.vault, WRITER, other, "今收到", BELOW, "k1")
    with pytest.raises(TextChanged) as refused:
        office.add("今收到傅溪", key="k1")
    assert refused.value.current["id"] == one
    change_transcription(room.catalogue, room.vault, OTHER, one, 1, "今收到博溪")
    assert office.add("今收到", key="k1") == one, "what was sent again is there, as somebody else has corrected it"
    assert office.standing() == [("今收到博溪", "苏见川", 2)]


def test_one_that_was_withdrawn_does_not_come_back_over_another(office: Office) -> None:
    room, one = office.scanroom, office.add("今收到傅溪")
    withdraw_transcription(room.catalogue, room.vault, WRITER, one)
    other = office.add("今收到博溪", viewer=OTHER)
    with pytest.raises(TextChanged) as refused:
        change_transcription(room.catalogue, room.vault, WRITER, one, 1, "今收到傅溪现金")
    assert refused.value.current["id"] == other
    withdraw_transcription(room.catalogue, room.vault, OTHER, other)
    change_transcription(room.catalogue, room.vault, WRITER, one, 1, "今收到傅溪现金")
    assert office.standing() == [("今收到傅溪现金", "闵榆", 2)]


def test_nobody_waits_to_write_while_the_vault_is_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    room, one = office.scanroom, office.add("今收到", key="k1")
    read, asked = room.vault.transcription, []

    def transcription(*version: Any) -> bytes:
        with closing(sqlite3.connect(room.home.catalogue, timeout=0)) as another:
            another.execute("BEGIN IMMEDIATE")
        asked.append(version)
        return read(*version)

    monkeypatch.setattr(room.vault, "transcription", transcription)
    office.add("今收到", key="k1")
    with pytest.raises(TextChanged):
        office.add("今收到傅溪")
    with pytest.raises(TextChanged):
        withdraw_transcription(room.catalogue, room.vault, WRITER, one, 2)
    assert len(asked) >= 3


def test_what_cannot_be_a_transcription_is_refused(office: Office) -> None:
    for text, box in (("", BELOW), ("甲", [0.5, 0.5, 0.5, 0.5]), ("甲" * 2001, BELOW), ("甲", [0.1, 0.2])):
        with pytest.raises(UsageError):
            office.add(text, box)
    with pytest.raises(NotFound):
        office.add("甲", viewer=Viewer("u3", "文砚", roles=frozenset({PROSECUTOR})))


def test_a_change_is_in_the_outbox_with_the_deed(office: Office) -> None:
    office.add("今收到")
    with office.scanroom.catalogue.reading() as session:
        assert session.get(OutboxRow, office.page_id) is not None


def test_verify_finds_what_the_vault_has_lost(office: Office) -> None:
    room = office.scanroom
    office.add("今收到")
    assert office.faults() == []
    (path,) = (room.home.vault / "transcriptions").glob("*/*.json")
    path.write_bytes(path.read_bytes().replace("今".encode(), "昨".encode()))
    with room.catalogue.reading() as session, pytest.raises(ObjectChanged):
        transcriptions_of(session, room.vault, [office.page_id])
    assert office.faults() == ["changed"]
    path.unlink()
    assert office.faults() == ["missing"]


def test_a_page_that_is_turned_turns_what_was_drawn_on_it(office: Office) -> None:
    office.add("今收到")
    with office.scanroom.catalogue.writing() as session:
        session.get_one(Page, office.page_id).turn_degrees = 90
    with office.scanroom.catalogue.reading() as session:
        (one,) = transcriptions_of(session, office.scanroom.vault, [office.page_id])[office.page_id]
    # What stood near the bottom on the left stands, turned clockwise, near the left at the top.
    assert one.box == pytest.approx(Box(0.25, 0.1, 0.3, 0.5))


@given(st.tuples(*[st.floats(0, 1)] * 4), st.sampled_from([0, 90, 180, 270]))
def test_turned_back_a_rectangle_is_what_it_was(corners: tuple[float, ...], degrees: int) -> None:
    box = Box(min(corners[0], corners[2]), min(corners[1], corners[3]), *map(max, corners[:2], corners[2:]))
    assert turned(turned(box, degrees), -degrees) == pytest.approx(box, abs=2e-5)


_TEXT = st.text(st.sampled_from("甲乙丙丁收条借款0123456789，\n"), min_size=1, max_size=12)
_DEEDS = st.lists(st.tuples(st.sampled_from(["add", "change", "withdraw"]), _TEXT, st.integers(0, 3)), max_size=8)


@settings(max_examples=10, deadline=None)
@given(deeds=_DEEDS)
def test_whatever_people_write_the_programs_reading_stays(
    deeds: list[tuple[str, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    office = Office(tmp_path_factory.mktemp("office") / "home")
    room, ids, versions = office.scanroom, [], {}
    before, stored = office.reading(), room.reading_path(office.page_id).read_bytes()
    for deed, text, place in deeds:
        try:
            if deed == "add":
                box = [0.1, 0.1 + 0.06 * place, 0.5, 0.13 + 0.06 * place]
                ids.append(office.add(text, box))
                versions[ids[-1]] = 1
            elif ids:
                one = ids[place % len(ids)]
                if deed == "change":
                    changed = change_transcription(room.catalogue, room.vault, OTHER, one, versions[one], text)
                    versions[one] = changed.version
                else:
                    withdraw_transcription(room.catalogue, room.vault, OTHER, one)
        except UsageError:
            pass  # refused: a place that is taken, or a text of line breaks alone
    assert office.reading() == before
    assert room.reading_path(office.page_id).read_bytes() == stored
    # What the program read is found as ever, and each version is in the vault.
    assert office.found("被害人林晓禾陈述")[0][0] == "phrase"
    kept = len(list((room.home.vault / "transcriptions").glob("*/*.json")))
    assert kept >= sum(versions.values())
    assert office.faults() == []
    room.close()
