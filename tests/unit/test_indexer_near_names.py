"""Names that may have been meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import Case, Person
from dossier.home import Home
from indexer.near_names import names_in_sight, near_names, proposed_queries
from indexer.sight import Sight


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("林晓禾", "林晓和"),  # the last,
        ("林晓禾", "林小禾"),  # the middle one,
        ("林晓禾", "木晓禾"),  # or the surname is another
        ("林晓", "林晓禾"),  # one is missing
        ("林晓禾", "林晓"),  # one is too many
        ("林禾", "林晓禾"),
        ("欧阳晓禾", "欧阳晓和"),
        ("张三", "张山"),
        ("張曉禾", "张晓和"),  # in traditional characters
        ("张晓禾", "張曉和"),
        ("未明", "末明"),  # of two Han the surname looks alike
    ],
)
def test_a_name_one_character_away_is_near(typed: str, known: str) -> None:
    assert near_names(typed, [known]) == [known]


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("林晓禾", "林晓禾"),  # itself
        ("張曉禾", "张晓禾"),  # itself, in traditional characters
        ("李国", "李國"),
        ("林晓禾", "林小和"),  # two are others
        ("林晓禾", "禾晓林"),
        ("林晓禾", "林晓禾公司"),  # two are too many
        ("张三", "李三"),  # of two Han only a given name may be another
        ("张三", "张"),  # no name
        ("林晓禾", "林晓A"),
        ("林晓禾", "林"),
    ],
)
def test_other_names_are_not_near(typed: str, known: str) -> None:
    assert near_names(typed, [known]) == []


def test_nearer_names_come_first() -> None:
    assert near_names("林晓禾", ["林晓", "木晓禾", "林小禾", "林晓和", "林晓和"]) == [
        "林晓和",
        "林小禾",
        "木晓禾",
        "林晓",
    ]


def test_one_word_of_a_query_is_replaced_and_the_rest_stays() -> None:
    assert proposed_queries("嫌疑人:林晓禾 转账 4417", ["林晓和", "赵四"]) == [("嫌疑人:林晓和 转账 4417", "林晓和")]
    assert proposed_queries('"林晓禾"', ["林晓和"]) == [('"林晓和"', "林晓和")]


@pytest.mark.parametrize("text", ["转账 -李思", "转账 NOT 李思", '转账 -"李思"', "转账 -嫌疑人:李思"])
def test_for_what_is_excluded_no_name_is_proposed(text: str) -> None:
    assert proposed_queries(text, ["李四"]) == []


def test_the_name_of_a_field_is_no_name() -> None:
    assert proposed_queries("嫌疑人:李思", ["李四", "嫌疑犯"]) == [("嫌疑人:李四", "李四")]


def test_in_a_sentence_no_name_is_looked_for() -> None:
    assert proposed_queries("林晓禾把钱转走了", ["林晓和"]) == []
    assert proposed_queries("4417", ["林晓和"]) == []


def test_a_look_alike_is_nearer_than_any_other() -> None:
    assert near_names("林晓未", ["林晓和", "林晓末", "林小未"]) == ["林晓末", "林晓和", "林小未"]


def test_names_near_to_any_of_a_long_list_are_known(tmp_path: Path) -> None:
    names = [f"林{chr(0x4E00 + number)}{chr(0x5E00 + number)}" for number in range(300)]
    catalogue = Catalogue.open(Home.at(tmp_path))
    with catalogue.writing() as session:
        case = Case(state="known", name="", handler=names[299][:2])
        session.add(case)
        session.flush()
        session.add_all([Person(case_id=case.id, name=names[0][:2]), Person(case_id=case.id, name="苏未晚")])
    with catalogue.reading() as session:
        assert names_in_sight(session, " ".join(names), Sight()) == {names[0][:2], names[299][:2]}
        assert names_in_sight(session, "", Sight()) == set()
    catalogue.close()
