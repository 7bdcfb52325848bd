"""Cases and their numbers: finding the case that a number or a folder's name means, without ever guessing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit, flags
from dossier.catalogue.tables import Case, CaseNumber
from dossier.errors import NotFound, NumberClash
from dossier.numbers import canonical, find_numbers, folded, is_well_formed

OTHER_KIND = "other"
# The cases that paper alone has opened, and what each of them asks.
OPENED_BY_PAPER = {"unclaimed": "unclaimed", "provisional": "unknown_case"}


def cases_with(session: Session, canonical_numbers: Iterable[str]) -> list[Case]:
    """The cases that bear any of these canonical numbers, in any system; merged ones lead to where they went."""
    found: dict[str, Case] = {}
    for case in session.scalars(
        select(Case).join(CaseNumber, CaseNumber.case_id == Case.id).where(CaseNumber.canonical.in_(canonical_numbers))
    ):
        case = unmerged(session, case)
        found[case.id] = case
    return sorted(found.values(), key=lambda case: case.created_at)


def canonicals_named(name: str) -> set[str]:
    """The canonical numbers, one or none of which a name may be; more where several are written in it."""
    return {canonical(name)} | {number.canonical for number in find_numbers(name)}


def cases_named(session: Session, name: str) -> list[Case]:
    """The cases that a name means: by id, by number in any brackets, or by the folder in which it waits."""
    by_id = session.get(Case, name)
    if by_id is not None:
        return [unmerged(session, by_id)]
    found = cases_with(session, canonicals_named(name))
    if not found:
        return list(session.scalars(select(Case).where(Case.folder == name, Case.state == "unclaimed").limit(1)))
    return found


def case_named(session: Session, name: str) -> Case:
    """The case that a person or a program names: by number, in any brackets, or by id.

    Raises:
        NotFound: there is none.
        NumberClash: the number belongs to two cases.
    """
    found = cases_named(session, name)
    if not found:
        raise NotFound(name)
    if len(found) > 1:
        raise clash(name, found)
    return found[0]


def clash(name: str, found: Sequence[Case]) -> NumberClash:
    """The error that a number, or a few, name these cases."""
    ids = [case.id for case in found]
    return NumberClash(f"{name}: {', '.join(ids)}", ids)


def cases_meant(session: Session, system: str, given: str) -> list[Case]:
    """The cases that a number means which comes from a system.

    What the system itself calls so comes first. Otherwise a number of a known form is the same case in every system,
    since it names who gave it; any other (0012) is so only where one of the two does not say whose it is.
    """
    rows = session.scalars(select(CaseNumber).where(CaseNumber.canonical == canonical(given))).all()
    exact = [row for row in rows if row.system == system]
    if exact:
        meant = exact
    elif system == "" or is_well_formed(given):
        meant = list(rows)
    else:
        meant = [row for row in rows if row.system == ""]
    found = [unmerged(session, session.get_one(Case, row.case_id)) for row in meant]
    return sorted({case.id: case for case in found}.values(), key=lambda case: case.created_at)


def case_for_number(session: Session, given: str, actor: str) -> Case:
    """The case with this number; a provisional one is opened where nobody knows it yet.

    Raises:
        NumberClash: the number belongs to two cases.
    """
    try:
        return case_named(session, given)
    except NotFound:
        numbers = [(number.as_given, str(number.kind)) for number in find_numbers(given)]
        return _open_case(session, "provisional", given, numbers or [(given, OTHER_KIND)], actor)


def case_for_folder(session: Session, folder: str, actor: str) -> Case:
    """The case that a folder in the inbox means.

    A folder with a well-formed number belongs to the case with that number, or opens a provisional one. Without a
    number, or with one that two cases bear, it waits as unclaimed (待认领), under its own name. Where a folder bears
    several numbers, those that name a case best decide alone: a 文号 never outranks a 受案号.
    """
    numbers = find_numbers(folder)
    best = [number for number in numbers if number.kind == numbers[0].kind]
    found = cases_with(session, {number.canonical for number in best})
    if len(found) == 1:
        return found[0]
    if best and not found:
        return _open_case(session, "provisional", folder, [(number.as_given, number.kind) for number in numbers], actor)
    # In any state: a folder without a number stays the same case after its metadata came or it was claimed.
    waiting = session.scalars(select(Case).where(Case.folder == folder).order_by(Case.created_at)).first()
    if waiting is not None:
        return unmerged(session, waiting)
    waiting = _open_case(session, "unclaimed", folder, [], actor)
    if found:
        flags.raise_flag(
            session, "case", waiting.id, waiting.id, "number_clash",
            numbers=[number.as_given for number in best], cases=[case.id for case in found],
        )  # fmt: skip
    return waiting


def number_of(session: Session, case: Case) -> str | None:
    """The number to show for a case, as it was given: its first."""
    return session.scalars(
        select(CaseNumber.as_given).where(CaseNumber.case_id == case.id).order_by(CaseNumber.id).limit(1)
    ).first()


def merged_into(session: Session, case: Case) -> list[str]:
    """The ids of the cases that have become part of this one, the earliest first."""
    found: list[str] = []
    ahead = [case.id]
    while ahead:
        ahead = list(
            session.scalars(select(Case.id).where(Case.merged_into.in_(ahead)).order_by(Case.created_at, Case.id))
        )
        found += ahead
    return found


def numbers_of(session: Session, case_ids: Iterable[str]) -> dict[str, str]:
    """The number to show, by case id, for many cases at once; cases without one are left out."""
    rows = session.execute(
        select(CaseNumber.case_id, CaseNumber.as_given)
        .where(CaseNumber.case_id.in_(list(case_ids)))
        .order_by(CaseNumber.id.desc())
    )
    return dict(rows.all())


def bind_number(session: Session, case: Case, as_given: str, kind: str, system: str = "") -> bool:
    """Give a case a number, unless the case has it; False where another case in the system has it.

    A number that stands there without a system is the one of the system that now names it.
    """
    plain = canonical(as_given)
    bearers = session.scalars(select(CaseNumber).where(CaseNumber.canonical == plain)).all()
    mine = {row.system: row for row in bearers if unmerged(session, session.get_one(Case, row.case_id)).id == case.id}
    others = {row.system for row in bearers} - set(mine)
    if system in others:
        return False
    if system in mine or (system == "" and mine):
        return True
    if "" in mine:
        mine[""].system = system
        session.flush()
        return True
    session.add(
        CaseNumber(
            case_id=case.id, system=system, kind=kind, as_given=as_given, canonical=plain, folded=folded(as_given)
        )
    )
    session.flush()
    return True


def _open_case(session: Session, state: str, folder: str, numbers: Sequence[tuple[str, str]], actor: str) -> Case:
    name = folder
    for as_given, _ in numbers:
        name = name.replace(as_given, " ")
    case = Case(state=state, folder=folder, name=" ".join(name.split()))
    session.add(case)
    session.flush()
    taken = [as_given for as_given, kind in numbers if not bind_number(session, case, as_given, kind)]
    if taken:
        flags.raise_flag(session, "case", case.id, case.id, "number_clash", numbers=taken)
    ask_whose(session, case)
    audit.record(session, "open_case", "case", case.id, actor, state=state, folder=folder)
    return case


def is_inbox(case: Case) -> bool:
    """Whether this is the one that loose files wait in, of whatever case: it can become no case itself."""
    return case.folder == ""


def ask_whose(session: Session, case: Case) -> None:
    """Let a case that paper alone has opened ask what it is, also where it had been left empty and asked no more."""
    code = OPENED_BY_PAPER.get(case.state)
    if code is not None and not flags.stands(session, "case", case.id, code):
        flags.raise_flag(session, "case", case.id, case.id, code, folder=case.folder)


def unmerged(session: Session, case: Case) -> Case:
    """The case that a case has become part of, or itself."""
    while case.merged_into is not None:
        case = session.get_one(Case, case.merged_into)
    return case
