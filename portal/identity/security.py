"""The pages of settings, security; the same on both sides."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Response, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.exceptions import Forbidden

from portal.core.policy import one_or_404
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import gate, queries, setup
from portal.identity.forms import PasskeyNameForm, SetupForm
from portal.identity.models import Passkey, Password, User
from portal.identity.services import recovery_codes, second_factor, sessions, totp
from portal.identity.services.second_factor import LastFactor

PAGE = "identity/security.html"
APP = "identity/security_app.html"
PASSKEY = "identity/security_passkey.html"
CODES = "identity/security_codes.html"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the pages and buttons of one side lead."""

    side: Side

    def __getattr__(self, name: str) -> str:
        """`urls.add_app` is the address of `client_add_app` or `msp_add_app`."""
        return url_for(f"identity.{self.side}_{name}")


def overview(side: Side) -> Response:
    """What the person can sign in with."""
    return answer.page(PAGE, **_facts(side, _person()))


def offer_app(side: Side) -> Response:
    """The key of an authenticator app, unless there is one: it must go first."""
    user = _person()
    if totp.of(user.id) is not None:
        return answer.moved(Urls(side).security)
    return answer.page(APP, **_app_facts(side, user))


def add_app(side: Side) -> Response:
    """Keep the app whose first code is right."""
    user, form = _person(), SetupForm()
    try:
        if form.validate() and setup.app_is_set_up(user, form):
            return _added(side, user, "app")
    except totp.AlreadySetUp:
        return answer.moved(Urls(side).security)
    return answer.invalid(APP, **_app_facts(side, user, form))


def remove_app(side: Side) -> Response:
    """Take the app away, unless a role wants what would be missing then."""
    try:
        second_factor.remove_app(_person())
    except LastFactor:
        return _stays(side)
    answer.say(gettext("The authenticator app is removed."))
    return _renewed(side, answer.moved(Urls(side).security))


def offer_passkey(side: Side) -> Response:
    """What the browser needs to make a passkey."""
    return answer.page(PASSKEY, **_passkey_facts(side, _person()))


def add_passkey(side: Side) -> Response:
    """Keep the passkey that the browser made."""
    user, form = _person(), PasskeyNameForm()
    if form.validate() and setup.passkey_is_made(user, form):
        return _added(side, user, "passkey")
    return answer.invalid(PASSKEY, **_passkey_facts(side, user, form))


def remove_passkey(side: Side, passkey_id: uuid.UUID) -> Response:
    """Take a passkey away, unless a role wants what would be missing then."""
    user = _person()
    passkey = one_or_404(select(Passkey).where(Passkey.user_id == user.id, Passkey.id == passkey_id))
    try:
        second_factor.remove_passkey(user, passkey)
    except LastFactor:
        return _stays(side)
    answer.say(gettext("The passkey “%(name)s” is removed.", name=passkey.name))
    return _renewed(side, answer.moved(Urls(side).security))


def make_codes(side: Side) -> Response:
    """Ten new recovery codes, shown with this answer alone."""
    user = _person()
    if not second_factor.of(user.id).any:
        return answer.moved(Urls(side).security)
    return _renewed(side, _codes(side, second_factor.new_codes(user)))


def _person() -> User:
    """The one who is signed in. Raises Forbidden for somebody who looks on as somebody else."""
    viewer = current_scope()
    if viewer.user_id is None:
        raise Forbidden
    return one_or_404(queries.person(viewer))


def _added(side: Side, user: User, what: str) -> Response:
    codes = second_factor.added(user, what)
    answer.say(gettext("Your second step is set up. From now on we ask for it when you sign in."))
    return _renewed(side, _codes(side, codes) if codes else answer.moved(Urls(side).security))


def _renewed(side: Side, response: Response) -> Response:
    """The answer with another token: the one before is from a time when the account was kept otherwise."""
    session = sessions.own_session(current_scope())
    return response if session is None else gate.with_session(response, side, sessions.another_token(session))


def _codes(side: Side, codes: list[str]) -> Response:
    return answer.page(CODES, title=gettext("Your recovery codes"), codes=codes, next_url=Urls(side).security)


def _stays(side: Side) -> Response:
    answer.say(gettext("Your role needs a second step. Set up another one before you remove this."), "bad")
    return answer.moved(Urls(side).security)


def _facts(side: Side, user: User) -> dict[str, Any]:
    factors = second_factor.of(user.id)
    changed = select(Password.changed_at).where(Password.user_id == user.id)
    return {
        "title": gettext("Sign-in and security"),
        "urls": Urls(side),
        "password_changed_at": db.session.execute(changed).scalar_one_or_none(),
        "app": factors.app,
        "passkeys": [
            {"row": each, "removal_url": url_for(f"identity.{side}_remove_passkey", passkey_id=each.id)}
            for each in factors.passkeys
        ],
        "has_factor": factors.any,
        "is_wanted": second_factor.is_wanted_of(user),
        "codes_left": recovery_codes.left(user.id),
    }


def _app_facts(side: Side, user: User, form: SetupForm | None = None) -> dict[str, Any]:
    urls = Urls(side)
    shown = setup.app_facts(user, form)
    return {
        "title": gettext("Set up an authenticator app"),
        "app_url": urls.add_app,
        "back_url": urls.security,
        **shown,
    }


def _passkey_facts(side: Side, user: User, form: PasskeyNameForm | None = None) -> dict[str, Any]:
    urls = Urls(side)
    shown = setup.passkey_facts(user, form)
    return {"title": gettext("Set up a passkey"), "making_url": urls.add_passkey, "back_url": urls.security, **shown}
