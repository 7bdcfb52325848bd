from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from dossier.catalogue.tables import Case, CaseNumber, Document, Person, Proceeding, Table, Volume
from dossier.numbers import canonical, folded
from indexer.clause import OneOf
from indexer.fields import fields_of
from indexer.query import understand

VOLUMES = {"v1": "证据材料卷二", "v2": "诉讼文书卷（第2卷）", "v3": "证据卷12", "v4": "补充侦查卷"}


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Table.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            [
                Case(id="c1", charge="合同诈骗罪", handler="林晓"),
                Case(id="c2", charge="盗窃罪", handler="何景"),
                Case(id="c3", charge="詐騙罪", merged_into="c2"),
                Proceeding(case_id="c2", handler="林晓"),
                Person(case_id="c1", name="張國榮"),
                Person(case_id="c2", name="张国"),
                Person(case_id="c2", name="王五", role="victim"),
                *(Volume(id=id_, case_id="c1", name=name, order_key=id_) for id_, name in VOLUMES.items()),
                *(
                    Document(id=f"d{n}", case_id="c1", volume_id="v1", path=f"{n}", title=title, order_key=f"{n}")
                    for n, title in enumerate(["讯问笔录（第一次）", "询问笔录", "訊問筆錄", "讯问笔录（第一次）"])
                ),
            ]
        )
        numbers = {
            "c1": "（2031）沪0104刑初12号",
            "c2": "（2031）沪0104刑初112号",
            "c3": "临检起诉受[2031]99010100007号",
        }
        session.add_all(
            CaseNumber(case_id=case, kind="court", as_given=number, canonical=canonical(number), folded=folded(number))
            for case, number in numbers.items()
        )
        session.flush()
        yield session
    engine.dispose()


def ids(session: Session, text: str) -> set[str]:
    (clause,) = fields_of(session, understand(text)).values()
    assert isinstance(clause, OneOf)
    return set(clause.values)


@pytest.mark.parametrize(
    ("asked", "cases"),
    [
        ("（2031）沪0104刑初12号", {"c1"}),
        ("[2031]滬 0104 刑初 12 號", {"c1"}),
        ("（2031）沪0104刑初0012号", {"c1"}),
        ("刑初12", {"c1"}),
        ("沪0104", {"c1", "c2"}),
        ("0007", {"c3", "c2"}),
        ("007", set()),
        ("012", set()),
        ("刑终12", set()),
    ],
)
def test_a_case_is_found_by_its_number_in_any_form_by_parts_and_by_last_digits(
    session: Session, asked: str, cases: set[str]
) -> None:
    assert ids(session, f'案号:"{asked}"') == cases


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("嫌疑人:张国荣", {"c1"}),
        ("嫌疑人:张国", {"c1", "c2"}),
        ("嫌疑人:王五", set()),
        ("案由:诈骗", {"c1", "c3", "c2"}),
        ("案由:盗窃", {"c2"}),
        ("承办人:林晓", {"c1", "c2"}),
        ("材料:讯问笔录", {"d0", "d2", "d3"}),
        ("材料:第一次", {"d0", "d3"}),
    ],
)
def test_metadata_are_compared_folded_and_in_part(session: Session, asked: str, expected: set[str]) -> None:
    assert ids(session, asked) == expected


@pytest.mark.parametrize(
    ("asked", "volumes"),
    [
        ("卷二", {"v1", "v2"}),
        ("2", {"v1", "v2"}),
        ("二", {"v1", "v2"}),
        ("第二卷", {"v1", "v2"}),
        ("证据卷2", {"v1"}),
        ("證據材料卷二", {"v1"}),
        ("12", {"v3"}),
        ("补充侦查", {"v4"}),
        ("证据", {"v1", "v3"}),
        ("证据卷", {"v1", "v3"}),
        ("证据材料卷", {"v1", "v3"}),
        ("补侦卷", {"v4"}),
        ("证据材料卷张三", set()),
        ("卷三", set()),
    ],
)
def test_a_volume_is_found_by_its_name_as_people_write_it(session: Session, asked: str, volumes: set[str]) -> None:
    assert ids(session, f"卷:{asked}") == volumes


def test_dates_are_no_matter_of_the_catalogue(session: Session) -> None:
    assert fields_of(session, understand("日期:2031 甲")) == {}
