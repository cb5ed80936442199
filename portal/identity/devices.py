"""Browsers that an account has signed in from before.

A signed cookie names them: a random id of the browser, and a keyed hash for each
account that proved itself there. It signs nobody in. It gives the owner a budget
of tries that strangers can't use up, which is why nobody can be locked out by
somebody else's guesses.

A browser in which somebody proved an account's mailbox without signing in (a new
password by a link, an accepted invitation) has such a budget too, but isn't known
yet: the first sign-in from it is still news.
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
_PROVEN = "~"
"""Before the mark of an account whose mailbox was proven here, and that never signed in here."""


@dataclass(frozen=True, slots=True)
class Device:
    """A browser: its id, and the marks of the accounts that signed in from it, newest first.

    `proven`: marks of those whose mailbox was proven here meanwhile.
    """

    id: str
    marks: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()

    def knows(self, marks: list[str]) -> bool:
        """Whether this account (its mark under any key in force) has signed in from here before."""
        return not set(self.marks).isdisjoint(marks)

    def has_budget(self, marks: list[str]) -> bool:
        """Whether strangers' tries on this account don't count here: it signed in here, or its mailbox was proven."""
        return self.knows(marks) or not set(self.proven).isdisjoint(marks)

    def proving(self, marks: list[str]) -> "Device":
        """The same browser after the mailbox of this account was proven in it; `marks` newest key first."""
        others = tuple(mark for mark in self.proven if mark not in marks)
        return replace(self, proven=(marks[0], *others)[:MOST_ACCOUNTS])

    def remembering(self, marks: list[str]) -> "Device":
        """The same browser after this account proved itself; `marks` newest key first."""
        others = tuple(mark for mark in self.marks if mark not in marks)
        proven = tuple(mark for mark in self.proven if mark not in marks)
        return replace(self, marks=(marks[0], *others)[:MOST_ACCOUNTS], proven=proven)


def read(request: Request, settings: Settings) -> Device:
    """The browser of a request; one that nobody knows where the cookie is missing, expired or not ours."""
    try:
        payload = signing.unsign(_PURPOSE, request.cookies.get(cookie_name(settings), ""))
    except signing.BadToken:
        payload = None
    if not isinstance(payload, list) or not payload or not all(isinstance(part, str) for part in payload):
        return Device(secrets.token_urlsafe(12))
    marks = tuple(mark for mark in payload[1:] if not mark.startswith(_PROVEN))
    proven = tuple(mark.removeprefix(_PROVEN) for mark in payload[1:] if mark.startswith(_PROVEN))
    return Device(payload[0], marks, proven)


def write(response: Response, device: Device, settings: Settings) -> None:
    """Let the browser be known from now on."""
    value = signing.sign(_PURPOSE, [device.id, *device.marks, *(_PROVEN + mark for mark in device.proven)], LIFE)
    secure = settings.public_scheme == "https"
    response.set_cookie(
        cookie_name(settings), value, max_age=LIFE, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def cookie_name(settings: Settings) -> str:
    """`__Host-device`; the prefix needs TLS and is dropped on plain http only."""
    return cookies.host_bound("device", settings)
