"""What must not grow with the catalogue: the number of statements, and what each of them reads."""

from __future__ import annotations

from pathlib import Path

from dossier import attention, status
from dossier.catalogue.tables import Flag
from dossier.viewers import OPERATOR, Viewer
from indexer.search import Searcher
from tests.filed import Filed
from tests.statements import sent

OPERATOR_OF_ALL = Viewer("u1", "制作人", frozenset({OPERATOR}), frozenset({"第一检察部"}))


def filed(tmp_path: Path, pages: int) -> Filed:
    """A case of so many pages, each with a doubt."""
    home = Filed(tmp_path / f"{pages}")
    case_id = home.case()
    page_ids = home.document(case_id, "讯问笔录", *(["本页内容经核对"] for _ in range(pages)))
    with home.catalogue.writing() as session:
        for page_id in page_ids:
            session.add(Flag(subject_kind="page", subject_id=page_id, case_id=case_id, code="low_confidence"))
            session.add(Flag(subject_kind="page", subject_id=page_id, case_id=case_id, code="turn_uncertain"))
    return home


def statements_for_questions(home: Filed, pages: int) -> int:
    with home.catalogue.reading() as session, sent() as statements:
        assert len(attention.questions(session, OPERATOR_OF_ALL)) == 2 * pages
    home.close()
    return len(statements)


def test_the_attention_list_takes_as_many_statements_for_forty_pages_as_for_two(tmp_path: Path) -> None:
    few, many = (statements_for_questions(filed(tmp_path, pages), pages) for pages in (2, 40))
    assert few == many


def test_what_the_board_counts_is_read_from_indexes_alone(tmp_path: Path) -> None:
    home = filed(tmp_path, 3)
    with home.catalogue.reading() as session:
        with sent() as statements:
            status.status_of(session, OPERATOR_OF_ALL)
            status.volume_statuses(session, OPERATOR_OF_ALL)
        counting = [one for one in statements if "pages.state" in one[0].partition("FROM")[0]]
        assert len(counting) == 2
        for statement, parameters in counting:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            of_pages = [row[3] for row in plan if "pages" in row[3].split()]
            assert of_pages
            assert all("COVERING INDEX" in step for step in of_pages), of_pages
    home.close()


def test_the_outbox_is_counted_from_its_own_rows(tmp_path: Path) -> None:
    home = filed(tmp_path, 3)
    with home.catalogue.reading() as session:
        with sent() as statements:
            status.status_of(session, OPERATOR_OF_ALL)
        outbox = [one for one in statements if one[0].partition("FROM")[2].split()[:1] == ["outbox"]]
        assert len(outbox) == 2
        for statement, parameters in outbox:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            assert not [row[3] for row in plan if row[3].startswith("SCAN pages")]
    home.close()


def test_a_search_takes_as_many_statements_for_twenty_hits_as_for_four(tmp_path: Path) -> None:
    counted = []
    for pages in (4, 20):  # where less is found, names like it are looked for, too
        home = Filed(tmp_path / f"{pages}")
        home.document(home.case(), "讯问笔录", *(["林晓禾称钱已转出", "其余各节与前次所述相同"] for _ in range(pages)))
        searcher = Searcher(home.catalogue, home.vault, home.engine)
        with sent() as statements:
            found = searcher.search("林晓禾", viewer=OPERATOR_OF_ALL, facet_values=8)
        assert len(found.hits) == pages
        assert found.facets == searcher.facets("林晓禾", limit=8, viewer=OPERATOR_OF_ALL)
        assert found.facets is not None
        assert found.facets.total == pages
        counted.append(len(statements))
        home.close()
    assert counted[0] == counted[1]
