"""What stands on a page that a re-scan replaces: it goes along, comes back, and no transcription finds a wrong line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier.carried_marks import carried_words
from dossier.catalogue.tables import Bookmark, Excerpt, Note
from dossier.deeds import page_order
from dossier.deeds.deed import Done
from dossier.errors import DeedRefused
from dossier.excerpts import add_excerpt
from dossier.notes.bookmarks import set_bookmark
from dossier.notes.notes import add_note
from dossier.reading import Box, Line
from dossier.transcriptions.carried import answer_carried, same_line, waiting_on
from dossier.transcriptions.standing import transcriptions_of
from dossier.transcriptions.writing import add_transcription
from dossier.viewers import AT_MACHINE, OPERATOR, Viewer
from tests.bundle import Bundle

ACTOR = "制作人甲"
LINES = ("被害人林晓禾陈述", "今收到傅溪现金捌仟元", "二〇三一年三月五日")
READER = Viewer("u1", "闵榆", roles=frozenset({OPERATOR}))


@pytest.fixture
def marked(bundle: Bundle) -> tuple[str, str]:
    """A page with everything on it, and its re-scan, which is not read yet."""
    old = bundle.receive("0001.jpg")[0]
    bundle.read(old, *LINES)
    bundle.read(bundle.receive("0002.jpg")[0], "别的页")
    new = bundle.receive("0003.jpg")[0]
    with bundle.catalogue.writing() as session:
        add_note(session, AT_MACHINE, old, "与收条对照", box=[0.1, 0.15, 0.9, 0.18], shared=True)
        set_bookmark(session, AT_MACHINE, old, "陈述")
        add_excerpt(session, AT_MACHINE, [old, bundle.order()[1]], {"quotation": "今收到"})
    add_transcription(bundle.catalogue, bundle.vault, AT_MACHINE, old, "今收到傅溪现金8000元", [0.1, 0.15, 0.9, 0.18])
    return old, new


def do(bundle: Bundle, deed: Callable[[Session], Done]) -> Done:
    with bundle.catalogue.writing() as session:
        return deed(session)


def places(bundle: Bundle) -> tuple[str, object, str, list[str]]:
    """On which page each stands, and the note's rectangle."""
    with bundle.catalogue.reading() as session:
        note = session.scalars(select(Note)).one()
        bookmark = session.scalars(select(Bookmark)).one()
        return note.page_id, note.box, bookmark.page_id, session.scalars(select(Excerpt)).one().page_ids


def waiting(bundle: Bundle, page_id: str) -> list[tuple[str, int | None]]:
    with bundle.catalogue.reading() as session:
        found = waiting_on(session, bundle.vault, bundle.page(page_id))
        return [(one.transcription.text, one.line) for one in found]


def standing(bundle: Bundle, page_id: str) -> list[tuple[str, list[float], str]]:
    with bundle.catalogue.reading() as session:
        found = transcriptions_of(session, bundle.vault, [page_id]).get(page_id, ())
        return [(one.text, one.box.as_list(), one.author) for one in found]


def test_notes_bookmarks_and_excerpts_go_to_the_re_scan_and_come_back(bundle: Bundle, marked: tuple[str, str]) -> None:
    old, new = marked
    before = places(bundle)

    done = do(bundle, lambda s: page_order.replace(s, old, new, ACTOR))
    second = bundle.order()[1]
    assert places(bundle) == (new, None, new, [new, second])
    with bundle.catalogue.reading() as session:
        assert "批注 1 条、书签 1 个、摘录出处 1 处" in carried_words(session, AT_MACHINE, new)
        # Somebody else knows of the shared note alone.
        assert carried_words(session, READER, new).endswith("批注 1 条")
    assert "人工校录 1 条" in done.sentence

    do(bundle, lambda s: page_order.restore(s, old, ACTOR))
    assert places(bundle) == before
    assert waiting(bundle, new) == []


