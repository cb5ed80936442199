"""A person's own address and password: changed in the settings, after a fresh proof of who they are."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import gate, queries
from portal.identity.blueprint import bp
from portal.identity.doorstep.forms import NewAddressForm, NewPasswordForm
from portal.identity.passwords import PasswordRefused
from portal.identity.services import addresses, recovering
from portal.identity.services.sessions import start_session
from portal.identity.throttle import TooManyTries

ADDRESS_PAGE = "identity/own_address.html"
PASSWORD_PAGE = "identity/own_password.html"  # noqa: S105  # a template


@bp.get("/settings/email")
@allow("client", None, fresh=True)
def client_address() -> Response:
    """Where a client's person changes the address."""
    return answer.page(ADDRESS_PAGE, **_address_facts(NewAddressForm(), "client"))


@bp.post("/settings/email")
@allow("client", None, fresh=True)
def client_change_address() -> Response:
    """The new address."""
    return _change_address("client")


@bp.get("/msp/settings/email")
@allow("staff", None, fresh=True)
def msp_address() -> Response:
    """Where a member of the staff changes the address."""
    return answer.page(ADDRESS_PAGE, **_address_facts(NewAddressForm(), "msp"))


@bp.post("/msp/settings/email")
@allow("staff", None, fresh=True)
def msp_change_address() -> Response:
    """The new address."""
    return _change_address("msp")


@bp.get("/settings/password")
@allow("client", None, fresh=True)
def client_password() -> Response:
    """Where a client's person changes the password."""
    return answer.page(PASSWORD_PAGE, **_password_facts(NewPasswordForm(), "client"))


@bp.post("/settings/password")
@allow("client", None, fresh=True)
def client_change_password() -> Response:
    """The new password."""
    return _change_password("client")


@bp.get("/msp/settings/password")
@allow("staff", None, fresh=True)
def msp_password() -> Response:
    """Where a member of the staff changes the password."""
    return answer.page(PASSWORD_PAGE, **_password_facts(NewPasswordForm(), "msp"))


@bp.post("/msp/settings/password")
@allow("staff", None, fresh=True)
def msp_change_password() -> Response:
    """The new password."""
    return _change_password("msp")


def _change_address(side: Side) -> Response:
    form = NewAddressForm()
    if not form.validate():
        return answer.invalid(ADDRESS_PAGE, **_address_facts(form, side))
    user = one_or_404(queries.person(current_scope()))
    try:
        addresses.ask_for_change(user, form.email.data, address=request.remote_addr or "")
    except TooManyTries as refused:
        page = answer.page(ADDRESS_PAGE, **_address_facts(form, side, gate.wait(refused.seconds)))
        return gate.come_later(page, refused.seconds)
    answer.say(
        gettext("We sent a link to %(email)s. Until you use it, everything stays as it is.", email=form.email.data)
    )
    return answer.moved(url_for(f".{side}_settings"))


def _change_password(side: Side) -> Response:
    """Set it; whoever is signed in as this person elsewhere is not any more, and here goes on with a new session."""
    form = NewPasswordForm()
    if not form.validate():
        return answer.invalid(PASSWORD_PAGE, **_password_facts(form, side))
    viewer = current_scope()
    user = one_or_404(queries.person(viewer))
    try:
        recovering.change_password(user, form.password.data)
    except PasswordRefused as refused:
        form.reject("password", " ".join(str(fault) for fault in refused.faults))
        return answer.invalid(PASSWORD_PAGE, **_password_facts(form, side))
    started = start_session(user, side, viewer.membership_id, gate.visit(side))
    db.session.flush()
    answer.say(gettext("Your password is changed. Everywhere else you are signed out."))
    return gate.with_session(answer.moved(url_for(f".{side}_settings")), side, started)


def _address_facts(form: NewAddressForm, side: Side, wait: str | None = None) -> dict[str, Any]:
    return {
        "title": gettext("Change your email address"),
        "form": form,
        "action": url_for(f".{side}_change_address"),
        "back_url": url_for(f".{side}_settings"),
        "email": one_or_404(queries.person(current_scope())).email,
        "wait": wait,
    }


def _password_facts(form: NewPasswordForm, side: Side) -> dict[str, Any]:
    return {
        "title": gettext("Change your password"),
        "form": form,
        "action": url_for(f".{side}_change_password"),
        "back_url": url_for(f".{side}_settings"),
        "email": one_or_404(queries.person(current_scope())).email,
    }
