"""From the inbox to pages in order: what is taken, where it is put, and what is asked."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from dossier import cases
from dossier.acceptance import Fingerprint, Incoming, SourceChanged, accept
from dossier.catalogue.tables import Arrival, AuditRow, Case, Original, Page
from dossier.contents import Contents
from dossier.place import place_in_inbox
from pipeline.intake import inbox as intake_module
from tests.house import CASE, House, encoded, open_house, tiff_of_pages
from tests.recorded import print_page


def codes(house: House) -> set[str]:
    return {question.code for question in house.questions()}


def test_a_folder_of_pictures_is_one_document_in_natural_order(house: House) -> None:
    for name, number in (("10.png", 3), ("2.png", 2), ("1.png", 1)):
        house.drop(f"{CASE}/证据材料卷/{name}", print_page(number))

    house.take_in()

    assert house.order() == [("证据材料卷", 1, "1.png"), ("证据材料卷", 2, "2.png"), ("证据材料卷", 3, "10.png")]
    assert house.documents() == [("证据材料卷", "证据材料卷", 3)]
    assert house.in_inbox() == []


def test_a_late_page_is_put_in_its_place_and_those_behind_it_move_up(house: House) -> None:
    house.drop_pages(f"{CASE}/证据卷", [1], first_name=1)
    house.drop_pages(f"{CASE}/证据卷", [3], first_name=3)
    house.take_in_and_work()
    assert [number for _, number, _ in house.order()] == [1, 2]
    assert "gap" in codes(house)

    house.drop_pages(f"{CASE}/证据卷", [2], first_name=2)
    house.take_in_and_work()

    assert [path for _, _, path in house.order()] == ["0001.png", "0002.png", "0003.png"]
    hits = house.searcher.search("讯问笔录第3页").hits
    assert [hit.page_number for hit in hits] == [3]
    assert "gap" not in codes(house)


def test_a_file_of_several_pages_and_deeper_folders_are_documents_of_their_own(house: House) -> None:
    house.drop(f"{CASE}/证据卷2/01拘留证/001.png", print_page(1))
    house.drop(f"{CASE}/证据卷2/02讯问笔录.tif", tiff_of_pages([2, 3]))
    house.drop(f"{CASE}/封面.png", print_page(4))

    house.take_in()

    assert house.documents() == [("证据卷2", "01拘留证", 1), ("证据卷2", "02讯问笔录", 2), ("未分卷", "未分卷", 1)]
    assert [number for volume, number, _ in house.order() if volume == "证据卷2"] == [1, 2, 3]


def test_the_same_bytes_at_the_same_place_are_taken_once(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2])
    house.take_in()
    house.drop_pages(f"{CASE}/卷一", [1, 2])
    house.take_in()

    assert len(house.order()) == 2
    assert house.in_inbox() == []
    with house.catalogue.reading() as session:
        deeds = session.scalars(select(AuditRow.deed).where(AuditRow.subject_kind == "arrival")).all()
    assert sorted(deeds) == ["accept", "accept", "accept_again", "accept_again"]


def test_the_same_bytes_elsewhere_are_stored_once_but_keep_their_own_page_and_are_flagged(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1])
    house.drop_pages(f"{CASE}/卷二", [2, 1])

    house.take_in()

    assert [volume for volume, _, _ in house.order()] == ["卷一", "卷二", "卷二"]
    (question,) = [question for question in house.questions() if question.code == "repeated"]
    with house.catalogue.reading() as session:
        assert session.get_one(Page, question.page_id).page_number == 2
    with house.catalogue.reading() as session:
        assert len(session.scalars(select(Original)).all()) == 2


def test_a_known_name_with_new_bytes_is_asked_about_and_not_mixed_in(house: House) -> None:
    house.drop_pages(f"{CASE}/卷一", [1, 2, 3])
    house.take_in()
    house.drop_pages(f"{CASE}/卷一", [11, 12])
    house.take_in()

    assert [path for _, _, path in house.order()] == ["0001.png", "0002.png", "0003.png", "0001.png", "0002.png"]
    assert house.documents() == [("卷一", "卷一", 3), ("卷一", "卷一（第2批）", 2)]
    assert "name_reused" in codes(house)


def test_a_number_nobody_knows_opens_a_provisional_case_that_is_searchable_at_once(house: House) -> None:
    house.drop_pages(f"某甲等3人盗窃案 {CASE}/卷一", [7])
    house.take_in_and_work()

    result = house.searcher.search("讯问笔录第7页", case=CASE.replace("[", "〔").replace("]", "〕"))

    assert [hit.case_number for hit in result.hits] == [CASE]
    assert "unknown_case" in codes(house)


def test_a_folder_without_a_number_waits_to_be_claimed_and_is_searchable_all_the_same(house: House) -> None:
    house.drop_pages("新建文件夹 (2)/卷一", [5])
    house.drop("IMG_0001.png", print_page(6))
    house.take_in_and_work()

    assert house.searcher.search("讯问笔录第5页").total == 1
    assert house.searcher.search("讯问笔录第6页").total == 1
    with house.catalogue.reading() as session:
        assert set(session.scalars(select(Case.state))) == {"unclaimed"}
    assert "unclaimed" in codes(house)


def test_a_number_of_two_cases_is_never_guessed(house: House) -> None:
    with house.catalogue.writing() as session:
        for system in ("案管", "检务"):
            case = Case(state="known", name=f"{system}的案件")
            session.add(case)
            session.flush()
            cases.bind_number(session, case, CASE, "acceptance", system)

    house.drop_pages(f"{CASE}/卷一", [1])
    house.take_in()

    assert "number_clash" in codes(house)
    with house.catalogue.reading() as session:
        page = session.scalars(select(Page)).one()
        assert session.get_one(Case, page.case_id).state == "unclaimed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_case_json_brings_the_metadata_in_any_usual_encoding(house: House, encoding: str) -> None:
    metadata = {"name": "某乙诈骗案", "charge": "诈骗罪", "suspects": [{"name": "某乙"}], "due_on": "2031-10-01"}
    house.drop(f"{CASE}/case.json", json.dumps(metadata, ensure_ascii=False).encode(encoding))
    house.drop_pages(f"{CASE}/卷一", [1])
    house.take_in()

    with house.catalogue.reading() as session:
        case = session.scalars(select(Case)).one()
        assert (case.name, case.charge, case.state, case.due_on) == ("某乙诈骗案", "诈骗罪", "known", "2031-10-01")
    assert "unknown_case" not in codes(house)


def test_an_unusable_case_json_is_kept_and_said_and_the_pages_go_on(house: House) -> None:
    house.drop(f"{CASE}/case.json", b'{"name": ')
    house.drop_pages(f"{CASE}/卷一", [1])
    house.take_in_and_work()

    assert house.searcher.search("讯问笔录第1页").total == 1
    assert "metadata_unusable" in codes(house)


def test_attachments_are_kept_and_counted_without_complaint(house: House) -> None:
    house.drop(f"{CASE}/卷一/流水.csv", "日期,金额\n2031-01-01,100\n".encode())
    house.take_in()

    assert codes(house) == {"unknown_case"}
    with house.catalogue.reading() as session:
        arrival = session.scalars(select(Arrival)).one()
    assert arrival.state == "done"
    assert house.vault.original_path(arrival.sha256).read_bytes().startswith("日期".encode())


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("空.jpg", b"", "empty"),
        ("半张.png", encoded(print_page(1), ".png")[:2000], "truncated"),
        ("怪.xyz", bytes(range(256)) * 8, "unknown_format"),
    ],
)
def test_a_bad_file_is_kept_with_its_reason_and_the_others_go_on(
    house: House, name: str, content: bytes, code: str
) -> None:
    house.drop(f"{CASE}/卷一/{name}", content)
    house.drop_pages(f"{CASE}/卷一", [1])
    house.take_in_and_work()

    assert code in codes(house)
    assert house.in_inbox() == []
    assert house.searcher.search("讯问笔录第1页").total == 1
    assert house.faults() == []


def test_a_good_file_at_the_place_of_a_bad_one_answers_the_question(house: House) -> None:
    house.drop(f"{CASE}/卷一/0001.png", encoded(print_page(1), ".png")[:2000])
    house.take_in()
    house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    house.take_in()

    assert codes(house) == {"unknown_case"}
    assert house.order() == [("卷一", 1, "0001.png")]


@pytest.mark.parametrize("name", ["Thumbs.db", "~$起诉书.docx", "0001.jpg.part", ".DS_Store", ".hidden/0001.png"])
def test_what_systems_leave_behind_is_ignored(house: House, name: str) -> None:
    house.drop(f"{CASE}/卷一/{name}", encoded(print_page(1), ".png"))
    house.take_in()

    assert house.order() == []
    assert house.in_inbox() == [f"{CASE}/卷一/{name}"]


def test_links_and_pipes_in_the_inbox_are_left_alone(house: House, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(encoded(print_page(1), ".png"))
    folder = house.home.inbox / CASE / "卷一"
    folder.mkdir(parents=True)
    (folder / "0001.png").symlink_to(outside)
    os.mkfifo(folder / "0002.png")
    house.take_in()

    assert house.order() == []
    assert outside.is_file()


def test_a_truncated_file_is_given_time_to_be_completed(tmp_path: Path) -> None:
    with open_house(tmp_path, incomplete_after_seconds=3600) as house:
        whole = encoded(print_page(1), ".png")
        house.drop(f"{CASE}/卷一/0001.png", whole[:2000])
        house.take_in()
        assert house.order() == []
        assert len(house.in_inbox()) == 1

        house.drop(f"{CASE}/卷一/0001.png", whole)
        house.take_in()

        assert house.order() == [("卷一", 1, "0001.png")]
        assert codes(house) == {"unknown_case"}


def test_a_file_still_being_written_is_left_alone(house: House) -> None:
    path = house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    with path.open("ab"):
        house.take_in()
        assert house.in_inbox() == [f"{CASE}/卷一/0001.png"]

    house.take_in()
    assert house.in_inbox() == []


def test_a_file_that_changes_while_it_is_taken_is_not_accepted(house: House) -> None:
    path = house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    earlier = Fingerprint.of(path)
    path.write_bytes(encoded(print_page(2), ".png") + b"\0")
    incoming = Incoming(
        path,
        place_in_inbox(path.relative_to(house.home.inbox)),
        "0001.png",
        "watch",
        Contents("x"),
        fingerprint=earlier,
    )

    with pytest.raises(SourceChanged):
        accept(house.catalogue, house.vault, incoming, "test")

    with house.catalogue.reading() as session:
        assert session.scalars(select(Arrival)).all() == []


def test_a_file_overwritten_after_its_acceptance_is_not_deleted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path = house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    real_accept = intake_module.accept_all

    def accept_then_overwrite(*arguments: object) -> object:
        accepted = real_accept(*arguments)  # type: ignore[arg-type]
        if path.exists() and path.read_bytes() == encoded(print_page(1), ".png"):
            path.write_bytes(encoded(print_page(2), ".png"))
        return accepted

    monkeypatch.setattr(intake_module, "accept_all", accept_then_overwrite)
    house.take_in()
    house.take_in()
    house.work()

    assert house.searcher.search("讯问笔录第1页").total == 1
    assert house.searcher.search("讯问笔录第2页").total == 1
    assert house.in_inbox() == []


def test_what_a_killed_process_had_set_aside_is_finished_at_the_next_start(house: House) -> None:
    house.drop(f"{CASE}/卷一/0001.png", print_page(1))
    house.take_in()
    for random, name, page in (("ab12", "0001.png", 1), ("cd34", "0002.png", 2)):
        aside = house.vault.aside / random / CASE / "卷一" / name
        aside.parent.mkdir(parents=True)
        aside.write_bytes(encoded(print_page(page), ".png"))

    house.intake.recover()

    assert list(house.vault.aside.iterdir()) == []
    assert house.in_inbox() == []
    assert [path for _, _, path in house.order()] == ["0001.png", "0002.png"]


def test_names_that_look_alike_but_differ_in_unicode_form_are_one_place(house: House) -> None:
    house.drop(f"{CASE}/Ａé卷/0001.png", print_page(1))
    house.drop(f"{CASE}/Ａé卷/0002.png", print_page(2))

    house.take_in()

    assert [path for _, _, path in house.order()] == ["0001.png", "0002.png"]


def test_a_slow_writer_that_pauses_ends_as_one_whole_page(tmp_path: Path) -> None:
    whole = encoded(print_page(9), ".png")

    with open_house(tmp_path, settle_seconds=0.2, incomplete_after_seconds=30) as house:
        path = house.home.inbox / CASE / "卷一" / "0001.png"
        path.parent.mkdir(parents=True)

        def write_slowly() -> None:
            for start in range(0, len(whole), len(whole) // 4 + 1):
                with path.open("ab") as file:
                    file.write(whole[start : start + len(whole) // 4 + 1])
                time.sleep(0.5)

        writer = threading.Thread(target=write_slowly)
        writer.start()
        deadline = time.monotonic() + 60
        while writer.is_alive() or house.in_inbox():
            assert time.monotonic() < deadline
            house.take_in()
        writer.join()
        house.work()

        assert house.searcher.search("讯问笔录第9页").total == 1
        assert codes(house) == {"unknown_case"}


def test_colour_modes_of_scanners_all_become_pages(house: House) -> None:
    page = print_page(3)
    house.drop(f"{CASE}/卷一/0001.tif", page.convert("L"))
    house.drop(f"{CASE}/卷一/0002.tif", page.convert("CMYK"))
    house.drop(f"{CASE}/卷一/0003.bmp", page)
    house.drop(f"{CASE}/卷一/0004.webp", page)
    house.drop(f"{CASE}/卷一/0005.pdf", page)
    house.drop(f"{CASE}/卷一/0006.png", page.convert("RGBA"))
    house.drop(f"{CASE}/卷一/0007.tif", Image.fromarray(np.asarray(page.convert("L")).astype("uint16") * 257))
    house.take_in()

    assert len(house.order()) == 7
