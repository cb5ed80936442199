"""OpenID Connect as a relying party: discovery, the way to the issuer, the code, the ID token.

Code flow with PKCE (RFC 7636) and nonce. An ID token counts if its signature, its
issuer, its audience, its times and its nonce are right, exactly. Documents and keys
are kept for an hour; a key that is not among them is looked for once more, since
issuers change theirs.
"""

import datetime as dt
import hmac
import threading
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from portal.core import clock, outbound
from portal.core.outbound import Unreachable

WELL_KNOWN: Final = "/.well-known/openid-configuration"
SCOPES: Final = "openid email profile"
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
"""Of key pairs alone: with `none` or a shared secret anybody could sign."""
LEEWAY: Final = 60
"""Seconds by which the issuer's clock may differ."""
LONGEST_TOKEN: Final = 32 * 1024
LONGEST_SUBJECT: Final = 255
KEPT: Final = dt.timedelta(hours=1)


class Reason(StrEnum):
    """Why nobody comes in; for the trail alone."""

    ALGORITHM = "algorithm"
    ANOTHER_SUBJECT = "another subject"
    AUDIENCE = "audience"
    DOMAIN = "domain"
    EMAIL_NOT_VERIFIED = "email not verified"
    ENDPOINTS = "endpoints"
    EXPIRED = "expired"
    ISSUER = "issuer"
    NONCE = "nonce"
    NO_CLIENT = "no client"
    NO_GROUP = "no group"
    UNPROVEN = "domain not proven"
    UNSIGNED = "nothing signed"
    PROVIDER = "provider"
    SIDE = "side"
    SIGNATURE = "signature"
    SUBJECT = "subject"
    TIMES = "times"
    TOO_EARLY = "too early"
    UNKNOWN = "unknown"


class Refused(Exception):
    """The issuer's answer proves nobody, or nobody who may come in."""

    def __init__(self, reason: Reason) -> None:
        """Keep the reason."""
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class App:
    """What the issuer knows us by. `redirect_uri`: where it sends people back to."""

    issuer: str
    app_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Discovered:
    """What an issuer says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    takes_secret_in_form: bool


_kept: dict[str, tuple[dt.datetime, Any]] = {}
_lock = threading.Lock()


def _cached(key: str) -> Any:
    with _lock:
        found = _kept.get(key)
    return found[1] if found is not None and found[0] > clock.now() - KEPT else None


def _keep(key: str, value: Any) -> None:
    with _lock:
        if len(_kept) > 1000:  # noqa: PLR2004  # more issuers than any installation has
            _kept.clear()
        _kept[key] = (clock.now(), value)


def discover(issuer: str, *, anew: bool = False) -> Discovered:
    """What the issuer says of itself, at most an hour old. Raises Unreachable, Refused."""
    found: Discovered | None = None if anew else _cached(f"discovery {issuer}")
    if found is None:
        found = _discovered(issuer, outbound.get_json(issuer.rstrip("/") + WELL_KNOWN))
        _keep(f"discovery {issuer}", found)
    return found


def _discovered(issuer: str, said: dict[str, Any]) -> Discovered:
    if said.get("issuer") != issuer:
        raise Refused(Reason.ISSUER)
    authorization, token, jwks = (
        str(said.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    if not all(outbound.is_allowed(place) for place in (authorization, token, jwks)):
        raise Refused(Reason.ENDPOINTS)
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Discovered(issuer, authorization, token, jwks, "client_secret_basic" not in methods)


def way_to(app: App, place: Discovered, *, state: str, nonce: str, verifier: str) -> str:
    """The issuer's own page, with all that it has to know."""
    query = urlencode(
        {
            "response_type": "code",
            "client_id": app.app_id,
            "redirect_uri": app.redirect_uri,
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
    )
    joined = "&" if "?" in place.authorization_endpoint else "?"
    return f"{place.authorization_endpoint}{joined}{query}"


def redeem(app: App, place: Discovered, *, code: str, verifier: str) -> str:
    """The ID token for a code. Raises Unreachable, Refused."""
    fields = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": app.redirect_uri, "code_verifier": verifier,
    }  # fmt: skip
    headers = {}
    if place.takes_secret_in_form:
        fields |= {"client_id": app.app_id, "client_secret": app.secret}
    else:
        pair = f"{quote(app.app_id, safe='')}:{quote(app.secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    token = outbound.post_form(place.token_endpoint, fields, headers).get("id_token")
    if not isinstance(token, str) or not token or len(token) > LONGEST_TOKEN:
        raise Refused(Reason.UNSIGNED)
    return token


def claims_of(token: str, app: App, place: Discovered, *, nonce: str) -> dict[str, Any]:
    """What the ID token says, once all of it is proven. Raises Unreachable, Refused."""
    claims = _signed(token, place)
    now = clock.now().timestamp()
    if claims.get("iss") != app.issuer:
        raise Refused(Reason.ISSUER)
    audience = claims.get("aud")
    meant = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    if app.app_id not in meant or (len(meant) > 1 and claims.get("azp") != app.app_id):
        raise Refused(Reason.AUDIENCE)
    if claims.get("azp", app.app_id) != app.app_id:
        raise Refused(Reason.AUDIENCE)
    if _number(claims, "exp") + LEEWAY <= now:
        raise Refused(Reason.EXPIRED)
    if _number(claims, "iat") - LEEWAY > now or claims.get("nbf", 0) - LEEWAY > now:
        raise Refused(Reason.TOO_EARLY)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise Refused(Reason.NONCE)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise Refused(Reason.SUBJECT)
    return claims


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(Reason.TIMES)
    return float(value)


def _signed(token: str, place: Discovered) -> dict[str, Any]:
    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in ALGORITHMS:
            raise Refused(Reason.ALGORITHM)
        keys = _keys(place, header.get("kid"))
        claims: dict[str, Any] = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        _ = claims.get("nbf", 0) - 0
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise Refused(Reason.SIGNATURE) from None
    return claims


def _keys(place: Discovered, kid: str | None) -> KeySet:
    """The issuer's keys; fetched anew where the one that is named isn't among them."""
    keys: KeySet | None = _cached(f"keys {place.jwks_uri}")
    if keys is None or (kid is not None and kid not in _names(keys)):
        keys = KeySet.import_key_set(_public(outbound.get_json(place.jwks_uri)))
        _keep(f"keys {place.jwks_uri}", keys)
    return keys


def _names(keys: KeySet) -> set[str | None]:
    return {key.kid for key in keys.keys}


def _public(said: dict[str, Any]) -> Any:
    """Key pairs for signing alone: whatever else stands among the keys is none of ours."""
    found = said.get("keys")
    usable: list[Any] = found if isinstance(found, list) else []
    kept = [
        key
        for key in usable
        if isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
    ]
    if not kept:
        raise Unreachable
    return {"keys": kept}
