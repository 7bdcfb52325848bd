"""`edossier audit`: proving the audit log, and exporting its head."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.context import Context, JsonOption, context_of, people, print_json
from dossier import audit
from dossier.audit import person_at_the_keyboard
from dossier.audit_chain import chain_all, count_unchained, end_of
from dossier.audit_heads import AuditHeads, fault_by_heads, fault_of_heads, heads_in, in_order, read_public_key
from dossier.audit_proof import first_fault
from dossier.errors import HomeBusy

app = typer.Typer(help="Prove the audit log, and export its head. 审计记录的校验与链头导出。", no_args_is_help=True)

# How long the part that chains is waited for; it does within seconds.
_MOST_SECONDS = 15.0


@app.command("verify")
def verify(
    typer_context: typer.Context,
    head: Annotated[
        list[Path] | None, typer.Option("--head", help="A head, or a folder of them, that was kept elsewhere.")
    ] = None,
    public_key: Annotated[
        list[Path] | None, typer.Option("--public-key", help="The public key that was kept elsewhere.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find edits, gaps, a cut end, a chain made anew. 校验审计记录。"""
    context = context_of(typer_context)
    own = AuditHeads(context.home, context.settings)
    # All that was named is read first: a slip in a name must not look like a proof.
    places = head or ([own.folder] if own.folder.is_dir() else [])
    heads = in_order(known for place in places for known in heads_in(place))
    keys = {read_public_key(file) for file in public_key or ([own.public_key_file] if heads else [])}
    with context.catalogue.reading() as session:
        fault = first_fault(session) or fault_of_heads(heads, keys) or fault_by_heads(session, heads)
        end, unchained = end_of(session), count_unchained(session)
    proved = max((known.rows for known in heads), default=0) if fault is None else None
    with context.catalogue.writing() as session:
        said = fault.said if fault else None
        audit.record(session, "verify_audit", "audit", "", person_at_the_keyboard(), heads=len(heads), fault=said)
    if as_json:
        print_json(
            {
                "rows": end.length,
                "unchained": unchained,
                "hash": end.hash,
                "heads": len(heads),
                "proved_by_heads": proved,
                "fault": asdict(fault) if fault else None,
            }
        )
    elif fault is not None:
        people.print(f"审计记录有问题：{fault.kind} {fault.said}", markup=False)
    else:
        behind = f"，{unchained} 条待编" if unchained else ""
        people.print(
            f"审计记录完好：{end.length} 条已编链{behind}；{len(heads)} 个链头，证明到第 {proved} 条", markup=False
        )
    if fault is not None:
        raise typer.Exit(3)


@app.command("export")
def export(
    typer_context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder for a copy of the head and of the public key.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Export the head of the chain now, signed. 立即导出审计链头。"""
    context = context_of(typer_context)
    heads = AuditHeads(context.home, context.settings)
    _chain_to_the_end(context)
    file, head = heads.export(context.catalogue)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / file.name).write_bytes(file.read_bytes())
        (out / heads.public_key_file.name).write_bytes(heads.public_key_file.read_bytes())
    if as_json:
        print_json({"file": str(file), "rows": head.rows, "hash": head.hash, "public_key": head.public_key})
    else:
        people.print(f"第 {head.rows} 条，校验值 {head.hash}，写入 {file}", markup=False, soft_wrap=True)


def _chain_to_the_end(context: Context) -> None:
    """Chain all there is: by oneself, or by waiting for the part of the program that does."""
    until = time.monotonic() + _MOST_SECONDS
    while True:
        try:
            with context.home.hold("index"):
                chain_all(context.catalogue)
                return
        except HomeBusy:
            with context.catalogue.reading() as session:
                if not count_unchained(session):
                    return
            if time.monotonic() > until:
                raise
        time.sleep(0.2)
