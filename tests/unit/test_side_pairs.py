"""Two pictures of one side: known by their names, asked about once a volume, answered by one deed, and put back."""

from __future__ import annotations

import pytest

from dossier.attention import Question, questions
from dossier.deeds import page_order, sides
from dossier.deeds.deed import Done
from dossier.errors import DeedRefused
from dossier.side_pairs import side_named
from tests.bundle import Bundle, Shape

ACTOR = "制作人甲"


@pytest.fixture
def ids(bundle: Bundle) -> list[str]:
    """Two pairs and a page by itself, read, in the order of their names."""
    names = ["docs0001_Pri.jpg", "docs0001_Sec.tif", "docs0002_Pri.jpg", "docs0002_Sec.tif", "docs0003.jpg"]
    ids = [bundle.receive(name)[0] for name in names]
    for at, page_id in enumerate(ids):
        bundle.read(page_id, f"第{at // 2 + 1}面")
    bundle.settle()
    return ids


def asked(bundle: Bundle) -> list[Question]:
    with bundle.catalogue.reading() as session:
        return [row for row in questions(session) if row.code == "side_pairs"]


def choose(bundle: Bundle, kept: sides.Kept, pages: list[str] | None = None) -> Done:
    with bundle.catalogue.writing() as session:
        return sides.choose_sides(session, bundle.volume_id(), kept, pages, ACTOR)


def undo(bundle: Bundle, done: Done) -> None:
    (step,) = done.undo
    choose(bundle, step.details["keep"], step.details["pages"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("docs0001_Pri.tif", "docs0001_Sec.tif"),
        ("docs0001-pri.jpg", "docs0001-sec.TIF"),
        ("docs0001Pri.jpg", "docs0001Sec.jpg"),
        ("20310305Fron_Pri0001.jpg", "20310305Fron_Sec0001.jpg"),
        ("0001FronPri.jpg", "0001FronSec.jpg"),
        ("卷一/扫描0001 PRI.jpg", "卷一/扫描0001 SEC.jpg"),
    ],
)
def test_names_of_two_pictures_of_a_side_differ_by_one_word(first: str, second: str) -> None:
    one, other = side_named(first), side_named(second)

    assert one is not None
    assert other is not None
    assert (one[0], one[1], other[1]) == (other[0], "pri", "sec")


@pytest.mark.parametrize(
    "name", ["0001.jpg", "primary.jpg", "section-2.jpg", "price.jpg", "第1页second.jpg", "reprise.jpg"]
)
def test_words_that_only_contain_the_mark_are_no_pictures_of_a_side(name: str) -> None:
    assert side_named(name) is None


def test_the_two_sides_of_a_sheet_and_two_folders_are_no_pair() -> None:
    names = (
        "0001Fron_Pri.jpg",
        "0001Back_Sec.jpg",
        "甲/0001_Pri.jpg",
        "乙/0001_Sec.jpg",
        "0002_Pri.jpg",
        "0003_Sec.jpg",
    )
    keys = [known[0] for known in map(side_named, names) if known is not None]

    assert len(set(keys)) == len(names)


def test_a_volume_with_pairs_asks_once_and_nothing_is_taken_out_by_itself(bundle: Bundle, ids: list[str]) -> None:
    (row,) = asked(bundle)

    assert (row.subject_kind, row.page_id) == ("volume", ids[0])
    assert "2 对" in row.message
    assert [remedy.page or remedy.address for remedy in row.remedies] == [
        f"/volumes/{bundle.volume_id()}/sides",
        f"/api/v1/volumes/{bundle.volume_id()}/sides",
    ]
    assert bundle.order() == ids


def test_one_picture_counts_and_the_other_is_kept_outside_until_it_is_put_back(bundle: Bundle, ids: list[str]) -> None:
    done = choose(bundle, "secondary", [ids[0]])

    assert bundle.order() == [ids[1], ids[2], ids[3], ids[4]]
    out = bundle.page(ids[0])
    assert (out.outside, out.outside_reason, out.replaced_by, out.page_number) == (
        "replaced", "同一面的另一幅图", ids[1], 0,
    )  # fmt: skip
    assert "1 对" in asked(bundle)[0].message
    assert ids[0] in bundle.waiting_for_index()
    assert [row.subject_id for row in bundle.audited("choose_side")] == [ids[0]]
    # Said again it changes nothing; said otherwise it is the other one.
    assert not choose(bundle, "secondary", [ids[1]]).undo
    choose(bundle, "primary", [ids[1]])
    assert bundle.order() == [ids[0], ids[2], ids[3], ids[4]]
    undo(bundle, done)
    assert bundle.order() == ids
    assert "2 对" in asked(bundle)[0].message


def test_all_pairs_are_answered_at_once_and_a_page_put_back_by_itself_is_asked_about_again(
    bundle: Bundle, ids: list[str]
) -> None:
    done = choose(bundle, "primary")

    assert bundle.order() == [ids[0], ids[2], ids[4]]
    assert asked(bundle) == []
    assert not choose(bundle, "secondary").undo  # nobody is asked any more: what was said stands
    with bundle.catalogue.writing() as session:
        page_order.restore(session, ids[1], ACTOR)
    assert "1 对" in asked(bundle)[0].message
    undo(bundle, done)
    assert bundle.order() == ids


def test_two_pages_that_are_no_pair_both_stay_and_are_asked_about_no_more(bundle: Bundle, ids: list[str]) -> None:
    done = choose(bundle, "both", [ids[0]])

    assert bundle.order() == ids
    assert "1 对" in asked(bundle)[0].message
    undo(bundle, done)
    assert "2 对" in asked(bundle)[0].message


def test_what_somebody_has_taken_out_stays_out_and_leaves_its_other_picture_in(bundle: Bundle, ids: list[str]) -> None:
    with bundle.catalogue.writing() as session:
        page_order.remove(session, ids[0], "不属于本卷", ACTOR)
    assert "1 对" in asked(bundle)[0].message
    choose(bundle, "primary")
    choose(bundle, "primary", [ids[1]])

    assert bundle.order() == [ids[1], ids[2], ids[4]]
    assert bundle.page(ids[0]).outside == "removed"


def test_a_page_without_another_picture_is_refused(bundle: Bundle, ids: list[str]) -> None:
    with pytest.raises(DeedRefused):
        choose(bundle, "primary", [ids[4]])


def test_files_of_several_pages_are_pairs_page_by_page_where_they_have_the_same_pages(bundle: Bundle) -> None:
    first = bundle.receive("stack_Pri.pdf", shapes=[Shape(0), Shape(1)])
    bundle.receive("other_Pri.pdf", shapes=[Shape(0), Shape(1)])
    second = bundle.receive("stack_Sec.pdf", shapes=[Shape(0), Shape(1)])
    bundle.receive("other_Sec.pdf", shapes=[Shape(0), Shape(1), Shape(2)])

    assert "2 对" in asked(bundle)[0].message
    choose(bundle, "primary")
    assert [bundle.page(page_id).replaced_by for page_id in second] == first
    assert len(bundle.order()) == 7
