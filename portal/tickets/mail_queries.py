"""What mails about tickets are made from. The first two find only what the reader may see."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, union

from portal.clients.models import Client, Contact
from portal.core.tenancy.scope import Viewer
from portal.identity.models import StaffProfile
from portal.tickets import policy
from portal.tickets.models import Comment, Ticket, TicketPerson


def told_ticket(viewer: Viewer, ticket_id: UUID) -> Select[*tuple[Any, ...]]:
    """What a mail says of a ticket that the viewer may see."""
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Ticket.requester_contact_id,
            Ticket.is_private,
            Ticket.assignee_user_id,
            Ticket.opened_by_user_id,
            Client.name.label("client"),
            Contact.name.label("requester"),
        )
        .join(Client, Client.id == Ticket.client_id)
        .join(Contact, Contact.id == Ticket.requester_contact_id)
        .where(policy.visible_to(viewer), Ticket.id == ticket_id)
    )


def told_comment(ticket_id: UUID, comment_id: UUID, visibility: str) -> Select[*tuple[Any, ...]]:
    """A letter, or a note, of a ticket that the viewer has already been given."""
    return (
        select(
            Comment.id,
            Comment.body,
            Comment.author_user_id,
            Comment.author_contact_id,
            func.coalesce(StaffProfile.display_name, Contact.name, "").label("author"),
        )
        .outerjoin(Contact, Contact.id == Comment.author_contact_id)
        .outerjoin(StaffProfile, StaffProfile.user_id == Comment.author_user_id)
        .where(Comment.ticket_id == ticket_id, Comment.id == comment_id, Comment.visibility == visibility)
    )


def contacts_on(ticket_id: UUID) -> Select[UUID]:
    """Everybody at the client who takes part in a ticket, for the system to write to; letters look once more."""
    return select(
        union(
            select(TicketPerson.contact_id).where(TicketPerson.ticket_id == ticket_id),
            select(Ticket.requester_contact_id).where(Ticket.id == ticket_id),
        )
        .subquery()
        .c.contact_id
    )


def part_in(ticket_id: UUID, contact_id: UUID | None) -> Select[str]:
    """How a contact takes part in a ticket, if they do."""
    return select(TicketPerson.part).where(TicketPerson.ticket_id == ticket_id, TicketPerson.contact_id == contact_id)


def requester_of(ticket_id: UUID) -> Select[UUID]:
    """The contact whose ticket it is."""
    return select(Ticket.requester_contact_id).where(Ticket.id == ticket_id)


def assignee_of(ticket_id: UUID) -> Select[UUID | None]:
    """The user who is on it."""
    return select(Ticket.assignee_user_id).where(Ticket.id == ticket_id)