def test_a_transcription_waits_and_is_taken_over_to_the_line_that_says_the_same(
    bundle: Bundle, marked: tuple[str, str]
) -> None:
    old, new = marked
    do(bundle, lambda s: page_order.replace(s, old, new, ACTOR))
    assert waiting(bundle, new) == [("今收到傅溪现金8000元", None)]  # nothing has been read there yet
    with bundle.catalogue.reading() as session:
        (one,) = waiting_on(session, bundle.vault, bundle.page(new))
    id_ = one.transcription.id
    with pytest.raises(DeedRefused):
        answer_carried(bundle.catalogue, bundle.vault, READER, new, id_, "taken")
    assert standing(bundle, new) == []

    # The sheet lies otherwise now: what was the second line is the third.
    bundle.read(new, "（印）", *LINES)
    assert waiting(bundle, new) == [("今收到傅溪现金8000元", 2)]
    for _ in range(2):
        answer_carried(bundle.catalogue, bundle.vault, READER, new, id_, "taken")
    assert standing(bundle, new) == [("今收到傅溪现金8000元", [0.1, 0.2, 0.9, 0.23], "闵榆")]
    assert waiting(bundle, new) == []
    assert [text for text, *_ in standing(bundle, old)] == ["今收到傅溪现金8000元"]


def test_what_is_left_is_asked_about_no_more_and_stays_with_the_old_page(
    bundle: Bundle, marked: tuple[str, str]
) -> None:
    old, new = marked
    do(bundle, lambda s: page_order.replace(s, old, new, ACTOR))
    with bundle.catalogue.reading() as session:
        (one,) = waiting_on(session, bundle.vault, bundle.page(new))
    for _ in range(2):
        answer_carried(bundle.catalogue, bundle.vault, READER, new, one.transcription.id, "left")

    assert (waiting(bundle, new), standing(bundle, new)) == ([], [])
    assert len(standing(bundle, old)) == 1
    with pytest.raises(DeedRefused):
        answer_carried(bundle.catalogue, bundle.vault, READER, new, one.transcription.id, "taken")


def test_what_waits_on_a_page_that_is_itself_replaced_waits_on(bundle: Bundle, marked: tuple[str, str]) -> None:
    old, new = marked
    do(bundle, lambda s: page_order.replace(s, old, new, ACTOR))
    third = bundle.receive("0004.jpg")[0]
    bundle.read(third, *LINES)
    do(bundle, lambda s: page_order.replace(s, new, third, ACTOR))

    assert waiting(bundle, third) == [("今收到傅溪现金8000元", 1)]
    assert places(bundle)[0] == third


def test_a_line_is_proposed_only_where_it_alone_says_the_same() -> None:
    def lines(*texts: str) -> tuple[Line, ...]:
        return tuple(Line(text, Box(0.1, 0.1 * at, 0.9, 0.1 * at + 0.05)) for at, text in enumerate(texts))

    page = lines("被害人林晓禾陈述", "今收到傅溪现金捌仟元", "今收到傅溪现金玖仟元")
    assert same_line("被害人林晓禾陈述", "", page) == 0
    assert same_line("今收到傅溪现金捌仟元", "", page) is None  # two lines are like it
    assert same_line("别的一行文字", "", page) is None
    assert same_line("", "被害人林晓禾的陈述", page) == 0
    assert same_line("陈述", "", lines("陈述", "别的")) is None  # too short to say
    assert same_line("", "", page) is None


def test_a_page_that_was_taken_out_is_replaced_and_taken_out_again_by_undoing(
    bundle: Bundle, marked: tuple[str, str]
) -> None:
    old, new = marked
    do(bundle, lambda s: page_order.remove(s, old, "扫坏了", ACTOR))
    before = bundle.order()

    done = do(bundle, lambda s: page_order.replace(s, old, new, ACTOR))
    assert bundle.order() == [new, before[0]]
    assert (bundle.page(old).outside, bundle.page(old).replaced_by) == ("replaced", new)
    assert do(bundle, lambda s: page_order.replace(s, old, new, ACTOR)).undo == ()

    assert [step.name for step in done.undo] == ["restore", "remove", "move"]
    for step in done.undo:
        match step.name:
            case "restore":
                do(bundle, lambda s, step=step: page_order.restore(s, step.subject_id, ACTOR))
            case "remove":
                do(bundle, lambda s, step=step: page_order.remove(s, step.subject_id, step.details["reason"], ACTOR))
            case "move":
                told = step.details
                do(
                    bundle,
                    lambda s, step=step, told=told: page_order.move(
                        s, step.subject_id, told["after"], told["document_id"], ACTOR
                    ),
                )
    assert bundle.order() == before
    assert (bundle.page(old).outside, bundle.page(old).outside_reason) == ("removed", "扫坏了")
    assert places(bundle)[0] == old
