"""Who of the client takes part in a ticket, beside whoever asked for it."""

from typing import Literal

from portal.clients.models import Contact
from portal.core import audit, clock
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.tickets import queries
from portal.tickets.events import TicketPersonNamed
from portal.tickets.models import Ticket, TicketPerson
from portal.tickets.rules import Happening
from portal.tickets.services.entries import add_line
from portal.tickets.services.opening import take_part

Part = Literal["affected", "follower"]
_LINES: dict[Part, Happening] = {"affected": Happening.AFFECTED, "follower": Happening.FOLLOWS}


class AskedForIt(Exception):
    """Whoever asked for a ticket stays on it as that."""


def name_person(ticket: Ticket, contact: Contact, part: Part, *, by: Viewer) -> None:
    """Let a contact of the ticket's client take part: they are told of what is written, also on a private ticket.

    The same part again changes nothing. Raises AskedForIt for the one who asked.
    """
    known = db.session.execute(queries.part_of(ticket.id, contact.id)).scalar_one_or_none()
    if known is not None and known.part == "requester":
        raise AskedForIt
    old = known.part if known is not None else None
    if old == part:
        return
    at = clock.business_now()
    if known is None:
        take_part(ticket, contact.id, at=at, part=part)
    else:
        known.part = part
    add_line(ticket, _LINES[part], by=by, at=at, new=contact.name)
    publish(TicketPersonNamed(ticket_id=ticket.id, contact_id=contact.id, by_user_id=by.user_id))
    audit.record("ticket.person_named", ticket, old={"part": old}, new={"part": part, "contact": str(contact.id)})


def take_off(ticket: Ticket, person: TicketPerson, contact: Contact, *, by: Viewer) -> None:
    """Let somebody take part no longer; what they wrote stays. Raises AskedForIt for the one who asked."""
    if person.part == "requester":
        raise AskedForIt
    db.session.delete(person)
    add_line(ticket, Happening.LEFT, by=by, at=clock.business_now(), old=contact.name)
    audit.record("ticket.person_taken_off", ticket, old={"part": person.part, "contact": str(contact.id)}, new={})
