"""A sign-in link by mail: asking for one, and the button of the page that it leads to."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core.policy import SIGN_IN, public
from portal.core.web import answer
from portal.identity import gate
from portal.identity.blueprint import bp
from portal.identity.doorstep import links
from portal.identity.doorstep.links import Carried
from portal.identity.forms import LinkForm
from portal.identity.services import link_sign_in
from portal.identity.services.mail_tokens import TokenSpent
from portal.identity.settings_of_access import access_settings
from portal.identity.sso import coming_in
from portal.identity.throttle import TooManyTries

ASKING = "identity/gate/ask_for_link.html"
ASKED = "identity/gate/link_asked.html"
PAGE = "identity/gate/sign_in_by_link.html"


@bp.get("/auth/client-portal/link")
@public("gate", because="strangers come here for a link to their own mailbox", of_nobody=True)
def ask_for_link() -> Response:
    """The form for a link."""
    _allowed()
    return answer.page(ASKING, **_facts(LinkForm(formdata=None)))


@bp.post("/auth/client-portal/link")
@public("gate", because="the link goes to the account's own mailbox; asking is counted, and answered the same for all")
def ask_for_link_try() -> Response:
    """Have a link sent, if there is anybody of this address."""
    _allowed()
    form = LinkForm()
    if not form.validate():
        return answer.invalid(ASKING, **_facts(form))
    try:
        link_sign_in.ask(form.email.data or "", address=request.remote_addr or "", device=gate.device())
    except TooManyTries as refused:
        page = answer.page(ASKING, **_facts(form, wait=gate.wait(refused.seconds)))
        return gate.come_later(page, refused.seconds)
    return answer.moved(url_for(".link_asked"))


@bp.get("/auth/client-portal/link/sent")
@public("gate", because="it says the same to everybody", of_nobody=True)
def link_asked() -> Response:
    """Look into your mailbox."""
    _allowed()
    return answer.page(ASKED, title=gettext("Check your email"), sign_in_url=url_for(SIGN_IN["client"]))


@bp.get("/auth/client-portal/link/use")
@public("gate", because="the link in the mail leads here; opening it uses nothing up", of_nobody=True)
def sign_in_by_link() -> Response:
    """The button that signs in."""
    _allowed()
    kept = links.carried("sign_in")
    if not kept.token:
        return _spent(kept)
    return answer.page(PAGE, title=gettext("Sign in"), action=url_for(".sign_in_by_link_try"))


@bp.post("/auth/client-portal/link/use")
@public("gate", because="the token of the mail is what is asked for here; it is good once")
def sign_in_by_link_try() -> Response:
    """Use the link."""
    _allowed()
    kept = links.carried("sign_in")
    try:
        outcome = link_sign_in.sign_in(kept.token, visit=gate.visit("client"), device=gate.device())
    except TokenSpent:
        return _spent(kept)
    return links.drop(gate.proceed(outcome, None, "client"))


def _allowed() -> None:
    """Raise NotFound where the tenant doesn't offer links, or its directory is the only way in."""
    if not access_settings().link_sign_in or coming_in.required("client") is not None:
        raise NotFound


def _spent(kept: Carried) -> Response:
    return links.spent(kept, again_url=url_for(".ask_for_link"), again=gettext("Get a new link"))


def _facts(form: LinkForm, *, wait: str | None = None) -> dict[str, Any]:
    return {
        "title": gettext("Sign in by email"),
        "form": form,
        "action": url_for(".ask_for_link_try"),
        "sign_in_url": url_for(SIGN_IN["client"]),
        "wait": wait,
    }
