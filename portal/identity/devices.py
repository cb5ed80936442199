"""Browsers that an account has signed in from before.

A signed cookie names them: a random id of the browser, and a keyed hash for each
account that proved itself there. It signs nobody in. It gives the owner a budget
of tries that strangers can't use up, which is why nobody can be locked out by
somebody else's guesses.
"""

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from typing import Final

from flask import Request, Response

from portal.core import signing
from portal.core.web import cookies
from portal.settings import Settings

LIFE: Final = dt.timedelta(days=400)
"""As long as browsers keep any cookie; each sign-in begins it anew."""
MOST_ACCOUNTS: Final = 8
_PURPOSE = "known device"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser: its id, and the marks of the accounts that signed in from it, newest first."""

    id: str
    marks: tuple[str, ...] = ()

    def knows(self, marks: list[str]) -> bool:
        """Whether this account (its mark under any key in force) has signed in from here before."""
        return not set(self.marks).isdisjoint(marks)

    def remembering(self, marks: list[str]) -> "Device":
        """The same browser after this account proved itself; `marks` newest key first."""
        others = tuple(mark for mark in self.marks if mark not in marks)
        return replace(self, marks=(marks[0], *others)[:MOST_ACCOUNTS])


def read(request: Request, settings: Settings) -> Device:
    """The browser of a request; one that nobody knows where the cookie is missing, expired or not ours."""
    try:
        payload = signing.unsign(_PURPOSE, request.cookies.get(cookie_name(settings), ""))
    except signing.BadToken:
        payload = None
    if not isinstance(payload, list) or not payload or not all(isinstance(part, str) for part in payload):
        return Device(secrets.token_urlsafe(12))
    return Device(payload[0], tuple(payload[1:]))


def write(response: Response, device: Device, settings: Settings) -> None:
    """Let the browser be known from now on."""
    value = signing.sign(_PURPOSE, [device.id, *device.marks], LIFE)
    secure = settings.public_scheme == "https"
    response.set_cookie(
        cookie_name(settings), value, max_age=LIFE, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def cookie_name(settings: Settings) -> str:
    """`__Host-device`; the prefix needs TLS and is dropped on plain http only."""
    return cookies.host_bound("device", settings)
