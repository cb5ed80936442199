"""One ticket, and what stands beside it. Nothing here is executed."""

from uuid import UUID

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.orm import joinedload

from portal.clients.models import Contact
from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import first
from portal.tickets import policy
from portal.tickets.models import Comment, Ticket, TicketPerson
from portal.tickets.queries.rows import Rows

RECENT = 5
"""How many other tickets of the client stand beside one."""


def ticket(viewer: Viewer, number: int) -> Select[Ticket]:
    """One ticket with what its page says about it."""
    facts = [
        joinedload(Ticket.status, innerjoin=True),
        joinedload(Ticket.priority, innerjoin=True),
        joinedload(Ticket.requester, innerjoin=True),
        joinedload(Ticket.assignee),
        joinedload(Ticket.site),
    ]
    if viewer.is_staff:
        facts += [joinedload(Ticket.board, innerjoin=True), joinedload(Ticket.client, innerjoin=True)]
    return select(Ticket).options(*facts).where(policy.visible_to(viewer), Ticket.number == number)


def ticket_lock(viewer: Viewer, number: int) -> Select[UUID]:
    """The same ticket's lock, held until the transaction ends, so that changes come one after another.

    Alone, before the ticket is read: PostgreSQL looks at a row again when it had
    to wait for it, but not at the rows joined to it, and drops it where these no
    longer fit.
    """
    return ticket_id(viewer, number).with_for_update(of=Ticket)


def ticket_id(viewer: Viewer, number: int) -> Select[UUID]:
    """The id alone of a ticket that the viewer may see."""
    return select(Ticket.id).where(policy.visible_to(viewer), Ticket.number == number)


def ticket_version(viewer: Viewer, number: int) -> Select[int]:
    """The version that polling compares: of what this viewer can read."""
    column = Ticket.version if viewer.is_staff else Ticket.public_version
    return select(column).where(policy.visible_to(viewer), Ticket.number == number)


def submitted_ticket(key: UUID) -> Select[Ticket]:
    """The ticket that this form has already made."""
    return select(Ticket).where(Ticket.submission_key == key)


def submitted_comment(key: UUID) -> Select[Comment]:
    """The comment that this form has already made."""
    return select(Comment).where(Comment.submission_key == key)


def beside(viewer: Viewer, ticket: Ticket) -> Rows:
    """What stands beside a ticket for the staff: who takes part, and the client's latest other tickets."""
    recent = (
        select(Ticket)
        .where(policy.visible_to(viewer), Ticket.client_id == ticket.client_id, Ticket.id != ticket.id)
        .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
        .limit(first(RECENT))
        .subquery()
    )
    found = union_all(
        select(
            literal("person").label("kind"), Contact.id, Contact.name, TicketPerson.part.label("words"),
            literal(0).label("number"), TicketPerson.created_at.label("at"),
        )
        .join(Contact, Contact.id == TicketPerson.contact_id)
        .where(TicketPerson.ticket_id == ticket.id),
        select(literal("ticket"), recent.c.id, recent.c.subject, recent.c.phase, recent.c.number, recent.c.updated_at),
    ).subquery("beside")  # fmt: skip
    return select(found).order_by(found.c.kind, found.c.number.desc(), found.c.at, found.c.id)
