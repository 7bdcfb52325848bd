"""The four counts of a volume: which differ, and why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dossier.catalogue.tables import Volume
from dossier.deeds import page_deeds, page_order
from dossier.label_chain import key_of
from dossier.quality.counts import Counts, counts_of, reasons
from dossier.quality.printed import PaperSays, Printed, paper_says
from tests.bundle import Bundle

SILENT = PaperSays()
LABELS = st.one_of(
    st.none(), st.integers(0, 12).map(str), st.integers(1, 12).map(lambda n: f"{n}-1"),
    st.integers(1, 12).map(lambda n: f"{n}背"),
)  # fmt: skip


def counts(bundle: Bundle, says: PaperSays = SILENT) -> Counts:
    with bundle.catalogue.reading() as session:
        return counts_of(session, session.get_one(Volume, bundle.volume_id()), says)


def labelled(bundle: Bundle, *labels: str) -> None:
    for number, label in enumerate(labels, start=1):
        (page_id,) = bundle.receive(f"{number:04}.jpg")
        bundle.read(page_id, "某页")
        with bundle.catalogue.writing() as session:
            page_deeds.correct_label(session, page_id, label, "傅溪")


def count_paper(bundle: Bundle, pages: int) -> None:
    with bundle.catalogue.writing() as session:
        session.get_one(Volume, bundle.volume_id()).paper_pages = pages


def test_where_all_four_agree_nothing_differs(bundle: Bundle) -> None:
    labelled(bundle, "1", "2", "3")
    count_paper(bundle, 3)

    told = counts(bundle)
    assert (told.by_label, told.by_directory, told.paper, told.pages) == (3, 3, 3, 3)
    assert (told.differing, told.reasons) == ((), ())


def test_parts_of_a_number_backs_and_pages_without_one_explain_more_pages(bundle: Bundle) -> None:
    labelled(bundle, "", "1", "2", "2-1", "3", "3背")
    count_paper(bundle, 5)

    told = counts(bundle)
    assert (told.by_label, told.pages) == (3, 6)
    assert told.differing == ("label", "paper")
    assert [(reason.pages, reason.words) for reason in told.reasons] == [(1, "1 页没有页码"), (2, "附页 2-1、3背")]
    assert told.directory_end == "3背"


def test_gaps_and_a_first_number_above_one_explain_fewer_pages(bundle: Bundle) -> None:
    labelled(bundle, "4", "5", "8")

    told = counts(bundle)
    assert [(reason.pages, reason.words) for reason in told.reasons] == [(-2, "缺页码 6、7"), (-3, "页码从 4 起")]
    assert told.paper is None and "paper" not in told.differing


def test_what_is_folded_or_removed_is_not_counted_but_told(bundle: Bundle) -> None:
    labelled(bundle, "1", "2", "3", "")
    with bundle.catalogue.writing() as session:
        first, *_, last = bundle.order()
        page_deeds.mark_blank(session, last, True, "傅溪")
        page_order.fold(session, bundle.volume_id(), [last], True, "傅溪")
        page_order.remove(session, first, "重复扫描", "傅溪")

    told = counts(bundle)
    assert (told.pages, told.folded, told.removed, told.by_directory) == (2, 1, 1, 2)


def test_what_the_paper_says_is_compared_too(bundle: Bundle) -> None:
    labelled(bundle, "", "1", "2", "3")
    assert counts(bundle, PaperSays(Printed("p", 3), Printed("q", 3))).differing == ("label",)
    assert counts(bundle, PaperSays(None, Printed("q", 4))).differing == ("label",)
    # As many as there are pages here, but the directory tells labels, and the last of them is 3.
    assert counts(bundle, PaperSays(Printed("p", 4))).differing == ("label", "directory")
    assert counts(bundle, PaperSays(Printed("p", 5), Printed("q", 5))).differing == ("label", "directory", "tally")
    # The last entry begins on page 2; how far it reaches is not told. It cannot begin behind the end.
    assert counts(bundle, PaperSays(Printed("p", 2, is_end=False))).differing == ("label",)
    assert counts(bundle, PaperSays(Printed("p", 4, is_end=False))).differing == ("label", "directory")


def test_without_labels_the_paper_is_held_against_the_pages(bundle: Bundle) -> None:
    labelled(bundle, "", "")
    assert counts(bundle, PaperSays(Printed("p", 2), Printed("q", 2))).differing == ()
    assert counts(bundle, PaperSays(Printed("p", 3), Printed("q", 3))).differing == ("directory", "tally")


def test_the_paper_is_asked_on_a_volumes_first_and_last_pages(bundle: Bundle) -> None:
    pages = [page for number in range(1, 31) for page in bundle.receive(f"{number:04}.jpg")]
    note = ("备考表", "本卷共有文件材料 28 页。")
    for at, page in enumerate(pages):
        bundle.read(page, *(note if at in (20, 28) else ("某页",)))

    def told() -> PaperSays:
        with bundle.catalogue.reading() as session:
            return paper_says(session, bundle.vault, bundle.volume_id())

    assert told() == PaperSays(None, Printed(pages[28], 28))
    with bundle.catalogue.writing() as session:
        page_order.remove(session, pages[28], "重复扫描", "傅溪")
    assert told() == SILENT


@given(st.lists(LABELS, max_size=20), st.integers(1, 12))
def test_the_reasons_together_are_the_difference(labels: list[str | None], last: int) -> None:
    assert sum(reason.pages for reason in reasons(labels, last)) == len(labels) - last
    assert all(label is None or key_of(label) is not None for label in labels)
