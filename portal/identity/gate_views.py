"""Signing in and out, on both sides."""

import math
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext, ngettext

from portal.core.policy import SIGN_IN, public
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer, cookies
from portal.core.web.cookies import Side
from portal.identity import devices
from portal.identity.blueprint import bp
from portal.identity.forms import SignInForm
from portal.identity.rules import onward
from portal.identity.services import sessions
from portal.identity.services.sessions import Visit
from portal.identity.services.signing_in import SignedIn, SignInRefused, sign_in
from portal.identity.throttle import TooManyTries
from portal.settings import current

PAGE = "identity/sign_in.html"
TOO_MANY = 429
MINUTE = 60


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
    return answer.page(PAGE, **_facts(SignInForm(formdata=None, next=wish), side))


def _try(side: Side) -> Response:
    form = SignInForm()
    if not form.validate():
        return answer.invalid(PAGE, **_facts(form, side))
    settings = current()
    visit = Visit(
        address=request.remote_addr or "",
        agent=request.user_agent.string,
        token_hash=cookies.read_hash(request, side, settings),
    )
    device = devices.read(request, settings)
    try:
        came_in = sign_in(side, form.email.data or "", form.password.data or "", visit=visit, device=device)
    except SignInRefused:
        form.reject("password", gettext("This address and this password don't belong together. Check both."))
        return answer.invalid(PAGE, **_facts(form, side))
    except TooManyTries as refused:
        return _come_later(form, side, refused.seconds)
    return _welcome(side, came_in, form.next.data)


def _come_later(form: SignInForm, side: Side, seconds: float) -> Response:
    minutes = math.ceil(seconds / MINUTE)
    wait = ngettext("Wait a minute and try again.", "Wait %(num)d minutes and try again.", minutes)
    response = answer.page(PAGE, status=TOO_MANY, **_facts(form, side, wait=wait))
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


def _welcome(side: Side, came_in: SignedIn, wish: str | None) -> Response:
    settings = current()
    response = answer.moved(onward(wish, side))
    started = came_in.started
    cookies.set_token(response, side, started.token, settings, seconds=started.seconds)
    devices.write(response, came_in.device, settings)
    return response


def _facts(form: SignInForm, side: Side, *, wait: str | None = None) -> dict[str, Any]:
    """What the page wants. A page asked for that isn't ours is forgotten here already."""
    form.next.data = None if form.next.data is None else onward(form.next.data, side)
    return {
        "title": gettext("Sign in"),
        "form": form,
        "action": url_for(f"{SIGN_IN[side]}_try"),
        "other_side_url": url_for(SIGN_IN[cookies.other(side)]),
        "wait": wait,
    }


def _leave(side: Side) -> Response:
    sessions.sign_out()
    answer.say(gettext("You are signed out."))
    response = answer.moved(url_for(SIGN_IN[side]))
    cookies.drop_token(response, side, current())
    return response
