"""Who hears of what happens to a ticket. Each person gets one mail, and nobody hears of what they did themselves.

These functions choose who might want to know. Whether a reader may know, and
what they read, is decided by the letter, under the reader's own scope.
"""

from collections.abc import Iterable
from uuid import UUID

from portal.core.events.declare import handles
from portal.extensions import db
from portal.identity.events import MailboxProven
from portal.notifications import readers
from portal.notifications.readers import Reader, once_each
from portal.notifications.services import notify
from portal.tickets import letters, mail_queries
from portal.tickets.events import TicketCommented, TicketNoted, TicketOpened, TicketPersonNamed, TicketResolved
from portal.tickets.services.joining import join_tickets

__all__ = ["letters"]

GIVES_OUT = "ticket:assign"
"""Whoever of the staff may give tickets out hears of those that nobody is on."""


@handles(TicketOpened, seconds=60)
def confirm_opening(event: TicketOpened) -> None:
    """Tell the requester that we have it, also when they opened it themselves: it is their receipt."""
    requester = db.session.scalars(mail_queries.requester_of(event.ticket_id)).all()
    _tell(readers.contacts(requester), "ticket_opened", event)


@handles(TicketOpened, seconds=60)
def announce_arrival(event: TicketOpened) -> None:
    """Tell those of the staff who give tickets out."""
    audience = readers.colleagues_who_may(GIVES_OUT)
    _tell(once_each(audience, but=_authors(None, event.by_user_id)), "ticket_arrived", event)


@handles(TicketCommented, seconds=60)
def tell_of_comment(event: TicketCommented) -> None:
    """Tell everybody who takes part, and the colleague who is on it.

    What a client writes on a ticket that nobody has taken on goes to those who give
    tickets out, or no one would hear of it.
    """
    audience = _taking_part(event.ticket_id) + _assignee(event.ticket_id)
    if event.by_contact_id is not None and not any(reader.is_staff for reader in audience):
        audience += readers.colleagues_who_may(GIVES_OUT)
    _tell(once_each(audience, but=_authors(event.by_contact_id, event.by_user_id)), "ticket_commented", event)


@handles(TicketNoted, seconds=60)
def tell_of_note(event: TicketNoted) -> None:
    """Tell the colleague who is on it, and nobody else, of an internal note."""
    _tell(once_each(_assignee(event.ticket_id), but=_authors(None, event.by_user_id)), "ticket_noted", event)


@handles(TicketResolved, seconds=60)
def tell_of_resolution(event: TicketResolved) -> None:
    """Tell everybody at the client who takes part."""
    authors = _authors(event.by_contact_id, event.by_user_id)
    _tell(once_each(_taking_part(event.ticket_id), but=authors), "ticket_resolved", event)


@handles(TicketPersonNamed, seconds=60)
def tell_of_naming(event: TicketPersonNamed) -> None:
    """Tell the contact that they take part."""
    for reader in readers.contacts([event.contact_id]):
        thread = f"ticket-{event.ticket_id}"
        notify(reader, "ticket_named", key=event.id, thread=thread, ticket_id=event.ticket_id)


@handles(MailboxProven, seconds=120)
def join_earlier_tickets(event: MailboxProven) -> None:
    """Give a person whose mailbox is proven the tickets that this address reported before."""
    join_tickets(event.user_id)


def _tell(
    audience: Iterable[Reader], template: str, event: TicketOpened | TicketCommented | TicketNoted | TicketResolved
) -> None:
    """Write to each of them; a letter without a comment to show takes the ticket alone."""
    facts = {"ticket_id": event.ticket_id}
    if not isinstance(event, TicketResolved):
        facts["comment_id"] = event.comment_id
    for reader in audience:
        notify(reader, template, key=event.id, thread=f"ticket-{event.ticket_id}", **facts)


def _taking_part(ticket_id: UUID) -> list[Reader]:
    return readers.contacts(db.session.scalars(mail_queries.contacts_on(ticket_id)).all())


def _assignee(ticket_id: UUID) -> list[Reader]:
    assignee = db.session.scalars(mail_queries.assignee_of(ticket_id)).one_or_none()
    return readers.colleagues([assignee]) if assignee is not None else []


def _authors(contact_id: UUID | None, user_id: UUID | None) -> list[Reader]:
    """Who did it, so that mail to their mailbox is held back whatever name it goes by."""
    if contact_id is not None:
        return readers.contacts([contact_id])
    return readers.colleagues([user_id]) if user_id is not None else []
