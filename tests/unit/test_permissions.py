"""Who sees which case, as the catalogue says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import api_keys, cases, passwords, permissions, users
from dossier.case_metadata import CaseMetadata, apply_metadata
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import ApiKey, AuditRow, Case, User
from dossier.errors import NotFound, NumberClash, UsageError
from dossier.home import Home
from dossier.viewers import ADMIN, AT_MACHINE, CHECKER, OPERATOR, PROSECUTOR, ROLES, Viewer, plain_name
from indexer.roster.search import RosterSearcher
from indexer.search import Searcher
from indexer.sight import sight_of


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    catalogue = Catalogue.open(Home.at(tmp_path))
    with catalogue.writing() as opened:
        yield opened
    catalogue.close()


def case_of(session: Session, name: str, department: str = "", handler: str = "") -> Case:
    case = Case(state="known", name=name, department=department, handler=handler)
    session.add(case)
    session.flush()
    return case


def user_of(session: Session, name: str, role: str = PROSECUTOR, *departments: str) -> User:
    return users.add_user(session, name, role, departments, "stored", "test")


def seen(session: Session, viewer: Viewer) -> set[str]:
    """The names of the cases in sight; both ways of asking must agree."""
    by_rule = set(session.scalars(select(Case.name).where(permissions.seen_by(viewer))))
    sight = sight_of(session, viewer)
    assert by_rule == {case.name for case in session.scalars(select(Case)) if sight.allows(case)}
    return by_rule


def seen_by(session: Session, user: User) -> set[str]:
    session.flush()
    return seen(session, users.viewer_of_user(user))


@pytest.mark.parametrize(
    "ask",
    [
        RosterSearcher.search, Searcher.search, Searcher.facets, Searcher.neighbours, Searcher.pages_in_volume,
        permissions.case_in_sight,
    ],
)  # fmt: skip
def test_nothing_is_searched_without_saying_who_asks(ask: Callable[..., object]) -> None:
    assert inspect.signature(ask).parameters["viewer"].default is inspect.Parameter.empty


def test_a_prosecutor_sees_the_department_and_own_cases(session: Session) -> None:
    for name, department, handler in (("甲", "一部", ""), ("乙", "二部", "傅溪"), ("丙", "二部", ""), ("丁", "", "")):
        case_of(session, name, department, handler)
    assert seen_by(session, user_of(session, "傅溪", PROSECUTOR, "一部")) == {"甲", "乙"}
    assert seen_by(session, user_of(session, "邬怀青", PROSECUTOR)) == set()


def test_nobody_handles_the_cases_that_nobody_handles(session: Session) -> None:
    case_of(session, "甲", "一部")
    assert seen(session, Viewer("u1")) == set()


def test_the_scanning_room_sees_cases_that_are_nobodys_yet(session: Session) -> None:
    case_of(session, "甲", "一部")
    case_of(session, "乙", "二部")
    case_of(session, "丙")
    assert seen_by(session, user_of(session, "a", OPERATOR, "一部")) == {"甲", "丙"}
    assert seen_by(session, user_of(session, "b", CHECKER, "一部", "二部")) == {"甲", "乙", "丙"}
    assert seen_by(session, user_of(session, "c", OPERATOR)) == {"丙"}


def test_an_administrator_sees_all_that_is_not_sealed(session: Session) -> None:
    case_of(session, "甲", "一部")
    sealed = case_of(session, "乙", "二部")
    admin = user_of(session, "a", ADMIN)
    permissions.seal(session, sealed, "test")
    assert seen_by(session, admin) == {"甲"}
    assert seen(session, AT_MACHINE) == {"甲"}
    permissions.grant(session, sealed, admin, "test")
    assert seen_by(session, admin) == {"甲", "乙"}


@pytest.mark.parametrize("role", list(ROLES))
def test_a_sealed_case_is_seen_by_those_admitted_afterwards_alone(session: Session, role: str) -> None:
    case = case_of(session, "甲", "一部", handler="傅溪")
    handler, colleague = user_of(session, "傅溪", role, "一部"), user_of(session, "邬怀青", role)
    permissions.grant(session, case, colleague, "test")
    permissions.grant(session, case, handler, "test")
    assert seen_by(session, handler) == seen_by(session, colleague) == {"甲"}

    permissions.seal(session, case, "test")
    assert seen_by(session, handler) == seen_by(session, colleague) == set()
    permissions.grant(session, case, colleague, "test")
    assert (seen_by(session, handler), seen_by(session, colleague)) == (set(), {"甲"})

    permissions.revoke(session, case, colleague, "test")
    assert seen_by(session, colleague) == set()
    permissions.grant(session, case, colleague, "test")
    permissions.unseal(session, case, "test")
    assert seen_by(session, handler) == seen_by(session, colleague) == {"甲"}
    permissions.seal(session, case, "test")
    assert seen_by(session, colleague) == set(), "sealing again starts with nobody"


def test_a_key_is_no_handler_and_keeps_to_its_departments(session: Session) -> None:
    case_of(session, "甲", "一部", handler="办案系统")
    second = case_of(session, "乙", "二部")
    _, all_secret = api_keys.add_key(session, "办案系统", [], [], "test")
    key, one_secret = api_keys.add_key(session, "办案系统", ["search"], ["三部"], "test")
    session.flush()
    everything, nothing = (api_keys.viewer_of_secret(session, secret) for secret in (all_secret, one_secret))
    assert everything is not None and nothing is not None
    assert seen(session, everything) == {"甲", "乙"}
    assert seen(session, nothing) == set()
    permissions.grant(session, second, key, "test")
    session.flush()
    assert seen(session, nothing) == {"乙"}


def test_a_revoked_and_an_invented_key_open_nothing(session: Session) -> None:
    key, secret = api_keys.add_key(session, "办案系统", [], [], "test")
    session.flush()
    assert api_keys.viewer_of_secret(session, secret) is not None
    for invented in ("", secret[:-1], secret + "x", "x" * 10_000, "edossier_\ud800", key.sha256):
        assert api_keys.viewer_of_secret(session, invented) is None
    api_keys.revoke_key(session, key, "test")
    session.flush()
    assert api_keys.viewer_of_secret(session, secret) is None


def test_a_case_out_of_sight_is_as_one_that_does_not_exist(session: Session) -> None:
    mine, theirs = case_of(session, "甲", "一部"), case_of(session, "乙", "二部")
    for system, case in (("a", mine), ("b", theirs)):
        assert cases.bind_number(session, case, "临检起诉受[2031]99010100001号", "acceptance", system)
    viewer = users.viewer_of_user(user_of(session, "傅溪", PROSECUTOR, "一部"))
    session.flush()
    number = "临检起诉受〔2031〕99010100001号"
    with pytest.raises(NumberClash):
        permissions.case_in_sight(session, AT_MACHINE, number)
    assert permissions.case_in_sight(session, viewer, number).id == mine.id
    with pytest.raises(NotFound) as hidden:
        permissions.case_in_sight(session, viewer, theirs.id)
    with pytest.raises(NotFound) as unknown:
        permissions.case_in_sight(session, viewer, "c0")
    assert str(hidden.value).replace(theirs.id, "c0") == str(unknown.value)


def test_departments_and_handlers_are_the_same_however_they_are_typed(session: Session) -> None:
    case = case_of(session, "甲")
    apply_metadata(session, case, CaseMetadata(department="第１检察部 ", handler=" 傅溪"), "test")
    assert seen_by(session, user_of(session, "a", PROSECUTOR, "第1检察部")) == {"甲"}
    assert seen_by(session, user_of(session, " 傅溪\n", PROSECUTOR)) == {"甲"}
    assert plain_name("A　\tB") == "A B"


def test_every_deed_is_in_the_audit_and_raises_the_version(session: Session) -> None:
    case, user = case_of(session, "甲"), user_of(session, "傅溪")
    versions = [permissions.version(session)]
    deeds = (
        lambda: permissions.grant(session, case, user, "test"),
        lambda: permissions.seal(session, case, "test"),
        lambda: permissions.revoke(session, case, user, "test"),
        lambda: permissions.unseal(session, case, "test"),
        lambda: permissions.move(session, case, "一部", "test"),
        lambda: permissions.hand_over(session, case, "傅溪", "test"),
    )
    for deed in deeds:
        deed()
        session.flush()
        versions.append(permissions.version(session))
    assert versions == sorted(set(versions))
    kinds = session.scalars(select(AuditRow.deed).where(AuditRow.subject_id == case.id).order_by(AuditRow.id))
    assert list(kinds) == ["grant", "seal", "revoke", "unseal", "move", "hand_over"]


def test_a_case_json_that_changes_who_sees_a_case_is_in_the_audit(session: Session) -> None:
    case = case_of(session, "甲", "一部", "傅溪")
    for _ in range(2):
        apply_metadata(session, case, CaseMetadata(department="二部", handler="苏见川"), "watch")
        session.flush()
    rows = session.scalars(select(AuditRow).where(AuditRow.subject_id == case.id).order_by(AuditRow.id)).all()
    assert [(row.deed, row.actor, row.details) for row in rows] == [
        ("move", "watch", {"before": "一部", "after": "二部"}),
        ("hand_over", "watch", {"before": "傅溪", "after": "苏见川"}),
    ]


def test_a_name_is_given_once_and_no_role_is_invented(session: Session) -> None:
    user_of(session, "傅溪")
    with pytest.raises(UsageError):
        user_of(session, "傅溪 ")
    with pytest.raises(UsageError, match="must have 1 to 100 characters"):
        user_of(session, "")
    with pytest.raises(UsageError, match="key's name must not be empty"):
        api_keys.add_key(session, " ", (), [], "test")
    with pytest.raises(UsageError):
        user_of(session, "邬怀青", "root")
    with pytest.raises(UsageError):
        api_keys.add_key(session, "a", ["everything"], [], "test")


def test_a_password_is_told_from_others_and_not_stored() -> None:
    stored, again = passwords.hash_of("麦田-4821-风筝"), passwords.hash_of("麦田-4821-风筝")
    assert passwords.matches("麦田-4821-风筝\n", stored)
    assert not passwords.matches("麦田-4821-风争", stored)
    assert stored != again, "each has a salt of its own"
    assert "4821" not in stored


@pytest.mark.parametrize("password", ["", "1234567", "   1234567   ", "x" * 257])
def test_a_password_that_is_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(UsageError):
        passwords.hash_of(password)


def test_a_user_who_does_not_exist_matches_no_password() -> None:
    assert not passwords.matches("麦田-4821-风筝", "")


def test_a_disabled_user_has_a_name_still(session: Session) -> None:
    user = user_of(session, "傅溪")
    users.disable_user(session, user, "test")
    assert users.user_named(session, "傅溪").disabled_at is not None
    users.set_password(session, user, "other", "test")
    assert user.disabled_at is None
    with pytest.raises(NotFound):
        users.user_named(session, "邬怀青")
    assert session.scalars(select(ApiKey)).all() == []
