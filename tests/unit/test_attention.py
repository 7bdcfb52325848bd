"""The attention list of a home whose inbox is full of files that nobody could take in."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event

from dossier import flags
from dossier.attention import count_questions
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Case
from dossier.home import Home
from dossier.viewers import OPERATOR, Viewer


def test_folders_of_the_inbox_are_looked_up_once_however_many_files_wait(tmp_path: Path) -> None:
    catalogue = Catalogue.open(Home.at(tmp_path))
    viewer = Viewer("李四", roles=frozenset({OPERATOR}))
    asked: list[str] = []
    event.listen(catalogue._engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))

    def statements_with(files: int) -> tuple[int, int]:
        with catalogue.writing() as session:
            for number in range(files):
                path = f"/{'甲' if number % 2 else '乙'}/{number}.pdf"
                flags.raise_flag(session, "inbox", path, None, "not_accepted", path=path)
        asked.clear()
        with catalogue.reading() as session:
            return count_questions(session, viewer), len(asked)

    with catalogue.writing() as session:
        session.add(Case(folder="乙", name="乙", department="一部", state="unclaimed"))
    few, many = statements_with(4), statements_with(40)

    assert (few[0], many[0]) == (2, 20)  # the case of one of the folders is out of sight
    assert few[1] == many[1]
    catalogue.close()
