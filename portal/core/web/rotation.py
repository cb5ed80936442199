"""A session whose person may something else than before gets another token with the answer at hand.

The door tells (`enter.sql`): it keeps a hash of what the session could do and see, so
that a changed role, limit or scope is noticed by whatever way it was changed. The
token is replaced in a transaction of its own, by one of the requests that came with
the old one; those on their way beside it keep theirs for a moment. What the person may
do is read anew for each of them, so that a token that is still good opens no more than
the new one.
"""

import datetime as dt
import secrets
from typing import Final

from flask import Flask, Response, g

from portal.core import clock
from portal.core.tenancy import doors
from portal.core.tenancy.doors import Entry
from portal.core.tenancy.session import transaction
from portal.core.web import cookies
from portal.core.web.cookies import Side
from portal.settings import current

GRACE: Final = dt.timedelta(seconds=30)
"""How long requests that were on their way may take to arrive with the token from before."""
TOKEN_BYTES: Final = 32


def install(app: Flask) -> None:
    """Let answers carry the token that their request has made."""
    app.after_request(hand_over)


def rotate(entry: Entry, side: Side, hashed: str) -> None:
    """Replace the token, of which the request brought the hash, if the door said that it is due."""
    scope, privileges = entry.scope, entry.facts.privileges
    if privileges is None or scope.session_id is None:
        return
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction(scope):
        expires_at = doors.rotate(
            scope.session_id, token_hash=hashed, new_hash=cookies.token_hash(token), privileges=privileges, grace=GRACE
        )
    if expires_at is not None:
        g.rotated = side, token, int((expires_at - clock.now()).total_seconds())


def hand_over(response: Response) -> Response:
    """Set the cookie, unless the view has given or taken the session's token itself."""
    if "rotated" in g:
        side, token, seconds = g.rotated
        name = cookies.cookie_name(side, current())
        if not any(each.startswith(f"{name}=") for each in response.headers.getlist("Set-Cookie")):
            cookies.set_token(response, side, token, current(), seconds=seconds)
    return response
