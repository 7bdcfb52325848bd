"""Making and checking a volume: two persons, the sample, the version that was looked at, and what takes it back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import changes, flags
from dossier.attention import questions
from dossier.catalogue.tables import Case, ChangeRow, Document, Fault, Flag, Page, VolumeCheck
from dossier.deeds import claims, documents, page_deeds, page_order, page_volumes
from dossier.errors import (
    DeedRefused,
    PagesUnseen,
    PagesUnsettled,
    TwoPersonsNeeded,
    VolumeChanged,
    VolumeUnclaimed,
)
from dossier.quality import faults, making, returns, sample
from dossier.quality.contents import contents_of, version_of
from dossier.viewers import AT_MACHINE, CHECKER, OPERATOR, Viewer
from tests.bundle import CASE, Bundle

MAKER = Viewer("u1", "傅溪", roles=frozenset({OPERATOR}))
CHECKER_A = Viewer("u2", "闵榆", roles=frozenset({CHECKER}))
CHECKER_B = Viewer("u3", "苏见川", roles=frozenset({CHECKER}))
EVERY_PAGE = sample.Sampling(1.0, 1)


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    bundle = filled(tmp_path / "home")
    yield bundle
    bundle.close()


def filled(home: Path, pages: int = 6) -> Bundle:
    """A volume of pages that are read."""
    bundle = Bundle(home)
    for number in range(1, pages + 1):
        bundle.read(bundle.receive(f"{number:04}.jpg")[0], "某页")
    bundle.settle()
    return bundle


def do(bundle: Bundle, deed: Callable[[Session, str], object]) -> None:
    volume_id = bundle.volume_id()
    with bundle.catalogue.writing() as session:
        deed(session, volume_id)


def state(bundle: Bundle) -> str:
    volume_id = bundle.volume_id()
    with bundle.catalogue.reading() as session:
        return making.state_of(session, volume_id)


def version(bundle: Bundle) -> str:
    volume_id = bundle.volume_id()
    with bundle.catalogue.reading() as session:
        return version_of(contents_of(session, volume_id))


def hand_in(bundle: Bundle, sampling: sample.Sampling = EVERY_PAGE, remark: str = "") -> None:
    do(bundle, lambda session, volume_id: making.hand_in(session, volume_id, MAKER, remark, sampling))


def see_all(bundle: Bundle, viewer: Viewer = CHECKER_A) -> None:
    do(bundle, lambda session, id_: sample.note_seen(session, id_, viewer.id, sample.pages_to_see(session, id_)))


def approve(bundle: Bundle, viewer: Viewer = CHECKER_A, of: str = "") -> None:
    named = of or version(bundle)
    do(bundle, lambda session, volume_id: making.approve(session, volume_id, viewer, named))


def approved_changes(bundle: Bundle) -> int:
    with bundle.catalogue.reading() as session:
        return len(session.scalars(select(ChangeRow).where(ChangeRow.kind == changes.APPROVED)).all())


def told_of_volume(bundle: Bundle) -> list[str]:
    with bundle.catalogue.reading() as session:
        of_volume = select(ChangeRow.kind).where(ChangeRow.volume_id.is_not(None)).order_by(ChangeRow.number)
        return list(session.scalars(of_volume))


def signed_off(bundle: Bundle) -> None:
    hand_in(bundle)
    see_all(bundle)
    approve(bundle)
    assert state(bundle) == making.APPROVED


# The way of a volume


def test_making_begins_with_the_first_page_and_ends_with_approval(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path / "home")
    bundle.read(bundle.receive("0001.jpg")[0], "某页")
    bundle.settle()

    assert state(bundle) == making.MAKING
    hand_in(bundle)
    assert state(bundle) == making.HANDED_IN
    see_all(bundle)
    approve(bundle)
    assert state(bundle) == making.APPROVED
    assert approved_changes(bundle) == 1
    bundle.close()


def test_a_volume_whose_only_page_is_taken_out_is_unmade_and_cannot_be_handed_in(tmp_path: Path) -> None:
    bundle = filled(tmp_path / "home", 1)
    with bundle.catalogue.writing() as session:
        page_order.remove(session, session.scalars(select(Page.id)).one(), "试扫页", "傅溪")

    assert state(bundle) == making.UNMADE
    with pytest.raises(DeedRefused, match="还没有页面"):
        hand_in(bundle)
    bundle.close()


def test_handing_in_and_approving_twice_is_doing_it_once(bundle: Bundle) -> None:
    hand_in(bundle)
    hand_in(bundle)
    see_all(bundle)
    approve(bundle)
    approve(bundle)

    assert (len(bundle.audited("hand_in")), len(bundle.audited("approve")), approved_changes(bundle)) == (1, 1, 1)


def test_what_is_open_must_be_explained(bundle: Bundle) -> None:
    page_id = bundle.receive("0007.jpg")[0]

    with pytest.raises(PagesUnsettled, match="1 页还没有识别"):
        hand_in(bundle)
    hand_in(bundle, remark="最后一页明天补扫")
    assert state(bundle) == making.HANDED_IN
    assert bundle.page(page_id).state == "waiting"


def test_a_volume_that_was_handed_in_can_be_taken_back_until_it_is_checked(bundle: Bundle) -> None:
    hand_in(bundle)
    do(bundle, lambda session, volume_id: making.take_back(session, volume_id, "傅溪"))
    assert state(bundle) == making.MAKING
    with pytest.raises(DeedRefused):
        approve(bundle)
    signed_off(bundle)
    with pytest.raises(DeedRefused):
        do(bundle, lambda session, volume_id: making.take_back(session, volume_id, "傅溪"))


# Two persons


def test_nobody_approves_or_refuses_what_they_handed_in(bundle: Bundle) -> None:
    """Also where they have become a checker since."""
    hand_in(bundle)
    promoted = Viewer(MAKER.id, MAKER.name, roles=frozenset({CHECKER}))
    see_all(bundle, promoted)

    with pytest.raises(TwoPersonsNeeded):
        approve(bundle, promoted)
    with pytest.raises(TwoPersonsNeeded):
        do(bundle, lambda session, volume_id: making.refuse(session, volume_id, promoted, "缺末页"))
    assert state(bundle) == making.HANDED_IN


def test_nobody_approves_a_volume_whose_pages_they_have_put_in_order(bundle: Bundle) -> None:
    with bundle.catalogue.writing() as session:
        page_deeds.correct_label(session, bundle.order()[0], "1", CHECKER_A.name)
    hand_in(bundle)
    see_all(bundle)
    see_all(bundle, CHECKER_B)

    with pytest.raises(TwoPersonsNeeded):
        approve(bundle, CHECKER_A)
    approve(bundle, CHECKER_B)
    assert state(bundle) == making.APPROVED


@pytest.mark.parametrize(
    "nobody",
    [AT_MACHINE, MAKER, Viewer("k1", "办案系统", scopes=frozenset({"read", "write"}))],
    ids=["machine", "another maker", "program"],
)
def test_whoever_is_no_checker_by_name_approves_nothing(bundle: Bundle, nobody: Viewer) -> None:
    hand_in(bundle)
    see_all(bundle, nobody)

    with pytest.raises(TwoPersonsNeeded):
        approve(bundle, nobody)


# What was looked at is what is approved


def test_what_changed_since_it_was_looked_at_is_not_approved(bundle: Bundle) -> None:
    hand_in(bundle)
    looked_at = version(bundle)
    see_all(bundle)
    with bundle.catalogue.writing() as session:
        page_order.move(session, bundle.order()[0], bundle.order()[3], None, "傅溪")

    with pytest.raises(VolumeChanged):
        approve(bundle, of=looked_at)
    approve(bundle)
    assert state(bundle) == making.APPROVED


def test_what_changes_while_it_waits_for_its_check_is_told(bundle: Bundle) -> None:
    hand_in(bundle)
    with bundle.catalogue.reading() as session:
        assert making.changed_since_hand_in(session, bundle.volume_id()) == []
    with bundle.catalogue.writing() as session:
        page_order.remove(session, bundle.order()[0], "重复扫描", "傅溪")
    with bundle.catalogue.reading() as session:
        assert making.changed_since_hand_in(session, bundle.volume_id()) == ["页有增减"]

    do(bundle, lambda session, volume_id: making.take_back(session, volume_id, "傅溪"))
    hand_in(bundle)
    with bundle.catalogue.reading() as session:
        assert making.changed_since_hand_in(session, bundle.volume_id()) == []


def test_a_volume_that_has_lost_its_pages_is_neither_approved_nor_handed_in(bundle: Bundle) -> None:
    hand_in(bundle)
    with bundle.catalogue.writing() as session:
        for page_id in bundle.order():
            page_order.remove(session, page_id, "别卷的页", "傅溪")

    with pytest.raises(DeedRefused, match="没有页面"):
        approve(bundle)
    do(bundle, lambda session, volume_id: making.refuse(session, volume_id, CHECKER_A, "空卷"))
    with pytest.raises(DeedRefused, match="没有页面"):
        hand_in(bundle, remark="没有页")


def test_of_two_checkers_who_decide_at_once_one_is_told(bundle: Bundle) -> None:
    hand_in(bundle)
    see_all(bundle)
    do(bundle, lambda session, volume_id: making.refuse(session, volume_id, CHECKER_B, "缺末页"))

    with pytest.raises(DeedRefused, match="审核不通过"):
        approve(bundle)
    assert approved_changes(bundle) == 0


AFTER_APPROVAL: dict[str, tuple[Callable[[Session, list[str]], object], str]] = {
    "label": (lambda session, ids: page_deeds.correct_label(session, ids[0], "35", "傅溪"), "页码变了"),
    "move": (lambda session, ids: page_order.move(session, ids[0], ids[2], None, "傅溪"), "页序或材料的划分变了"),
    "remove": (lambda session, ids: page_order.remove(session, ids[0], "重复扫描", "傅溪"), "页有增减"),
    "turn": (lambda session, ids: page_deeds.turn(session, ids[0], 90, "傅溪"), "页面转了方向"),
    "title": (
        lambda session, ids: documents.rename(session, session.get_one(Page, ids[0]).document_id, "讯问笔录", "傅溪"),
        "材料名称变了",
    ),
    "divide": (
        lambda session, ids: documents.divide(
            session, session.get_one(Page, ids[0]).document_id, ids[2], "书证", None, "傅溪"
        ),
        "页序或材料的划分变了",
    ),
}  # fmt: skip


@pytest.mark.parametrize("deed", AFTER_APPROVAL)
def test_a_change_after_approval_takes_the_volume_back_and_says_why(bundle: Bundle, deed: str) -> None:
    signed_off(bundle)
    change, words = AFTER_APPROVAL[deed]
    with bundle.catalogue.writing() as session:
        change(session, bundle.order())

    assert state(bundle) == making.MAKING
    with bundle.catalogue.reading() as session:
        assert words in session.get_one(VolumeCheck, bundle.volume_id()).reason
        asked = [question for question in questions(session) if question.code == "check_reopened"]
    assert words in asked[0].message
    hand_in(bundle, remark="改动已核对")
    with bundle.catalogue.reading() as session:
        assert [question for question in questions(session) if question.code == "check_reopened"] == []


def test_a_file_that_comes_after_approval_takes_the_volume_back(bundle: Bundle) -> None:
    signed_off(bundle)
    bundle.receive("0007.jpg")

    assert state(bundle) == making.MAKING
    with bundle.catalogue.reading() as session:
        assert "收到了新文件" in session.get_one(VolumeCheck, bundle.volume_id()).reason


def test_those_who_follow_are_told_once_that_an_approval_no_longer_holds(bundle: Bundle) -> None:
    signed_off(bundle)
    bundle.receive("0007.jpg")
    with bundle.catalogue.writing() as session:
        page_order.remove(session, bundle.order()[0], "重复扫描", "傅溪")
    assert told_of_volume(bundle) == ["approved", "reopened"]

    hand_in(bundle, remark="改动已核对")
    see_all(bundle)
    approve(bundle)
    with bundle.catalogue.writing() as session:
        page_order.remove(session, bundle.order()[0], "重复扫描", "傅溪")
    assert told_of_volume(bundle) == ["approved", "reopened", "approved", "reopened"]


def test_a_change_before_the_check_takes_nothing_back_from_those_who_follow(bundle: Bundle) -> None:
    hand_in(bundle)
    bundle.receive("0007.jpg")

    assert told_of_volume(bundle) == []


def test_what_changes_nothing_that_was_looked_at_leaves_the_approval(bundle: Bundle) -> None:
    signed_off(bundle)
    with bundle.catalogue.writing() as session:
        page_deeds.read_again(session, bundle.order()[0], "傅溪")
        page_order.fold(session, bundle.volume_id(), None, True, "傅溪")  # there is no blank page

    assert state(bundle) == making.APPROVED
    assert told_of_volume(bundle) == ["approved"]


# A volume of no case


def test_an_unclaimed_volume_is_handed_in_only_once_it_has_a_case(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path / "home")
    bundle.read(bundle.receive("0001.jpg", case="某某的卷宗")[0], "某页")
    bundle.settle()
    with pytest.raises(VolumeUnclaimed):
        hand_in(bundle, remark="先送审")

    def claim(session: Session, volume_id: str) -> None:
        claims.claim_volume(session, volume_id, claims.case_named(session, CASE, "傅溪"), "傅溪")

    do(bundle, claim)
    hand_in(bundle)
    assert state(bundle) == making.HANDED_IN
    bundle.close()


def test_a_volume_that_waits_for_its_check_without_a_case_is_not_approved(bundle: Bundle) -> None:
    hand_in(bundle)
    see_all(bundle)
    with bundle.catalogue.writing() as session:
        session.scalars(select(Case)).one().state = "unclaimed"

    with pytest.raises(VolumeUnclaimed):
        approve(bundle)
    assert told_of_volume(bundle) == []


# The sample


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    pages = [f"p{number}" for number in range(200)]

    drawn = sample.sample_of(pages, "a", 10)
    assert len(drawn) == 10
    assert sample.sample_of(pages[::-1], "a", 10) == drawn
    assert sample.sample_of(pages, "b", 10) != drawn


def test_every_page_has_about_the_same_chance() -> None:
    pages = [f"p{number}" for number in range(20)]
    times = dict.fromkeys(pages, 0)
    for seed in range(2000):
        for page in sample.sample_of(pages, str(seed), 5):
            times[page] += 1

    # 500 expected, standard deviation 19: five of them to either side.
    assert all(400 < count < 600 for count in times.values())


@pytest.mark.parametrize(("pages", "size"), [(3, 3), (40, 5), (100, 5), (101, 6), (200, 10), (0, 0)])
def test_a_sample_is_not_less_than_a_twentieth(pages: int, size: int) -> None:
    assert sample.Sampling().size(pages) == size


def test_the_sample_must_have_been_seen_as_the_pages_are_now(bundle: Bundle) -> None:
    hand_in(bundle)
    with pytest.raises(PagesUnseen, match="6 页"):
        approve(bundle)
    see_all(bundle, CHECKER_B)
    with pytest.raises(PagesUnseen, match="6 页"):
        approve(bundle)
    see_all(bundle)
    with bundle.catalogue.writing() as session:
        session.get_one(Page, bundle.order()[0]).reading_version = 2
    with pytest.raises(PagesUnseen, match="1 页"):
        approve(bundle)


def test_what_was_read_again_since_it_was_shown_is_not_seen(bundle: Bundle) -> None:
    hand_in(bundle)
    first, second = bundle.order()[:2]
    with bundle.catalogue.writing() as session:
        session.get_one(Page, first).reading_version = 2
    do(bundle, lambda session, id_: sample.note_seen(session, id_, "u2", [first, second], {first: 1, second: 1}))

    with bundle.catalogue.reading() as session:
        assert sample.seen_pages(session, bundle.volume_id(), "u2") == {second}


def test_a_page_that_was_turned_is_not_seen_before_it_is_read_upright(bundle: Bundle) -> None:
    hand_in(bundle)
    see_all(bundle)
    with bundle.catalogue.writing() as session:
        page_deeds.turn(session, bundle.order()[0], 90, "傅溪")
    see_all(bundle)
    with pytest.raises(PagesUnseen, match="1 页"):
        approve(bundle)

    with bundle.catalogue.writing() as session:
        page = session.get_one(Page, bundle.order()[0])
        page.turn_degrees, page.reading_version, page.state = 90, 2, "read"
    with pytest.raises(PagesUnseen, match="1 页"):
        approve(bundle)
    see_all(bundle)
    approve(bundle)
    assert state(bundle) == making.APPROVED


def test_pages_of_other_volumes_are_not_noted_as_seen(bundle: Bundle) -> None:
    (elsewhere,) = bundle.receive("0001.jpg", volume="诉讼文书卷")
    volume_id = bundle.volume_id()
    with bundle.catalogue.writing() as session:
        assert sample.note_seen(session, volume_id, "u2", [elsewhere, bundle.order()[0], "x"]) == 1
        assert sample.note_seen(session, volume_id, "u2", [bundle.order()[0]]) == 1
    with bundle.catalogue.reading() as session:
        assert sample.seen_pages(session, volume_id, "u2") == {bundle.order()[0]}


# Faults


def test_faults_that_were_refused_stand_on_the_attention_list_until_they_are_mended(bundle: Bundle) -> None:
    hand_in(bundle)
    first, second = bundle.order()[:2]
    for page, kind in ((first, "skewed"), (first, "blurred"), (second, "upside_down")):
        do(bundle, lambda session, id_, page=page, kind=kind: faults.mark(session, id_, page, kind, "", "闵榆"))
    with bundle.catalogue.reading() as session:
        assert [row for row in questions(session) if row.code == faults.FLAG] == []
    do(bundle, lambda session, volume_id: making.refuse(session, volume_id, CHECKER_A, ""))

    assert state(bundle) == making.REFUSED
    with bundle.catalogue.reading() as session:
        asked = {row.page_id: row for row in questions(session) if row.code == faults.FLAG}
    assert set(asked) == {first, second}
    assert "歪斜；模糊" in asked[first].message
    remedy = asked[first].remedies[0]
    assert remedy.address == f"/api/v1/volumes/{bundle.volume_id()}/mended"
    with pytest.raises(PagesUnsettled, match="3 处差错"):
        hand_in(bundle)
    do(bundle, lambda session, id_: faults.mend(session, id_, remedy.body["faults"], True, "傅溪"))
    with bundle.catalogue.reading() as session:
        assert {row.page_id for row in questions(session) if row.code == faults.FLAG} == {second}


def test_a_volume_with_a_standing_fault_is_not_approved(bundle: Bundle) -> None:
    hand_in(bundle)
    see_all(bundle)
    do(bundle, lambda session, id_: faults.mark(session, id_, bundle.order()[0], "skewed", "", "闵榆"))
    with pytest.raises(DeedRefused, match="1 处差错"):
        approve(bundle)
    with bundle.catalogue.reading() as session:
        (fault,) = faults.standing_faults(session, bundle.volume_id())
    do(bundle, lambda session, id_: faults.withdraw(session, id_, fault.id, "闵榆"))
    approve(bundle)

    assert state(bundle) == making.APPROVED


def test_the_same_fault_marked_twice_stands_once(bundle: Bundle) -> None:
    hand_in(bundle)
    for _ in range(2):
        do(bundle, lambda session, id_: faults.mark(session, id_, bundle.order()[0], "skewed", "", "闵榆"))

    with bundle.catalogue.reading() as session:
        assert len(faults.all_faults(session, bundle.volume_id())) == 1


@pytest.mark.parametrize(("kind", "words"), [("unheard_of", ""), ("other", " ")])
def test_a_fault_must_be_one_that_is_known_or_described(bundle: Bundle, kind: str, words: str) -> None:
    hand_in(bundle)
    with pytest.raises(DeedRefused):
        do(bundle, lambda session, id_: faults.mark(session, id_, None, kind, words, "闵榆"))


def test_nothing_is_refused_without_a_word(bundle: Bundle) -> None:
    hand_in(bundle)
    with pytest.raises(DeedRefused, match="请先记下差错"):
        do(bundle, lambda session, volume_id: making.refuse(session, volume_id, CHECKER_A, " "))


def test_a_volume_refused_twice_with_the_same_words_is_refused_once(bundle: Bundle) -> None:
    hand_in(bundle)
    for _ in range(2):
        do(bundle, lambda session, volume_id: making.refuse(session, volume_id, CHECKER_A, "缺末页"))
    with pytest.raises(DeedRefused, match="审核不通过"):
        do(bundle, lambda session, volume_id: making.refuse(session, volume_id, CHECKER_A, "倒置"))

    assert len(bundle.audited("refuse")) == 1
    with bundle.catalogue.reading() as session:
        assert [fault.words for fault in faults.all_faults(session, bundle.volume_id())] == ["缺末页"]


def test_a_faulty_page_that_goes_to_another_volume_has_no_number_in_this_one(bundle: Bundle) -> None:
    bundle.receive("0001.jpg", volume="诉讼文书卷")
    hand_in(bundle)
    faulty = bundle.order()[2]
    do(bundle, lambda session, id_: faults.mark(session, id_, faulty, "order", "", "闵榆"))
    with bundle.catalogue.writing() as session:
        page_volumes.move_to_volume(session, faulty, bundle.volume_id("诉讼文书卷"), None, None, "傅溪")

    with bundle.catalogue.reading() as session:
        (fault,) = faults.standing_faults(session, bundle.volume_id())
        assert faults.sentence_of(session, fault) == "已移出的一页：顺序错"


# The paper given back


def test_paper_is_given_back_once_and_undone_with_a_reason(bundle: Bundle) -> None:
    def give(to: str) -> None:
        do(bundle, lambda s, id_: returns.give_back(s, id_, "傅溪", given_to=to, given_on="2020-03-05", bound_by="甲"))

    def undo(reason: str) -> None:
        do(bundle, lambda session, id_: returns.undo_return(session, id_, reason, "傅溪"))

    give("周望舒")
    give("周望舒")
    assert len(bundle.audited("give_back")) == 1
    with pytest.raises(DeedRefused, match="先撤销"):
        give("何景行")
    with pytest.raises(DeedRefused, match="原因"):
        undo("")
    undo("登记错了卷")
    give("何景行")
    with bundle.catalogue.reading() as session:
        held = returns.return_of(session, bundle.volume_id())
        assert held is not None and (held.given_to, held.bound_by, held.given_by) == ("何景行", "甲", "傅溪")


def test_paper_given_back_on_a_day_that_nobody_named_is_given_back_once(bundle: Bundle) -> None:
    do(bundle, lambda s, id_: returns.give_back(s, id_, "傅溪", given_to="周望舒", given_on="2020-03-05"))
    # The same call without a day, as it is repeated on another one.
    do(bundle, lambda s, id_: returns.give_back(s, id_, "傅溪", given_to="周望舒"))
    assert len(bundle.audited("give_back")) == 1


@pytest.mark.parametrize(("to", "on"), [("", "2020-03-05"), ("周望舒", "5.3."), ("周望舒", "2999-01-01")])
def test_a_return_names_somebody_and_a_day_that_has_been(bundle: Bundle, to: str, on: str) -> None:
    with pytest.raises(DeedRefused):
        do(bundle, lambda session, id_: returns.give_back(session, id_, "傅溪", given_to=to, given_on=on))


# Whatever is done, in whatever order


def _fault_ids(session: Session, volume_id: str) -> list[str]:
    return [fault.id for fault in faults.standing_faults(session, volume_id)]


STEPS: dict[str, Callable[[Bundle, int], None]] = {
    "hand in": lambda bundle, _: hand_in(bundle, remark="有说明"),
    "take back": lambda bundle, _: do(bundle, lambda s, id_: making.take_back(s, id_, "傅溪")),
    "see": lambda bundle, n: see_all(bundle, (CHECKER_A, CHECKER_B)[n % 2]),
    "approve": lambda bundle, n: approve(bundle, (CHECKER_A, CHECKER_B)[n % 2]),
    "approve own": lambda bundle, _: approve(bundle, MAKER),
    "refuse": lambda bundle, n: do(bundle, lambda s, id_: making.refuse(s, id_, CHECKER_A, "缺末页" if n % 2 else "")),
    "fault": lambda bundle, n: do(
        bundle, lambda s, id_: faults.mark(s, id_, bundle.order()[n % len(bundle.order())], "skewed", "", "闵榆")
    ),
    "mend": lambda bundle, _: do(bundle, lambda s, id_: faults.mend(s, id_, _fault_ids(s, id_), True, "傅溪")),
    "withdraw": lambda bundle, _: do(
        bundle, lambda s, id_: [faults.withdraw(s, id_, fault, "闵榆") for fault in _fault_ids(s, id_)]
    ),
    "label": lambda bundle, n: do(
        bundle, lambda s, _id: page_deeds.correct_label(s, bundle.order()[0], str(n), "傅溪")
    ),
    "remove": lambda bundle, n: do(
        bundle, lambda s, _id: page_order.remove(s, bundle.pages()[n % 4].id, "重复扫描", "傅溪")
    ),
    "restore": lambda bundle, n: do(bundle, lambda s, _id: page_order.restore(s, bundle.pages()[n % 4].id, "傅溪")),
    "turn": lambda bundle, n: do(
        bundle, lambda s, _id: page_deeds.turn(s, bundle.pages()[n % 4].id, 90 * (n % 4), "傅溪")
    ),
    "rename": lambda bundle, n: do(
        bundle, lambda s, _id: documents.rename(s, s.scalars(select(Document.id)).first() or "", f"笔录{n}", "傅溪")
    ),
    "receive": lambda bundle, n: bundle.read(bundle.receive(f"{100 + n}-{time.monotonic_ns()}.jpg")[0], "新页"),
}  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 7)), min_size=4, max_size=14))
def test_what_stands_approved_is_what_another_person_approved(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundle = filled(Path(folder) / "home", 4)
        approvals, refusals = 0, 0
        for name, number in [("hand in", 0), ("see", 0), ("see", 1), *steps]:
            before = state(bundle)
            try:
                STEPS[name](bundle, number)
            except DeedRefused:
                assert state(bundle) == before, "what is refused changes nothing"
                continue
            after = state(bundle)
            approvals += name == "approve" and before == making.HANDED_IN
            refusals += (before, after) == (making.HANDED_IN, making.REFUSED)
            assert (after == making.APPROVED) <= (before == making.APPROVED or name == "approve")
            assert (after == making.REFUSED) <= (before == making.REFUSED or name == "refuse")
            assert name != "approve own"
        volume_id = bundle.volume_id()
        with bundle.catalogue.reading() as session:
            check = session.get_one(VolumeCheck, volume_id)
            assert check.refusals == refusals
            told = session.scalars(select(Fault).where(Fault.told_at.is_not(None), Fault.mended_at.is_(None)))
            subjects = {fault.page_id or volume_id for fault in told if fault.withdrawn_at is None}
            stand = session.scalars(select(Flag).where(Flag.code == faults.FLAG, Flag.closed_at.is_(None)))
            assert {flag.subject_id for flag in stand} == subjects
            if check.state == making.APPROVED:
                assert check.contents == contents_of(session, volume_id)
                assert check.checker_id not in (None, check.maker_id)
                assert not flags.stands(session, "volume", volume_id, "check_reopened")
        assert approved_changes(bundle) == approvals
        bundle.close()
