"""`edossier webhook`: addresses that changes are sent to."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.context import JsonOption, context_of, people, print_json
from dossier import api_keys, webhooks
from dossier.audit import person_at_the_keyboard
from dossier.catalogue.tables import Webhook

app = typer.Typer(help="Addresses that changes are sent to. 变更推送地址。", no_args_is_help=True)

_NameArgument = Annotated[str, typer.Argument(help="The webhook's id or name.")]


@app.command("add")
def add(
    typer_context: typer.Context,
    name: Annotated[str, typer.Argument(help="What to call it.")],
    address: Annotated[str, typer.Option("--address", help="Where to send: http://… or https://….")],
    key: Annotated[str, typer.Option("--key", help="The API key whose sight counts: its id or name.")],
    as_json: JsonOption = False,
) -> None:
    """Send changes from now on, and show the secret that signs them. 登记推送地址，显示签名密钥。"""
    with context_of(typer_context).catalogue.writing() as session:
        of_key = api_keys.key_named(session, key)
        webhook = webhooks.add_webhook(session, name, address, of_key, person_at_the_keyboard())
        result = {"id": webhook.id, "secret": webhook.secret}
    if as_json:
        print_json(result)
    else:
        people.print(result["secret"], markup=False)
        people.print(f"推送 {result['id']} 的签名密钥只显示这一次，请立即保存。", markup=False)


@app.command("list")
def list_webhooks(typer_context: typer.Context, as_json: JsonOption = False) -> None:
    """All addresses, and how it goes with them. 列出推送地址及状态。"""
    with context_of(typer_context).catalogue.reading() as session:
        found = [_as_json(webhook) for webhook in webhooks.all_webhooks(session)]
    if as_json:
        print_json({"webhooks": found})
        return
    if not found:
        people.print("还没有推送地址。登记：edossier webhook add 名称 --address 地址 --key 密钥")
    for webhook in found:
        reason = f"  {webhook['error']}（第 {webhook['attempts']} 次）" if webhook["error"] else ""
        state = "  已停止，处理后运行 edossier webhook revive" if webhook["dead"] else ""
        people.print(f"{webhook['id']}  {webhook['name']}  {webhook['address']}{reason}{state}", markup=False)


@app.command("remove")
def remove(typer_context: typer.Context, name: _NameArgument, as_json: JsonOption = False) -> None:
    """Send nothing more there. 删除推送地址。"""
    with context_of(typer_context).catalogue.writing() as session:
        webhook = webhooks.webhook_named(session, name)
        result = _as_json(webhook)
        webhooks.remove_webhook(session, webhook, person_at_the_keyboard())
    _print(result, "已删除", as_json)


@app.command("revive")
def revive(typer_context: typer.Context, name: _NameArgument, as_json: JsonOption = False) -> None:
    """Try again at once, from where it was given up. 立即重新推送。"""
    with context_of(typer_context).catalogue.writing() as session:
        webhook = webhooks.webhook_named(session, name)
        webhooks.revive_webhook(session, webhook, person_at_the_keyboard())
        result = _as_json(webhook)
    _print(result, "重新推送", as_json)


def _print(result: dict[str, Any], said: str, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        people.print(f"{said} {result['name']}（{result['id']}）", markup=False)


def _as_json(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "address": webhook.address,
        "key_id": webhook.key_id,
        "attempts": webhook.attempts,
        "error": webhook.error,
        "dead": webhook.dead,
    }
