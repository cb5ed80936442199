"""What a page shows for setting up an authenticator app or a passkey: at the gate and in the settings alike."""

from textwrap import wrap
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext

from portal.core.web.place import here
from portal.identity import gate, qr
from portal.identity.forms import PasskeyNameForm, SetupForm
from portal.identity.models import User
from portal.identity.rules import browser_and_system
from portal.identity.services import passkeys, second_factor, totp

GROUP = 4


def app_facts(user: User, form: SetupForm | None = None) -> dict[str, Any]:
    """The key as picture and text, and the form for its first code. A form that comes back keeps its key."""
    shown = form if form is not None else SetupForm(formdata=None)
    try:
        secret = totp.secret_of(user, shown.setup.data or "")
    except totp.SetupOver:
        secret = totp.new_secret()
        shown.setup.data = totp.offered(user, secret)
    return {
        "app_form": shown,
        "qr": qr.drawn(totp.uri(secret, user, here().display_name)),
        "key": " ".join(wrap(secret, GROUP)),
    }


def app_is_set_up(user: User, form: SetupForm) -> bool:
    """Keep the key that the form carries if its code is right; otherwise say why not. Raises AlreadySetUp."""
    try:
        is_right = totp.set_up(user, totp.secret_of(user, form.setup.data or ""), form.code.data or "")
    except totp.SetupOver:
        form.reject("code", gettext("This key is too old. Remove it from the app and scan the new one."))
        return False
    if not is_right:
        form.reject(
            "code", gettext("This is not the code that belongs to this key. Wait for the next one and try again.")
        )
    return is_right


def passkey_facts(user: User, form: PasskeyNameForm | None = None) -> dict[str, Any]:
    """What the browser needs to make a passkey, and the form for its name."""
    return {
        "passkey_form": form if form is not None else PasskeyNameForm(formdata=None, name=usual_name()),
        "passkey": passkeys.ask_to_make(gate.party(), user),
    }


def passkey_is_made(user: User, form: PasskeyNameForm, *, client_id: UUID | None = None) -> bool:
    """Keep the passkey that the browser made; otherwise say why not. `client_id`: whose Admins read of a refusal."""
    proof, token = request.form.get("credential", ""), request.form.get("challenge", "")
    try:
        passkeys.register(user, proof, token, gate.party(), name=form.name.data or "")
    except passkeys.PasskeyRefused as refused:
        second_factor.refused(user, "passkey", refused.reason, client_id=client_id)
        form.reject("name", gettext("The passkey could not be kept. Try again."))
        return False
    return True


def usual_name() -> str:
    """What a passkey of this browser is called unless its person says otherwise."""
    browser, system = browser_and_system(request.user_agent.string)
    return system or browser
