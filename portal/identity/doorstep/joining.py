"""Getting an account: with an access code (`/auth/link-account`), or by asking for one (`/auth/request-access`)."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core.policy import SIGN_IN, public
from portal.core.web import answer
from portal.identity import gate
from portal.identity.blueprint import bp
from portal.identity.doorstep.forgotten import LINKING
from portal.identity.doorstep.forms import LinkForm, RequestForm
from portal.identity.passwords import PasswordRefused
from portal.identity.services import access_codes, access_requests
from portal.identity.services.access_codes import LinkingRefused, Wish
from portal.identity.settings_of_access import access_settings
from portal.identity.throttle import TooManyTries

LINK_PAGE = "identity/doorstep/link_account.html"
REQUEST_PAGE = "identity/doorstep/request_access.html"


@bp.get("/auth/link-account")
@public("gate", because="whoever was handed an access code has no account yet", of_nobody=True)
def link_account() -> Response:
    """Where an access code is typed."""
    return answer.page(LINK_PAGE, **_link_facts(LinkForm()))


@bp.post("/auth/link-account")
@public("gate", because="the access code is the proof, and is used up; tries are counted")
def link_account_try() -> Response:
    """Number, code, address and password."""
    form = LinkForm()
    if not form.validate():
        return answer.invalid(LINK_PAGE, **_link_facts(form))
    wish = Wish(
        number=form.number.data, code=form.code.data, name=form.name.data, email=form.email.data,
        password=form.password.data,
    )  # fmt: skip
    try:
        access_codes.count_linking(wish.number, address=request.remote_addr or "")
        access_codes.link_account(wish)
    except PasswordRefused as refused:
        form.reject("password", " ".join(str(fault) for fault in refused.faults))
        return answer.invalid(LINK_PAGE, **_link_facts(form))
    except LinkingRefused:
        form.reject("code", gettext("These don't belong together, or the code can't be used any more. Check them all."))
        return answer.invalid(LINK_PAGE, **_link_facts(form))
    except TooManyTries as refused:
        page = answer.page(LINK_PAGE, **_link_facts(form, gate.wait(refused.seconds)))
        return gate.come_later(page, refused.seconds)
    return answer.moved(url_for(".check_email", way=LINKING))


@bp.get("/auth/request-access")
@public("gate", because="strangers ask for access here, where the tenant takes requests", of_nobody=True)
def request_access() -> Response:
    """Where access is asked for."""
    _only_where_taken()
    return answer.page(REQUEST_PAGE, **_request_facts(RequestForm()))


@bp.post("/auth/request-access")
@public("gate", because="a request opens nothing: the staff decides; tries are counted")
def request_access_try() -> Response:
    """A request."""
    _only_where_taken()
    form = RequestForm()
    if not form.validate():
        return answer.invalid(REQUEST_PAGE, **_request_facts(form))
    try:
        access_requests.ask_for_access(
            name=form.name.data, email=form.email.data, company=form.company.data, message=form.message.data or "",
            address=request.remote_addr or "",
        )  # fmt: skip
    except TooManyTries as refused:
        page = answer.page(REQUEST_PAGE, **_request_facts(form, gate.wait(refused.seconds)))
        return gate.come_later(page, refused.seconds)
    answer.say(gettext("We have your request. If the answer is yes, an email with an invitation comes."))
    return answer.moved(url_for(SIGN_IN["client"]))


def _only_where_taken() -> None:
    if not access_settings().takes_requests:
        raise NotFound


def _link_facts(form: LinkForm, wait: str | None = None) -> dict[str, Any]:
    return {
        "title": gettext("Link your account"),
        "form": form,
        "action": url_for(".link_account_try"),
        "sign_in_url": url_for(SIGN_IN["client"]),
        "wait": wait,
    }


def _request_facts(form: RequestForm, wait: str | None = None) -> dict[str, Any]:
    return {
        "title": gettext("Ask for access"),
        "form": form,
        "action": url_for(".request_access_try"),
        "sign_in_url": url_for(SIGN_IN["client"]),
        "wait": wait,
    }
