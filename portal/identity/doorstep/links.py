"""The address in a mail: it keeps the token in a short cookie and leads to a page whose address doesn't have it.

Opening it uses nothing up, since scanners and previews open links too; the button of
the page does. The token thus never stands in an address that a page could pass on.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core import audit, signing
from portal.core.policy import public
from portal.core.web import answer, cookies
from portal.core.web.cookies import Side
from portal.identity.blueprint import bp
from portal.identity.gate import dress
from portal.identity.services import mail_tokens, refusals
from portal.identity.services.mail_tokens import Purpose
from portal.settings import current

LIFE: Final = dt.timedelta(hours=1)
GONE: Final = 410
PAGES: Final[dict[Purpose, str]] = {
    "invitation": "identity.invitation",
    "password_reset": "identity.new_password",
    "verification": "identity.verify_email",
    "sign_in": "identity.sign_in_by_link",
    "unlocking": "identity.unlock",
}
"""Where each purpose's button is."""
_PURPOSE = "link of a mail"


@dataclass(frozen=True, slots=True)
class Carried:
    """What the browser carries from the mail to the page: the token, and the side whose looks the page has."""

    purpose: Purpose
    token: str
    side: Side


@bp.get("/auth/t/<purpose>/<token>")
@public("gate", because="a link from a mail; it uses nothing up and tells nothing", of_nobody=True)
def mail_link(purpose: str, token: str) -> Response:
    """Take the token out of the address."""
    if purpose not in PAGES:
        raise NotFound
    owner = mail_tokens.look(purpose, token)
    side = owner.side if owner is not None else "client"
    response = answer.moved(url_for(PAGES[purpose]))
    value = signing.sign(_PURPOSE, [purpose, token, side], LIFE)
    response.set_cookie(
        cookie_name(), value, max_age=LIFE, path="/",
        secure=current().public_scheme == "https", httponly=True, samesite="Lax",
    )  # fmt: skip
    return response


def carried(purpose: Purpose) -> Carried:
    """What the browser brought for this purpose, an empty token for nothing. The page gets the looks of its side."""
    try:
        found = signing.unsign(_PURPOSE, request.cookies.get(cookie_name(), ""))
    except signing.BadToken:
        found = None
    match found:
        case [str(kept), str(token), "client" | "msp" as side] if kept == purpose:
            dress(side)
            return Carried(purpose, token, side)
    return Carried(purpose, "", "client")


def drop(response: Response) -> Response:
    """Let the browser forget the token, which is used."""
    response.delete_cookie(
        cookie_name(), path="/", secure=current().public_scheme == "https", httponly=True, samesite="Lax"
    )
    return response


def spent(kept: Carried, *, again_url: str | None = None, again: str = "") -> Response:
    """The page for a link that is of no use, with the way to a new one where the person can get it alone.

    The trail learns that somebody had one: spent, too old, revoked, made up or of another tenant.
    """
    if kept.token:
        act = refusals.act("link.refused", "link.throttled", address=request.remote_addr or "")
        if act is not None:
            audit.record(act, side=kept.side, purpose=kept.purpose)
    return drop(
        answer.page(
            "identity/doorstep/spent.html",
            status=GONE,
            title=gettext("This link can't be used any more"),
            again_url=again_url,
            again=again,
            sign_in_url=url_for(f"identity.{kept.side}_sign_in"),
        )
    )


def cookie_name() -> str:
    """`__Host-link`; the prefix needs TLS and is dropped on plain http only."""
    return cookies.host_bound("link", current())
