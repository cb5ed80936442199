"""Tickets of a person from before they had a login: once the mailbox is proven they are the person's own."""

import uuid

from sqlalchemy import select, update

from portal.clients.models import Contact
from portal.core import audit, clock
from portal.core.ids import new_id
from portal.extensions import db
from portal.identity.models import Membership, User
from portal.tickets.models import Ticket, TicketPerson


def join_tickets(user_id: uuid.UUID) -> int:
    """Give the person, at each of their clients, what other contacts with the proven address reported or take part in.

    Such contacts are the same person, written down a second time (by hand, from a mail);
    one with a seat of its own is somebody else and keeps what is theirs. What was said
    stays under the name it was said in. Works as the system; a second run finds nothing.
    How many tickets changed hands.
    """
    user = db.session.execute(select(User).where(User.id == user_id)).scalar_one_or_none()
    if user is None or user.state != "active" or user.verified_at is None:
        return 0
    seats = db.session.execute(select(Membership).where(Membership.user_id == user_id, Membership.is_active))
    return sum(_join(seat, user.email_key) for seat in seats.scalars().all())


def _join(seat: Membership, email_key: str) -> int:
    seated = select(Membership.contact_id).where(Membership.client_id == seat.client_id)
    twins = db.session.execute(
        select(Contact.id).where(
            Contact.client_id == seat.client_id, Contact.email_key == email_key, Contact.id.not_in(seated)
        )
    )
    twin_ids = sorted(twins.scalars())
    if not twin_ids:
        return 0
    joined = _asked(seat, twin_ids)
    _take_part(seat, twin_ids, joined)
    if joined:
        audit.record("tickets.joined", seat, shown=True, tickets=len(joined))
    return len(joined)


def _asked(seat: Membership, twin_ids: list[uuid.UUID]) -> set[uuid.UUID]:
    """What the twins asked for or opened is the person's from now on; the ids of these tickets."""
    joined: set[uuid.UUID] = set()
    for column in (Ticket.requester_contact_id, Ticket.opened_by_contact_id):
        found = db.session.execute(
            update(Ticket)
            .where(Ticket.client_id == seat.client_id, column.in_(twin_ids))
            .values({column: seat.contact_id})
            .returning(Ticket.id)
            .execution_options(synchronize_session=False)
        )
        joined |= set(found.scalars())
    return joined


def _take_part(seat: Membership, twin_ids: list[uuid.UUID], joined: set[uuid.UUID]) -> None:
    """Where a twin takes part, the person does."""
    rows = db.session.execute(
        select(TicketPerson.ticket_id, TicketPerson.part).where(TicketPerson.contact_id.in_(twin_ids))
    ).all()
    parts = {row.ticket_id: row.part for row in rows} | dict.fromkeys(joined, "requester")
    known = select(TicketPerson.ticket_id).where(TicketPerson.contact_id == seat.contact_id)
    has = set(db.session.execute(known).scalars())
    now = clock.now()
    db.session.add_all(
        TicketPerson(
            id=new_id(), client_id=seat.client_id, ticket_id=ticket_id, contact_id=seat.contact_id, part=part,
            created_at=now,
        )
        for ticket_id, part in parts.items()
        if ticket_id not in has
    )  # fmt: skip
    db.session.flush()
