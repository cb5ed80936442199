"""`/auth/invitation`: where somebody takes an invitation up."""

from typing import Any

from flask import Response, url_for
from flask_babel import gettext

from portal.core.policy import SIGN_IN, public
from portal.core.web import answer
from portal.identity import gate
from portal.identity.blueprint import bp
from portal.identity.doorstep import links
from portal.identity.doorstep.forms import ButtonForm, NewPasswordForm
from portal.identity.passwords import PasswordRefused
from portal.identity.services import accepting
from portal.identity.services.accepting import Invited
from portal.identity.services.mail_tokens import TokenSpent

PAGE = "identity/doorstep/invitation.html"


@bp.get("/auth/invitation")
@public("gate", because="the token of the mail is the proof; looking uses nothing up", of_nobody=True)
def invitation() -> Response:
    """The page with the button, and for somebody new the password."""
    kept = links.carried("invitation")
    try:
        found = accepting.invited(kept.token)
    except TokenSpent:
        return links.spent(kept)
    return answer.page(PAGE, **_facts(_form(found), found))


@bp.post("/auth/invitation")
@public("gate", because="the token of the mail is the proof, and is used up; what it leads to was written down before")
def accept_invitation() -> Response:
    """Take it up. It signs nobody in."""
    kept = links.carried("invitation")
    try:
        found = accepting.invited(kept.token)
        form = _form(found)
        if not form.validate():
            return answer.invalid(PAGE, **_facts(form, found))
        accepting.accept(kept.token, form.password.data if isinstance(form, NewPasswordForm) else "")
    except PasswordRefused as refused:
        form.reject("password", " ".join(str(fault) for fault in refused.faults))
        return answer.invalid(PAGE, **_facts(form, found))
    except TokenSpent:
        return links.spent(kept)
    if found.is_new:
        answer.say(gettext("Welcome! Sign in with your email address and the password that you just chose."))
    else:
        answer.say(gettext("Done. Sign in as ever; your name's menu leads from one company to the other."))
    return gate.proven(links.drop(answer.moved(url_for(SIGN_IN[found.side]))), found.user)


def _form(found: Invited) -> NewPasswordForm | ButtonForm:
    return NewPasswordForm() if found.is_new else ButtonForm()


def _facts(form: NewPasswordForm | ButtonForm, found: Invited) -> dict[str, Any]:
    return {
        "title": gettext("You are invited"),
        "form": form,
        "action": url_for(".accept_invitation"),
        "name": found.user.name,
        "email": found.user.email,
        "is_new": found.is_new,
    }
