"""`edossier key`: API keys, with which programs ask."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.context import JsonOption, context_of, people, print_json
from dossier import api_keys
from dossier.audit import person_at_the_keyboard
from dossier.catalogue.tables import ApiKey
from dossier.viewers import SCOPES

app = typer.Typer(help="API keys for programs. 接口密钥。", no_args_is_help=True)


@app.command("add")
def add(
    typer_context: typer.Context,
    name: Annotated[str, typer.Argument(help="Which program it is for.")],
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help=f"{', '.join(SCOPES)}; may be given several times; read and search by default."),
    ] = None,
    departments: Annotated[
        list[str] | None,
        typer.Option("--department", help="Only these departments' cases; without it, all that are not sealed."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key, and show it this once. 生成密钥，只显示这一次。"""
    with context_of(typer_context).catalogue.writing() as session:
        key, secret = api_keys.add_key(session, name, scopes or [], departments or [], person_at_the_keyboard())
        result = {"id": key.id, "key": secret}
    if as_json:
        print_json(result)
    else:
        people.print(result["key"], markup=False)
        people.print(f"密钥 {result['id']} 只显示这一次，请立即保存。", markup=False)


@app.command("list")
def list_keys(typer_context: typer.Context, as_json: JsonOption = False) -> None:
    """All keys, revoked ones too; not the keys themselves. 列出密钥（不含密钥本身）。"""
    with context_of(typer_context).catalogue.reading() as session:
        found = [_as_json(key) for key in api_keys.all_keys(session)]
    if as_json:
        print_json({"keys": found})
        return
    if not found:
        people.print("还没有密钥。生成：edossier key add 名称")
    for key in found:
        departments = "、".join(key["departments"]) or "所有部门"
        state = "  已吊销" if key["revoked"] else ""
        people.print(
            f"{key['id']}  {key['name']}  {' '.join(key['scopes'])}  {departments}{state}",
            markup=False,
        )


@app.command("revoke")
def revoke(
    typer_context: typer.Context,
    name: Annotated[str, typer.Argument(help="The key's id or name.")],
    as_json: JsonOption = False,
) -> None:
    """Let a key open nothing more, at once. 吊销密钥，立即生效。"""
    with context_of(typer_context).catalogue.writing() as session:
        key = api_keys.key_named(session, name)
        api_keys.revoke_key(session, key, person_at_the_keyboard())
        result = _as_json(key)
    if as_json:
        print_json(result)
    else:
        people.print(f"已吊销 {result['name']}（{result['id']}）", markup=False)


def _as_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "departments": key.departments,
        "revoked": key.revoked_at is not None,
        "created_at": key.created_at,
    }
