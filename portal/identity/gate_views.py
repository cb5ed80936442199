"""Signing in with a password or a passkey alone, and signing out, on both sides."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core.policy import SIGN_IN, public
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer, cookies
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import gate
from portal.identity.blueprint import bp
from portal.identity.forms import SignInForm
from portal.identity.numbers import digits_of
from portal.identity.rules import onward
from portal.identity.services import passkey_sign_in, passkeys, sessions
from portal.identity.services.entering import Halfway, SignedIn
from portal.identity.services.signing_in import SeveralMeant, SignInRefused, refuse_password, sign_in, sign_in_by_number
from portal.identity.settings_of_access import access_settings
from portal.identity.sso import coming_in
from portal.identity.sso import queries as sso_queries
from portal.identity.throttle import TooManyTries
from portal.settings import current

PAGE = "identity/sign_in.html"


@bp.get("/auth/client-portal/signin")
@public("gate", because="strangers come here to say who they are")
def client_sign_in() -> Response:
    """The clients' sign-in page."""
    return _offer("client")


@bp.post("/auth/client-portal/signin")
@public("gate", because="the password is what is asked for here; tries are counted")
def client_sign_in_try() -> Response:
    """A client's address and password."""
    return _try("client")


@bp.post("/auth/client-portal/passkey")
@public("gate", because="a passkey's signature is what is asked for here; a challenge is good once")
def client_passkey_try() -> Response:
    """A client's passkey."""
    return _try_passkey("client")


@bp.get("/auth/msp/signin")
@public("gate", because="strangers come here to say who they are")
def msp_sign_in() -> Response:
    """The staff's sign-in page."""
    return _offer("msp")


@bp.post("/auth/msp/signin")
@public("gate", because="the password is what is asked for here; tries are counted")
def msp_sign_in_try() -> Response:
    """A staff member's address and password."""
    return _try("msp")


@bp.post("/auth/msp/passkey")
@public("gate", because="a passkey's signature is what is asked for here; a challenge is good once")
def msp_passkey_try() -> Response:
    """A staff member's passkey."""
    return _try_passkey("msp")


@bp.post(cookies.SIGN_OUT)
@public("public", because="it ends the session that it is sent with; without one there is nothing to end")
def client_sign_out() -> Response:
    """End a client's session, or that of the side which the form names; see `cookies.side_of_request`."""
    return _leave(cookies.side_of_request(request, current()))


@bp.post("/auth/msp/signout")
@public("public", because="it ends the session that it is sent with; without one there is nothing to end")
def msp_sign_out() -> Response:
    """End a staff member's session."""
    return _leave("msp")


def _offer(side: Side) -> Response:
    wish = request.args.get("next")
    if current_scope().session_id is not None:
        return answer.moved(onward(wish, side))
    return answer.page(PAGE, **_facts(_form(side, formdata=None, next=wish), side))


def _try(side: Side) -> Response:
    form = _form(side)
    if not form.validate():
        return answer.invalid(PAGE, **_facts(form, side))
    wants_sso = coming_in.required(side) is not None
    try:
        outcome = _checked(side, form, wants_sso=wants_sso)
    except SignInRefused:
        only_sso = gettext("Passwords don't open this page. Sign in with your company login above.")
        form.reject("password", only_sso if wants_sso else form.refusal)
        return answer.invalid(PAGE, **_facts(form, side))
    except SeveralMeant:
        form.reject("email", gettext("This number belongs to several people. Sign in with your email address."))
        return answer.invalid(PAGE, **_facts(form, side))
    except TooManyTries as refused:
        return gate.come_later(
            answer.page(PAGE, **_facts(form, side, wait=gate.wait(refused.seconds))), refused.seconds
        )
    return gate.proceed(outcome, form.next.data, side)


def _checked(side: Side, form: SignInForm, *, wants_sso: bool) -> SignedIn | Halfway:
    typed, password = form.email.data or "", form.password.data or ""
    if wants_sso:
        refuse_password(side, typed, visit=gate.visit(side), device=gate.device())
    digits = digits_of(typed) if form.takes_numbers else ""
    if digits:
        return sign_in_by_number(digits, password, visit=gate.visit(side), device=gate.device())
    return sign_in(side, typed, password, visit=gate.visit(side), device=gate.device())


def _try_passkey(side: Side) -> Response:
    form = _form(side, formdata=None, next=request.form.get("next"))
    proof, token = request.form.get("credential", ""), request.form.get("challenge", "")
    try:
        came_in = passkey_sign_in.sign_in(
            side, proof, token, gate.party(), visit=gate.visit(side), device=gate.device()
        )
    except passkeys.PasskeyRefused:
        form.form_errors = [gettext("This passkey doesn't open this portal. Use another, or your password.")]
        return answer.invalid(PAGE, **_facts(form, side))
    return gate.proceed(came_in, form.next.data, side)


def _form(side: Side, **kwargs: Any) -> SignInForm:
    if side == "msp":
        return SignInForm(**kwargs)
    allowed = access_settings()
    offers_link = allowed.link_sign_in and coming_in.required(side) is None
    return SignInForm(takes_numbers=allowed.number_sign_in, offers_link=offers_link, **kwargs)


def _facts(form: SignInForm, side: Side, *, wait: str | None = None) -> dict[str, Any]:
    """What the page wants. A page asked for that isn't ours is forgotten here already."""
    form.next.data = None if form.next.data is None else onward(form.next.data, side)
    return {
        "title": gettext("Sign in"),
        "form": form,
        "action": url_for(f"{SIGN_IN[side]}_try"),
        "passkey": passkeys.ask_for_one(gate.party()),
        "passkey_url": url_for(f"identity.{side}_passkey_try"),
        "link_url": url_for("identity.ask_for_link") if form.offers_link else None,
        "other_side_url": url_for(SIGN_IN[cookies.other(side)]),
        "sso": db.session.execute(sso_queries.offered(side)).scalars().all(),
        "forgot_url": url_for(f"identity.{side}_forgot_password"),
        "account_url": url_for("identity.link_account") if side == "client" else None,
        "request_url": url_for("identity.request_access") if _takes_requests(side) else None,
        "wait": wait,
    }


def _takes_requests(side: Side) -> bool:
    return side == "client" and access_settings().takes_requests


def _leave(side: Side) -> Response:
    sessions.sign_out()
    answer.say(gettext("You are signed out."))
    response = answer.moved(url_for(SIGN_IN[side]))
    cookies.drop_token(response, side, current())
    return response
