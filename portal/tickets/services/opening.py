"""Opening a ticket: once, however often the form is sent."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock
from portal.core.events.outbox import publish
from portal.core.ids import new_id
from portal.core.tenancy.numbers import take_number
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.files.uploads import KeptFile
from portal.tickets import queries, rules
from portal.tickets.attachments import attach
from portal.tickets.events import TicketOpened
from portal.tickets.models import Ticket, TicketPerson
from portal.tickets.services.entries import actor, add_comment


class SubmissionReused(Exception):
    """The form's key has already made something else; the form must be sent with a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What a ticket is opened with. `description` is Markdown; ids were offered by the form and checked there."""

    client_id: UUID
    requester_contact_id: UUID
    subject: str
    description: str
    priority_id: UUID
    board_id: UUID
    site_id: UUID | None = None
    is_private: bool = False
    submission_key: UUID | None = None


def open_ticket(new: NewTicket, *, by: Viewer, files: Sequence[KeptFile] = ()) -> Ticket:
    """Open a ticket with its first letter; the same submission again gives the ticket it made.

    Raises SubmissionReused where the key belongs to somebody else's ticket.
    """
    if (known := _submitted(new.submission_key, by)) is not None:
        return known
    at = clock.business_now()
    try:
        with db.session.begin_nested():
            ticket = _insert(new, by=by, at=at)
    except IntegrityError as error:
        if "submission_key" not in str(error.orig):
            raise
        # Another request with the same key was committed while this one waited for its number.
        if (known := _submitted(new.submission_key, by)) is None:
            raise SubmissionReused from error
        return known
    for contact_id in filter(None, (new.requester_contact_id, ticket.opened_by_contact_id)):
        take_part(ticket, contact_id, at=at, part="requester" if contact_id == new.requester_contact_id else "follower")
    letter = add_comment(ticket, new.description, by=by, at=at, submission_key=None)
    attach(letter, files, at=at)
    publish(TicketOpened(ticket_id=ticket.id, comment_id=letter.id, **actor(by)))
    audit.record("ticket.opened", ticket, number=ticket.number, files=len(files), private=int(new.is_private))
    return ticket


def _submitted(key: UUID | None, by: Viewer) -> Ticket | None:
    if key is None:
        return None
    known: Ticket | None = db.session.scalars(queries.submitted_ticket(key)).one_or_none()
    if known is not None and (known.opened_by_contact_id, known.opened_by_user_id) != tuple(actor(by).values()):
        raise SubmissionReused
    return known


def _insert(new: NewTicket, *, by: Viewer, at: dt.datetime) -> Ticket:
    status = db.session.scalars(queries.status_for(new.board_id, rules.OPENED.category)).one()
    who = actor(by)
    ticket = Ticket(
        id=new_id(),
        client_id=new.client_id,
        number=take_number("ticket"),
        subject=new.subject,
        board_id=new.board_id,
        status_id=status.id,
        priority_id=new.priority_id,
        site_id=new.site_id,
        requester_contact_id=new.requester_contact_id,
        opened_by_contact_id=who["by_contact_id"],
        opened_by_user_id=who["by_user_id"],
        phase=rules.OPENED.phase,
        turn=rules.OPENED.turn,
        version=0,
        public_version=0,
        is_private=new.is_private,
        submission_key=new.submission_key,
        opened_at=at,
        updated_at=at,
        touched_at=at,
    )
    db.session.add(ticket)
    db.session.flush()
    return ticket


def take_part(ticket: Ticket, contact_id: UUID | None, *, at: dt.datetime, part: str = "follower") -> None:
    """Let a contact take part from now on, who may therefore see the ticket; somebody who does already stays as is."""
    known = select(TicketPerson.id).where(TicketPerson.ticket_id == ticket.id, TicketPerson.contact_id == contact_id)
    if contact_id is None or db.session.execute(known).first() is not None:
        return
    db.session.add(
        TicketPerson(
            id=new_id(),
            client_id=ticket.client_id,
            ticket_id=ticket.id,
            contact_id=contact_id,
            part=part,
            created_at=at,
        )
    )
    db.session.flush()
