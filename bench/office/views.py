"""The views of an office that are measured: who asks for which address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bench.office.home import DOSSIER_CASE, name_of
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Case, Page, Volume
from dossier.derived import THUMBNAIL
from dossier.home import Home
from search_api.desk.page_picture import picture_address

SCREEN = 1600  # pixels, as the reader and the view of a page ask for


@dataclass(frozen=True)
class View:
    """Something that somebody asks for: its name, who, and the addresses, of which one is asked after the other."""

    name: str
    user: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Dossier:
    """What measurements need to know of the large case: ids in its order, and its volumes' pages."""

    case_id: str
    volumes: dict[str, list[str]]

    @property
    def middle(self) -> str:
        """A volume in its middle."""
        return list(self.volumes)[len(self.volumes) // 2]


def dossier_of(root: Path) -> Dossier:
    """The large case of a home."""
    catalogue = Catalogue.open(Home.at(root))
    with catalogue.reading() as session:
        case_id = session.scalars(select(Case.id).where(Case.name == DOSSIER_CASE)).one()
        order = select(Volume.id).where(Volume.case_id == case_id).order_by(Volume.order_key)
        volumes: dict[str, list[str]] = {volume_id: [] for volume_id in session.scalars(order)}
        pages = select(Page.volume_id, Page.id).where(Page.case_id == case_id, Page.outside.is_(None))
        for volume_id, page_id in session.execute(pages.order_by(Page.volume_id, Page.page_number)):
            volumes[volume_id].append(page_id)
    catalogue.close()
    return Dossier(case_id, volumes)


def views_of(dossier: Dossier) -> list[View]:
    """The views, each with several addresses so that nothing is answered from what was answered before."""
    reader, operator, admin, auditor = name_of(3), "制作人", "管理员", "审计员"
    volumes = list(dossier.volumes)
    pages = dossier.volumes[dossier.middle]
    phrases = ("年化收益百分之十二", "还本付息", "加盖公章", "营业部", "邻居", "澄江银行")

    def of_volumes(form: str) -> tuple[str, ...]:
        return tuple(form.format(volume_id) for volume_id in volumes[:12])

    def of_pages(form: str) -> tuple[str, ...]:
        return tuple(form.format(page_id) for page_id in pages[:24])

    return [
        View("search", reader, tuple(f"/?q={phrase}" for phrase in phrases)),
        View("search in groups", reader, tuple(f"/?q={phrase}&group=document" for phrase in phrases)),
        View("search, API", reader, tuple(f"/api/v1/search?q={phrase}" for phrase in phrases)),
        View("search box", reader, ("/",)),
        View("board", operator, ("/board",)),
        View("status, API", operator, ("/api/v1/status",)),
        View("directory, API", reader, (f"/api/v1/cases/{dossier.case_id}/directory",)),
        View("reader", reader, of_volumes("/volumes/{}/read?page=1")),
        View("outline of a volume", reader, of_volumes("/api/v1/volumes/{}/outline")),
        View("hits in a volume", reader, of_volumes("/api/v1/volumes/{}/hits?q=还本付息")),
        View("light table", operator, of_volumes("/volumes/{}")),
        View("page", reader, of_pages("/pages/{}")),
        View("page of a hit", reader, of_pages("/pages/{}?q=还本付息&hit=3")),
        View("text of a page", reader, of_pages("/api/v1/pages/{}/text?q=还本付息")),
        View("picture of a page", reader, tuple(picture_address(page_id, 1, SCREEN) for page_id in pages[:24])),
        View("small picture", reader, tuple(picture_address(page_id, 1, THUMBNAIL) for page_id in pages[:24])),
        View("changes, API", reader, ("/api/v1/changes?after=", "/api/v1/changes?after=&limit=500")),
        View("administration", admin, ("/admin",)),
        View("statistics", admin, ("/admin/statistics",)),
        View("users", admin, ("/admin/users",)),
        View("departments", admin, ("/admin/departments",)),
        View("audit", auditor, ("/admin/audit",)),
        View(
            "audit by person", auditor, (f"/admin/audit?who={name_of(3)}", f"/admin/audit?who={name_of(4)}&deed=look")
        ),
        View("audit by deed and day", auditor, ("/admin/audit?deed=park", "/admin/audit?since=2030-01-01&deed=look")),
        View("audit of a case", auditor, (f"/admin/audit?case={dossier.case_id}",)),
    ]
