"""Who takes part in a ticket, and who could. Nothing here is executed."""

from uuid import UUID

from sqlalchemy import Select, select

from portal.clients.models import Contact
from portal.core.web.paging import first
from portal.tickets.models import Ticket, TicketPerson
from portal.tickets.queries.rows import Rows

OFFERED = 20
"""How many contacts a search shows."""


def people(ticket_id: UUID) -> Rows:
    """Who takes part in a ticket that the viewer has already been given."""
    return (
        select(Contact.id, Contact.name, Contact.title, Contact.email, Contact.phone, TicketPerson.part)
        .join(Contact, Contact.id == TicketPerson.contact_id)
        .where(TicketPerson.ticket_id == ticket_id)
        .order_by(TicketPerson.created_at, TicketPerson.id)
    )


def part_of(ticket_id: UUID, contact_id: UUID) -> Select[TicketPerson]:
    """How this contact takes part, if they do."""
    return select(TicketPerson).where(TicketPerson.ticket_id == ticket_id, TicketPerson.contact_id == contact_id)


def contact_of(ticket: Ticket, contact_id: UUID, *, also_gone: bool = False) -> Select[Contact]:
    """A contact of the ticket's client who can be named on it; `also_gone`: or who once could."""
    found = select(Contact).where(Contact.client_id == ticket.client_id, Contact.id == contact_id)
    return found if also_gone else found.where(Contact.is_active)


def contacts_beside(ticket: Ticket, words: str) -> Rows:
    """The client's contacts who don't take part yet and have these words in name or address: some more than shown."""
    named = select(TicketPerson.contact_id).where(TicketPerson.ticket_id == ticket.id)
    found = select(Contact.id, Contact.name, Contact.title, Contact.email).where(
        Contact.client_id == ticket.client_id, Contact.is_active, Contact.id.not_in(named)
    )
    if words:
        like = Contact.name.icontains(words, autoescape=True) | Contact.email.icontains(words, autoescape=True)
        found = found.where(like)
    return found.order_by(Contact.name, Contact.id).limit(first(OFFERED + 1))
