"""The signed, short-lived cookie of somebody who is halfway in. It opens nothing but the page of the second factor."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from portal.core import signing
from portal.core.web import cookies
from portal.identity.services.entering import Halfway
from portal.settings import current

LIFE: Final = dt.timedelta(minutes=10)
_PURPOSE = "halfway in"


@dataclass(frozen=True, slots=True)
class Carried:
    """What the browser brought: who is halfway in, and where they were going."""

    halfway: Halfway
    wish: str


def read() -> Carried | None:
    """What the request brought; None for nothing, or for what is too old or not ours."""
    try:
        found = signing.unsign(_PURPOSE, request.cookies.get(cookie_name(), ""))
    except signing.BadToken:
        return None
    match found:
        case [
            "client" | "msp" as side,
            str(user_id),
            "password" | "link" | "passkey" | "sso" as way,
            str(seal),
            str(wish),
        ]:
            return Carried(Halfway(side, uuid.UUID(user_id), way, seal), wish)
    return None


def write(response: Response, halfway: Halfway, wish: str) -> Response:
    """Let the browser carry it."""
    payload: signing.Payload = [halfway.side, str(halfway.user_id), halfway.way, halfway.seal, wish]
    response.set_cookie(
        cookie_name(), signing.sign(_PURPOSE, payload, LIFE), max_age=LIFE, path="/",
        secure=current().public_scheme == "https", httponly=True, samesite="Lax",
    )  # fmt: skip
    return response


def drop(response: Response) -> Response:
    """Let the browser forget it, where it brought one."""
    if cookie_name() in request.cookies:
        response.delete_cookie(
            cookie_name(), path="/", secure=current().public_scheme == "https", httponly=True, samesite="Lax"
        )
    return response


def cookie_name() -> str:
    """`__Host-halfway`; the prefix needs TLS and is dropped on plain http only."""
    return cookies.host_bound("halfway", current())
