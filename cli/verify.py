"""`edossier verify`: catalogue against vault against index, all of it or a share."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import asdict
from fractions import Fraction
from typing import Annotated

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cli.context import JsonOption, context_of, people, print_json
from cli.parts import PARENT_VARIABLE
from cli.progress import waiting_progress
from dossier.audit import person_at_the_keyboard
from dossier.audit_heads import AuditHeads
from dossier.audit_proof import first_fault
from dossier.catalogue.tables import Original, Page
from dossier.errors import EngineUnreachable, ServiceUnreachable, UsageError
from dossier.fixity import EVERYTHING, Fault, check_round
from dossier.lifeline import die_with_parent
from dossier.verifications import UNCHECKED, record
from dossier.verify import verify_rows
from indexer.agreement import verify_index

_MOST_PARTS = 3650


def verify(
    typer_context: typer.Context,
    share: Annotated[
        str, typer.Option("--share", metavar="1/N", help="Of the vault, only what was not compared for longest.")
    ] = "1",
    as_json: JsonOption = False,
) -> None:
    """Check that nothing was lost, doubled or altered. 校验：不丢、不重、不改。"""
    part = _share(share)
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None:
        die_with_parent(int(parent), signal.SIGTERM)
    context = context_of(typer_context)
    with waiting_progress(as_json, "校验", "件") as show:
        round_ = check_round(context.catalogue, context.vault, part, show)
    with context.catalogue.reading() as session:
        faults = [*round_.faults, *verify_rows(session)]
        originals = session.scalar(select(func.count()).select_from(Original))
        pages = session.scalar(select(func.count()).select_from(Page)) or 0
        faults += _audit_faults(session, AuditHeads(context.home, context.settings))
    try:
        faults += verify_index(context.catalogue, context.engine)
    except EngineUnreachable as error:
        faults.append(Fault(UNCHECKED, context.engine.name, str(error)))
    with context.catalogue.writing() as session:
        record(session, faults, pages, part, "run" if parent else person_at_the_keyboard())
    if as_json:
        looked_at = {"checked": round_.checked, "objects": round_.total}
        print_json(
            {"originals": originals, "pages": pages, **looked_at, "faults": [asdict(fault) for fault in faults]}
        )  # fmt: skip
    else:
        compared = "" if part == EVERYTHING else f"，核对了 {round_.checked}/{round_.total} 件"
        verdict = "全部完好" if not faults else f"{len(faults)} 处问题"
        people.print(f"{originals} 个原件，{pages} 页{compared}：{verdict}")
        for fault in faults:
            people.print(f"  {fault.kind} {fault.subject} {fault.detail}", markup=False)
    if any(fault.kind != UNCHECKED for fault in faults):
        raise typer.Exit(3)
    if faults:
        raise typer.Exit(ServiceUnreachable.exit_code)


def _audit_faults(session: Session, heads: AuditHeads) -> list[Fault]:
    """Where the chain of the audit log does not hold, in itself or by the heads that are in their folder."""
    try:
        broken = first_fault(session) or heads.first_fault(session)
    except (OSError, UsageError) as error:
        return [Fault(UNCHECKED, "audit", str(error))]
    return [] if broken is None else [Fault("changed", "audit", broken.said)]


def _share(given: str) -> Fraction:
    match = re.fullmatch(r"1(?:/([1-9]\d{0,3}))?", given.strip())
    if match is None or int(match[1] or 1) > _MOST_PARTS:
        raise UsageError(f"--share {given}: 1/30, or another part up to 1/{_MOST_PARTS}")
    return Fraction(1, int(match[1] or 1))
