"""Words that survive one redirect: a signed cookie of a minute's life, read and dropped by the next page."""

import datetime as dt
from typing import NamedTuple

from flask import Flask, Response, g, request

from portal.core import signing
from portal.core.web import cookies
from portal.core.web.answer import is_htmx
from portal.settings import current

LIFE = dt.timedelta(minutes=1)


class Flash(NamedTuple):
    """One message; `kind` is good, warn, bad or info."""

    kind: str
    message: str


def take() -> list[Flash]:
    """The messages for this page: those of the redirect that led here and those of this very request."""
    g.flashes_shown = True
    said = [] if g.get("flashes_read") else _from_cookie()
    g.flashes_read = True
    return [Flash(*pair) for pair in (*said, *g.pop("flashes", []))]


def _cookie() -> str:
    return cookies.host_bound("said", current())


def _from_cookie() -> list[tuple[str, str]]:
    value = request.cookies.get(_cookie())
    if not value:
        return []
    try:
        pairs = signing.unsign("flash", value)
    except signing.BadToken:
        return []
    return [(str(kind), str(message)) for kind, message in pairs] if isinstance(pairs, list) else []


def keep(response: Response) -> Response:
    """Carry unread messages over the redirect, or drop the cookie whose messages were shown."""
    secure = current().public_scheme == "https"
    pending = g.get("flashes")
    if pending:
        value = signing.sign("flash", pending, LIFE)
        response.set_cookie(_cookie(), value, max_age=LIFE, secure=secure, httponly=True, samesite="Lax", path="/")
    elif g.get("flashes_shown") and _cookie() in request.cookies:
        response.delete_cookie(_cookie(), secure=secure, httponly=True, samesite="Lax", path="/")
    return response


def install(app: Flask) -> None:
    """Keep messages over redirects."""
    app.after_request(keep)
    app.jinja_env.globals["flashes"] = take
    app.jinja_env.globals["is_part"] = is_htmx
