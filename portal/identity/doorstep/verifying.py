"""`/auth/verify-email`: the button by which an address turns out to be the person's."""

from typing import Any

from flask import Response, url_for
from flask_babel import gettext

from portal.core.policy import SIGN_IN, public
from portal.core.web import answer
from portal.identity import gate
from portal.identity.blueprint import bp
from portal.identity.doorstep import links
from portal.identity.doorstep.forms import ButtonForm, OldPasswordForm
from portal.identity.doorstep.links import Carried
from portal.identity.models import MailToken, User
from portal.identity.services import addresses
from portal.identity.services.mail_tokens import TokenSpent
from portal.identity.throttle import TooManyTries

PAGE = "identity/doorstep/verify.html"


@bp.get("/auth/verify-email")
@public("gate", because="the token of the mail is the proof; looking uses nothing up", of_nobody=True)
def verify_email() -> Response:
    """The page with the button."""
    kept = links.carried("verification")
    try:
        user, row = addresses.whose_proof(kept.token)
    except TokenSpent:
        return links.spent(kept)
    return answer.page(PAGE, **_facts(_form(user), row))


@bp.post("/auth/verify-email")
@public("gate", because="the token of the mail is the proof, and is used up")
def verify_email_now() -> Response:
    """The button."""
    kept = links.carried("verification")
    try:
        user, row = addresses.whose_proof(kept.token)
    except TokenSpent:
        return links.spent(kept)
    form = _form(user)
    if not form.validate():
        return answer.invalid(PAGE, **_facts(form, row))
    return _verify(kept, form, row)


def _verify(kept: Carried, form: ButtonForm | OldPasswordForm, row: MailToken) -> Response:
    typed = (form.password.data or "") if isinstance(form, OldPasswordForm) else ""
    try:
        user = addresses.verify(kept.token, typed, visit=gate.visit(kept.side), device=gate.device())
    except TokenSpent:
        return links.spent(kept)
    except addresses.WrongPassword:
        form.reject("password", gettext("This isn't the password that was chosen for the account."))
        return answer.invalid(PAGE, **_facts(form, row))
    except addresses.AddressInUse:
        answer.say(gettext("This address can't be used: it belongs to another account here."), "bad")
        return links.drop(answer.moved(url_for(SIGN_IN[kept.side])))
    except TooManyTries as refused:
        page = answer.page(PAGE, **_facts(form, row, gate.wait(refused.seconds)))
        return gate.come_later(page, refused.seconds)
    answer.say(gettext("Thank you: this address is yours."))
    return gate.proven(links.drop(answer.moved(url_for(SIGN_IN[kept.side]))), user)


def _form(user: User) -> ButtonForm | OldPasswordForm:
    """An account that is pending was begun by whoever chose its password: only they finish it."""
    return OldPasswordForm() if user.state == "pending" else ButtonForm()


def _facts(form: ButtonForm | OldPasswordForm, row: MailToken, wait: str | None = None) -> dict[str, Any]:
    return {
        "title": gettext("Confirm your email address"),
        "form": form,
        "action": url_for(".verify_email_now"),
        "email": row.email,
        "wait": wait,
        "wants_password": isinstance(form, OldPasswordForm),
    }
