"""A person's own settings: language, time zone, and the browsers where they are signed in. The same on both sides."""

import uuid
from typing import Any

from flask import Response, g, url_for
from flask_babel import gettext, ngettext

from portal.core import clock
from portal.core.policy import SIGN_IN, allow, one_or_404
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer, cookies
from portal.core.web.cookies import Side
from portal.core.web.place import here
from portal.extensions import db
from portal.identity import queries
from portal.identity.blueprint import bp
from portal.identity.forms import LanguageForm
from portal.identity.rules import browser_and_system
from portal.identity.services import people, sessions
from portal.settings import current

PAGE = "identity/settings.html"
LIST = "identity/_sessions.html"


@bp.get("/settings")
@allow("client", None)
def client_settings() -> Response:
    """A client's own settings."""
    return _page("client")


@bp.post("/settings/language")
@allow("client", None)
def client_language() -> Response:
    """Set a client's language and time zone."""
    return _set_language("client")


@bp.post("/settings/sessions/ending")
@allow("client", None)
def client_end_others() -> Response:
    """Sign a client out everywhere else."""
    return _end_others("client")


@bp.post("/settings/sessions/<uuid:session_id>/ending")
@allow("client", None, of="session")
def client_end_session(session_id: uuid.UUID) -> Response:
    """Sign a client out in one browser."""
    return _end("client", session_id)


@bp.get("/msp/settings")
@allow("staff", None)
def msp_settings() -> Response:
    """A staff member's own settings."""
    return _page("msp")


@bp.post("/msp/settings/language")
@allow("staff", None)
def msp_language() -> Response:
    """Set a staff member's language and time zone."""
    return _set_language("msp")


@bp.post("/msp/settings/sessions/ending")
@allow("staff", None)
def msp_end_others() -> Response:
    """Sign a staff member out everywhere else."""
    return _end_others("msp")


@bp.post("/msp/settings/sessions/<uuid:session_id>/ending")
@allow("staff", None, of="session")
def msp_end_session(session_id: uuid.UUID) -> Response:
    """Sign a staff member out in one browser."""
    return _end("msp", session_id)


def _page(side: Side) -> Response:
    place = here()
    form = _language_form(formdata=None, locale=place.person_locale or "", time_zone=place.person_time_zone or "")
    return answer.page(PAGE, **_facts(side, form))


def _set_language(side: Side) -> Response:
    form = _language_form()
    if not form.validate():
        return answer.invalid(PAGE, **_facts(side, form))
    user = one_or_404(queries.person(current_scope()))
    people.change_language(user, locale=form.locale.data or None, time_zone=form.time_zone.data or None)
    answer.say(gettext("Language and time zone are saved."))
    return answer.moved(url_for(f".{side}_settings"))


def _end_others(side: Side) -> Response:
    ended = sessions.end_other_sessions(by=current_scope())
    answer.say(ngettext("Signed out in one other browser.", "Signed out in %(num)d other browsers.", ended))
    return answer.saw(url_for(f".{side}_settings"), LIST, **_sessions(side))


def _end(side: Side, session_id: uuid.UUID) -> Response:
    viewer = current_scope()
    sessions.end_session(one_or_404(queries.own_session(viewer, session_id)), by=viewer)
    if session_id == viewer.session_id:
        response = answer.moved(url_for(SIGN_IN[side]))
        cookies.drop_token(response, side, current())
        return response
    answer.say(gettext("That browser is signed out."))
    return answer.saw(url_for(f".{side}_settings"), LIST, **_sessions(side))


def _language_form(**kwargs: Any) -> LanguageForm:
    place = here()
    return LanguageForm(
        language=g.get("locale", "en"),
        usual_locale=place.tenant_locale,
        usual_zone=place.tenant_time_zone,
        own_zone=place.person_time_zone,
        **kwargs,
    )


def _facts(side: Side, form: LanguageForm) -> dict[str, Any]:
    return {
        "title": gettext("Settings"),
        "form": form,
        "language_url": url_for(f".{side}_language"),
        "email": one_or_404(queries.person(current_scope())).email,
        "address_url": url_for(f".{side}_address"),
        "password_url": url_for(f".{side}_password"),
        "security_url": url_for(f".{side}_security"),
        **_sessions(side),
    }


def _sessions(side: Side) -> dict[str, Any]:
    viewer = current_scope()
    living = db.session.execute(queries.living_sessions(viewer, side, clock.now())).scalars().all()
    rows = [
        {
            "row": each,
            "name": _name(each.agent),
            "is_this": each.id == viewer.session_id,
            "ending_url": url_for(f".{side}_end_session", session_id=each.id),
        }
        for each in sorted(living, key=lambda each: each.id != viewer.session_id)
    ]
    return {"sessions": rows, "end_others_url": url_for(f".{side}_end_others")}


def _name(agent: str) -> str:
    browser, system = browser_and_system(agent)
    if browser and system:
        return str(gettext("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(gettext("Unknown browser"))
