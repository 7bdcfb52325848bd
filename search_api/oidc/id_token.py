"""The ID token: what a provider says of who has signed in there, believed only when everything about it is right.

OpenID Connect Core 1.0, 3.1.3.7. The signature is joserfc's business; which algorithms and keys may have made it, and
what must be in it, is decided here.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

# Those with a key that only the provider has. `none` needs none, and HS* one that is known here, or, where somebody
# mixes up the two kinds, one that is public.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LONGEST = 64 * 1024
# Clocks differ a little.
_LEEWAY_SECONDS = 60


class TokenRefused(Exception):
    """The token proves nothing; the text says why, without the token."""


class KeyUnknown(TokenRefused):
    """The provider has named a key that it has not published, as far as is known here."""


def keys_of(document: Mapping[str, Any]) -> dict[str | None, RSAKey | ECKey]:
    """The keys for signatures of a published set (RFC 7517), by their names; what is no public key is passed over."""
    found: dict[str | None, RSAKey | ECKey] = {}
    listed = document.get("keys")
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or each.get("kty") not in ("RSA", "EC") or each.get("use", "sig") != "sig":
            continue
        public = {
            name: value for name, value in each.items() if name in ("kty", "n", "e", "crv", "x", "y", "kid", "alg")
        }
        try:
            for key in KeySet.import_key_set({"keys": [public]}):
                if isinstance(key, RSAKey | ECKey):
                    found[each.get("kid")] = key
        except (JoseError, ValueError, TypeError):
            continue
    return found


def claims_of(
    token: str, keys: Mapping[str | None, RSAKey | ECKey], issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """What a token says, once it is proved that the issuer said it to this client, now, and to this question.

    Raises:
        KeyUnknown: the key that it names is not among these.
        TokenRefused: anything else is wrong.
    """
    if len(token) > _LONGEST:
        raise TokenRefused("the token is too long")
    try:
        header = jws.extract_compact(token.encode("ascii", "replace")).headers()
        algorithm, name = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise TokenRefused(f"signed with {str(algorithm)[:20]!r}")
        key = _key(keys, name)
        claims = jwt.decode(token, key, algorithms=[str(algorithm)]).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise TokenRefused(f"the signature: {type(error).__name__}") from error
    _check(claims, issuer, client_id, nonce)
    return claims


def _key(keys: Mapping[str | None, RSAKey | ECKey], name: Any) -> RSAKey | ECKey:
    if name is None and len(keys) == 1:
        return next(iter(keys.values()))
    if not isinstance(name, str) or name not in keys:
        raise KeyUnknown(f"the key {str(name)[:40]!r} is not published")
    return keys[name]


def _check(claims: Mapping[str, Any], issuer: str, client_id: str, nonce: str) -> None:
    now = time.time()
    if claims.get("iss") != issuer:
        raise TokenRefused("of another issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise TokenRefused("for another client")
    if claims.get("azp", client_id) != client_id or (len(audiences) > 1 and "azp" not in claims):
        raise TokenRefused("given to another client")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenRefused("of nobody")
    if _number(claims, "exp") <= now - _LEEWAY_SECONDS:
        raise TokenRefused("expired")
    if _number(claims, "iat") > now + _LEEWAY_SECONDS or (
        "nbf" in claims and _number(claims, "nbf") > now + _LEEWAY_SECONDS
    ):
        raise TokenRefused("not valid yet")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise TokenRefused("the answer to another question")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"{name} is missing")
    return float(value)
