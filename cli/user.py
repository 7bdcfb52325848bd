"""`edossier user`: people who sign in to the web page."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from cli.context import JsonOption, context_of, people, print_json
from dossier import passwords, users
from dossier.audit import person_at_the_keyboard
from dossier.catalogue.tables import User
from dossier.errors import UsageError
from dossier.viewers import ROLES

app = typer.Typer(help="People who sign in. 用户。", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The user's name.")]


@app.command("add")
def add(
    typer_context: typer.Context,
    name: NameArgument,
    role: Annotated[str, typer.Option("--role", help=", ".join(f"{role} {word}" for role, word in ROLES.items()))],
    departments: Annotated[
        list[str] | None, typer.Option("--department", help="Whose cases they see; may be given several times.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a user; the password is read from standard input. 添加用户，口令从标准输入读取。"""
    if role not in ROLES:
        raise UsageError(f"role: {role} ({', '.join(ROLES)})")
    password = passwords.hash_of(_password())
    with context_of(typer_context).catalogue.writing() as session:
        user = users.add_user(session, name, role, departments or [], password, person_at_the_keyboard())
        result = _as_json(user)
    if as_json:
        print_json(result)
    else:
        people.print(f"已添加 {_described(result)}", markup=False)


@app.command("list")
def list_users(typer_context: typer.Context, as_json: JsonOption = False) -> None:
    """All users, disabled ones too. 列出用户。"""
    with context_of(typer_context).catalogue.reading() as session:
        found = [_as_json(user) for user in users.all_users(session)]
    if as_json:
        print_json({"users": found})
        return
    if not found:
        people.print("还没有用户：网页用启动时显示的一次性口令登录。添加用户：edossier user add 姓名 --role 角色")
    for user in found:
        people.print(_described(user), markup=False)


@app.command("role")
def role(
    typer_context: typer.Context,
    name: NameArgument,
    given: Annotated[str, typer.Argument(metavar="ROLE", help=", ".join(ROLES))],
    as_json: JsonOption = False,
) -> None:
    """Give a user another role, at once. 更改角色，立即生效。"""
    _change(typer_context, name, as_json, lambda session, user, actor: users.set_role(session, user, given, actor))


@app.command("departments")
def departments(
    typer_context: typer.Context,
    name: NameArgument,
    given: Annotated[
        list[str] | None, typer.Argument(metavar="[DEPARTMENT]...", help="All of them; none: none.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whose cases a user sees, at once. 更改部门，立即生效。"""
    _change(
        typer_context, name, as_json,
        lambda session, user, actor: users.set_departments(session, user, given or [], actor),
    )  # fmt: skip


@app.command("disable")
def disable(typer_context: typer.Context, name: NameArgument, as_json: JsonOption = False) -> None:
    """Let a user in no more, at once. 停用用户，立即生效。"""
    with context_of(typer_context).catalogue.writing() as session:
        user = users.user_named(session, name)
        users.disable_user(session, user, person_at_the_keyboard())
        result = _as_json(user)
    if as_json:
        print_json(result)
    else:
        people.print(f"已停用 {result['name']}", markup=False)


@app.command("password")
def password(typer_context: typer.Context, name: NameArgument, as_json: JsonOption = False) -> None:
    """Set a user's password, read from standard input; lets a disabled one in again. 重设口令（停用的随之启用）。"""
    context = context_of(typer_context)
    with context.catalogue.reading() as session:
        users.user_named(session, name)  # before anybody types
    stored = passwords.hash_of(_password())
    with context.catalogue.writing() as session:
        user = users.user_named(session, name)
        users.set_password(session, user, stored, person_at_the_keyboard())
        result = _as_json(user)
    if as_json:
        print_json(result)
    else:
        people.print(f"已重设 {result['name']} 的口令", markup=False)


def _change(typer_context: typer.Context, name: str, as_json: bool, deed: Callable[[Session, User, str], None]) -> None:
    with context_of(typer_context).catalogue.writing() as session:
        user = users.user_named(session, name)
        deed(session, user, person_at_the_keyboard())
        result = _as_json(user)
    if as_json:
        print_json(result)
    else:
        people.print(f"现为 {_described(result)}", markup=False)


def _password() -> str:
    """The first line of standard input; asked for twice, unseen, where that is a terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("口令: ")
    if getpass.getpass("再输入一次: ") != first:
        raise UsageError("两次输入的口令不一样 / the passwords differ")
    return first


def _as_json(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role,
        "departments": user.departments,
        "disabled": user.disabled_at is not None,
        "created_at": user.created_at,
    }


def _described(user: dict[str, Any]) -> str:
    departments = "、".join(user["departments"]) or "无部门"
    state = "  已停用" if user["disabled"] else ""
    return f"{user['name']}  {ROLES[user['role']]}  {departments}{state}"
