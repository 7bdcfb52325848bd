"""`edossier sight`: who sees a case by name, and sealing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from cli.context import JsonOption, context_of, people, print_json
from dossier import api_keys, cases, permissions, users
from dossier.audit import person_at_the_keyboard
from dossier.catalogue.tables import ApiKey, Case, User
from dossier.errors import UsageError

app = typer.Typer(help="Who sees a case. 谁能看哪个案件。", no_args_is_help=True)

CaseOption = Annotated[str, typer.Option("--case", help="The case, by number or id.")]
UserOption = Annotated[str | None, typer.Option("--user", help="The user, by name or id.")]
KeyOption = Annotated[str | None, typer.Option("--key", help="The API key, by name or id.")]


@app.command("grant")
def grant(
    typer_context: typer.Context, case: CaseOption, user: UserOption = None, key: KeyOption = None,
    until: Annotated[
        dt.datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day on which it counts.")
    ] = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Let a user or key see a case by name; a sealed one, too. 授权查看（已封存的案件同样适用）。"""
    actor = person_at_the_keyboard()
    _do(
        typer_context, case, as_json,
        lambda session, found: permissions.grant(
            session, found, _viewer(session, user, key), actor, until.date() if until else None
        ),
    )  # fmt: skip


@app.command("revoke")
def revoke(
    typer_context: typer.Context, case: CaseOption, user: UserOption = None, key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take that back, at once. 收回授权，立即生效。"""
    actor = person_at_the_keyboard()
    _do(
        typer_context, case, as_json,
        lambda session, found: permissions.revoke(session, found, _viewer(session, user, key), actor),
    )  # fmt: skip


@app.command("seal")
def seal(typer_context: typer.Context, case: CaseOption, as_json: JsonOption = False) -> None:
    """Hide a case from all who are not granted it afterwards. 封存：此后未重新授权的人一律看不到。"""
    actor = person_at_the_keyboard()
    _do(typer_context, case, as_json, lambda session, found: permissions.seal(session, found, actor))


@app.command("unseal")
def unseal(typer_context: typer.Context, case: CaseOption, as_json: JsonOption = False) -> None:
    """Let a case be seen again as any other. 解除封存。"""
    actor = person_at_the_keyboard()
    _do(typer_context, case, as_json, lambda session, found: permissions.unseal(session, found, actor))


@app.command("show")
def show(typer_context: typer.Context, case: CaseOption, as_json: JsonOption = False) -> None:
    """A case's department, handler and members, and whether it is sealed. 查看授权情况。"""
    with context_of(typer_context).catalogue.reading() as session:
        _tell(_as_json(session, cases.case_named(session, case)), as_json)


def _do(typer_context: typer.Context, name: str, as_json: bool, deed: Callable[[Session, Case], None]) -> None:
    with context_of(typer_context).catalogue.writing() as session:
        case = cases.case_named(session, name)
        deed(session, case)
        session.flush()
        result = _as_json(session, case)
    _tell(result, as_json)


def _viewer(session: Session, user: str | None, key: str | None) -> User | ApiKey:
    if (user is None) == (key is None):
        raise UsageError("请在 --user 和 --key 中给出一个 / give either --user or --key, and one of them")
    return users.user_named(session, user) if user is not None else api_keys.key_named(session, key or "")


def _as_json(session: Session, case: Case) -> dict[str, Any]:
    members = []
    for row in permissions.members_of(session, case):
        viewer = session.get(User, row.viewer_id) or session.get_one(ApiKey, row.viewer_id)
        kind = "user" if isinstance(viewer, User) else "key"
        sees = (row.admitted or not case.sealed) and not permissions.has_ended(row)
        last_day = permissions.last_day_of(row)
        members.append(
            {
                "id": viewer.id, "kind": kind, "name": viewer.name, "sees": sees,
                "until": last_day.isoformat() if last_day else None,
            }
        )  # fmt: skip
    return {
        "case_id": case.id,
        "case_number": cases.number_of(session, case),
        "department": case.department,
        "handler": case.handler,
        "sealed": case.sealed,
        "members": members,
    }


def _tell(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    sealed = "已封存，只有下列标有“可看”的可以看到" if result["sealed"] else "未封存"
    people.print(f"{result['case_number'] or result['case_id']}：{sealed}", markup=False)
    if not result["sealed"]:
        people.print(
            f"  部门 {result['department'] or '（未定）'}  承办人 {result['handler'] or '（未定）'}", markup=False
        )
    for member in result["members"]:
        kind = "密钥 " if member["kind"] == "key" else ""
        until = f"，至 {member['until']}" if member["until"] else ""
        people.print(f"  {kind}{member['name']}  {'可看' if member['sees'] else '不可看'}{until}", markup=False)
