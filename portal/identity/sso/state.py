"""Between leaving for the issuer and coming back: signed, short, good once, for one browser and tenant.

The address carries a signed state, the cookie its other half with nonce and
verifier. Only both together, at the same tenant and for the same provider, open the
way; the database counts that they did.
"""

import datetime as dt
import hmac
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from portal.core import clock, signing
from portal.core.signing import signer
from portal.core.tenancy import doors
from portal.core.tenancy.scope import current_scope
from portal.core.tenancy.session import transaction
from portal.core.web import cookies
from portal.settings import current

LIFE: Final = dt.timedelta(minutes=10)
_STATE = "sso state"
_COOKIE = "sso"


class BadState(Exception):
    """The browser that comes back isn't the one that left, or comes too late or again."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One way to the issuer and back."""

    provider_id: uuid.UUID
    id: str
    nonce: str
    verifier: str
    wish: str


def begin(provider_id: uuid.UUID, wish: str) -> tuple[Journey, str]:
    """A new journey, and the state for the issuer's address."""
    journey = Journey(
        provider_id, secrets.token_urlsafe(16), secrets.token_urlsafe(24), secrets.token_urlsafe(48), wish
    )
    tenant_id = str(current_scope().tenant_id)
    return journey, signing.sign(_STATE, [tenant_id, str(provider_id), journey.id], LIFE)


def write(response: Response, journey: Journey) -> Response:
    """Let the browser carry its half."""
    payload: signing.Payload = [
        str(current_scope().tenant_id), str(journey.provider_id), journey.id, journey.nonce, journey.verifier,
        journey.wish,
    ]  # fmt: skip
    response.set_cookie(
        cookie_name(), signing.sign(_COOKIE, payload, LIFE), max_age=LIFE, path="/",
        secure=current().public_scheme == "https", httponly=True, samesite="Lax",
    )  # fmt: skip
    return response


def drop(response: Response) -> Response:
    """Let the browser forget it."""
    response.delete_cookie(
        cookie_name(), path="/", secure=current().public_scheme == "https", httponly=True, samesite="Lax"
    )
    return response


def cookie_name() -> str:
    """`__Host-sso`; the prefix needs TLS and is dropped on plain http only."""
    return cookies.host_bound("sso", current())


def end(provider_id: uuid.UUID, state: str) -> Journey:
    """The journey that ends here. Raises BadState; each journey ends once, whoever comes with it at the same time."""
    try:
        said = signing.unsign(_STATE, state)
        kept = signing.unsign(_COOKIE, request.cookies.get(cookie_name(), ""))
    except signing.BadToken:
        raise BadState from None
    if not isinstance(said, list) or not isinstance(kept, list) or len(kept) != 6:  # noqa: PLR2004  # as written above
        raise BadState
    here = [str(current_scope().tenant_id), str(provider_id)]
    if said[:2] != here or kept[:2] != here or not hmac.compare_digest(str(said[2]), str(kept[2])):
        raise BadState
    _only_once(str(kept[2]))
    return Journey(provider_id, *(str(part) for part in kept[2:]))


def _only_once(journey_id: str) -> None:
    key = signer().macs("sso journey", journey_id.encode())[0].hex()
    with transaction(current_scope()):
        seconds, _ = doors.throttle(key, limits=((1, LIFE),), at=clock.now())
    if seconds > 0:
        raise BadState
