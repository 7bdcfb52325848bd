"""Who sees which case, as the catalogue says."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import inspect
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import argon2
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import api_keys, cases, passwords, permissions, users
from dossier.case_metadata import CaseMetadata, apply_metadata
from dossier.catalogue.database import Catalogue
from dossier.catalogue.tables import ApiKey, AuditRow, Case, User
from dossier.errors import NotFound, NumberClash, UsageError
from dossier.home import Home
from dossier.viewers import (
    ADMIN,
    ASSISTANT,
    AT_MACHINE,
    AUDITOR,
    CHECKER,
    HEAD,
    OPERATOR,
    PROSECUTOR,
    ROLES,
    Viewer,
    plain_name,
)
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


def test_whoever_is_at_the_machine_sees_all_that_is_not_sealed(session: Session) -> None:
    case_of(session, "甲", "一部")
    permissions.seal(session, case_of(session, "乙", "二部"), "test")
    assert seen(session, AT_MACHINE) == {"甲"}


@pytest.mark.parametrize("role", [ADMIN, AUDITOR])
def test_whoever_manages_or_audits_sees_no_case_on_whatever_ground(session: Session, role: str) -> None:
    case = case_of(session, "甲", "一部", handler="傅溪")
    case_of(session, "乙")
    user = user_of(session, "傅溪", role, "一部")
    permissions.grant(session, case, user, "test")
    assert seen_by(session, user) == set()
    permissions.seal(session, case, "test")
    permissions.grant(session, case, user, "test")
    assert seen_by(session, user) == set()
    other = user_of(session, "邬怀青", ADMIN)
    users.set_role(session, user, PROSECUTOR, other.name)
    assert seen_by(session, user) == {"甲"}, "as admitted, from the moment the role has changed"


@pytest.mark.parametrize("role", [PROSECUTOR, ASSISTANT, HEAD])
def test_those_who_use_cases_see_departments_own_and_admitted_and_nobodys_not(session: Session, role: str) -> None:
    case_of(session, "甲", "一部")
    case_of(session, "乙", "二部", handler="傅溪")
    admitted = case_of(session, "丙", "二部")
    case_of(session, "丁", "二部")
    case_of(session, "戊")
    user = user_of(session, "傅溪", role, "一部")
    permissions.grant(session, admitted, user, "test")
    assert seen_by(session, user) == {"甲", "乙", "丙"}


def test_a_role_says_what_one_may_do(session: Session) -> None:
    def may(viewer: Viewer) -> set[str]:
        return {duty for duty in ("reads_content", "prepares", "checks", "manages", "audits") if getattr(viewer, duty)}

    assert {role: may(Viewer("u", roles=frozenset({role}))) for role in ROLES} == {
        "operator": {"reads_content", "prepares"},
        "checker": {"reads_content", "checks"},
        "prosecutor": {"reads_content"},
        "assistant": {"reads_content"},
        "head": {"reads_content"},
        "admin": {"manages", "audits"},
        "auditor": {"audits"},
    }
    assert may(AT_MACHINE) == {"reads_content", "prepares", "checks", "manages", "audits"}
    assert may(Viewer("k", scopes=frozenset({"read"}))) == {"reads_content"}
    assert may(Viewer("k", scopes=frozenset({"write"}))) == {"reads_content", "prepares"}
    assert may(Viewer("u")) == set(), "nobody in particular"


def test_the_last_administrator_stays(session: Session) -> None:
    first, second = user_of(session, "傅溪", ADMIN), user_of(session, "邬怀青", ADMIN)
    users.disable_user(session, second, "test")
    for deed in (lambda: users.disable_user(session, first, "test"), lambda: users.set_role(session, first, HEAD, "")):
        with pytest.raises(UsageError, match="only administrator"):
            deed()
    users.set_password(session, second, "other", "test")
    users.set_role(session, first, HEAD, "test")
    assert (first.role, users.viewer_of_user(first).manages) == (HEAD, False)


def test_a_role_or_departments_that_change_are_in_the_audit_once(session: Session) -> None:
    user = user_of(session, "傅溪", OPERATOR, "一部")
    for _ in range(2):
        users.set_role(session, user, CHECKER, "邬怀青")
        users.set_departments(session, user, ["二部 ", "", "一部"], "邬怀青")
        session.flush()
    rows = session.scalars(select(AuditRow).where(AuditRow.actor == "邬怀青").order_by(AuditRow.id)).all()
    assert [(row.deed, row.details["before"], row.details["after"]) for row in rows] == [
        ("set_role", "operator", "checker"),
        ("set_departments", ["一部"], ["一部", "二部"]),
    ]
    with pytest.raises(UsageError):
        users.set_role(session, user, "machine", "邬怀青")


@pytest.mark.parametrize("role", sorted(set(ROLES) - {ADMIN, AUDITOR}))
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


def scrypt_hash(password: str) -> str:
    """As the program stored passwords before; at a cost that suits tests."""
    salt = bytes(range(16))
    key = hashlib.scrypt(password.encode(), salt=salt, n=16, r=8, p=3, dklen=32)
    return f"scrypt$16$8$3${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def test_passwords_are_stored_with_argon2id_at_the_cost_that_owasp_names() -> None:
    stored = passwords.hash_of("麦田-4821-风筝")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.is_outdated(stored)
    # Made by another implementation: the vector of RFC 9106's reference code (phc-winner-argon2, test.c).
    known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    assert passwords.matches("password", known)
    assert not passwords.matches("passwore", known)


def test_a_hash_of_another_kind_or_cost_is_outdated_and_opens_all_the_same() -> None:
    old = scrypt_hash("麦田-4821-风筝")
    assert passwords.matches("麦田-4821-风筝", old)
    assert not passwords.matches("麦田-4821-风争", old)
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("麦田-4821-风筝")
    assert passwords.matches("麦田-4821-风筝", cheap)
    assert passwords.is_outdated(old)
    assert passwords.is_outdated(cheap)


@pytest.mark.parametrize(
    "stored", ["stored", "scrypt$1", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "unused"]
)
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not passwords.matches("麦田-4821-风筝", stored)
    assert not passwords.matches(stored, stored)


def test_a_password_made_for_somebody_is_never_the_same() -> None:
    made = {passwords.new_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(password) for password in made} == {19}
    for password in list(made)[:2]:
        assert passwords.matches(password, passwords.hash_of(password))


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


def test_a_membership_ends_for_somebody_who_has_asked_before(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is built once for a viewer holds no moment."""
    case = case_of(session, "甲", "一部")
    user = user_of(session, "傅溪")
    viewer = users.viewer_of_user(user)
    permissions.grant(session, case, user, "test", dt.date.today())
    assert seen(session, viewer) == {"甲"}
    two_days_later = time.time() + 2 * 86_400
    monkeypatch.setattr(time, "time", lambda: two_days_later)
    assert seen(session, viewer) == set()
