"""`/auth/invitation`: where somebody takes an invitation up."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core.policy import SIGN_IN, public
from portal.core.web import answer
from portal.identity import gate, setup
from portal.identity.blueprint import bp
from portal.identity.doorstep import links
from portal.identity.doorstep.forms import ButtonForm, NewPasswordForm, PasskeyForm
from portal.identity.passwords import PasswordRefused
from portal.identity.services import accepting, passkeys, second_factor
from portal.identity.services.accepting import Invited
from portal.identity.services.mail_tokens import TokenSpent

PAGE = "identity/doorstep/invitation.html"
CODES = "identity/gate/recovery_codes.html"


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


@bp.post("/auth/invitation/passkey")
@public("gate", because="the token of the mail is the proof, and is used up; it gives nobody who has a login another")
def accept_invitation_by_passkey() -> Response:
    """Take it up with the passkey that the browser made in place of a password. It signs nobody in."""
    kept = links.carried("invitation")
    try:
        found = accepting.invited(kept.token)
        form = PasskeyForm()
        if not form.validate():
            return answer.invalid(PAGE, **_facts(_form(found), found, passkey=form))
        _, codes = accepting.accept_with_passkey(kept.token, _brought(form))
    except passkeys.PasskeyRefused as refused:
        second_factor.refused(found.user, "passkey", refused.reason)
        form.reject("name", gettext("The passkey could not be kept. Try again, or choose a password."))
        return answer.invalid(PAGE, **_facts(_form(found), found, passkey=form))
    except accepting.HasLogin:
        return answer.moved(url_for(".invitation"))
    except TokenSpent:
        return links.spent(kept)
    answer.say(gettext("Welcome! Keep these codes, then sign in with your passkey."))
    page = answer.page(CODES, title=gettext("Your recovery codes"), codes=codes, next_url=url_for(SIGN_IN[found.side]))
    return gate.proven(links.drop(page), found.user)


def _brought(form: PasskeyForm) -> accepting.Answer:
    credential, challenge = request.form.get("credential", ""), request.form.get("challenge", "")
    return accepting.Answer(credential, challenge, form.name.data or "", gate.party())


def _form(found: Invited) -> NewPasswordForm | ButtonForm:
    return NewPasswordForm() if found.is_new else ButtonForm()


def _facts(form: NewPasswordForm | ButtonForm, found: Invited, *, passkey: PasskeyForm | None = None) -> dict[str, Any]:
    return {
        "title": gettext("You are invited"),
        "form": form,
        "action": url_for(".accept_invitation"),
        "name": found.user.name,
        "email": found.user.email,
        "is_new": found.is_new,
        "passkey_form": passkey or PasskeyForm(name=setup.usual_name()),
        "passkey": passkeys.ask_to_make(gate.party(), found.user, alone=True) if found.is_new else None,
        "passkey_url": url_for(".accept_invitation_by_passkey"),
    }
