"""Where things stand: which volumes are listed, and in which order, where not all of them are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from dossier.catalogue.tables import Arrival, Case, Original, Page, Volume, VolumeCheck
from dossier.status import VolumeStatus, volume_statuses
from tests.filed import Filed


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Filed]:
    home = Filed(tmp_path / "home")
    yield home
    home.close()


def add(
    home: Filed, name: str, *volumes: str, state: str = "searchable", due_on: str | None = None, approved: bool = False
) -> None:
    """A case with volumes of one page each; every case is newer than those before it."""
    number = len(name_of_cases(home)) + 1
    case_id = home.case(f"临检起诉受[2031]990101{number:05}号")
    for volume in volumes:
        home.document(case_id, volume, ["一面"], volume=volume, states=[state])
    with home.catalogue.writing() as session:
        case = session.get_one(Case, case_id)
        case.name, case.due_on, case.created_at = name, due_on, float(number)
        if approved:
            of_case = select(Volume.id).where(Volume.case_id == case_id)
            session.add_all(VolumeCheck(volume_id=each, state="approved") for each in session.scalars(of_case))


def name_of_cases(home: Filed) -> list[str]:
    with home.catalogue.reading() as session:
        return list(session.scalars(select(Case.name)))


def listed(home: Filed, limit: int = 500) -> list[VolumeStatus]:
    with home.catalogue.reading() as session:
        return volume_statuses(session, limit=limit)


def test_what_has_work_left_comes_first_and_what_is_approved_last(home: Filed) -> None:
    add(home, "批准早", "卷一", due_on="2029-01-01", approved=True)
    add(home, "批准晚", "卷一", due_on="2030-01-01", approved=True)
    add(home, "读完", "卷一", due_on="2031-05-01")
    add(home, "读完先到期", "卷一", due_on="2031-04-01")
    add(home, "在读", "卷一", "卷二", state="waiting", due_on="2031-06-01")
    add(home, "在读无期", "卷一", state="waiting")
    add(home, "在读新来", "卷一", state="waiting")

    assert [(row.case_name, row.volume) for row in listed(home)] == [
        ("在读", "卷一"), ("在读", "卷二"), ("在读新来", "卷一"), ("在读无期", "卷一"),
        ("读完先到期", "卷一"), ("读完", "卷一"),
        ("批准晚", "卷一"), ("批准早", "卷一"),
    ]  # fmt: skip
    assert [row.case_name for row in listed(home, limit=2)] == ["在读", "在读"]


def test_one_volume_with_work_left_brings_its_whole_case_to_the_front(home: Filed) -> None:
    add(home, "读完", "卷一", due_on="2031-05-01")
    add(home, "半读", "卷一", "卷二")
    with home.catalogue.writing() as session:
        of_second = select(Page).join(Volume, Volume.id == Page.volume_id).where(Volume.name == "卷二")
        session.scalars(of_second).one().state = "reading"

    assert [(row.case_name, row.volume) for row in listed(home)] == [
        ("半读", "卷一"),
        ("半读", "卷二"),
        ("读完", "卷一"),
    ]


def test_a_volume_whose_files_nobody_has_opened_is_listed_as_work(home: Filed) -> None:
    add(home, "读完", "卷一", due_on="2031-05-01")
    case_id = home.case("临检起诉受[2031]99010100099号")
    with home.catalogue.writing() as session:
        volume = Volume(case_id=case_id, name="刚收", order_key="0099")
        session.add_all([volume, Original(sha256="new", md5="", size=1)])
        session.flush()
        session.add(
            Arrival(case_id=case_id, volume_id=volume.id, sha256="new", path="a.pdf", source="a.pdf", origin="watch")
        )

    first, second = listed(home)
    assert (first.volume, first.pages, first.files, first.unopened) == ("刚收", 0, 1, 1)
    assert (second.volume, second.files, second.unopened) == ("卷一", 1, 0)
