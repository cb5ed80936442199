"""A forgotten password: ask for a link, choose another one, on both sides."""

from typing import Any, Final

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core.policy import SIGN_IN, public
from portal.core.web import answer
from portal.core.web.cookies import Side
from portal.identity import gate
from portal.identity.blueprint import bp
from portal.identity.doorstep import links
from portal.identity.doorstep.forms import AddressForm, ButtonForm, NewPasswordForm
from portal.identity.doorstep.links import Carried
from portal.identity.passwords import PasswordRefused
from portal.identity.services import recovering
from portal.identity.services.mail_tokens import TokenSpent
from portal.identity.throttle import TooManyTries

PAGE = "identity/doorstep/forgotten.html"
NEW_PAGE = "identity/doorstep/new_password.html"
UNLOCK_PAGE = "identity/doorstep/unlock.html"
LINKING: Final = "linking"
"""Where `check_email` follows on linking an account."""


@bp.get("/auth/client-portal/forgot-password")
@public("gate", because="whoever forgot the password can't sign in", of_nobody=True)
def client_forgot_password() -> Response:
    """Where a client asks for a link."""
    return answer.page(PAGE, **_facts(AddressForm(), "client"))


@bp.post("/auth/client-portal/forgot-password")
@public("gate", because="the answer is the same for every address; tries are counted")
def client_forgot_password_try() -> Response:
    """A client's address."""
    return _ask("client")


@bp.get("/auth/msp/forgot-password")
@public("gate", because="whoever forgot the password can't sign in", of_nobody=True)
def msp_forgot_password() -> Response:
    """Where a member of the staff asks for a link."""
    return answer.page(PAGE, **_facts(AddressForm(), "msp"))


@bp.post("/auth/msp/forgot-password")
@public("gate", because="the answer is the same for every address; tries are counted")
def msp_forgot_password_try() -> Response:
    """A staff member's address."""
    return _ask("msp")


@bp.get("/auth/check-email")
@public("gate", because="it says the same to everybody", of_nobody=True)
def check_email() -> Response:
    """What follows after a mail may have been sent; `side` chooses the looks alone.

    Whoever comes from linking an account (`way`) has used the code up: no other address can be tried.
    """
    side: Side = "msp" if request.args.get("side") == "msp" else "client"
    gate.dress(side)
    return answer.page(
        "identity/doorstep/check_email.html",
        title=gettext("Check your email"),
        sign_in_url=url_for(SIGN_IN[side]),
        again_url=url_for(f".{side}_forgot_password") if request.args.get("way") != LINKING else None,
    )


@bp.get("/auth/password-reset/set-new-password")
@public("gate", because="the token of the mail is the proof; looking uses nothing up", of_nobody=True)
def new_password() -> Response:
    """Where another password is chosen."""
    kept = links.carried("password_reset")
    try:
        user = recovering.whose_reset(kept.token)
    except TokenSpent:
        return _spent(kept)
    return answer.page(NEW_PAGE, **_new_facts(NewPasswordForm(), user.email))


@bp.post("/auth/password-reset/set-new-password")
@public("gate", because="the token of the mail is the proof, and is used up")
def set_new_password() -> Response:
    """Set it. It signs nobody in."""
    kept = links.carried("password_reset")
    form = NewPasswordForm()
    try:
        if not form.validate():
            return answer.invalid(NEW_PAGE, **_new_facts(form, recovering.whose_reset(kept.token).email))
        user = recovering.reset_password(kept.token, form.password.data)
    except PasswordRefused as refused:
        form.reject("password", " ".join(str(fault) for fault in refused.faults))
        return answer.invalid(NEW_PAGE, **_new_facts(form, recovering.whose_reset(kept.token).email))
    except TokenSpent:
        return _spent(kept)
    answer.say(gettext("Your password is changed, and you are signed out everywhere. Sign in with the new one."))
    return gate.proven(links.drop(answer.moved(url_for(SIGN_IN[kept.side]))), user)


@bp.get("/auth/unlock")
@public("gate", because="the token of the mail is the proof; looking uses nothing up", of_nobody=True)
def unlock() -> Response:
    """Where a locked account is opened again."""
    kept = links.carried("unlocking")
    try:
        user = recovering.whose_lock(kept.token)
    except TokenSpent:
        return _spent(kept)
    return answer.page(
        UNLOCK_PAGE, title=gettext("Open your account again"), form=ButtonForm(), action=url_for(".unlock_now"),
        email=user.email,
    )  # fmt: skip


@bp.post("/auth/unlock")
@public("gate", because="the token of the mail is the proof, and is used up")
def unlock_now() -> Response:
    """Open it."""
    kept = links.carried("unlocking")
    try:
        user = recovering.unlock(kept.token)
    except TokenSpent:
        return _spent(kept)
    answer.say(gettext("Your account is open again. Sign in as before."))
    return gate.proven(links.drop(answer.moved(url_for(SIGN_IN[kept.side]))), user)


def _ask(side: Side) -> Response:
    form = AddressForm()
    if not form.validate():
        return answer.invalid(PAGE, **_facts(form, side))
    try:
        recovering.ask_for_reset(side, form.email.data, address=request.remote_addr or "", device=gate.device())
    except TooManyTries as refused:
        return gate.come_later(answer.page(PAGE, **_facts(form, side, gate.wait(refused.seconds))), refused.seconds)
    return answer.moved(url_for(".check_email", side=side if side == "msp" else None))


def _spent(kept: Carried) -> Response:
    return links.spent(kept, again_url=url_for(f".{kept.side}_forgot_password"), again=gettext("Send me a new link"))


def _facts(form: AddressForm, side: Side, wait: str | None = None) -> dict[str, Any]:
    return {
        "title": gettext("Forgot your password?"),
        "form": form,
        "action": url_for(f".{side}_forgot_password_try"),
        "sign_in_url": url_for(SIGN_IN[side]),
        "wait": wait,
    }


def _new_facts(form: NewPasswordForm, email: str) -> dict[str, Any]:
    title = gettext("Choose a new password")
    return {"title": title, "form": form, "action": url_for(".set_new_password"), "email": email}
