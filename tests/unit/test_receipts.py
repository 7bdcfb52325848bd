"""Receipts: what is written down finds or opens its case, delivery and volumes, once, and can be put right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from dossier import case_deeds
from dossier.case_merge import merge
from dossier.case_metadata import CaseMetadata, NumberGiven, SuspectGiven
from dossier.catalogue.tables import AuditRow, Case, CaseNumber, Delivery, Person, Receipt, ReceiptVolume, Volume
from dossier.errors import DeedRefused, KeyReused, NumberClash, ReceiptChanged, SecrecyRefused
from dossier.page_labels import settle_labels
from dossier.pages import volume_named
from dossier.receipts.expected import expected_volumes
from dossier.receipts.known_gaps import parse_gaps, without_known
from dossier.receipts.receipt import ReceiptGiven, VolumeGiven, correct, delivery_name, save
from dossier.receipts.sheet_code import LABEL, code_of, volume_named_by
from dossier.viewers import AT_MACHINE
from dossier.volume_moves import move_volumes
from tests.filed import Filed

NUMBER = "临检起诉受[2031]99010100031号"
OTHER = "临检起诉受[2031]99010100032号"
DAY = dt.date(2031, 7, 4)


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Filed]:
    home = Filed(tmp_path)
    yield home
    home.close()


def given(*volumes: VolumeGiven, numbers: tuple[str, ...] = (NUMBER,), **more: Any) -> ReceiptGiven:
    told: dict[str, Any] = {
        "received_on": DAY, "unit": "临江分局", "case_name": "闵照屿等3人诈骗案", "suspects": ["闵照屿"], **more,
    }  # fmt: skip
    return ReceiptGiven(numbers=[NumberGiven(number=number) for number in numbers], volumes=volumes, **told)


TWO = (
    VolumeGiven("诉讼文书卷", 1, paper_pages=42),
    VolumeGiven("证据材料卷", 1, paper_pages=188, known_gaps="36、40-42"),
)


def receive(filed: Filed, what: ReceiptGiven, key: str = "", case_id: str = "") -> Receipt:
    with filed.catalogue.writing() as session:
        receipt, _ = save(session, AT_MACHINE, what, "傅溪", key, case_id)
        receipt_id = receipt.id
    with filed.catalogue.reading() as session:
        return session.get_one(Receipt, receipt_id)


def count(filed: Filed, table: type[Any]) -> int:
    with filed.catalogue.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_receipt_opens_its_case_its_delivery_and_its_volumes(filed: Filed) -> None:
    receipt = receive(filed, given(*TWO, due_on=dt.date(2031, 8, 4)))
    with filed.catalogue.reading() as session:
        case = session.get_one(Case, receipt.case_id)
        volumes = session.scalars(select(Volume).order_by(Volume.paper_pages)).all()
        delivery = session.scalars(select(Delivery)).one()
    assert (case.state, case.name, case.due_on) == ("known", "闵照屿等3人诈骗案", "2031-08-04")
    assert [(volume.name, volume.kind, volume.number, volume.paper_pages) for volume in volumes] == [
        ("诉讼文书卷一", "诉讼文书卷", 1, 42),
        ("证据材料卷一", "证据材料卷", 1, 188),
    ]
    assert volumes[1].known_gaps == ["36", "40-42"]
    assert {volume.delivery_id for volume in volumes} == {delivery.id} == {receipt.delivery_id}
    assert (delivery.kind, delivery.number, delivery.arrived_on) == ("first", 1, "2031-07-04")


def test_a_receipt_finds_the_case_that_has_its_number_and_keeps_what_it_is_called(filed: Filed) -> None:
    known = filed.case(NUMBER, suspects=["邬怀青"])
    receipt = receive(filed, given(*TWO, numbers=("临检起诉受〔2031〕99010100031号",)))
    with filed.catalogue.reading() as session:
        assert (receipt.case_id, session.get_one(Case, known).name) == (known, "某某案")
    assert count(filed, Case) == 1


def test_a_number_is_not_needed_and_can_be_bound_later(filed: Filed) -> None:
    receipt = receive(filed, given(*TWO, numbers=()))
    with filed.catalogue.reading() as session:
        assert session.get_one(Case, receipt.case_id).state == "provisional"
    with filed.catalogue.writing() as session:
        correct(session, AT_MACHINE, receipt.id, given(*TWO), 1, "傅溪")
    with filed.catalogue.reading() as session:
        assert session.get_one(Case, receipt.case_id).state == "known"
        assert session.scalars(select(CaseNumber.as_given)).all() == [NUMBER]


def test_a_documents_number_alone_leaves_the_case_provisional(filed: Filed) -> None:
    receipt = receive(filed, given(numbers=("临公诉字〔2031〕417号",)))
    with filed.catalogue.reading() as session:
        assert session.get_one(Case, receipt.case_id).state == "provisional"


def test_a_number_that_is_anothers_when_it_comes_names_both_cases(filed: Filed) -> None:
    receipt = receive(filed, given(*TWO, numbers=()))
    other = filed.case(NUMBER)
    with pytest.raises(NumberClash) as refused, filed.catalogue.writing() as session:
        correct(session, AT_MACHINE, receipt.id, given(*TWO), 1, "傅溪")
    assert set(refused.value.case_ids) == {receipt.case_id, other}


def test_numbers_of_two_cases_are_not_guessed(filed: Filed) -> None:
    ids = {filed.case(NUMBER), filed.case(OTHER)}
    with pytest.raises(NumberClash) as refused:
        receive(filed, given(*TWO, numbers=(NUMBER, OTHER)))
    assert set(refused.value.case_ids) == ids
    assert count(filed, Receipt) == 0


def test_top_secret_files_are_refused_and_leave_no_trace(filed: Filed) -> None:
    with pytest.raises(SecrecyRefused):
        receive(filed, given(*TWO, secrecy="绝密"))
    assert [count(filed, table) for table in (Receipt, Case, Volume, AuditRow)] == [0, 0, 0, 0]


def test_the_same_key_writes_one_receipt_and_another_content_is_noticed(filed: Filed) -> None:
    first = receive(filed, given(*TWO), key="k1")
    assert receive(filed, given(*TWO), key="k1").id == first.id
    assert [count(filed, table) for table in (Receipt, Case, Volume, ReceiptVolume)] == [1, 1, 2, 2]
    with pytest.raises(KeyReused):
        receive(filed, given(TWO[0]), key="k1")


def test_a_slip_in_the_number_is_taken_back_and_one_that_was_there_before_stays(filed: Filed) -> None:
    known = filed.case(OTHER)
    receipt = receive(filed, given(*TWO, numbers=(OTHER, NUMBER)))
    right = "临检起诉受[2031]99010100033号"
    with filed.catalogue.writing() as session:
        correct(session, AT_MACHINE, receipt.id, given(*TWO, numbers=(right,)), 1, "傅溪")
    with filed.catalogue.reading() as session:
        numbers = session.scalars(select(CaseNumber.as_given).where(CaseNumber.case_id == known)).all()
    assert sorted(numbers) == sorted([OTHER, right])


def put_right(filed: Filed, receipt: Receipt, what: ReceiptGiven) -> tuple[str, list[str], str | None, Any]:
    """Corrects a receipt; what its case is called then, its suspects, and its dates."""
    with filed.catalogue.writing() as session:
        version = session.get_one(Receipt, receipt.id).version
        correct(session, AT_MACHINE, receipt.id, what, version, "傅溪")
    with filed.catalogue.reading() as session:
        case = session.get_one(Case, receipt.case_id)
        suspects = session.scalars(select(Person.name).where(Person.case_id == case.id).order_by(Person.id)).all()
        return case.name, list(suspects), case.due_on, case.details.get("accepted_on")


def test_what_a_receipt_said_of_its_case_is_put_right_there_too(filed: Filed) -> None:
    wrong = given(case_name="闵照与诈骗案", suspects=["闵照与"], due_on=dt.date(2031, 8, 1), accepted_on=DAY)
    receipt = receive(filed, wrong)
    right = given(suspects=["闵照屿", "谷岩怀"], accepted_on=dt.date(2031, 7, 5))
    assert put_right(filed, receipt, right) == ("闵照屿等3人诈骗案", ["闵照屿", "谷岩怀"], None, "2031-07-05")
    assert put_right(filed, receipt, given(case_name="", suspects=[])) == ("", [], None, None)


def test_what_others_have_said_of_the_case_stays_when_a_receipt_is_put_right(filed: Filed) -> None:
    receipt = receive(filed, given(due_on=dt.date(2031, 8, 1)))
    with filed.catalogue.writing() as session:
        case = session.get_one(Case, receipt.case_id)
        suspect = SuspectGiven.model_validate({"name": "闵照屿", "id_number": "99"})
        metadata = CaseMetadata(name="闵照屿诈骗案", due_on=dt.date(2031, 9, 1), suspects=[suspect])
        case_deeds.change_case(session, case, metadata, "办案系统")
    told = ("闵照屿诈骗案", ["闵照屿"], "2031-09-01", None)
    # Its volumes are put right, and then what it says of the case, where the form shows the case's own name.
    assert put_right(filed, receipt, given(*TWO, due_on=dt.date(2031, 8, 1))) == told
    assert put_right(filed, receipt, given(case_name="闵照屿诈骗案", suspects=["谷岩怀"])) == told
    assert put_right(filed, receipt, given(case_name="谷岩怀诈骗案", suspects=["谷岩怀"])) == told


def test_a_number_that_others_name_by_now_is_not_taken_back(filed: Filed) -> None:
    first = receive(filed, given(numbers=(NUMBER, OTHER)))
    second = receive(filed, given(numbers=(OTHER,), delivery_kind="return"))
    with filed.catalogue.writing() as session:
        metadata = CaseMetadata(numbers=[NumberGiven(number=NUMBER, system="tyyw")])
        case, is_new = case_deeds.put_case(session, AT_MACHINE, metadata, "办案系统")
        assert (case.id, is_new) == (first.case_id, False)

    def numbers() -> list[str]:
        with filed.catalogue.reading() as session:
            return sorted(session.scalars(select(CaseNumber.as_given)))

    put_right(filed, first, given(numbers=()))
    assert numbers() == [NUMBER, OTHER]
    put_right(filed, second, given(numbers=(), delivery_kind="return"))
    assert numbers() == [NUMBER], "the second receipt alone named it then"


def test_a_receipt_without_a_day_is_of_the_day_on_which_it_was_written_down(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = receive(filed, given(received_on=None), key="k1")
    assert receipt.received_on == dt.date.today().isoformat()

    class Tomorrow(dt.date):
        @classmethod
        def today(cls) -> dt.date:
            return dt.date.fromordinal(dt.date.toordinal(dt.date.today()) + 1)

    monkeypatch.setattr("dossier.receipts.receipt.date", Tomorrow)
    assert receive(filed, given(received_on=None), key="k1").id == receipt.id
    put_right(filed, receipt, given(received_on=None, unit="江北分局"))
    with filed.catalogue.reading() as session:
        assert session.get_one(Receipt, receipt.id).received_on == receipt.received_on


def test_a_correction_of_an_old_version_is_refused(filed: Filed) -> None:
    receipt = receive(filed, given(*TWO))
    with filed.catalogue.writing() as session:
        correct(session, AT_MACHINE, receipt.id, given(TWO[0]), 1, "傅溪")
    with pytest.raises(ReceiptChanged), filed.catalogue.writing() as session:
        correct(session, AT_MACHINE, receipt.id, given(*TWO), 1, "段知行")


def test_a_volume_that_a_correction_drops_goes_only_while_it_is_empty(filed: Filed) -> None:
    case_id = filed.case(NUMBER)
    filed.document(case_id, "讯问笔录", ["第一页"], volume="证据材料卷一")
    receipt = receive(filed, given(*TWO))
    assert count(filed, Volume) == 2, "the volume that was there is the one that was announced"
    with filed.catalogue.writing() as session:
        correct(session, AT_MACHINE, receipt.id, given(), 1, "傅溪")
    with filed.catalogue.reading() as session:
        left = session.scalars(select(Volume)).one()
    assert (left.name, left.paper_pages, left.known_gaps) == ("证据材料卷一", None, [])


def test_a_correction_leaves_a_volume_alone_that_has_gone_to_another_case(filed: Filed) -> None:
    receipt = receive(filed, given(*TWO))
    other = filed.case(OTHER)
    with filed.catalogue.writing() as session:
        gone = session.scalars(select(Volume).where(Volume.kind == "证据材料卷")).one()
        move_volumes(session, [gone], session.get_one(Case, receipt.case_id), session.get_one(Case, other))
    for version, volumes in enumerate((TWO, TWO[:1]), start=1):
        with filed.catalogue.writing() as session:
            correct(session, AT_MACHINE, receipt.id, given(*volumes, unit="江北分局"), version, "傅溪")
    with filed.catalogue.reading() as session:
        left = session.scalars(select(Volume).order_by(Volume.paper_pages)).all()
        told = [(each.case_id, each.paper_pages, each.known_gaps) for each in left]
    assert told == [(receipt.case_id, 42, []), (other, 188, ["36", "40-42"])]
    assert count(filed, ReceiptVolume) == 2


def test_a_receipt_goes_with_its_case_into_another(filed: Filed) -> None:
    receipt = receive(filed, given(*TWO))
    other = filed.case(OTHER)
    with filed.catalogue.writing() as session:
        merge(session, session.get_one(Case, other), session.get_one(Case, receipt.case_id), "傅溪")
    with filed.catalogue.reading() as session:
        assert session.get_one(Receipt, receipt.id).case_id == other


def test_a_second_receipt_that_counts_nothing_leaves_what_the_first_one_counted(filed: Filed) -> None:
    receive(filed, given(*TWO))
    receive(filed, given(VolumeGiven("证据材料卷", 1), delivery_kind="return"))
    with filed.catalogue.reading() as session:
        volume = session.scalars(select(Volume).where(Volume.kind == "证据材料卷")).one()
    assert (volume.paper_pages, volume.known_gaps) == (188, ["36", "40-42"])


def test_a_delivery_that_is_put_right_is_that_of_the_volumes(filed: Filed) -> None:
    receipt = receive(filed, given(*TWO))
    with filed.catalogue.writing() as session:
        right = correct(session, AT_MACHINE, receipt.id, given(*TWO, delivery_kind="return"), 1, "傅溪")
        volumes = session.scalars(select(Volume)).all()
        assert {volume.delivery_id for volume in volumes} == {right.delivery_id}


def test_a_volume_cannot_be_announced_twice(filed: Filed) -> None:
    with pytest.raises(DeedRefused):
        receive(filed, given(TWO[0], VolumeGiven(name="诉讼文书卷一")))
    assert count(filed, Receipt) == 0


@pytest.mark.parametrize(
    ("folder", "is_it"), [("证据卷1", True), ("证据材料卷第一卷", True), ("证据卷1(补)", False), ("证据卷2", False)]
)
def test_a_folder_that_writes_the_volume_otherwise_is_the_announced_one(filed: Filed, folder: str, is_it: bool) -> None:
    receipt = receive(filed, given(*TWO))
    with filed.catalogue.writing() as session:
        volume = volume_named(session, receipt.case_id, folder)
        assert (volume.paper_pages == 188) == is_it


def test_what_is_here_is_compared_with_what_was_announced(filed: Filed) -> None:
    case_id = filed.case(NUMBER)
    filed.document(case_id, "笔录", *[[f"第{n}页"] for n in range(3)], volume="证据材料卷一")
    counted = [VolumeGiven("证据材料卷", 1, paper_pages=pages) for pages in (3, 5, 2, None)]
    receipt = receive(filed, given(counted[0], TWO[0]))
    seen = []
    for version, volume in enumerate([*counted[1:], counted[0]], start=1):
        with filed.catalogue.writing() as session:
            found = correct(session, AT_MACHINE, receipt.id, given(volume, TWO[0]), version, "傅溪")
            here, absent = expected_volumes(session, [found])[found.id]
            seen.append((here.state, here.lacking, here.pages, absent.state))
    assert seen == [
        ("fewer", 2, 3, "absent"), ("more", -1, 3, "absent"), ("uncounted", 0, 3, "absent"), ("agrees", 0, 3, "absent")
    ]  # fmt: skip


def test_gaps_of_the_paper_raise_no_alarm_and_others_do(filed: Filed) -> None:
    case_id = filed.case(NUMBER)
    labels = ["1", "2", "3", "4", "5", "9", "10", "12", "13"]
    filed.document(case_id, "笔录", *[["页"] for _ in labels], volume="证据材料卷一", labels=labels)

    def missing() -> list[str]:
        from dossier import flags

        with filed.catalogue.writing() as session:
            volume = (
                session.scalars(select(Volume).where(Volume.number == 1)).first()
                or session.scalars(select(Volume)).one()
            )
            settle_labels(session, volume.id)
            session.flush()
            return list(flags.details_of(session, "volume", volume.id, "label_gap").get("numbers", []))

    assert missing() == ["6–8", "11"]
    receipt = receive(filed, given(VolumeGiven(name="证据材料卷一", paper_pages=9, known_gaps="7、11")))
    assert missing() == ["6", "8"]
    with filed.catalogue.writing() as session:
        all_known = VolumeGiven(name="证据材料卷一", paper_pages=9, known_gaps="6-8，11")
        correct(session, AT_MACHINE, receipt.id, given(all_known), 1, "傅溪")
    assert missing() == []


@pytest.mark.parametrize(
    ("text", "gaps"), [("36、40-42", ["36", "40-42"]), ("第３６页， 40 至 42页", ["36", "40-42"]), ("", [])]
)
def test_gaps_are_read_as_people_write_them(text: str, gaps: list[str]) -> None:
    assert parse_gaps(text) == gaps


@pytest.mark.parametrize("text", ["三十六", "42-40", "0", "35背"])
def test_what_is_no_gap_is_refused(text: str) -> None:
    with pytest.raises(DeedRefused):
        parse_gaps(text)


def test_a_range_is_parted_around_what_is_known() -> None:
    assert without_known([(36, 42, 5), (50, 50, 9)], ["38-39", "42", "50"]) == ((36, 37, 5), (40, 41, 5))


def test_a_sheets_code_names_its_volume_and_no_other_home_takes_it(filed: Filed, tmp_path: Path) -> None:
    receive(filed, given(*TWO))
    stranger = Filed(tmp_path / "stranger")
    with filed.catalogue.writing() as session, stranger.catalogue.writing() as abroad:
        first, second = session.scalars(select(Volume.id)).all()
        code = code_of(session, first)
        code_of(abroad, first)  # the other home has a key, too
        assert volume_named_by(session, code) == first
        assert volume_named_by(abroad, code) is None
        body, _, check = code.rpartition(":")
        forged = [
            code.replace(first.upper(), second.upper()), f"{body}:{'0' * 16}", code.lower(), code + "0", check, "",
            code_of(session, first, LABEL), code_of(session, first, LABEL).replace(":L:", ":V:"),
            "https://example.invalid/", code.replace("EDOSSIER1", "EDOSSIER2"),
        ]  # fmt: skip
        assert [volume_named_by(session, text) for text in forged] == [None] * len(forged)
    stranger.close()


def test_deliveries_are_called_as_people_call_them() -> None:
    assert [delivery_name(*each) for each in (("first", 1), ("return", 1), ("return", 2))] == [
        "首次移送",
        "一退",
        "二退",
    ]
    assert replace(TWO[0], name=" 工作 卷 ").full_name == "工作 卷"
