"""Cases merged and split: numbers and pages stay, volumes move, and nobody is told of what is out of their sight."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scanroom import CASE, Scanroom, Shape
from site_under_test import Room
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from dossier import cases, flags, permissions
from dossier.acceptance import Incoming, accept
from dossier.catalogue.tables import (
    Arrival,
    Attachment,
    AuditRow,
    Case,
    Document,
    Flag,
    Membership,
    Page,
    Volume,
    VolumeMove,
    Work,
)
from dossier.contents import Contents
from dossier.errors import UnknownFormat
from dossier.place import Place
from dossier.verify import verify_store
from dossier.viewers import PROSECUTOR, READ, SEARCH, WRITE
from indexer.agreement import verify_index

CASES = "/api/v1/cases"
OTHER = "沪东检诉受[2031]31011500078号"
THIRD = "沪东检诉受[2031]31011500079号"
VOLUME = "证据材料卷一"


@dataclass(frozen=True)
class Two:
    """Two cases, each with a 证据材料卷一; the second has another volume, too."""

    room: Room
    system: TestClient
    case: str
    other: str
    pages: tuple[str, ...]

    @property
    def scanroom(self) -> Scanroom:
        return self.room.scanroom

    def merge(self, case: str = "", other: str = "") -> dict[str, Any]:
        answer = self.system.post(f"{CASES}/{case or self.case}/merge", json={"case": other or self.other})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def volume(self, case: str, name: str) -> str:
        with self.scanroom.catalogue.reading() as session:
            return session.scalars(select(Volume.id).where(Volume.case_id == case, Volume.name == name)).one()

    def volumes(self, case: str) -> list[str]:
        with self.scanroom.catalogue.reading() as session:
            return list(session.scalars(select(Volume.name).where(Volume.case_id == case).order_by(Volume.order_key)))

    def found(self, text: str, client: TestClient | None = None, **asked: str) -> list[str]:
        answer = (client or self.system).get("/api/v1/search", params={"q": text, **asked})
        assert answer.status_code == 200, answer.text
        return [hit["page_id"] for hit in answer.json()["hits"]]

    def faults(self) -> set[tuple[str, str]]:
        """What is wrong with the store, by kind and subject; the scanroom leaves its files unfinished."""
        with self.scanroom.catalogue.reading() as session:
            return {(fault.kind, fault.subject) for fault in verify_store(session, self.scanroom.vault)}

    def count(self, table: type[Any], *conditions: Any) -> int:
        with self.scanroom.catalogue.reading() as session:
            return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


@pytest.fixture
def two(room: Room) -> Iterator[Two]:
    scanroom = room.scanroom
    pages = tuple(
        scanroom.receive(name, volume, OTHER)
        for name, volume in (("0001.jpg", VOLUME), ("0002.jpg", VOLUME), ("0001.jpg", "证据材料卷二"))
    )
    for page_id, lines in zip(pages, (("苏见川收取现金",), ("苏见川出具收条",), ("合同原件",)), strict=True):
        scanroom.read(page_id, lines)
    scanroom.make_searchable()
    system = room.with_key(READ, WRITE, SEARCH)
    ids = [system.get(CASES, params={"number": number}).json()["id"] for number in (CASE, OTHER)]
    yield Two(room, system, ids[0], ids[1], pages)


def test_both_numbers_and_both_ids_lead_to_the_case_that_is_left(two: Two) -> None:
    merged = two.merge()
    assert (merged["id"], merged["merged"]) == (two.case, [two.other])
    assert [number["number"] for number in merged["numbers"]] == [CASE, OTHER]
    for number in (CASE, OTHER):
        assert two.system.get(CASES, params={"number": number}).json()["id"] == two.case
    old = two.system.get(f"{CASES}/{two.other}")
    assert (old.status_code, old.json()["id"]) == (200, two.case)
    assert old.headers["content-location"] == f"{CASES}/{two.case}"
    assert "content-location" not in two.system.get(f"{CASES}/{two.case}").headers
    put = two.system.post(CASES, json={"numbers": [{"number": OTHER}, {"number": CASE}], "charge": "诈骗罪"})
    assert (put.status_code, put.json()["id"]) == (200, two.case)


def test_volumes_and_pages_move_and_keep_their_ids(two: Two) -> None:
    ids = {two.volume(two.other, name) for name in (VOLUME, "证据材料卷二")}
    originals = sorted(path for path in two.scanroom.home.vault.rglob("*") if path.is_file())
    faults = two.faults()
    assert two.merge()["volumes"] == 3
    told_apart = f"{VOLUME}（{OTHER}）"
    assert two.volumes(two.case) == [VOLUME, told_apart, "证据材料卷二"]
    assert {two.volume(two.case, name) for name in (told_apart, "证据材料卷二")} == ids
    for table in (Volume, Document, Arrival, Attachment, Page):
        assert two.count(table, table.case_id == two.other) == 0
    assert two.count(Page, Page.id.in_(two.pages), Page.case_id == two.case) == 3
    assert sorted(path for path in two.scanroom.home.vault.rglob("*") if path.is_file()) == originals
    assert two.faults() == faults


def test_moved_pages_are_found_again_once_the_index_knows(two: Two) -> None:
    before = two.found("苏见川")
    assert len(before) == 2
    two.merge()
    assert two.found("苏见川") == [], "the index has them as the other case's"
    status = two.system.get("/api/v1/status").json()
    assert status["pages"]["searchable"] == 2, "and no count says otherwise"
    two.scanroom.make_searchable()
    assert sorted(two.found("苏见川")) == sorted(before)
    assert sorted(two.found("苏见川", case=OTHER)) == sorted(before)
    assert sorted(two.found("苏见川", case=two.other)) == sorted(before)
    assert two.count(VolumeMove, VolumeMove.settled_at.is_(None)) == 0
    assert verify_index(two.scanroom.catalogue, two.scanroom.engine) == []


def test_merging_twice_is_as_merging_once(two: Two) -> None:
    first = two.merge()
    again = [two.merge(), two.merge(case=two.other), two.merge(other=OTHER)]
    assert again == [first] * 3
    assert two.count(AuditRow, AuditRow.deed == "merge") == 1
    assert two.count(AuditRow, AuditRow.deed == "become_part", AuditRow.subject_id == two.other) == 1


def test_cases_merged_in_a_row_all_lead_to_the_last(two: Two) -> None:
    third = two.system.post(CASES, json={"numbers": [{"number": THIRD}], "name": "某案"}).json()["id"]
    two.merge()
    last = two.merge(case=third, other=two.case)
    assert (last["id"], last["merged"], last["volumes"]) == (third, [two.case, two.other], 3)
    for name in (two.case, two.other):
        assert two.system.get(f"{CASES}/{name}").json() == last
    assert [number["number"] for number in last["numbers"]] == [THIRD, CASE, OTHER]


def test_what_is_not_known_of_the_case_comes_from_the_one_that_is_merged(two: Two) -> None:
    known = {
        "name": "苏见川诈骗案",
        "charge": "诈骗罪",
        "department": "第一检察部",
        "handler": "傅溪",
        "due_on": "2031-04-18",
    }
    suspects = [{"name": "苏见川"}, {"name": "闵照屿"}]
    two.system.post(CASES, json={"numbers": [{"number": OTHER}], **known, "suspects": suspects, "category": "一审"})
    two.system.post(CASES, json={"numbers": [{"number": CASE}], "suspects": [{"name": "闵照屿", "age": 30}]})
    two.system.post(f"{CASES}/{two.case}/deliveries", json={})
    two.system.post(f"{CASES}/{two.other}/deliveries", json={"arrived_on": "2031-02-03"})
    merged = two.merge()
    assert {name: merged[name] for name in known} == known
    assert merged["suspects"] == [{"name": "苏见川"}, {"name": "闵照屿", "age": 30}]
    assert merged["details"] == {"category": "一审"}
    assert [(each["kind"], each["number"], each["arrived_on"]) for each in merged["deliveries"]] == [
        ("first", 1, None), ("first", 2, "2031-02-03"),
    ]  # fmt: skip
    with two.scanroom.catalogue.reading() as session:
        waiting = set(session.scalars(select(Work.due_on).where(Work.state == "waiting", Work.kind == "read")))
    assert waiting == {"2031-04-18"}


def test_a_seal_is_never_lost_by_merging_or_splitting(two: Two) -> None:
    third = two.system.post(CASES, json={"numbers": [{"number": THIRD}]}).json()["id"]
    admin = two.room.with_key(READ, WRITE)
    with two.scanroom.catalogue.writing() as session:
        sealed = session.get_one(Case, two.other)
        permissions.seal(session, sealed, "test")
        for viewer_id in session.scalars(select(AuditRow.subject_id).where(AuditRow.deed == "add_key")):
            session.add(Membership(case_id=sealed.id, viewer_id=viewer_id, admitted=True))
    assert admin.get(f"{CASES}/{two.other}").json()["sealed"] is True
    merge = admin.post(f"{CASES}/{two.case}/merge", json={"case": two.other})
    assert (merge.status_code, merge.json()["code"]) == (409, "case_deed_refused")
    volume = two.volume(two.other, VOLUME)
    form = {"volumes": [volume], "case": {"numbers": [{"number": THIRD}]}}
    assert admin.post(f"{CASES}/{two.other}/split", json=form).json()["code"] == "case_deed_refused"
    form["case"] = {"numbers": [{"number": "沪东检诉受[2031]31011500080号"}]}
    new = admin.post(f"{CASES}/{two.other}/split", json=form)
    assert (new.status_code, new.json()["sealed"]) == (201, True)
    stranger = two.room.with_key(READ)
    assert stranger.get(f"{CASES}/{new.json()['id']}").status_code == 404
    assert two.system.get(f"{CASES}/{third}").json()["volumes"] == 0


def test_who_saw_only_the_merged_case_sees_nothing_of_the_whole_at_once(two: Two) -> None:
    for number, department in ((CASE, "第一检察部"), (OTHER, "第二检察部")):
        two.system.post(CASES, json={"numbers": [{"number": number}], "department": department})
    two.scanroom.make_searchable()
    two.room.add_user("闵榆", PROSECUTOR, "第一检察部")
    two.room.add_user("邬怀青", PROSECUTOR, "第二检察部")
    first, second = two.room.signed_in_as("闵榆"), two.room.signed_in_as("邬怀青")
    assert (len(two.found("苏见川", first)), len(two.found("苏见川", second))) == (0, 2)
    two.merge()
    answer = second.get("/api/v1/search", params={"q": "苏见川"}).json()
    assert (answer["total"], answer["hits"]) == (0, [])
    assert second.get("/api/v1/search/facets", params={"q": "苏见川"}).json()["total"] == 0
    for name in (two.case, two.other):
        assert second.get(f"{CASES}/{name}").status_code == 404
    two.scanroom.make_searchable()
    assert (len(two.found("苏见川", first)), len(two.found("苏见川", second))) == (2, 0)


def test_a_case_split_off_has_its_volumes_its_numbers_and_its_own_sight(two: Two) -> None:
    volume = two.volume(two.other, VOLUME)
    two.system.post(CASES, json={"numbers": [{"number": OTHER}], "department": "第二检察部", "handler": "傅溪"})
    two.scanroom.make_searchable()
    form = {"volumes": [volume], "case": {"numbers": [{"number": THIRD}], "suspects": [{"name": "苏见川"}]}}
    new = two.system.post(f"{CASES}/{two.other}/split", json=form)
    assert new.status_code == 201
    case = new.json()
    assert new.headers["location"] == f"{CASES}/{case['id']}"
    assert (case["department"], case["handler"], case["volumes"]) == ("第二检察部", "傅溪", 1)
    assert two.volume(case["id"], VOLUME) == volume
    assert two.volumes(two.other) == ["证据材料卷二"]
    assert two.count(Page, Page.id.in_(two.pages[:2]), Page.case_id == case["id"]) == 2
    # To another department before the index knows: nobody of the old one counts a page of it.
    two.room.add_user("邬怀青", PROSECUTOR, "第二检察部")
    second = two.room.signed_in_as("邬怀青")
    changed = two.system.patch(
        f"{CASES}/{case['id']}", json={"department": "第三检察部"}, headers={"If-Match": new.headers["etag"]}
    )
    assert changed.status_code == 200
    assert second.get("/api/v1/search", params={"q": "苏见川"}).json()["total"] == 0
    two.scanroom.make_searchable()
    assert (len(two.found("苏见川")), two.found("苏见川", second)) == (2, [])
    assert verify_index(two.scanroom.catalogue, two.scanroom.engine) == []


def test_splitting_twice_is_as_splitting_once(two: Two) -> None:
    form = {"volumes": [two.volume(two.other, VOLUME)], "case": {"numbers": [{"number": THIRD}]}}
    answers = [two.system.post(f"{CASES}/{two.other}/split", json=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert two.count(AuditRow, AuditRow.deed == "split") == 1
    back = {"volumes": form["volumes"], "case": {"numbers": [{"number": OTHER}]}}
    assert two.system.post(f"{CASES}/{answers[0].json()['id']}/split", json=back).json()["id"] == two.other
    assert two.volumes(two.other) == [VOLUME, "证据材料卷二"]


def test_a_split_that_cannot_be_is_refused_whole(two: Two) -> None:
    volume, foreign = two.volume(two.other, VOLUME), two.volume(two.case, VOLUME)
    address = f"{CASES}/{two.other}/split"
    for volumes, numbers, status, code in (
        ([volume, foreign], [THIRD], 409, "case_deed_refused"),
        (["v0"], [THIRD], 409, "case_deed_refused"),
        ([volume], [OTHER], 409, "case_deed_refused"),
        ([volume], [CASE, OTHER], 409, "number_clash"),
        ([volume], ["临检刑诉〔2031〕417号"], 409, "number_insufficient"),
        ([], [THIRD], 422, "invalid_request"),
    ):
        form = {"volumes": volumes, "case": {"numbers": [{"number": number} for number in numbers]}}
        answer = two.system.post(address, json=form)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert two.count(Case) == 2
    assert two.volumes(two.other) == [VOLUME, "证据材料卷二"]


def test_versions_of_a_volume_go_together(two: Two) -> None:
    with two.scanroom.catalogue.writing() as session:
        old = session.scalars(select(Volume).where(Volume.case_id == two.other, Volume.name == VOLUME)).one()
        new = Volume(case_id=two.other, name=VOLUME, version=2, supersedes_id=old.id, order_key=old.order_key)
        session.add(new)
        session.flush()
        ids = [old.id, new.id]
    form: dict[str, Any] = {"volumes": ids[:1], "case": {"numbers": [{"number": THIRD}]}}
    address = f"{CASES}/{two.other}/split"
    assert two.system.post(address, json=form).json()["code"] == "case_deed_refused"
    assert two.system.post(address, json={**form, "volumes": ids}).json()["volumes"] == 2
    merged = two.merge(case=two.case, other=THIRD)
    assert two.count(Volume, Volume.case_id == merged["id"], Volume.name == f"{VOLUME}（{THIRD}）") == 2


def again(scanroom: Scanroom, path: Path, place: Place) -> bool:
    """Hand the same bytes in again for a place; whether they were there."""
    incoming = Incoming(path, place, place.path, "watch", Contents("image/jpeg", [Shape()], is_single_picture=True))
    return accept(scanroom.catalogue, scanroom.vault, incoming, "watch").is_replay


@pytest.mark.parametrize("how", ["merge", "split"])
def test_what_comes_again_under_the_old_number_is_known(two: Two, tmp_path: Path, how: str) -> None:
    path = tmp_path / "again"
    path.write_bytes(b"scan 1 0001.jpg")  # what the scanroom wrote first
    place = Place(OTHER, VOLUME, "0001.jpg")
    assert again(two.scanroom, path, place)
    if how == "merge":
        two.merge()
    else:
        form = {"volumes": [two.volume(two.other, VOLUME)], "case": {"numbers": [{"number": THIRD}]}}
        assert two.system.post(f"{CASES}/{two.other}/split", json=form).status_code == 201
    pages = two.count(Page)
    assert again(two.scanroom, path, place)
    assert two.count(Page) == pages


def test_what_still_comes_for_a_merged_case_is_never_mixed_with_a_volume_of_the_same_name(two: Two) -> None:
    two.merge()
    late = two.scanroom.receive("0003.jpg", VOLUME, OTHER)
    page = two.scanroom.page(late)
    assert page.volume_id == two.scanroom.page(two.pages[0]).volume_id
    assert page.page_number == 3
    two.scanroom.receive("0001.jpg", "证据材料卷三", CASE)
    new = two.scanroom.page(two.scanroom.receive("0001.jpg", "证据材料卷三", OTHER))
    assert two.volumes(two.case)[-1] == f"证据材料卷三（{OTHER}）"
    assert new.case_id == two.case
    following = two.scanroom.page(two.scanroom.receive("0002.jpg", "证据材料卷三", OTHER))
    assert following.volume_id == new.volume_id


def uploaded(two: Two, case: str, volume: str, path: str, in_parts: bool) -> Arrival:
    """What became of a file that was sent to a case, by its id or number."""
    if in_parts:
        told = {"case": case, "volume": volume, "path": path}
        metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in told.items())
        answer = two.system.post("/api/v1/uploads", headers={"Upload-Length": "0", "Upload-Metadata": metadata})
        file_id = answer.headers["upload-file"]
    else:
        fields = {"volume": volume, "path": path}
        file_id = two.system.post(f"{CASES}/{case}/files", data=fields, files={"file": ("a", b"")}).json()["id"]
    return two.scanroom.arrival(file_id)


@pytest.mark.parametrize("in_parts", [False, True])
def test_what_is_uploaded_to_a_merged_case_finds_the_volume_that_came_from_there(two: Two, in_parts: bool) -> None:
    moved = two.volume(two.other, VOLUME)
    own = two.volume(two.case, VOLUME)
    two.merge()
    assert uploaded(two, two.other, VOLUME, "0003.jpg", in_parts).volume_id == moved
    assert uploaded(two, two.case, VOLUME, "0003.jpg", in_parts).volume_id == own
    two.scanroom.receive("0001.jpg", "证据材料卷三", CASE)
    new = uploaded(two, two.other, "证据材料卷三", "0001.jpg", in_parts)
    assert new.volume_id == two.volume(two.case, f"证据材料卷三（{OTHER}）")


def test_flags_of_what_moves_go_along_and_those_of_the_merged_case_are_closed(two: Two) -> None:
    with two.scanroom.catalogue.writing() as session:
        page = session.get_one(Page, two.pages[0])
        session.add(Flag(subject_kind="page", subject_id=page.id, case_id=two.other, code="turn_uncertain"))
        standing = session.scalars(select(Flag.code).where(Flag.subject_id == two.other, Flag.closed_at.is_(None)))
        assert set(standing) == {"unknown_case"}
    two.merge()
    assert two.count(Flag, Flag.subject_id == two.other, Flag.closed_at.is_(None)) == 0
    assert two.count(Flag, Flag.code == "turn_uncertain", Flag.case_id == two.case) == 1


def test_what_is_claimed_for_a_merged_case_goes_to_the_one_that_is_left(two: Two) -> None:
    stray = two.scanroom.receive("0001.jpg", "证据材料卷九", THIRD)
    two.merge()
    claimed = two.system.post(
        f"/api/v1/volumes/{two.scanroom.page(stray).volume_id}/claim", json={"case_id": two.other}
    )
    assert claimed.status_code == 200
    assert two.scanroom.page(stray).case_id == two.case
    # Nor does a claim bring the merged case to life again.
    inside = two.scanroom.page(two.pages[0]).volume_id
    assert two.system.post(f"/api/v1/volumes/{inside}/claim", json={"case_id": two.other}).json()["undo"] == []
    assert two.system.get(CASES, params={"number": OTHER}).json()["id"] == two.case


def standing(two: Two, code: str) -> set[str]:
    """The subjects of the flags of this code that stand."""
    with two.scanroom.catalogue.reading() as session:
        return set(session.scalars(select(Flag.subject_id).where(Flag.code == code, Flag.closed_at.is_(None))))


@pytest.mark.parametrize("which", ["merged", "left"])
def test_a_folder_without_a_number_that_is_merged_is_asked_about_no_more(two: Two, which: str) -> None:
    page = two.scanroom.page(two.scanroom.receive("0001.jpg", VOLUME, "新建文件夹"))
    with two.scanroom.catalogue.writing() as session:
        flags.raise_flag(session, "document", page.document_id, page.case_id, "unclaimed", numbers=[OTHER])
    assert standing(two, "unclaimed") == {page.case_id, page.document_id}
    case, other = (two.other, page.case_id) if which == "merged" else (page.case_id, two.other)
    assert two.merge(case, other)["state"] == "provisional"
    assert standing(two, "unclaimed") == set()
    assert case in standing(two, "unknown_case"), "whose number nobody knows is still asked"


def test_an_empty_case_asks_again_when_something_comes_for_it(two: Two) -> None:
    stray = two.scanroom.page(two.scanroom.receive("0001.jpg", VOLUME, THIRD))
    two.system.post(f"/api/v1/volumes/{stray.volume_id}/claim", json={"number": OTHER})
    assert stray.case_id not in standing(two, "unknown_case")
    two.scanroom.receive("0001.jpg", "证据材料卷九", THIRD)
    assert stray.case_id in standing(two, "unknown_case")


def test_loose_files_never_become_one_case(two: Two) -> None:
    inbox = two.scanroom.page(two.scanroom.receive("a.jpg", "未分卷", "")).case_id
    number = {"number": THIRD}
    for address, body in (
        (f"{CASES}/{two.case}/merge", {"case": inbox}),
        (f"{CASES}/{inbox}/merge", {"case": two.case}),
        (f"{CASES}/{inbox}/numbers", number),
        (f"{CASES}/{inbox}/proceedings", {"number": number}),
    ):
        answer = two.system.post(address, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "case_deed_refused")
    assert two.scanroom.page(two.scanroom.receive("b.jpg", "未分卷", "")).case_id == inbox


def test_a_case_out_of_sight_cannot_be_merged(two: Two) -> None:
    with two.scanroom.catalogue.writing() as session:
        permissions.seal(session, session.get_one(Case, two.other), "test")
    for name in (two.other, OTHER):
        assert two.system.post(f"{CASES}/{two.case}/merge", json={"case": name}).status_code == 404
        assert two.system.post(f"{CASES}/{two.other}/merge", json={"case": CASE}).status_code == 404


def test_a_numbers_new_binding_knows_of_merging(two: Two) -> None:
    two.merge()
    with two.scanroom.catalogue.writing() as session:
        case = session.get_one(Case, two.case)
        assert cases.bind_number(session, case, OTHER, "acceptance")
    assert two.system.post(f"{CASES}/{two.case}/numbers", json={"number": OTHER}).status_code == 200


def test_the_directory_has_every_file_and_where_the_documents_pages_are(two: Two) -> None:
    scanroom = two.scanroom
    many = scanroom.receive(
        "讯问笔录.pdf", VOLUME, OTHER, Contents("application/pdf", [Shape(index, "pdf_picture") for index in range(3)])
    )
    scanroom.receive("录音.mp3", VOLUME, OTHER, Contents("audio/mpeg"))
    scanroom.receive("坏.pdf", VOLUME, OTHER, Contents(refusal=UnknownFormat()))
    with scanroom.catalogue.writing() as session:
        document_id = session.get_one(Page, many).document_id
        session.execute(
            update(Page).where(Page.document_id == document_id, Page.index_in_file == 2).values(page_label="35-1")
        )
    directory = two.system.get(f"{CASES}/{two.other}/directory").json()
    assert (directory["case_id"], directory["case_number"]) == (two.other, OTHER)
    first, second = directory["volumes"]
    counted = [(volume["name"], volume["number"], volume["pages"], volume["searchable"]) for volume in (first, second)]
    assert counted == [(VOLUME, 1, 5, 2), ("证据材料卷二", 2, 1, 1)]
    shown = [
        {name: document[name] for name in ("title", "first_page", "last_page", "first_label", "last_label", "pages")}
        for document in first["documents"]
    ]
    assert {
        "title": VOLUME, "first_page": 1, "last_page": 2, "first_label": None, "last_label": None, "pages": 2,
    } in shown  # fmt: skip
    assert {
        "title": "讯问笔录", "first_page": 3, "last_page": 5, "first_label": None, "last_label": "35-1", "pages": 3,
    } in shown  # fmt: skip
    originals = [original for document in first["documents"] for original in document["originals"]]
    contents = [b"scan 1 0001.jpg", b"scan 2 0002.jpg", "scan 4 讯问笔录.pdf".encode()]
    assert {(file["sha256"], file["md5"], file["size"]) for file in originals} == {
        (hashlib.sha256(each).hexdigest(), hashlib.md5(each).hexdigest(), len(each)) for each in contents
    }
    (attachment,), (refused,) = first["attachments"], first["refused"]
    assert (attachment["name"], attachment["media_type"]) == ("录音.mp3", "audio/mpeg")
    assert (refused["path"], refused["error"]) == ("坏.pdf", "unknown_format")
    assert attachment["md5"] == hashlib.md5("scan 5 录音.mp3".encode()).hexdigest()
    two.merge()
    assert two.system.get(f"{CASES}/{two.other}/directory").json()["case_id"] == two.case
