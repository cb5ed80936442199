"""What the mails about people's own accounts show. A token comes from the caller and stands in the mail alone."""

import uuid
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import select

from portal.core.tenancy.scope import viewer
from portal.core.web.links import link
from portal.extensions import db
from portal.identity.models import AccessRequest, LoginSession
from portal.identity.rules import browser_and_system
from portal.identity.services.mail_tokens import LIFE
from portal.notifications.letters import Facts, letter

HOUR = 3600
CHANGED: Final = {
    ("app", True): lazy_gettext("An authenticator app was set up for your account."),
    ("app", False): lazy_gettext("The authenticator app of your account was removed."),
    ("passkey", True): lazy_gettext("A passkey was set up for your account."),
    ("passkey", False): lazy_gettext("A passkey of your account was removed."),
    ("codes", True): lazy_gettext("New recovery codes were made for your account; the old ones no longer work."),
}


def _url(purpose: str, token: str) -> str:
    return link("identity.mail_link", purpose=purpose, token=token)


def _forgot_url() -> str:
    return link(f"identity.{'msp' if viewer.is_staff else 'client'}_forgot_password")


@letter("invitation", urgent=True)
def invitation(*, token: str) -> Facts:
    """To somebody who is to have an account."""
    return {"url": _url("invitation", token), "hours": int(LIFE["invitation"].total_seconds()) // HOUR}


@letter("password_reset", urgent=True)
def password_reset(*, token: str) -> Facts:
    """To somebody who forgot the password."""
    return {"url": _url("password_reset", token)}


@letter("verification", urgent=True)
def verification(*, token: str) -> Facts:
    """To an address that somebody says is theirs."""
    return {"url": _url("verification", token)}


@letter("sign_in_link", urgent=True)
def sign_in_link(*, token: str) -> Facts:
    """To somebody who signs in by mail."""
    return {"url": _url("sign_in", token)}


@letter("unlocking", urgent=True)
def unlocking(*, token: str) -> Facts:
    """To somebody whose account a rule locked."""
    return {"url": _url("unlocking", token)}


@letter("password_changed")
def password_changed() -> Facts:
    """To whoever has another password."""
    return {"url": _forgot_url()}


@letter("address_changed")
def address_changed(*, email: str) -> Facts:
    """To the address that was the person's until now."""
    return {"email": email}


@letter("account_there")
def account_there() -> Facts:
    """To whoever has a login already where somebody used an access code for their address."""
    return {"url": link("identity.client_sign_in")}


@letter("second_factor_reset")
def second_factor_reset() -> Facts:
    """To whom an administrator took the second factor."""
    return {"url": link(f"identity.{'msp' if viewer.is_staff else 'client'}_sign_in")}


@letter("second_factor_changed")
def second_factor_changed(*, what: str, is_added: bool) -> Facts:
    """To whoever set up a second factor, removed one or made new recovery codes."""
    return {"url": _forgot_url(), "happened": CHANGED[what, is_added]}


@letter("new_device")
def new_device(*, session_id: uuid.UUID) -> Facts | None:
    """To whoever signed in from a browser that the account didn't know; None once that session is over."""
    session = db.session.execute(
        select(LoginSession).where(LoginSession.id == session_id, LoginSession.user_id == viewer.user_id)
    ).scalar_one_or_none()
    if session is None:
        return None
    browser = " · ".join(filter(None, browser_and_system(session.agent))) or "?"
    return {"url": _forgot_url(), "browser": browser, "at": session.created_at, "address": session.address or "?"}


@letter("access_requested")
def access_requested(*, request_id: uuid.UUID) -> Facts | None:
    """To those of the staff who decide about access."""
    request = db.session.execute(select(AccessRequest).where(AccessRequest.id == request_id)).scalar_one_or_none()
    if request is None or not viewer.may("access:update"):
        return None
    return {"url": link("accounts.access_requests"), "request": request}
