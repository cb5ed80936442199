"""Who takes part in a ticket, as the staff see to it."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from portal.core import text
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.extensions import db
from portal.tickets import queries, reading, sealed, services, wording
from portal.tickets.models import Ticket
from portal.tickets.services.naming import Part
from portal.tickets.staff_views import bp, chosen_one

_LONGEST_SEARCH = 100
_PARTS: dict[str, Part] = {"affected": "affected", "follower": "follower"}


@bp.get("/tickets/<int(max=999999999):number>/people")
@allow("staff", "ticket:update", of="ticket")
def people(number: int) -> Response:
    """Who takes part, and a search for who else could."""
    ticket = one_or_404(queries.ticket(viewer, number))
    sealed.note_reading(viewer, ticket)
    words = text.line(request.args.get("q", ""))[:_LONGEST_SEARCH]
    found = db.session.execute(queries.contacts_beside(ticket, words)).all()
    page: dict[str, Any] = {
        "title": _("Who takes part"),
        "ticket": ticket,
        "people": db.session.execute(queries.people(ticket.id)).all(),
        "wanted": words,
        "found": found[: queries.OFFERED],
        "are_more": len(found) > queries.OFFERED,
        "part_words": wording.part_words,
    }
    return answer.page("tickets/people.html", **page)


@bp.post("/tickets/<int(max=999999999):number>/people")
@allow("staff", "ticket:update", of="ticket", hidden=False)
def name_person(number: int) -> Response:
    """Name a contact of the client as affected, or let them follow."""
    part = _PARTS.get(request.form.get("part", ""))
    if part is None:
        raise NotFound
    ticket = reading.ticket_to_change(viewer, number, "change")
    contact = one_or_404(queries.contact_of(ticket, chosen_one()))
    try:
        services.name_person(ticket, contact, part, by=viewer)
    except services.AskedForIt:
        return _asked_for_it(ticket, contact.name)
    answer.say(_("%(name)s takes part now.", name=contact.name))
    return _back(ticket)


@bp.post("/tickets/<int(max=999999999):number>/people/removal")
@allow("staff", "ticket:update", of="ticket", hidden=False)
def take_off(number: int) -> Response:
    """Let somebody take part no longer; pressed twice is pressed once."""
    ticket = reading.ticket_to_change(viewer, number, "change")
    contact = one_or_404(queries.contact_of(ticket, chosen_one(), also_gone=True))
    person = db.session.execute(queries.part_of(ticket.id, contact.id)).scalar_one_or_none()
    try:
        if person is not None:
            services.take_off(ticket, person, contact, by=viewer)
    except services.AskedForIt:
        return _asked_for_it(ticket, contact.name)
    answer.say(_("%(name)s no longer takes part.", name=contact.name))
    return _back(ticket)


def _asked_for_it(ticket: Ticket, name: str) -> Response:
    answer.say(_("%(name)s asked for this ticket and stays on it.", name=name), "warn")
    return _back(ticket)


def _back(ticket: Ticket) -> Response:
    return answer.moved(url_for(".people", number=ticket.number))
