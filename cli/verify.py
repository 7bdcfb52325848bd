"""`edossier verify`: catalogue against vault against index."""

from __future__ import annotations

from dataclasses import asdict

import typer
from sqlalchemy import func, select

from cli.context import JsonOption, context_of, people, print_json
from cli.progress import waiting_progress
from dossier import audit
from dossier.audit import person_at_the_keyboard
from dossier.audit_proof import first_fault
from dossier.catalogue.tables import Original, Page
from dossier.errors import EngineUnreachable
from dossier.verify import Fault, verify_store
from indexer.agreement import verify_index


def verify(
    typer_context: typer.Context,
    as_json: JsonOption = False,
) -> None:
    """Check that nothing was lost, doubled or altered. 校验：不丢、不重、不改。"""
    context = context_of(typer_context)
    away = None
    with waiting_progress(as_json, "校验", "件") as show, context.catalogue.reading() as session:
        faults = verify_store(session, context.vault, show)
        originals = session.scalar(select(func.count()).select_from(Original))
        pages = session.scalar(select(func.count()).select_from(Page))
        broken = first_fault(session)
    if broken is not None:
        faults.append(Fault("changed", "audit", broken.said))
    try:
        faults += verify_index(context.catalogue, context.engine)
    except EngineUnreachable as error:
        away = error
        faults.append(Fault("unchecked", context.engine.name, str(error)))
    with context.catalogue.writing() as session:
        audit.record(session, "verify", "home", "", person_at_the_keyboard(), faults=len(faults), pages=pages)
    if as_json:
        print_json({"originals": originals, "pages": pages, "faults": [asdict(fault) for fault in faults]})
    else:
        people.print(f"{originals} 个原件，{pages} 页：{'全部完好' if not faults else f'{len(faults)} 处问题'}")
        for fault in faults:
            people.print(f"  {fault.kind} {fault.subject} {fault.detail}", markup=False)
    if any(fault.kind != "unchecked" for fault in faults):
        raise typer.Exit(3)
    if faults:
        raise typer.Exit(EngineUnreachable.exit_code if away else 3)
