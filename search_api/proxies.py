"""Trusted proxies: whose word counts about who a request comes from. Without any, nobody's but the connection's own.

A reverse proxy stands between browsers and this site, so that all requests come from its address. By setting it is
believed which address a browser has (`X-Forwarded-For`), so that wrong passwords hold up whoever typed them alone; and,
where the house signs people in at the proxy, who they are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import unquote

from starlette.requests import Request

from dossier.viewers import plain_name

_LONGEST_NAME = 1000  # percent-encoded


class TrustedProxies:
    """The proxies that are believed.

    Args:
        addresses: theirs, in figures.
        sign_in_header: the name of the header in which they say who has signed in; "": they do not.
    """

    def __init__(self, addresses: Collection[str] = (), sign_in_header: str = "") -> None:
        self._addresses = {_plain(address) for address in addresses}
        self._header = sign_in_header if addresses else ""

    def address_of(self, request: Request) -> str:
        """Where a request comes from: the address that the last of the trusted proxies saw."""
        address = request.client.host if request.client else ""
        if _plain(address) not in self._addresses:
            return address
        told = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        # What stands further left was said by whoever asked, and may be invented.
        for each in reversed([part.strip() for part in told]):
            if not each or _plain(each) not in self._addresses:
                return each or address
        return address

    def is_encrypted(self, request: Request) -> bool:
        """Whether the browser speaks TLS, be it with us or with a trusted proxy."""
        if request.client is not None and _plain(request.client.host) in self._addresses:
            return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        return request.url.scheme == "https"

    def name_of(self, request: Request) -> str:
        """Whom a trusted proxy has signed in; "" where none says so, or two things are said at once."""
        if not self._header or request.client is None or _plain(request.client.host) not in self._addresses:
            return ""
        said = request.headers.getlist(self._header)
        if len(said) != 1 or len(said[0]) > _LONGEST_NAME:
            return ""
        try:
            # Header bytes are read as Latin-1; proxies send names as UTF-8, as they are or percent-encoded.
            return plain_name(unquote(said[0].encode("latin-1").decode("utf-8"), errors="strict"))
        except UnicodeError:
            return ""


def _plain(address: str) -> str:
    """One spelling of an address; what is none stays as it is."""
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
