"""`/account`: the own profile and company, and which of one's companies one is at."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core.policy import allow, is_open_to, one_or_404
from portal.core.tenancy import doors
from portal.core.tenancy.scope import current_scope, viewer
from portal.core.web import answer, cookies
from portal.core.web.nav import Entry
from portal.extensions import db
from portal.people import queries
from portal.people.blueprint import bp
from portal.people.forms import ContactForm, ids_of
from portal.people.services import members, seats
from portal.settings import current


def tabs(endpoint: str) -> list[Entry]:
    """The parts of the account, as far as the viewer may enter them."""
    places = (
        ("profile", gettext("Profile")),
        ("own_company", gettext("Company")),
        ("users", gettext("People")),
        ("own_review", gettext("Access review")),
    )
    return [
        Entry(label, url_for(f".{name}"), "", name == endpoint)
        for name, label in places
        if is_open_to(current_scope(), f"people.{name}")
    ]


@bp.get("/account")
@allow("client", None)
def profile() -> Response:
    """What the MSP knows of the person."""
    contact = one_or_404(queries.own_contact(viewer))
    return answer.page("people/profile.html", **_profile(ContactForm(formdata=None, obj=contact), contact))


@bp.post("/account")
@allow("client", None)
def change_profile() -> Response:
    """Change the own name, position and phone."""
    contact, form = one_or_404(queries.own_contact(viewer)), ContactForm()
    if not form.validate():
        return answer.invalid("people/profile.html", **_profile(form, contact))
    members.change_contact(contact, data_of(form))
    answer.say(gettext("Your profile is saved."))
    return answer.moved(url_for(".profile"))


def _profile(form: ContactForm, contact: Any) -> dict[str, Any]:
    return {"title": gettext("Your account"), "tabs": tabs("profile"), "form": form, "contact": contact}


def data_of(form: ContactForm) -> members.ContactData:
    """What a valid form says."""
    return members.ContactData(name=form.name.data or "", title=form.title.data or "", phone=form.phone.data or "")


@bp.get("/account/company")
@allow("client", None, looking_on=True)
def own_company() -> Response:
    """The own company as the MSP knows it."""
    client = one_or_404(queries.own_company(viewer))
    return answer.page(
        "people/own_company.html",
        title=gettext("Your company"),
        tabs=tabs("own_company"),
        client=client,
        sites=db.session.scalars(queries.sites(client.id)).all(),
    )


@bp.get("/account/membership", endpoint="seats")
@allow("client", None)
def own_seats() -> Response:
    """The companies that the person may come in at."""
    own = [
        {"id": seat_id, "name": name, "is_here": seat_id == viewer.membership_id} for seat_id, name in doors.own_seats()
    ]
    return answer.page("people/seats.html", title=gettext("Change company"), seats=own)


@bp.post("/account/membership")
@allow("client", None)
def take_seat() -> Response:
    """Be at another of the own companies from now on."""
    chosen = ids_of([request.form.get("membership", "")])
    if not chosen:
        return answer.moved(url_for(".seats"))
    try:
        started = seats.take_seat(chosen.pop(), by=viewer)
    except seats.NotOnesSeat:
        raise NotFound from None
    settings = current()
    response = answer.moved("/")
    cookies.set_token(response, "client", started.token, settings, seconds=started.seconds)
    return response
