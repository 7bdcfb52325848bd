"""PDFs of chosen pages and of whole dossiers over the API: bookmarks, labels, watermark, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import numpy as np
import pikepdf
import pypdfium2
import pytest
from sqlalchemy import delete, select
from starlette.testclient import TestClient

from dossier import api_keys, exhibits, work
from dossier.catalogue.tables import AuditRow, Case, Exhibit, Page, Work
from dossier.viewers import AT_MACHINE
from search_api.app import create_app
from tests.conftest import Validator
from tests.house import CASE, House, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("exhibits") / "home") as house:
        house.drop_pages(f"{CASE}/证据材料卷一/讯问笔录", [1, 2])
        house.drop_pages(f"{CASE}/证据材料卷一/账目", [3], first_name=7)
        house.drop_pages(f"{CASE}/证据材料卷二/合同", [4, 5])
        house.take_in_and_work()
        yield house


@pytest.fixture
def program(house: House) -> TestClient:
    return with_key(house, ["read", "write"])


def with_key(house: House, scopes: list[str], departments: tuple[str, ...] = ()) -> TestClient:
    app = create_app(house.home, house.catalogue, house.vault, house.searcher, "password")
    with house.catalogue.writing() as session:
        _, secret = api_keys.add_key(session, "办案系统", scopes, departments, "test")
    client = TestClient(app, base_url="http://localhost")
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def page_ids(house: House) -> list[str]:
    """Of all five pages, by what is on them."""
    with house.catalogue.reading() as session:
        rows = session.execute(select(Page.id, Page.volume_id, Page.page_number).order_by(Page.volume_id)).all()
        volumes = sorted({row[1] for row in rows}, key=lambda one: -sum(row[1] == one for row in rows))
        return [row[0] for one in volumes for row in sorted(rows, key=lambda row: row[2]) if row[1] == one]


def made(house: House, program: TestClient, address: str) -> pikepdf.Pdf:
    house.work()
    answer = program.get(address)
    assert answer.status_code == 200, answer.text
    return pikepdf.open(BytesIO(answer.content))


def titles_of(items: object) -> list[object]:
    return [(item.title, titles_of(item.children)) for item in items]  # type: ignore[attr-defined]


def test_chosen_pages_are_one_pdf_in_their_order_with_bookmarks_and_citations(
    house: House, program: TestClient
) -> None:
    first, second, account, contract, _ = page_ids(house)
    wanted = {
        "title": "第一组示证",
        "groups": [
            {"title": "签约", "pages": [contract]},
            {"title": "收款", "pages": [account, first, second]},
        ],
    }
    asked = program.post("/api/v1/pdfs", json=wanted)
    assert (asked.status_code, asked.json()["state"], asked.json()["pages"]) == (202, "waiting", 4)
    assert program.get(asked.headers["location"]).status_code == 202

    with made(house, program, asked.headers["location"]) as pdf, pdf.open_outline() as outline:
        assert titles_of(outline.root) == [
            ("签约", [("合同（证据卷二图像第1页）", [])]),
            ("收款", [("账目（证据卷一图像第3页）", []), ("讯问笔录（证据卷一图像第1-2页）", [])]),
        ]
        labels = [str(pdf.Root.PageLabels.Nums[2 * at + 1].P) for at in range(4)]
        assert labels == [f"证据卷{page}页" for page in ("二图像第1", "一图像第3", "一图像第1", "一图像第2")]
        assert str(pdf.docinfo.Title) == "第一组示证"
    text = pypdfium2.PdfDocument(program.get(asked.headers["location"]).content)
    assert ["证人甲4号" in text[0].get_textpage().get_text_bounded(), len(text)] == [True, 4]
    again = program.post("/api/v1/pdfs", json=wanted)
    assert (again.status_code, again.json()["id"]) == (200, asked.json()["id"])
    with house.catalogue.reading() as session:
        deeds = session.scalars(select(AuditRow).where(AuditRow.deed == "make_exhibit")).all()
        assert [deed.details["page_ids"] for deed in deeds] == [[contract, account, first, second]]


def test_a_whole_dossier_is_one_pdf_with_a_bookmark_for_each_volume_and_document(
    house: House, program: TestClient
) -> None:
    with house.catalogue.reading() as session:
        case_id = session.scalars(select(Case.id)).one()
    assert program.get(f"/api/v1/cases/{case_id}.pdf").status_code == 202
    with made(house, program, f"/api/v1/cases/{case_id}.pdf") as pdf, pdf.open_outline() as outline:
        assert len(pdf.pages) == 5
        assert titles_of(outline.root) == [
            ("证据材料卷一", [("讯问笔录", []), ("账目", [])]),
            ("证据材料卷二", [("合同", [])]),
        ]


def test_chosen_pages_are_their_choosers_alone_and_of_what_they_see(house: House, program: TestClient) -> None:
    page_id = page_ids(house)[0]
    mine = program.post("/api/v1/pdfs", json={"pages": [page_id]})
    assert with_key(house, ["read", "write"]).get(mine.headers["location"]).status_code == 404
    elsewhere = with_key(house, ["read", "write"], ("第九检察部",))
    assert elsewhere.post("/api/v1/pdfs", json={"pages": [page_id]}).status_code == 404
    assert with_key(house, ["read"]).post("/api/v1/pdfs", json={"pages": [page_id]}).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"pages": []}, 400),
        ({"pages": ["p0", "p0"]}, 400),
        ({"pages": ["p0"] * 1001}, 422),
        ({"pages": ["p0 "]}, 422),
        ({"groups": [{"title": "一", "pages": []}]}, 422),
        ({"pages": ["p0"], "watermark": "别人"}, 422),
    ],
)
def test_what_is_no_choice_is_refused(program: TestClient, wanted: dict[str, object], status: int) -> None:
    assert program.post("/api/v1/pdfs", json=wanted).status_code == status


def test_the_oldest_choices_make_room(house: House) -> None:
    viewer = replace(AT_MACHINE, id="u1", name="沈青")
    first, second, *_ = page_ids(house)
    made = set()
    for number in range(exhibits.MOST_KEPT + 2):
        with house.catalogue.writing() as session:
            exhibit, _ = exhibits.add_exhibit(session, viewer, f"{number}", [exhibits.Group("", (first, second))])
            exhibit.created_at = number
            made.add(exhibit.id)
            work.request(session, work.BIND_EXHIBIT, [exhibit.id])
    of_exhibits = select(Work.subject_id).where(Work.kind == work.BIND_EXHIBIT, Work.state == "waiting")
    with house.catalogue.writing() as session:
        kept = session.scalars(select(Exhibit).where(Exhibit.owner_id == viewer.id)).all()
        assert sorted(int(one.title) for one in kept) == list(range(2, exhibits.MOST_KEPT + 2))
        assert {one.id for one in kept} == made & set(session.scalars(of_exhibits))
        session.execute(delete(Work).where(Work.subject_id.in_([one.id for one in kept])))


def test_a_watermark_stands_over_every_page_and_makes_no_ink_lighter(house: House, verapdf: Validator) -> None:
    ids = page_ids(house)[:2]
    viewer = replace(AT_MACHINE, id="u2")
    pictures = []
    for mark in ("", "沈青 2031-03-05 14:20"):
        with house.catalogue.writing() as session:
            exhibit, _ = exhibits.add_exhibit(session, viewer, "示证", [exhibits.Group("", tuple(ids))], mark)
            work.request(session, work.BIND_EXHIBIT, [exhibit.id])
            exhibit_id = exhibit.id
        house.work()
        (path,) = house.home.derived.joinpath("exhibits").rglob(f"{exhibit_id}.*.pdf")
        with pypdfium2.PdfDocument(path) as pdf:
            pictures.append([np.asarray(page.render(scale=2).to_pil().convert("L")).astype(int) for page in pdf])
    assert verapdf(path).failures == ()
    for plain, marked in zip(*pictures, strict=True):
        assert (marked <= plain + 1).all(), "nothing is lighter"
        darker = plain - marked > 10
        height, width = darker.shape
        corners = [darker[y : y + height // 2, x : x + width // 2] for y in (0, height // 2) for x in (0, width // 2)]
        assert all(corner.any() for corner in corners), "it is everywhere"
        assert darker.mean() < 0.1, "and faint: most of the page is as it was"
