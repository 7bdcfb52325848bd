"""Webhooks: the feed of changes brought to an address, in its order, signed, until it is taken.

A hook is a follower of the feed like any other: it has a place in it, which moves on when the address has taken what
came. So nothing is lost while the address is away, and something may come twice.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from dossier import audit, changes
from dossier.api_keys import viewer_of_key
from dossier.catalogue.tables import ApiKey, Webhook
from dossier.changes import Portion
from dossier.errors import CursorUnknown, NotFound, UsageError
from dossier.viewers import plain_name

# With these an address may be away for seven hours; then a person is to look at it.
MOST_ATTEMPTS = 16
_LONGEST_PAUSE_SECONDS = 3600.0
_PORTION = 100


@dataclass(frozen=True)
class Delivery:
    """What is to be brought to an address now."""

    webhook_id: str
    address: str
    secret: str
    portion: Portion


def add_webhook(session: Session, name: str, address: str, key: ApiKey, actor: str) -> Webhook:
    """A hook that brings what happens from now on, as far as a key sees it.

    Raises:
        UsageError: the name is empty or taken, the address is none, or the key is revoked.
    """
    plain = plain_name(name)
    if not plain or session.scalars(select(Webhook.id).where(Webhook.name == plain)).first():
        raise UsageError(f"{name}: 名称为空或已有 / the name is empty or taken")
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or parts.username is not None or not address.isprintable() or " " in address:
        raise UsageError("--address: 请写成 http://host:port/path / write it as http://host:port/path")
    if key.revoked_at is not None:
        raise UsageError(f"--key {key.name}: 已吊销 / revoked")
    webhook = Webhook(
        name=plain, address=address, key_id=key.id, secret=f"whsec_{secrets.token_urlsafe(32)}",
        after=changes.end_of_feed(session),
    )  # fmt: skip
    session.add(webhook)
    session.flush()
    audit.record(session, "add_webhook", "webhook", webhook.id, actor, name=plain, address=address, key=key.id)
    return webhook


def webhook_named(session: Session, name: str) -> Webhook:
    """The hook with this id or name.

    Raises:
        NotFound: there is none.
    """
    found = session.scalars(select(Webhook).where((Webhook.id == name) | (Webhook.name == plain_name(name)))).first()
    if found is None:
        raise NotFound(name)
    return found


def all_webhooks(session: Session) -> Sequence[Webhook]:
    """All hooks, the oldest first."""
    return session.scalars(select(Webhook).order_by(Webhook.created_at, Webhook.id)).all()


def remove_webhook(session: Session, webhook: Webhook, actor: str) -> None:
    """Bring nothing more there."""
    audit.record(session, "remove_webhook", "webhook", webhook.id, actor, name=webhook.name)
    session.delete(webhook)


def revive_webhook(session: Session, webhook: Webhook, actor: str) -> None:
    """Try again at once, from where it was given up."""
    webhook.dead, webhook.attempts, webhook.not_before = False, 0, 0.0
    audit.record(session, "revive_webhook", "webhook", webhook.id, actor, name=webhook.name)


def due(session: Session) -> list[Delivery]:
    """What is to be brought now, for each hook the next of it; those whose key is revoked get nothing."""
    now = time.time()
    # Further off than any pause: the clock has been set back since.
    is_due = (Webhook.not_before <= now) | (Webhook.not_before > now + _LONGEST_PAUSE_SECONDS)
    rows = session.execute(
        select(Webhook, ApiKey)
        .join(ApiKey, ApiKey.id == Webhook.key_id)
        .where(Webhook.dead.is_(False), is_due, ApiKey.revoked_at.is_(None))
        .order_by(Webhook.created_at)
    )
    found = []
    for webhook, key in rows:
        try:
            portion = changes.portion(session, viewer_of_key(key), webhook.after, _PORTION)
        except CursorUnknown:  # the catalogue was restored: everything once more
            portion = changes.portion(session, viewer_of_key(key), "", _PORTION)
        if portion.changes or portion.after != webhook.after:
            found.append(Delivery(webhook.id, webhook.address, webhook.secret, portion))
    return found


def delivered(session: Session, delivery: Delivery) -> None:
    """The address has taken it: go on after it."""
    webhook = session.get(Webhook, delivery.webhook_id)
    if webhook is not None:
        webhook.after, webhook.attempts, webhook.not_before, webhook.error = delivery.portion.after, 0, 0.0, ""


def failed(session: Session, delivery: Delivery, reason: str) -> None:
    """The address has not taken it: try again later, twice as long each time, and in the end give up."""
    webhook = session.get(Webhook, delivery.webhook_id)
    if webhook is not None:
        webhook.attempts += 1
        webhook.error = reason[:300]
        webhook.not_before = time.time() + min(2.0**webhook.attempts, _LONGEST_PAUSE_SECONDS)
        webhook.dead = webhook.attempts >= MOST_ATTEMPTS


def signature(secret: str, at: int, body: bytes) -> str:
    """The header that proves that a body comes from here, and when it was sent: HMAC-SHA-256 of `at.body`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
