"""Doubles and gaps: what a person has said of them is asked no more, can be taken back, and hides nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from dossier import flags
from dossier.attention import questions
from dossier.catalogue.tables import Arrival, Document, Volume
from dossier.deeds import doubles, gaps, page_deeds
from dossier.deeds.deed import Done
from dossier.errors import DeedRefused
from dossier.file_gaps import flag_file_gaps, gaps_in
from dossier.late_pages import late_pages
from dossier.page_labels import label_questions, settle_labels
from tests.bundle import Bundle

ACTOR = "制作人甲"


@pytest.fixture
def ids(bundle: Bundle) -> list[str]:
    """Pages with the labels 1, 2, 3, 3, 4, 6, 7, 9: one twice, and two that are missing."""
    ids = []
    for at, label in enumerate((1, 2, 3, 3, 4, 6, 7, 9), start=1):
        ids.append(bundle.receive(f"{at:04}.jpg")[0])
        bundle.read(ids[-1], "某页", stamp=str(label))
    settle(bundle)
    return ids


def settle(bundle: Bundle) -> None:
    with bundle.catalogue.writing() as session:
        settle_labels(session, bundle.volume_id())


def do(bundle: Bundle, deed: Callable[[Session], Done]) -> Done:
    with bundle.catalogue.writing() as session:
        return deed(session)


def asked(bundle: Bundle, code: str) -> list[str]:
    """The labels that are asked about beside each other."""
    with bundle.catalogue.reading() as session:
        return [found.label for found in label_questions(session, bundle.volume_id()) if found.code == code]


def listed(bundle: Bundle, code: str) -> int:
    with bundle.catalogue.reading() as session:
        return sum(row.code == code for row in questions(session))


@pytest.mark.parametrize("verdict", ["kept", "different"])
def test_a_double_that_was_answered_is_asked_about_no_more_and_can_be_taken_back(
    bundle: Bundle, ids: list[str], verdict: doubles.Verdict
) -> None:
    assert (asked(bundle, "label_repeated"), listed(bundle, "label_repeated")) == (["3"], 1)

    done = do(bundle, lambda s: doubles.answer_double(s, ids[3], ids[2], verdict, ACTOR))
    # Named the other way round it is the same pair.
    again = do(bundle, lambda s: doubles.answer_double(s, ids[2], ids[3], verdict, ACTOR))
    settle(bundle)
    assert (asked(bundle, "label_repeated"), listed(bundle, "label_repeated")) == ([], 0)
    assert again.undo == ()
    assert [row.details["verdict"] for row in bundle.audited("answer_double")] == [verdict]
    assert bundle.order() == ids

    (undo,) = done.undo
    do(
        bundle,
        lambda s: doubles.answer_double(s, undo.subject_id, undo.details["other"], undo.details["verdict"], ACTOR),
    )
    assert (asked(bundle, "label_repeated"), listed(bundle, "label_repeated")) == (["3"], 1)


def test_an_answer_about_one_pair_says_nothing_of_another(bundle: Bundle, ids: list[str]) -> None:
    do(bundle, lambda s: doubles.answer_double(s, ids[3], ids[2], "kept", ACTOR))
    do(bundle, lambda s: page_deeds.correct_label(s, ids[6], "4", ACTOR))

    assert asked(bundle, "label_repeated") == ["4"]
    with pytest.raises(DeedRefused):
        do(bundle, lambda s: doubles.answer_double(s, ids[3], ids[3], "kept", ACTOR))


def test_equal_files_ask_once_until_they_are_answered(bundle: Bundle, ids: list[str]) -> None:
    arrival_id = bundle.page(ids[1]).arrival_id
    with bundle.catalogue.writing() as session:
        for page_id in ids[:2]:
            arrival = session.get_one(Arrival, bundle.page(page_id).arrival_id)
            arrival.sha256 = session.get_one(Arrival, bundle.page(ids[0]).arrival_id).sha256
        flags.raise_flag(session, "arrival", arrival_id, bundle.page(ids[1]).case_id, "repeated", path="0002.jpg")
    assert listed(bundle, "repeated") == 1

    done = do(bundle, lambda s: doubles.answer_double(s, ids[1], ids[0], "kept", ACTOR))
    assert listed(bundle, "repeated") == 0
    (undo,) = done.undo
    do(bundle, lambda s: doubles.answer_double(s, undo.subject_id, undo.details["other"], None, ACTOR))
    assert listed(bundle, "repeated") == 1


def test_a_gap_of_the_paper_itself_is_missed_no_more_and_the_others_are(bundle: Bundle, ids: list[str]) -> None:
    assert asked(bundle, "label_gap") == ["5", "8"]

    done = do(bundle, lambda s: gaps.know_gap(s, bundle.volume_id(), "5", True, ACTOR))
    again = do(bundle, lambda s: gaps.know_gap(s, bundle.volume_id(), "5", True, ACTOR))
    assert (asked(bundle, "label_gap"), again.undo) == (["8"], ())
    with bundle.catalogue.reading() as session:
        assert session.get_one(Volume, bundle.volume_id()).known_gaps == ["5"]

    (undo,) = done.undo
    do(bundle, lambda s: gaps.know_gap(s, undo.subject_id, undo.details["gap"], undo.details["known"], ACTOR))
    assert asked(bundle, "label_gap") == ["5", "8"]
    for words in ("", "五页"):
        with pytest.raises(DeedRefused):
            do(bundle, lambda s, words=words: gaps.know_gap(s, bundle.volume_id(), words, True, ACTOR))


def test_a_counter_that_jumped_is_asked_about_no_more_until_another_name_is_missing(bundle: Bundle) -> None:
    ids = [bundle.receive(f"{name:04}.jpg")[0] for name in (1, 2, 4, 5)]
    document_id = bundle.page(ids[0]).document_id
    look(bundle, document_id)
    assert listed(bundle, "gap") == 1
    with bundle.catalogue.reading() as session:
        (gap,) = gaps_in(session, document_id, ["0003"])
    assert (gap.first_id, gap.second_id) == (ids[1], ids[2])

    done = do(bundle, lambda s: gaps.know_file_gap(s, document_id, ["0003"], True, ACTOR))
    look(bundle, document_id)
    assert listed(bundle, "gap") == 0

    bundle.receive("0007.jpg")
    look(bundle, document_id)
    with bundle.catalogue.reading() as session:
        (row,) = [row for row in questions(session) if row.code == "gap"]
        assert flags.details_of(session, "document", document_id, "gap") == {"missing": ["0006"]}
    assert [remedy.body for remedy in row.remedies if remedy.address] == [{"names": ["0006"]}]
    (undo,) = done.undo
    do(bundle, lambda s: gaps.know_file_gap(s, document_id, undo.details["names"], undo.details["known"], ACTOR))
    with bundle.catalogue.reading() as session:
        assert flags.details_of(session, "document", document_id, "gap") == {"missing": ["0003", "0006"]}


def look(bundle: Bundle, document_id: str) -> None:
    with bundle.catalogue.writing() as session:
        flag_file_gaps(session, session.get_one(Document, document_id))


def test_only_what_came_after_all_numbered_pages_is_offered_for_a_gap(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.reading() as session:
        assert late_pages(session, bundle.volume_id()) == []
    late = bundle.receive("0009.jpg")[0]
    bundle.read(late, "补扫的一页")
    blank = bundle.receive("0010.jpg")[0]
    bundle.read(blank, blank=True)
    settle(bundle)

    with bundle.catalogue.reading() as session:
        assert late_pages(session, bundle.volume_id()) == [late]
