"""Entries of the timeline: who did it, when, and the versions that it makes."""

import datetime as dt
from typing import TypedDict
from uuid import UUID

from portal.core.ids import new_id
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.tickets.models import Comment, Ticket, TicketChange
from portal.tickets.rules import Happening


class Actor(TypedDict):
    """Who acted, as events tell it: a contact, a user, or (neither) the product itself."""

    by_contact_id: UUID | None
    by_user_id: UUID | None


def actor(by: Viewer) -> Actor:
    """On the client's side the contact, on the staff's the user; who looks on as a contact stays who they are."""
    if by.staff_user_id is not None:
        return {"by_contact_id": None, "by_user_id": by.staff_user_id}
    if by.is_client:
        return {"by_contact_id": by.contact_id, "by_user_id": None}
    return {"by_contact_id": None, "by_user_id": by.user_id}


def add_comment(  # the columns of a letter
    ticket: Ticket, body: str, *, by: Viewer, at: dt.datetime, submission_key: UUID | None, public: bool = True
) -> Comment:
    """Write a letter or a note under the ticket."""
    who = actor(by)
    letter = Comment(
        id=new_id(),
        client_id=ticket.client_id,
        ticket_id=ticket.id,
        author_contact_id=who["by_contact_id"],
        author_user_id=who["by_user_id"],
        visibility="public" if public else "internal",
        body=body,
        submission_key=submission_key,
        created_at=at,
        **ticket.next_entry(at=at, public=public),
    )
    db.session.add(letter)
    db.session.flush()
    return letter


def add_line(  # noqa: PLR0913  # the columns of a line
    ticket: Ticket, kind: Happening, *, by: Viewer, at: dt.datetime, old: str = "", new: str = "", cause: str = ""
) -> None:
    """Write a grey line. Clients read all but moves between statuses that are one to them."""
    public = kind is not Happening.STATUS
    db.session.add(
        TicketChange(
            client_id=ticket.client_id,
            ticket_id=ticket.id,
            kind=kind.value,
            visibility="public" if public else "internal",
            old_value=old,
            new_value=new,
            cause=cause,
            created_at=at,
            **actor(by),
            **ticket.next_entry(at=at, public=public),
        )
    )
